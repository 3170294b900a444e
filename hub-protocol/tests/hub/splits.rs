//! A whole session gives the same answers however its messages are mixed and its bytes are cut: into WebSocket messages,
//! fragments and writes, or into the bodies of POSTs.

mod carriers;

use std::collections::{BTreeMap, VecDeque};

use futures_util::{TryStreamExt, stream};
use hub_protocol::{
    codec::{Protocol, ToArguments},
    hub::{Context, Hub, HubError, Upload},
    json::Naming,
    message::{CancelInvocation, Completion, HubMessage, Invocation, Outcome, StreamItem},
};
use proptest::prelude::*;

/// What a client does that is answered by itself, whatever else happens.
#[derive(Clone, Debug)]
enum Deed {
    Echo(String),
    Fail,
    Missing,
    Count(u32),
    /// A stream to the hub, and how it ends.
    Concat(Vec<String>, bool),
    /// Belongs to nothing and is not answered.
    Stray,
    Ping,
}

fn deed() -> impl Strategy<Value = Deed> {
    let text = || "[ -~]{0,30}|[\u{80}-\u{10ffff}]{0,4}|[x]{300,400}";
    prop_oneof![
        4 => text().prop_map(Deed::Echo),
        1 => Just(Deed::Fail),
        1 => Just(Deed::Missing),
        2 => (0_u32..20).prop_map(Deed::Count),
        4 => (prop::collection::vec(text(), 0..15), any::<bool>()).prop_map(|(items, well)| Deed::Concat(items, well)),
        1 => Just(Deed::Stray),
        1 => Just(Deed::Ping),
    ]
}

fn hub() -> Hub {
    Hub::builder("h")
        .method("Echo", async |_: Context, text: String| Ok(text))
        .method("Fail", async |_: Context| Err::<(), _>(HubError::public("as asked")))
        .method("Concat", async |_: Context, items: Upload<String>| {
            items.try_collect::<String>().await
        })
        .stream("Count", async |_: Context, upto: u32| {
            Ok(stream::iter((0..upto).map(Ok)))
        })
        .build()
}

/// What is heard for each call, by its id.
type Answers = BTreeMap<String, Vec<HubMessage>>;

/// What the client says, deed by deed, and what it must hear.
struct Session {
    protocol: Protocol,
    said: Vec<VecDeque<HubMessage>>,
    due: Answers,
}

impl Session {
    fn new(protocol: Protocol, deeds: &[Deed]) -> Self {
        let mut session = Self {
            protocol,
            said: Vec::new(),
            due: Answers::new(),
        };
        for (at, deed) in deeds.iter().enumerate() {
            session.add(at.to_string(), deed);
        }
        session
    }

    fn add(&mut self, id: String, deed: &Deed) {
        let protocol = self.protocol;
        let result = |text: &str| Outcome::Result(protocol.encode(text, Naming::CamelCase).unwrap());
        let failed = |how: &str, target: &str, why: &str| {
            Outcome::Error(format!(
                "{how} '{target}'{} on the server. HubException: {why}",
                if how.starts_with("An") { "" } else { " due to an error" }
            ))
        };
        let unexpected = |target: &str, why: &str| failed("An unexpected error occurred invoking", target, why);
        let mut items = Vec::new();
        let (said, outcome) = match deed {
            Deed::Echo(text) => (vec![self.call(&id, "Echo", &(text.clone(),))], result(text)),
            Deed::Fail => (vec![self.call(&id, "Fail", &())], unexpected("Fail", "as asked")),
            Deed::Missing => {
                let outcome = failed("Failed to invoke", "Missing", "Method does not exist.");
                (vec![self.call(&id, "Missing", &())], outcome)
            }
            Deed::Count(upto) => {
                let HubMessage::Invocation(call) = self.call(&id, "Count", &(*upto,)) else {
                    unreachable!("a call");
                };
                items.extend((0..*upto).map(|number| item(protocol, &id, &number)));
                (vec![HubMessage::StreamInvocation(call)], Outcome::Void)
            }
            Deed::Concat(texts, well) => self.concat(&id, texts, *well),
            Deed::Stray => {
                let nothing = "nothing".to_owned();
                let cancel = HubMessage::CancelInvocation(CancelInvocation { invocation_id: nothing });
                self.said.push([cancel, item(protocol, "nothing", "stray")].into());
                return;
            }
            Deed::Ping => return self.said.push([HubMessage::Ping].into()),
        };
        items.push(completion(&id, outcome));
        self.said.push(said.into());
        self.due.insert(id, items);
    }

