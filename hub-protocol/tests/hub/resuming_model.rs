//! Stateful reconnect whatever the network does: a client and a server on a line that cuts anywhere.

use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;
use hub_protocol::{
    codec::{Protocol, ToArguments},
    connection::{Connection, Event, Options, Unacknowledged},
    framing::RecordReader,
    json::Naming,
    message::{CancelInvocation, Completion, HubMessage, Invocation, Outcome, Sequence, StreamItem},
    negotiate::TransportKind,
};
use proptest::prelude::*;

use crate::support::epoch;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What may happen next.
#[derive(Clone, Debug)]
enum Step {
    ClientSends,
    ServerSends,
    /// So many bytes arrive at the server, at the client.
    Arrive(usize, usize),
    SecondPasses,
    /// The client says what is not counted.
    ClientPings,
    /// The client says once more that it has all but so many of what it has.
    OldAck(i64),
    /// The client sends again what was not acknowledged, though nothing was cut.
    ClientRepeats,
    /// The hub has a call that runs, or no longer: what arrives is not read.
    HubIsBusy(bool),
    /// The line is cut, with what was under way.
    Cut,
    /// There is a new line; where the old one was not cut, it is taken over from.
    Resume,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::ClientSends),
        6 => Just(Step::ServerSends),
        12 => (0_usize..200, 0_usize..200).prop_map(|(up, down)| Step::Arrive(up, down)),
        2 => Just(Step::SecondPasses),
        1 => Just(Step::ClientPings),
        1 => (0_i64..5).prop_map(Step::OldAck),
        1 => Just(Step::ClientRepeats),
        2 => any::<bool>().prop_map(Step::HubIsBusy),
        2 => Just(Step::Cut),
        2 => Just(Step::Resume),
    ]
}

/// One end of the line as a client keeps it: the specification's counting, written down once more.
struct Client {
    sent: VecDeque<(i64, Vec<u8>)>,
    total: i64,
    next: i64,
    latest: i64,
    /// Nothing counts on a new line before the server's Sequence.
    waits: bool,
    unread: RecordReader,
    heard: Vec<i64>,
}

struct World {
    now: std::time::Instant,
    protocol: Protocol,
    server: Connection,
    sent: Unacknowledged<Vec<u8>>,
    done: Vec<i64>,
    said: i64,
    is_busy: bool,
    client: Client,
    is_cut: bool,
    up: Vec<u8>,
    down: Vec<u8>,
}

/// The counted message of a number: each of the five kinds in turn.
fn message(protocol: Protocol, number: i64) -> HubMessage {
    let id = number.to_string();
    let call = || Invocation {
        invocation_id: Some(id.clone()),
        target: "M".to_owned(),
        arguments: (number,).encode(protocol, Naming::CamelCase).unwrap(),
        stream_ids: Vec::new(),
    };
    match number % 5 {
        0 => HubMessage::Invocation(call()),
        1 => HubMessage::StreamInvocation(call()),
        2 => HubMessage::StreamItem(StreamItem {
            invocation_id: id,
            item: protocol.encode(&number, Naming::CamelCase).unwrap(),
        }),
        3 => HubMessage::Completion(Completion {
            invocation_id: id,
            outcome: Outcome::Void,
        }),
        _ => HubMessage::CancelInvocation(CancelInvocation { invocation_id: id }),
    }
}

fn number(message: &HubMessage) -> i64 {
    match message {
        HubMessage::Invocation(call) | HubMessage::StreamInvocation(call) => call.arguments.bind(0).unwrap(),
        HubMessage::StreamItem(StreamItem { invocation_id: id, .. })
        | HubMessage::Completion(Completion { invocation_id: id, .. })
        | HubMessage::CancelInvocation(CancelInvocation { invocation_id: id }) => id.parse().unwrap(),
        other => panic!("{other:?}"),
    }
}

impl World {
    fn new(protocol: Protocol) -> Self {
        let now = epoch();
        let options = Options {
            client_timeout: DAY,
            ..Options::default()
        };
        let mut server = Connection::accept(now, options, TransportKind::WebSockets);
        server.offer_stateful_reconnect();
        let handshake = format!("{{\"protocol\":\"{}\",\"version\":2}}\u{1e}", protocol.name());
        server.handle_bytes(handshake.into());
        assert_eq!(server.poll_event(now), Some(Event::Connected(protocol)));
        assert_eq!(server.poll_transmit().unwrap(), "{}\u{1e}");
        let mut unread = RecordReader::new(None);
        unread.switch(protocol.framing());
        Self {
            now,
            protocol,
            server,
            sent: Unacknowledged::new(100_000),
            done: Vec::new(),
            said: 0,
            is_busy: false,
            client: Client {
                sent: VecDeque::new(),
                total: 0,
                next: 1,
                latest: 0,
                waits: false,
                unread,
                heard: Vec::new(),
            },
            is_cut: false,
            up: Vec::new(),
            down: Vec::new(),
        }
    }

