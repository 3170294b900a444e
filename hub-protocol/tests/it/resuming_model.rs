//! Stateful reconnect whatever the network does: a client and a server on a line that cuts anywhere.

use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;
use hub_protocol::{
    codec::Protocol,
    connection::{Connection, Event, Options, Unacknowledged},
    message::{HubMessage, Sequence},
    negotiate::TransportKind,
};
use proptest::prelude::*;

use crate::support::epoch;

/// What may happen next.
#[derive(Clone, Debug)]
enum Step {
    ClientCalls,
    ServerSends,
    /// So many bytes arrive at the server, at the client.
    Arrive(usize, usize),
    SecondPasses,
    /// The line is cut, with what was under way, and there is a new one.
    Cut,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::ClientCalls),
        3 => Just(Step::ServerSends),
        6 => (0_usize..200, 0_usize..200).prop_map(|(up, down)| Step::Arrive(up, down)),
        1 => Just(Step::SecondPasses),
        1 => Just(Step::Cut),
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
    unread: Vec<u8>,
    heard: Vec<i64>,
}

struct World {
    now: std::time::Instant,
    server: Connection,
    sent: Unacknowledged<Vec<u8>>,
    done: Vec<i64>,
    said: i64,
    client: Client,
    up: Vec<u8>,
    down: Vec<u8>,
}

fn record(message: &HubMessage) -> Vec<u8> {
    let mut record = Vec::new();
    Protocol::Json.write(message, &mut record);
    record
}

fn invocation(number: i64) -> Vec<u8> {
    format!("{{\"type\":1,\"target\":\"M\",\"arguments\":[{number}]}}\u{1e}").into_bytes()
}

fn argument(message: &HubMessage) -> i64 {
    match message {
        HubMessage::Invocation(call) => call.arguments.bind(0).unwrap(),
        other => panic!("{other:?}"),
    }
}

impl World {
    fn new() -> Self {
        let now = epoch();
        let mut server = Connection::accept(now, Options::default(), TransportKind::WebSockets);
        server.offer_stateful_reconnect();
        server.handle_bytes(Bytes::from_static(b"{\"protocol\":\"json\",\"version\":2}\x1e"));
        assert!(matches!(server.poll_event(now), Some(Event::Connected(_))));
        assert_eq!(server.poll_transmit().unwrap(), "{}\u{1e}");
        Self {
            now,
            server,
            sent: Unacknowledged::new(100_000),
            done: Vec::new(),
            said: 0,
            client: Client {
                sent: VecDeque::new(),
                total: 0,
                next: 1,
                latest: 0,
                waits: false,
                unread: Vec::new(),
                heard: Vec::new(),
            },
            up: Vec::new(),
            down: Vec::new(),
        }
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::ClientCalls => {
                self.client.total += 1;
                let call = invocation(self.client.total);
                self.up.extend_from_slice(&call);
                self.client.sent.push_back((self.client.total, call));
            }
            Step::ServerSends => {
                self.said += 1;
                let call = invocation(self.said);
                self.down.extend_from_slice(&call);
                self.sent.push(call.clone(), call.len());
            }
            Step::Arrive(up, down) => {
                let up: Vec<u8> = self.up.drain(..self.up.len().min(*up)).collect();
                self.server.handle_bytes(up.into());
                let down: Vec<u8> = self.down.drain(..self.down.len().min(*down)).collect();
                self.client.unread.extend(down);
                self.read();
            }
            Step::SecondPasses => {
                self.now += Duration::from_secs(1);
                self.server.handle_timeout(self.now);
                if self.client.latest > 0 {
                    let sequence_id = self.client.latest;
                    self.up.extend(record(&HubMessage::Ack(Sequence { sequence_id })));
                }
            }
            Step::Cut => self.cut(),
        }
        self.serve();
    }

    fn cut(&mut self) {
        (self.up, self.down) = (Vec::new(), Vec::new());
        self.server.handle_gap(self.now + Duration::from_secs(15));
        self.server.handle_resumed(self.now);
        let sequence_id = self.sent.first();
        self.down
            .extend(record(&HubMessage::Sequence(Sequence { sequence_id })));
        self.sent.iter().for_each(|call| self.down.extend_from_slice(call));
        let client = &mut self.client;
        client.unread.clear();
        client.waits = true;
        let first = client.sent.front().map_or(client.total + 1, |(number, _)| *number);
        self.up
            .extend(record(&HubMessage::Sequence(Sequence { sequence_id: first })));
        client.sent.iter().for_each(|(_, call)| self.up.extend_from_slice(call));
    }

    fn serve(&mut self) {
        while let Some(event) = self.server.poll_event(self.now) {
            match event {
                Event::Message(message) => {
                    self.done.push(argument(&message));
                    self.server.handle_dispatched(self.now);
                }
                Event::Acknowledged(number) => self.sent.acknowledge(number),
                other => panic!("{other:?}"),
            }
        }
        while let Some(record) = self.server.poll_transmit() {
            self.down.extend_from_slice(&record);
        }
    }

    fn read(&mut self) {
        let client = &mut self.client;
        while let Some(end) = client.unread.iter().position(|byte| *byte == 0x1e) {
            let record: Vec<u8> = client.unread.drain(..=end).collect();
            let record = Bytes::copy_from_slice(&record[..end]);
            match Protocol::Json.parse(&record).unwrap().unwrap() {
                HubMessage::Sequence(sequence) => {
                    client.next = sequence.sequence_id;
                    client.waits = false;
                }
                _ if client.waits => {}
                HubMessage::Ack(ack) => client.sent.retain(|(number, _)| *number > ack.sequence_id),
                HubMessage::Ping => {}
                message => {
                    let number = client.next;
                    client.next += 1;
                    if number > client.latest {
                        client.latest = number;
                        client.heard.push(argument(&message));
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn each_message_is_acted_on_once_and_in_order_wherever_the_line_is_cut(
        steps in prop::collection::vec(step(), 0..120),
    ) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
            prop_assert!(world.done.iter().copied().eq(1..=world.done.len() as i64));
            prop_assert!(world.client.heard.iter().copied().eq(1..=world.client.heard.len() as i64));
        }
        // In the end the line holds.
        world.take(&Step::Arrive(usize::MAX, usize::MAX));
        world.take(&Step::Arrive(usize::MAX, usize::MAX));
        prop_assert_eq!(world.done.len() as i64, world.client.total);
        prop_assert_eq!(world.client.heard.len() as i64, world.said);
    }
}
