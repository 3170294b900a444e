//! What may happen in a world, one step at a time.

mod sockets;
mod streaming;

use hub_protocol::{codec::Protocol, message::HubMessage};

use super::{
    client::{Client, State},
    ears::Answer,
    hub::{Deed, To, text},
    world::World,
};

/// Everything that is noted: enough steps hold some of each.
pub(super) const VERBS: [&str; 22] = [
    "acknowledges",
    "asks",
    "begins a stream",
    "cancels",
    "connects",
    "drowns",
    "ends a stream",
    "is cut",
    "is cut in a call",
    "is sent away",
    "is told much",
    "joins",
    "leaves",
    "quits",
    "reads again",
    "resumes",
    "says",
    "says from outside",
    "sends an item",
    "stalls",
    "takes over",
    "tears a stream",
];
const USERS: [&str; 2] = ["ann", "bob"];
const GROUPS: usize = 4;
/// Streams that one client has at a time, and calls that it makes without reading.
const MOST_STREAMS: usize = 5;
const MOST_CALLS: usize = 60;

impl World {
    /// Does something, with whoever can.
    pub(super) async fn step(&mut self) {
        let kind = self.random.below(100);
        if kind < 4 {
            return self.connect_somebody().await;
        }
        let speakers = self.those(&[State::Present, State::Stalled]);
        let Some(&slot) = self.random.pick(&speakers) else {
            self.resume_somebody().await;
            return self.connect_somebody().await;
        };
        let is_present = self.client(slot).state == State::Present;
        match kind {
            ..35 => self.act(slot).await,
            35..40 => self.say_something_outside().await,
            40..50 => self.ask(slot).await,
            50..58 => self.begin_stream(slot).await,
            58..72 => self.go_on_with_stream(slot).await,
            72..76 if is_present => {
                self.note(slot, "stalls", "");
                self.client(slot).state = State::Stalled;
            }
            76..79 => self.pile().await,
            79..82 => self.wake_somebody(),
            82..87 => self.cut(slot).await,
            87..92 => self.resume_somebody().await,
            92..94 => {
                self.note(slot, "acknowledges", "");
                self.client(slot).acknowledge().await;
            }
            94 => self.client(slot).say(&HubMessage::Ping).await,
            95..97 if is_present => self.leave(slot).await,
            97 if is_present => self.is_sent_away(slot).await,
            98 if self.random.one_in(4) => self.drown(slot).await,
            _ => self.act(slot).await,
        }
        self.relieve().await;
    }

    fn note(&self, slot: usize, verb: &'static str, what: impl std::fmt::Display) {
        self.trace.lock().note(slot, verb, &what);
    }

    async fn connect_somebody(&mut self) {
        let Some(slot) = self.slots.iter().position(Option::is_none) else {
            return;
        };
        let protocol = *self.random.pick(Protocol::ALL).expect("a protocol");
        let user = *self.random.pick(&USERS).expect("a user");
        let stateful = self.random.below(3) > 0;
        self.note(
            slot,
            "connects",
            format_args!("as {user}, {protocol:?}, stateful {stateful}"),
        );
        // Until it is there, nothing is done that it might hear or not.
        let done = self.witness.done.clone().lock_owned().await;
        self.learn_from(done[self.known..].to_vec());
        let mut client = Client::connect(self.server.address, protocol, user, stateful).await;
        let number = self.number(0);
        client.ask(number, Answer::Text, "Echo", &(number, text(number))).await;
        let answer = client.hear().await.expect("an answer");
        client.ears.hear(protocol, &answer);
        self.slots[slot] = Some(client);
        drop(done);
    }

    /// A length that is short, nearly always.
    fn length(&mut self) -> u64 {
        match self.random.below(24) {
            0 => 3,
            1 | 2 => 2,
            3..8 => 1,
            _ => 0,
        }
    }