    fn record(&self, message: &HubMessage) -> Vec<u8> {
        let mut record = Vec::new();
        self.protocol.write(message, &mut record);
        record
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::ClientSends => {
                self.client.total += 1;
                let record = self.record(&message(self.protocol, self.client.total));
                self.up.extend_from_slice(&record);
                self.client.sent.push_back((self.client.total, record));
            }
            Step::ServerSends => {
                self.said += 1;
                let record = self.record(&message(self.protocol, self.said));
                self.down.extend_from_slice(&record);
                self.sent.push(record.clone(), record.len());
            }
            Step::Arrive(up, down) => {
                let up: Vec<u8> = self.up.drain(..self.up.len().min(up)).collect();
                self.server.handle_bytes(up.into());
                let down: Bytes = self.down.drain(..self.down.len().min(down)).collect();
                self.client.unread.push(down);
                self.read();
            }
            Step::SecondPasses => {
                self.now += Duration::from_secs(1);
                self.server.handle_timeout(self.now);
                self.acknowledge(0);
            }
            Step::ClientPings => {
                let ping = self.record(&HubMessage::Ping);
                self.up.extend(ping);
            }
            Step::OldAck(less) => self.acknowledge(less),
            Step::ClientRepeats => self.client_goes_on(),
            Step::HubIsBusy(busy) => self.is_busy = busy,
            Step::Cut => {
                self.is_cut = true;
                self.server.handle_gap(self.now + DAY);
            }
            Step::Resume => self.resume(),
        }
        if self.is_cut {
            (self.up, self.down) = (Vec::new(), Vec::new());
        }
        self.serve();
    }

    fn acknowledge(&mut self, less: i64) {
        let sequence_id = self.client.latest - less;
        if sequence_id > 0 {
            let ack = self.record(&HubMessage::Ack(Sequence { sequence_id }));
            self.up.extend(ack);
        }
    }

    fn resume(&mut self) {
        (self.up, self.down, self.is_cut) = (Vec::new(), Vec::new(), false);
        self.server.handle_resumed(self.now);
        let sequence_id = self.sent.first();
        self.down = self.record(&HubMessage::Sequence(Sequence { sequence_id }));
        self.sent.iter().for_each(|call| self.down.extend_from_slice(call));
        self.client.unread.clear();
        self.client.waits = true;
        self.client_goes_on();
    }

    fn client_goes_on(&mut self) {
        let Client { sent, total, .. } = &self.client;
        let sequence_id = sent.front().map_or(total + 1, |(number, _)| *number);
        let sequence = self.record(&HubMessage::Sequence(Sequence { sequence_id }));
        self.up.extend(sequence);
        let sent = &self.client.sent;
        sent.iter().for_each(|(_, record)| self.up.extend_from_slice(record));
    }

    fn serve(&mut self) {
        while !self.is_busy
            && let Some(event) = self.server.poll_event(self.now)
        {
            match event {
                Event::Message(message) => {
                    self.done.push(number(&message));
                    self.server.handle_dispatched(self.now);
                }
                Event::Acknowledged(number) => self.sent.acknowledge(number),
                other => panic!("{other:?}"),
            }
        }
        while let Some(record) = self.server.poll_transmit() {
            if !self.is_cut {
                self.down.extend_from_slice(&record);
            }
        }
    }

    fn read(&mut self) {
        let client = &mut self.client;
        while let Some(record) = client.unread.next_record().unwrap() {
            match self.protocol.parse(&record).unwrap().unwrap() {
                HubMessage::Sequence(sequence) => {
                    client.next = sequence.sequence_id;
                    client.waits = false;
                }
                _ if client.waits => {}
                HubMessage::Ack(ack) => client.sent.retain(|(number, _)| *number > ack.sequence_id),
                HubMessage::Ping => {}
                message => {
                    client.next += 1;
                    if client.next - 1 > client.latest {
                        client.latest = client.next - 1;
                        client.heard.push(number(&message));
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_024))]

    #[test]
    fn each_message_is_acted_on_once_and_in_order_wherever_the_line_is_cut(
        protocol in prop::sample::select(Protocol::ALL), steps in prop::collection::vec(step(), 0..120),
    ) {
        let mut world = World::new(protocol);
        for step in &steps {
            world.take(step);
            prop_assert!(world.done.iter().copied().eq(1..=world.done.len() as i64));
            prop_assert!(world.client.heard.iter().copied().eq(1..=world.client.heard.len() as i64));
        }
        // In the end there is a line, it holds, and the hub reads.
        let last = [Step::HubIsBusy(false), Step::Resume, Step::Arrive(usize::MAX, usize::MAX)];
        last.iter().for_each(|step| world.take(step));
        prop_assert_eq!(world.done.len() as i64, world.client.total);
        prop_assert_eq!(world.client.heard.len() as i64, world.said);
        // What was acknowledged is kept by nobody.
        let last = [Step::SecondPasses, Step::Arrive(usize::MAX, usize::MAX)];
        last.iter().for_each(|step| world.take(step));
        prop_assert_eq!((world.sent.iter().count(), world.sent.first()), (0, world.said + 1));
    }
}