    /// The messages of a stream to the hub, and how the call ends.
    fn concat(&self, id: &str, texts: &[String], well: bool) -> (Vec<HubMessage>, Outcome) {
        let (protocol, stream) = (self.protocol, format!("s{id}"));
        let HubMessage::Invocation(mut call) = self.call(id, "Concat", &()) else {
            unreachable!("a call");
        };
        call.stream_ids.push(stream.clone());
        let mut said = vec![HubMessage::Invocation(call)];
        said.extend(texts.iter().map(|text| item(protocol, &stream, text)));
        if well {
            said.push(completion(&stream, Outcome::Void));
            let all = protocol.encode(&texts.concat(), Naming::CamelCase).unwrap();
            return (said, Outcome::Result(all));
        }
        said.push(completion(&stream, Outcome::Error("torn".to_owned())));
        let sentence = "An unexpected error occurred invoking 'Concat' on the server. HubException: torn";
        (said, Outcome::Error(sentence.to_owned()))
    }

    fn call(&self, id: &str, target: &str, arguments: &impl ToArguments) -> HubMessage {
        HubMessage::Invocation(Invocation {
            invocation_id: Some(id.to_owned()),
            target: target.to_owned(),
            arguments: arguments.encode(self.protocol, Naming::CamelCase).unwrap(),
            stream_ids: Vec::new(),
        })
    }

    /// All bytes of the client, the handshake first; `turns` says whose next message comes when.
    fn stream(mut self, turns: &[prop::sample::Index]) -> Vec<u8> {
        let name = self.protocol.name();
        let mut stream = format!("{{\"protocol\":\"{name}\",\"version\":1}}\u{1e}").into_bytes();
        let mut turns = turns.iter();
        loop {
            self.said.retain(|said| !said.is_empty());
            if self.said.is_empty() {
                return stream;
            }
            let turn = turns.next().map_or(0, |turn| turn.index(self.said.len()));
            let message = self.said[turn].pop_front().unwrap();
            self.protocol.write(&message, &mut stream);
        }
    }
}

fn item(protocol: Protocol, id: &str, item: &(impl serde::Serialize + ?Sized)) -> HubMessage {
    HubMessage::StreamItem(StreamItem {
        invocation_id: id.to_owned(),
        item: protocol.encode(item, Naming::CamelCase).unwrap(),
    })
}

fn completion(id: &str, outcome: Outcome) -> HubMessage {
    HubMessage::Completion(Completion {
        invocation_id: id.to_owned(),
        outcome,
    })
}

/// Where bytes are cut, over and over.
fn lengths() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(prop_oneof![1_usize..10, 1_usize..200, Just(5_000)], 1..8)
}

/// Cuts at these lengths, over and over.
fn pieces<'a>(mut rest: &'a [u8], lengths: &'a [usize]) -> impl Iterator<Item = &'a [u8]> {
    lengths.iter().cycle().map_while(move |length| {
        let (piece, after) = rest.split_at((*length).min(rest.len()));
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_messages_fragments_and_writes_of_a_websocket_give_the_same_answers(
        protocol in prop::sample::select(Protocol::ALL), deeds in prop::collection::vec(deed(), 0..12),
        turns in prop::collection::vec(any::<prop::sample::Index>(), 100),
        messages in lengths(), fragments in lengths(), writes in lengths(),
    ) {
        let session = Session::new(protocol, &deeds);
        let due = session.due.clone();
        let octets = carriers::frames(&session.stream(&turns), &messages, &fragments);
        prop_assert_eq!(carriers::websocket(protocol, pieces(&octets, &writes), due.len()), due);
    }

    #[test]
    fn any_bodies_give_the_same_answers(
        protocol in prop::sample::select(Protocol::ALL), deeds in prop::collection::vec(deed(), 0..12),
        turns in prop::collection::vec(any::<prop::sample::Index>(), 100), bodies in lengths(),
    ) {
        let session = Session::new(protocol, &deeds);
        let due = session.due.clone();
        let stream = session.stream(&turns);
        prop_assert_eq!(carriers::bodies(protocol, pieces(&stream, &bodies), due.len()), due);
    }
}
