//! What happens to sockets: nobody reads, they are cut, others take over, they end.

use hub_protocol::{
    message::{Close, HubMessage},
    negotiate::ConnectionId,
};

use super::MOST_CALLS;
use crate::model::{
    client::State,
    ears::Answer,
    hub::To,
    world::{MOST_OWED, World},
};

impl World {
    /// Much is said to one client alone, so that it waits in its outbox where nobody reads.
    pub(super) async fn pile(&mut self) {
        let stalled = self.those(&[State::Stalled]);
        let Some(&slot) = self.random.pick(&stalled) else {
            return;
        };
        while self.client(slot).owed + 20_000 < MOST_OWED {
            let number = self.number(3);
            self.owe(slot, 1, number);
            self.note(slot, "is told much", number);
            let id = self.client(slot).id.clone();
            self.say_outside(number, To::These(vec![id])).await;
        }
    }

    pub(super) fn wake_somebody(&mut self) {
        let stalled = self.those(&[State::Stalled]);
        if let Some(&slot) = self.random.pick(&stalled) {
            self.note(slot, "reads again", "");
            self.client(slot).state = State::Present;
        }
    }

    /// The socket is cut: between two messages, or within one.
    pub(super) async fn cut(&mut self, slot: usize) {
        let (part, within) = (self.random.below(256), self.random.one_in(2));
        if self.random.one_in(2) && self.client(slot).ears.unanswered_calls() <= MOST_CALLS {
            let (number, deed) = self.deed();
            self.note(slot, "is cut in a call", format_args!("{number} {deed:?} at {part}"));
            let message = self.act_of(slot, number, deed);
            let client = self.client(slot);
            client.say_part(&message, part, within).await;
            if client.counting.is_none() {
                self.torn.push(number);
            }
        } else {
            self.note(slot, "is cut", "");
            self.client(slot).cut();
        }
        if self.client(slot).counting.is_none() {
            self.bury(slot);
        }
    }

    /// Somebody who was cut is back, or takes over from a socket of theirs that lives.
    pub(super) async fn resume_somebody(&mut self) {
        let mut states = vec![State::Away];
        if self.random.one_in(4) {
            states.extend([State::Present, State::Stalled]);
        }
        let mut may = self.those(&states);
        may.retain(|slot| {
            self.slots[*slot]
                .as_ref()
                .is_some_and(|client| client.counting.is_some())
        });
        if let Some(&slot) = self.random.pick(&may) {
            let is_away = self.client(slot).state == State::Away;
            self.note(slot, if is_away { "resumes" } else { "takes over" }, "");
            let address = self.server.address;
            self.client(slot).resume(address).await;
        }
    }

    /// Says goodbye, and hears everything before.
    pub(in crate::model) async fn leave(&mut self, slot: usize) {
        self.note(slot, "leaves", "");
        self.learn().await;
        let until = self.known;
        let client = self.client(slot);
        client.say(&HubMessage::Close(Close::default())).await;
        self.ends(slot, until).await;
    }

    /// A method of the hub ends the connection, behind what was called before.
    pub(super) async fn is_sent_away(&mut self, slot: usize) {
        self.note(slot, "is sent away", "");
        self.learn().await;
        let (until, number) = (self.known, self.number(0));
        self.client(slot).ask(number, Answer::Number, "Abort", &(number,)).await;
        self.ends(slot, until).await;
    }

    async fn ends(&mut self, slot: usize, until: usize) {
        let close = self.hear_to_the_end(slot, until).await;
        assert_eq!(close, Some(Close::default()), "a goodbye is answered");
        let address = self.server.address;
        let client = self.client(slot);
        assert_eq!(client.ears.unanswered_calls(), 0, "calls before the end are answered");
        let again = client.open(address).await.err();
        assert!(
            matches!(again.as_deref(), Some("404" | "409")),
            "nobody comes back from the end: {again:?}"
        );
        self.bury(slot);
    }

    /// More is said to a client than may wait, until it is given up. What it hears is the beginning.
    pub(super) async fn drown(&mut self, slot: usize) {
        self.note(slot, "drowns", "");
        let id = self.client(slot).id.clone();
        let handle = ConnectionId::parse(&id).expect("an id");
        let connection = self.hub.connection(&handle).expect("it is here");
        for _ in 0..1_000 {
            if connection.is_closed() {
                break;
            }
            let number = self.number(3);
            self.say_outside(number, To::These(vec![id.clone()])).await;
        }
        assert!(connection.is_closed(), "who reads nothing is given up");
        let close = self.hear_to_the_end(slot, 0).await;
        assert_eq!(close, None, "nothing can be said to who does not read");
        self.bury(slot);
    }
}
