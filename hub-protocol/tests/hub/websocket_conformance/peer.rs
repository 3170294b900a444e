//! A client without a WebSocket library, and what a case is.

use hub_protocol::{codec::TransferFormat, endpoint::Endpoint, hub::HubOptions};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub(super) use crate::frames::{BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT};
use crate::{
    frames::{frame, upgrade},
    support::{DEADLINE, Server, serve_endpoint},
};

/// The longest message that the server takes, in bytes.
pub(super) const LIMIT: usize = 2 * 1024 * 1024;

/// What the client must see, data and Pongs each in their order. After a Close comes the end of the connection and nothing
/// else.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Seen {
    Data(Vec<u8>),
    Pong(Vec<u8>),
    Close(u16),
}

/// What a client does, step by step.
#[derive(Clone, Debug)]
pub(super) struct Case {
    name: String,
    done: Vec<Step>,
    step: Step,
}

/// What a client writes, and what it must see before it goes on.
#[derive(Clone, Debug, Default)]
struct Step {
    writes: Vec<u8>,
    sees: Vec<Seen>,
}

impl Case {
    pub(super) fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            done: Vec::new(),
            step: Step::default(),
        }
    }

    /// One masked frame; `first` is its first byte.
    pub(super) fn frame(mut self, first: u8, payload: &[u8]) -> Self {
        self.step.writes.extend(frame(first, payload));
        self
    }

    /// Octets as they are.
    pub(super) fn octets(mut self, octets: &[u8]) -> Self {
        self.step.writes.extend_from_slice(octets);
        self
    }

    pub(super) fn sees(mut self, seen: Seen) -> Self {
        self.step.sees.push(seen);
        self
    }

    pub(super) fn echoes(self, payload: &[u8]) -> Self {
        self.sees(Seen::Data(payload.to_vec()))
    }

    pub(super) fn pongs(self, payload: &[u8]) -> Self {
        self.sees(Seen::Pong(payload.to_vec()))
    }

    pub(super) fn closes(self, code: u16) -> Self {
        self.sees(Seen::Close(code))
    }

    /// Goes on only when everything so far was seen.
    pub(super) fn then(mut self) -> Self {
        self.done.push(std::mem::take(&mut self.step));
        self
    }

    /// Plays it in each way of cutting. A connection that should live is asked whether it does.
    pub(super) async fn play(self, server: &Server) {
        let this = match self.step.sees.last() {
            Some(Seen::Close(_)) => self,
            _ => self.frame(FIN | PING, b"still here?").pongs(b"still here?"),
        };
        let Self { name, mut done, step } = this;
        done.push(step);
        let long = done.iter().map(|step| step.writes.len()).max().unwrap_or_default();
        for cut in [long, 1 + long * 5 / 13, if long <= 400 { 1 } else { 4_093 }] {
            let played = tokio::time::timeout(DEADLINE, play_cut(&done, server, cut)).await;
            let seen = played.unwrap_or_else(|_| Err("hangs".to_owned()));
            if let Err(wrong) = seen {
                panic!("{name}, cut at {cut}: {wrong}");
            }
        }
    }
}

async fn play_cut(steps: &[Step], server: &Server, cut: usize) -> Result<(), String> {
    let (mut reads, mut writes) = open(server).await.into_split();
    for Step { writes: octets, sees } in steps {
        let writing = async {
            for piece in octets.chunks(cut) {
                // Where the server has closed already, nothing more can be written.
                if writes.write_all(piece).await.is_err() {
                    break;
                }
            }
        };
        let reading = async {
            let mut seen = Vec::new();
            while seen.len() < sees.len()
                && let Some(frame) = next_frame(&mut reads).await
            {
                seen.push(frame);
            }
            seen
        };
        let ((), seen) = tokio::join!(writing, reading);
        let in_order = |frames: &[Seen]| {
            let (data, control): (Vec<_>, Vec<_>) =
                frames.iter().cloned().partition(|frame| matches!(frame, Seen::Data(_)));
            (data, control)
        };
        if in_order(&seen) != in_order(sees) {
            let short = |frames: &[Seen]| format!("{frames:?}").chars().take(300).collect::<String>();
            return Err(format!("saw {} and not {}", short(&seen), short(sees)));
        }
        if let Some(Seen::Close(_)) = seen.last()
            && let Some(more) = next_frame(&mut reads).await
        {
            return Err(format!("{more:?} after the Close"));
        }
    }
    Ok(())
}

/// Plays cases on one server.
pub(super) async fn play(cases: impl IntoIterator<Item = Case>) {
    let options = HubOptions {
        connection: hub_protocol::connection::Options {
            maximum_receive_message_size: Some(LIMIT),
            ..Default::default()
        },
        ..HubOptions::default()
    };
    let endpoint = Endpoint::raw(options, async |mut connection| {
        while let Some(bytes) = connection.receive().await {
            connection.send(TransferFormat::Binary, &bytes).await;
        }
    });
    let server = serve_endpoint(endpoint).await;
    let mut played = 0;
    for case in cases {
        case.play(&server).await;
        played += 1;
    }
    assert!(played > 0, "there are cases");
}

async fn open(server: &Server) -> TcpStream {
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    socket.set_nodelay(true).unwrap();
    socket.write_all(upgrade("/hub").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(socket.read_u8().await.unwrap());
    }
    assert!(answer.starts_with(b"HTTP/1.1 101"));
    socket
}

/// The server's next frame, which must be whole, unmasked and in its shortest form; `None` at the end.
async fn next_frame(reads: &mut (impl AsyncReadExt + Unpin)) -> Option<Seen> {
    let first = reads.read_u8().await.ok()?;
    let second = reads.read_u8().await.unwrap();
    let length = match second {
        ..=125 => u64::from(second),
        126 => u64::from(reads.read_u16().await.unwrap()),
        127 => reads.read_u64().await.unwrap(),
        _ => panic!("a masked frame from the server"),
    };
    assert!(match second {
        126 => length > 125,
        127 => length > 0xFFFF,
        _ => true,
    });
    let mut payload = vec![0; usize::try_from(length).unwrap()];
    reads.read_exact(&mut payload).await.unwrap();
    Some(match first {
        0x82 => Seen::Data(payload),
        0x8A => Seen::Pong(payload),
        0x88 => Seen::Close(u16::from_be_bytes(payload[..2].try_into().unwrap())),
        _ => panic!("a frame that begins with {first:#x}"),
    })
}
