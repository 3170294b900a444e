//! One client: its protocol, its socket, and the counting that lets it come back on another.

use std::{collections::VecDeque, net::SocketAddr};

use bytes::Bytes;
use hub_protocol::{
    codec::{Protocol, ToArguments},
    framing::RecordReader,
    json::Naming,
    message::{Close, HubMessage, Invocation, Sequence},
};

use tokio::time::timeout;

use super::{
    PATIENCE,
    ears::{Answer, Ears},
    socket::{Socket, negotiate},
};
use crate::frames::{BINARY, FIN, frame};

/// How much a client that may come back reads before it acknowledges; the server stops at 100,000 bytes.
const ACKNOWLEDGE: usize = 30_000;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum State {
    Present,
    /// Does not read.
    Stalled,
    /// Its socket was cut, and it will come back.
    Away,
}

pub(super) struct Client {
    pub(super) id: String,
    token: String,
    pub(super) user: String,
    protocol: Protocol,
    pub(super) state: State,
    socket: Option<Socket>,
    records: RecordReader,
    heard: VecDeque<Bytes>,
    pub(super) counting: Option<Counting>,
    pub(super) ears: Ears,
    /// At most so many bytes wait for it.
    pub(super) owed: usize,
}

/// Stateful reconnect as a client keeps it.
#[derive(Default)]
pub(super) struct Counting {
    sent: VecDeque<(i64, Vec<u8>)>,
    total: i64,
    received: i64,
    latest: i64,
    unacknowledged: usize,
    /// Nothing counts on a new socket before the server's Sequence.
    waits: bool,
}

impl Client {
    /// Negotiates and shakes hands. An answered call is the sign that the hub has it, too.
    pub(super) async fn connect(address: SocketAddr, protocol: Protocol, user: &str, stateful: bool) -> Self {
        let answer = negotiate(address, &format!("useStatefulReconnect={stateful}&user={user}")).await;
        assert_eq!(answer.get("useStatefulReconnect").is_some(), stateful);
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        let mut client = Self {
            id: text("connectionId"),
            token: text("connectionToken"),
            user: user.to_owned(),
            protocol,
            state: State::Present,
            socket: None,
            records: RecordReader::new(None),
            heard: VecDeque::new(),
            counting: stateful.then(Counting::default),
            ears: Ears::default(),
            owed: 0,
        };
        let mut socket = client.open(address).await.expect("a new connection is let in");
        let (name, version) = (protocol.name(), if stateful { 2 } else { 1 });
        let handshake = format!("{{\"protocol\":\"{name}\",\"version\":{version}}}\u{1e}");
        socket.write(&Socket::frame(protocol, handshake.as_bytes())).await;
        let accepted = socket.read().await.expect("an answer to the handshake");
        assert_eq!(accepted, "{}\u{1e}");
        client.records.switch(protocol.framing());
        client.socket = Some(socket);
        client
    }

    /// Opens another socket of the same connection; the status where it may not.
    pub(super) async fn open(&self, address: SocketAddr) -> Result<Socket, String> {
        Socket::open(address, &format!("id={}&user={}", self.token, self.user)).await
    }

    /// Calls a method; a call with streams names them.
    pub(super) fn call(&mut self, number: u64, target: &str, arguments: &impl ToArguments) -> Invocation {
        Invocation {
            invocation_id: Some(number.to_string()),
            target: target.to_owned(),
            arguments: arguments.encode(self.protocol, Naming::CamelCase).unwrap(),
            stream_ids: Vec::new(),
        }
    }

    pub(super) fn encode(&self, value: u64) -> Bytes {
        self.protocol.encode(&value, Naming::CamelCase).unwrap()
    }

    /// Calls a method that is answered in its turn.
    pub(super) async fn ask(&mut self, number: u64, answer: Answer, target: &str, arguments: &impl ToArguments) {
        self.ears.expect_call(number, answer);
        let call = self.call(number, target, arguments);
        self.say(&HubMessage::Invocation(call)).await;
    }

    pub(super) async fn say(&mut self, message: &HubMessage) {
        let octets = Socket::frame(self.protocol, &self.record(message));
        self.socket.as_mut().expect("a socket").write(&octets).await;
    }

    /// Is cut when so much of a record is written as `part` says, in 256ths: within a frame, or behind one that the
    /// server has read and waits for the rest.
    pub(super) async fn say_part(&mut self, message: &HubMessage, part: usize, within: bool) {
        let record = self.record(message);
        let octets = if within {
            let octets = Socket::frame(self.protocol, &record);
            octets[..octets.len() * part / 256].to_vec()
        } else {
            frame(FIN | BINARY, &record[..record.len() * part / 256])
        };
        self.socket.as_mut().expect("a socket").write(&octets).await;
        self.cut();
    }

