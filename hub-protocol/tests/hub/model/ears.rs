//! What one client must hear, in which order: the part of the model that belongs to a client.
//!
//! What others say comes in the order in which it was done, answers come in the order of the calls, and each stream's
//! items in theirs. A call's answer comes behind whatever the call, and all that was done before it, said.

use std::collections::{BTreeMap, VecDeque};

use hub_protocol::{
    codec::Protocol,
    message::{Completion, HubMessage, Invocation, Outcome, StreamItem},
};

use super::hub::text;

#[derive(Debug, Default)]
pub(super) struct Ears {
    /// What others said and was not heard yet: its place among all that was done, and its number.
    due: VecDeque<(usize, u64)>,
    /// Calls that run one after another and were not answered yet.
    calls: VecDeque<(u64, Answer)>,
    /// Calls that do something to others and were not done yet.
    acts: VecDeque<u64>,
    /// The places of those that were done and not answered yet.
    done: BTreeMap<u64, usize>,
    pub(super) streams: BTreeMap<u64, Stream>,
}

/// How a call is answered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Answer {
    /// With the text of its number.
    Text,
    /// With its number, behind what it did.
    Act,
    /// With its number.
    Number,
    Refusal,
    Missing,
}

/// A call with a stream in either direction.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) kind: Kind,
    /// The items that it will have heard, or has sent.
    pub(super) items: Vec<u64>,
    pub(super) heard: usize,
    /// How it was ended by the client; `Some(false)` is badly, and for a stream from the hub it is cancelled.
    pub(super) ended: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Count,
    Rest,
    Sum,
    Mirror,
}

impl Kind {
    /// Whether the client sends items.
    pub(super) fn is_upload(self) -> bool {
        matches!(self, Self::Sum | Self::Mirror)
    }
}

impl Stream {
    /// Whether nothing more is due before the client does something.
    fn is_settled(&self) -> bool {
        match (self.kind, self.ended) {
            (Kind::Count, _) | (_, Some(_)) => false,
            (Kind::Rest | Kind::Mirror, None) => self.heard == self.items.len(),
            (Kind::Sum, None) => true,
        }
    }

    fn end(&self, protocol: Protocol, outcome: &Outcome) {
        let sum: u64 = self.items.iter().sum();
        match (self.kind, self.ended, outcome) {
            (Kind::Count, None, Outcome::Void) | (Kind::Mirror, Some(true), Outcome::Void) => {
                assert_eq!(self.heard, self.items.len(), "an item is missing: {self:?}");
            }
            // A cancelled stream may have had its last word before.
            (Kind::Count, Some(_), Outcome::Void) | (Kind::Rest, Some(_), Outcome::Void) => {}
            (Kind::Sum, Some(true), Outcome::Result(value)) => assert_eq!(protocol.decode(value), Ok(sum)),
            (Kind::Sum, Some(false), Outcome::Error(error)) => assert_eq!(
                error,
                "An unexpected error occurred invoking 'Sum' on the server. HubException: torn"
            ),
            (Kind::Mirror, Some(false), Outcome::Error(error)) => assert_eq!(
                error,
                "An error occurred on the server while streaming results. HubException: torn"
            ),
            wrong => panic!("{self:?} ended with {wrong:?}"),
        }
    }
}

impl Ears {
    pub(super) fn expect_call(&mut self, number: u64, answer: Answer) {
        if answer == Answer::Act {
            self.acts.push_back(number);
        }
        self.calls.push_back((number, answer));
    }

    /// A call of this client was done, at that place.
    pub(super) fn was_done(&mut self, number: u64, place: usize) {
        let next = self.acts.pop_front();
        assert_eq!(
            next,
            Some(number),
            "calls of one client are done in their order, each once"
        );
        self.done.insert(number, place);
    }

    pub(super) fn expect(&mut self, place: usize, number: u64) {
        self.due.push_back((place, number));
    }

    /// Whether everything that was done is heard.
    pub(super) fn has_heard_all(&self) -> bool {
        self.due.is_empty()
    }

    /// Whether all before a place is heard.
    pub(super) fn has_heard_until(&self, place: usize) -> bool {
        self.due.front().is_none_or(|(next, _)| *next >= place)
    }

    /// Whether every call is answered, and every stream waits for the client.
    pub(super) fn is_answered(&self) -> bool {
        self.calls.is_empty() && self.streams.values().all(Stream::is_settled)
    }

    /// Whether every call of others' concern was done.
    pub(super) fn has_done_all(&self) -> bool {
        self.acts.is_empty()
    }

    pub(super) fn unanswered_calls(&self) -> usize {
        self.calls.len()
    }

    pub(super) fn hear(&mut self, protocol: Protocol, message: &HubMessage) {
        match message {
            HubMessage::Invocation(call) => self.hear_call(call),
            HubMessage::StreamItem(item) => self.hear_item(protocol, item),
            HubMessage::Completion(completion) => self.hear_end(protocol, completion),
            other => panic!("nobody says {other:?}"),
        }
    }

    fn hear_call(&mut self, call: &Invocation) {
        let (number, said): (u64, String) = (call.arguments.bind(0).unwrap(), call.arguments.bind(1).unwrap());
        let due = self.due.pop_front().map(|(_, due)| due);
        assert_eq!(Some(number), due, "heard out of order, twice, or by the wrong client");
        assert_eq!((call.target.as_str(), said), ("Heard", text(number)));
    }

    fn hear_item(&mut self, protocol: Protocol, item: &StreamItem) {
        let number: u64 = item.invocation_id.parse().unwrap();
        let value = protocol.decode(&item.item);
        let stream = self.streams.get_mut(&number).expect("an item of a stream that runs");
        let due = stream.items.get(stream.heard).copied();
        assert_eq!(value.ok(), due, "item {} of {number}: {stream:?}", stream.heard);
        stream.heard += 1;
    }

    fn hear_end(&mut self, protocol: Protocol, completion: &Completion) {
        let number: u64 = completion.invocation_id.parse().unwrap();
        if let Some(stream) = self.streams.remove(&number) {
            return stream.end(protocol, &completion.outcome);
        }
        let Some((due, answer)) = self.calls.pop_front() else {
            panic!("{completion:?} answers nothing");
        };
        assert_eq!(number, due, "answered out of order or twice");
        let result = |bytes| protocol.decode::<u64>(bytes);
        match (answer, &completion.outcome) {
            (Answer::Text, Outcome::Result(bytes)) => assert_eq!(protocol.decode(bytes), Ok(text(number))),
            (Answer::Number, Outcome::Result(bytes)) => assert_eq!(result(bytes), Ok(number)),
            (Answer::Act, Outcome::Result(bytes)) => {
                assert_eq!(result(bytes), Ok(number));
                let place = self.done.remove(&number).expect("what is answered was done");
                assert!(
                    self.has_heard_until(place + 1),
                    "{number} was answered before what it said"
                );
            }
            (Answer::Refusal, Outcome::Error(error)) => assert_eq!(
                *error,
                format!("An unexpected error occurred invoking 'Fail' on the server. HubException: no {number}")
            ),
            (Answer::Missing, Outcome::Error(error)) => assert_eq!(
                error,
                "Failed to invoke 'Missing' due to an error on the server. HubException: Method does not exist."
            ),
            wrong => panic!("{number} was answered {wrong:?}"),
        }
    }
}