    /// Does something to others.
    async fn act(&mut self, slot: usize) {
        if self.client(slot).ears.unanswered_calls() > MOST_CALLS {
            return;
        }
        let (number, deed) = self.deed();
        let verb = match deed {
            Deed::Join(_) => "joins",
            Deed::Leave(_) => "quits",
            Deed::Say(_) => "says",
        };
        self.note(slot, verb, format_args!("{number} {deed:?}"));
        let message = self.act_of(slot, number, deed);
        self.client(slot).say(&message).await;
    }

    fn deed(&mut self) -> (u64, Deed) {
        let groups = [self.random.below(GROUPS) as u8, self.random.below(GROUPS) as u8];
        let length = self.length();
        let number = self.number(length);
        let deed = match self.random.below(16) {
            0..4 => Deed::Join(groups[0]),
            4 | 5 => Deed::Leave(groups[0]),
            _ => Deed::Say(self.audience(groups)),
        };
        (number, deed)
    }

    fn audience(&mut self, groups: [u8; 2]) -> To {
        let mut ids: Vec<_> = self.slots.iter().flatten().map(|client| client.id.clone()).collect();
        let one = self.random.below(ids.len().max(1));
        match self.random.below(11) {
            0 => To::All,
            1 => To::Others,
            2..5 => To::Group(groups[0]),
            5 => To::OthersIn(groups[0]),
            6 => To::Groups(groups[0], groups[1]),
            7 => To::Caller,
            8 if !ids.is_empty() => To::One(ids.swap_remove(one)),
            9 => {
                ids.truncate(3);
                To::These(ids)
            }
            _ => To::User(self.random.pick(&USERS).expect("a user").to_string()),
        }
    }

    /// The call that does a deed, which the model now expects.
    fn act_of(&mut self, slot: usize, number: u64, deed: Deed) -> HubMessage {
        self.owe_all(number);
        let client = self.client(slot);
        client.ears.expect_call(number, Answer::Act);
        let call = match deed {
            Deed::Join(group) => client.call(number, "Join", &(number, group)),
            Deed::Leave(group) => client.call(number, "Leave", &(number, group)),
            Deed::Say(To::All) => client.call(number, "All", &(number, ())),
            Deed::Say(To::Others) => client.call(number, "Others", &(number, ())),
            Deed::Say(To::Group(group)) => client.call(number, "Group", &(number, group)),
            Deed::Say(To::OthersIn(group)) => client.call(number, "OthersIn", &(number, group)),
            Deed::Say(To::Groups(one, other)) => client.call(number, "Groups", &(number, (one, other))),
            Deed::Say(To::Caller) => client.call(number, "Caller", &(number, ())),
            Deed::Say(To::One(id)) => client.call(number, "One", &(number, id)),
            Deed::Say(To::These(ids)) => client.call(number, "These", &(number, ids)),
            Deed::Say(To::User(user)) => client.call(number, "User", &(number, user)),
        };
        HubMessage::Invocation(call)
    }

    async fn say_something_outside(&mut self) {
        let (number, deed) = self.deed();
        // Outside there is no caller, and nobody is waited for.
        if let Deed::Say(to @ (To::All | To::Group(_) | To::Groups(..) | To::These(_) | To::User(_))) = deed {
            self.owe_all(number);
            self.note(usize::MAX, "says from outside", format_args!("{number} to {to:?}"));
            self.say_outside(number, to).await;
        }
    }

    /// Calls what concerns nobody else.
    async fn ask(&mut self, slot: usize) {
        if self.client(slot).ears.unanswered_calls() > MOST_CALLS {
            return;
        }
        let (kind, length) = (self.random.below(6), self.length());
        let number = self.number(length);
        self.owe(slot, 1, number);
        self.note(slot, "asks", number);
        let client = self.client(slot);
        match kind {
            0 => client.ask(number, Answer::Refusal, "Fail", &(number,)).await,
            1 => client.ask(number, Answer::Missing, "Missing", &(number,)).await,
            _ => client.ask(number, Answer::Text, "echo", &(number, text(number))).await,
        }
    }
}
