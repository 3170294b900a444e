//! One SignalR connection over a WebSocket with JSON, as cheap as a client can be: it writes frames as they are and
//! reads into a buffer that all connections share.

use std::cell::RefCell;
use std::pin::Pin;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use crate::Server;
use crate::frames::{Frames, masked};
use crate::http::{self, Door};

/// A connection whose handshake is done. It answers Pings when it reads.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) reader: Reader,
    pub(crate) writer: Writer,
    calls: u64,
}

#[derive(Debug)]
pub(crate) struct Reader {
    half: OwnedReadHalf,
    frames: Frames,
}

#[derive(Debug)]
pub(crate) struct Writer {
    half: OwnedWriteHalf,
    waiting: Vec<u8>,
}

/// What a call looks for in a record; an event of the server has another type or no id of ours.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(rename = "type")]
    kind: Option<u8>,
    invocation_id: Option<String>,
    error: Option<String>,
    result: Option<Value>,
}

thread_local! {
    /// A connection that waits holds no buffer: thousands of them live in this process.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; 256 * 1024]);
}

impl Connection {
    /// Negotiates, opens the WebSocket and shakes hands, as `person`.
    pub(crate) async fn open(server: &Server, person: &str) -> Result<Self> {
        let door = Door::of(server, person)?;
        let id = door.negotiate().await?;
        let mut stream = door.connect().await?;
        let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        let (head, early) =
            http::exchange(&mut stream, &door.request("GET", &format!("?id={id}"), upgrade, "")).await?;
        if !head.starts_with("HTTP/1.1 101 ") {
            bail!("the upgrade was answered with {head}");
        }
        let mut this = Self::over(stream, "{\"protocol\":\"json\",\"version\":1}").await?;
        // The first record; an event may come in one piece with it.
        let mut answer: Option<Vec<u8>> = None;
        let mut first = |record: &[u8]| {
            answer.get_or_insert_with(|| record.to_vec());
        };
        this.reader.frames.read(&early, &mut first)?;
        while answer.is_none() {
            let mut first = |record: &[u8]| {
                answer.get_or_insert_with(|| record.to_vec());
            };
            let owed = this.reader.read(&mut first).await?;
            this.writer.pay(&owed).await?;
        }
        match answer.as_deref() {
            Some(b"{}") => Ok(this),
            other => bail!("the handshake was answered with {other:?}"),
        }
    }

    async fn over(stream: TcpStream, handshake: &str) -> Result<Self> {
        let (reader, writer) = stream.into_split();
        let mut this = Self {
            reader: Reader {
                half: reader,
                frames: Frames::default(),
            },
            writer: Writer {
                half: writer,
                waiting: Vec::new(),
            },
            calls: 0,
        };
        this.writer.push(handshake);
        this.writer.flush().await?;
        Ok(this)
    }

    /// Invokes a method and waits for its completion; events that come meanwhile are read and dropped.
    pub(crate) async fn invoke(&mut self, target: &str, arguments: &[Value]) -> Result<Option<Value>> {
        self.calls += 1;
        let id = self.calls.to_string();
        let call = serde_json::json!({ "type": 1, "invocationId": id, "target": target, "arguments": arguments });
        self.writer.push(&call.to_string());
        self.writer.flush().await?;
        let mut answer: Option<Result<Answer, _>> = None;
        while answer.is_none() {
            let owed = self
                .reader
                .read(|record| {
                    // A completion is short of nothing but its type; the rest is not worth parsing.
                    if record.starts_with(b"{\"type\":3") {
                        let read = serde_json::from_slice::<Answer>(record);
                        let is_ours =
                            |answer: &Answer| answer.kind == Some(3) && answer.invocation_id.as_deref() == Some(&id);
                        if read.as_ref().map_or(true, is_ours) {
                            answer = Some(read);
                        }
                    }
                })
                .await?;
            self.writer.pay(&owed).await?;
        }
        let answer = answer.context("a call was answered")??;
        match answer.error {
            Some(error) => bail!("{target} was refused: {error}"),
            None => Ok(answer.result),
        }
    }
}

impl Reader {
    /// Reads once; `visit` sees the records that are whole. What is returned are Pings to [pay](Writer::pay).
    pub(crate) async fn read(&mut self, mut visit: impl FnMut(&[u8])) -> Result<Vec<u8>> {
        std::future::poll_fn(|cx| {
            BUFFER.with_borrow_mut(|buffer| {
                let mut buffer = ReadBuf::new(buffer);
                std::task::ready!(Pin::new(&mut self.half).poll_read(cx, &mut buffer))?;
                if buffer.filled().is_empty() {
                    return std::task::Poll::Ready(Err(anyhow::anyhow!("the server ended the connection")));
                }
                let owed = self.frames.read(buffer.filled(), &mut visit)?;
                std::task::Poll::Ready(Ok(owed.pongs))
            })
        })
        .await
    }
}

impl Writer {
    /// Adds a record to what the next flush writes.
    pub(crate) fn push(&mut self, record: &str) {
        let mut payload = Vec::with_capacity(record.len() + 1);
        payload.extend_from_slice(record.as_bytes());
        payload.push(0x1e);
        masked(0x81, &payload, &mut self.waiting);
    }

    /// Writes everything that was added, in one write where the socket takes it.
    pub(crate) async fn flush(&mut self) -> Result<()> {
        self.half.write_all(&self.waiting).await?;
        self.waiting.clear();
        Ok(())
    }

    /// Answers the Pings that a read found.
    pub(crate) async fn pay(&mut self, pongs: &[u8]) -> Result<()> {
        if !pongs.is_empty() {
            self.half.write_all(pongs).await?;
        }
        Ok(())
    }
}