    /// A message as it is written, counted where it counts.
    fn record(&mut self, message: &HubMessage) -> Vec<u8> {
        let mut record = Vec::new();
        self.protocol.write(message, &mut record);
        if let Some(counting) = self.counting.as_mut().filter(|_| message.is_counted()) {
            counting.total += 1;
            counting.sent.push_back((counting.total, record.clone()));
        }
        record
    }

    pub(super) fn cut(&mut self) {
        self.socket.take().expect("a socket").reset();
        self.state = State::Away;
    }

    /// Goes on over a new socket, whether or not the old one was cut.
    pub(super) async fn resume(&mut self, address: SocketAddr) {
        let mut socket = self.open(address).await.expect("a connection that was cut is let in");
        let counting = self.counting.as_mut().expect("stateful reconnect");
        counting.waits = true;
        let sequence_id = counting.sent.front().map_or(counting.total + 1, |(number, _)| *number);
        let mut sequence = Vec::new();
        let message = HubMessage::Sequence(Sequence { sequence_id });
        self.protocol.write(&message, &mut sequence);
        socket.write(&Socket::frame(self.protocol, &sequence)).await;
        for (_, record) in &counting.sent {
            socket.write(&Socket::frame(self.protocol, record)).await;
        }
        // What was not counted comes again.
        self.records.clear();
        self.heard.clear();
        if let Some(old) = self.socket.replace(socket) {
            old.reset();
        }
        self.state = State::Present;
    }

    /// Tells the server what need not be kept.
    pub(super) async fn acknowledge(&mut self) {
        if let Some(counting) = &mut self.counting
            && counting.latest > 0
            && !counting.waits
        {
            counting.unacknowledged = 0;
            let sequence_id = counting.latest;
            self.say(&HubMessage::Ack(Sequence { sequence_id })).await;
        }
    }

    /// The next message of the hub; the Close, or none, at the end.
    pub(super) async fn hear(&mut self) -> Result<HubMessage, Option<Close>> {
        // Pings keep a socket busy, and are not what is waited for.
        let hearing = timeout(PATIENCE, self.next_message()).await;
        hearing.expect("something is due")
    }

    async fn next_message(&mut self) -> Result<HubMessage, Option<Close>> {
        loop {
            while let Some(record) = self.heard.pop_front() {
                match self.protocol.parse(&record).unwrap().expect("a known message") {
                    HubMessage::Ping => {}
                    HubMessage::Close(close) => {
                        assert!(self.heard.is_empty(), "something follows the Close");
                        let after = self.socket.as_mut().expect("a socket").read().await;
                        assert_eq!(after, None, "nothing follows the Close");
                        return Err(Some(close));
                    }
                    message if self.is_new(&message, record.len()) => {
                        self.acknowledge_in_time().await;
                        return Ok(message);
                    }
                    _ => {}
                }
            }
            let Some(bytes) = self.socket.as_mut().expect("a socket").read().await else {
                return Err(None);
            };
            self.records.push(bytes);
            while let Some(record) = self.records.next_record().unwrap() {
                self.heard.push_back(record);
            }
            assert_eq!(self.records.buffered(), 0, "a message ends where a record ends");
        }
    }

    /// Whether to act on a message: one that is counted, and was not heard before a cut.
    fn is_new(&mut self, message: &HubMessage, size: usize) -> bool {
        let Some(counting) = &mut self.counting else {
            return true;
        };
        match message {
            HubMessage::Sequence(sequence) => {
                assert!(
                    (1..=counting.latest + 1).contains(&sequence.sequence_id),
                    "goes on with {} after {}",
                    sequence.sequence_id,
                    counting.latest
                );
                counting.received = sequence.sequence_id - 1;
                counting.waits = false;
                false
            }
            _ if counting.waits => false,
            HubMessage::Ack(ack) => {
                assert!(
                    ack.sequence_id <= counting.total,
                    "nobody sent number {}",
                    ack.sequence_id
                );
                counting.sent.retain(|(number, _)| *number > ack.sequence_id);
                false
            }
            _ => {
                counting.received += 1;
                counting.unacknowledged += size;
                let is_new = counting.received > counting.latest;
                counting.latest = counting.latest.max(counting.received);
                is_new
            }
        }
    }

    async fn acknowledge_in_time(&mut self) {
        let unacknowledged = self.counting.as_ref().map_or(0, |counting| counting.unacknowledged);
        if unacknowledged > ACKNOWLEDGE {
            self.acknowledge().await;
        }
    }

    pub(super) fn protocol(&self) -> Protocol {
        self.protocol
    }
}
