//! What was heard and what is counted, against the model.

use std::{collections::BTreeSet, sync::Arc};

use hub_protocol::message::Close;
use tokio::time::timeout;

use super::{MOST_OWED, MOST_OWED_AWAY, World};
use crate::{
    model::{
        PATIENCE,
        client::State,
        ears::{Answer, Ears},
        hub::{To, text},
    },
    support::until,
};

impl World {
    /// Lets a client hear one message; false at its end.
    async fn hear(&mut self, slot: usize) -> Result<(), Option<Close>> {
        let client = self.client(slot);
        let message = client.hear().await?;
        // Whatever is heard was done before.
        self.learn().await;
        let client = self.client(slot);
        let protocol = client.protocol();
        client.ears.hear(protocol, &message);
        Ok(())
    }

    pub(in crate::model) async fn hear_until(&mut self, slot: usize, so: impl Fn(&Ears) -> bool) {
        while !so(&self.client(slot).ears) {
            let heard = self.hear(slot).await;
            assert_eq!(heard, Ok(()), "{slot} was closed for nothing");
        }
    }

    /// Lets a client hear everything to its end, which must be after a place; the Close.
    pub(in crate::model) async fn hear_to_the_end(&mut self, slot: usize, until: usize) -> Option<Close> {
        let close = loop {
            if let Err(close) = self.hear(slot).await {
                break close;
            }
        };
        let heard = self.client(slot).ears.has_heard_until(until);
        assert!(heard, "{slot} did not hear everything before its end");
        close
    }

    /// Forgets a client that has gone, or will have.
    pub(in crate::model) fn bury(&mut self, slot: usize) {
        let client = self.slots[slot].take().expect("somebody");
        self.groups.values_mut().for_each(|members| {
            members.remove(&client.id);
        });
        self.graves.insert(client.id, client.ears);
    }

    /// Whoever reads hears everything, and whatever can be counted is counted.
    pub(in crate::model) async fn compare(&mut self) {
        let present = self.those(&[State::Present]);
        for slot in &present {
            let number = self.number(0);
            let client = self.client(*slot);
            client.ask(number, Answer::Text, "Echo", &(number, text(number))).await;
        }
        for slot in &present {
            self.hear_until(*slot, Ears::is_answered).await;
        }
        let number = self.number(0);
        self.say_outside(number, To::All).await;
        for slot in &present {
            self.hear_until(*slot, Ears::has_heard_all).await;
            let client = self.client(*slot);
            assert!(client.ears.has_done_all(), "a call was answered and not done");
            client.owed = 0;
        }
        self.compare_counters().await;
        self.compared += 1;
    }

    /// Connections, groups and users of the hub are those of the model, once those who go have gone.
    async fn compare_counters(&mut self) {
        let comparing = async {
            loop {
                let done = Arc::clone(&self.witness.done).lock_owned().await;
                if done.len() == self.known {
                    let clients: Vec<_> = self.slots.iter().flatten().collect();
                    let users: BTreeSet<_> = clients.iter().map(|client| &client.user).collect();
                    let groups = self.groups.values().filter(|members| !members.is_empty()).count();
                    let here = [self.hub.connections(), self.hub.users(), self.hub.groups_with_members()];
                    if here == [clients.len(), users.len(), groups] && self.server.endpoint.len() == clients.len() {
                        return;
                    }
                }
                drop(done);
                self.learn().await;
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, comparing).await.unwrap_or_else(|_| {
            let groups = &self.groups;
            panic!("{:?} and {groups:?} are not what the hub counts", self.hub)
        });
    }

    /// Lets those who are owed much hear it.
    pub(in crate::model) async fn relieve(&mut self) {
        let owed = |world: &Self, states: &[State], most: usize| {
            let slots = world.those(states).into_iter();
            slots
                .filter(|slot| world.slots[*slot].as_ref().is_some_and(|client| client.owed > most))
                .collect::<Vec<_>>()
        };
        let mut full = owed(self, &[State::Present], MOST_OWED);
        for slot in owed(self, &[State::Stalled], MOST_OWED) {
            self.client(slot).state = State::Present;
            full.push(slot);
        }
        let address = self.server.address;
        for slot in owed(self, &[State::Away], MOST_OWED_AWAY) {
            self.client(slot).resume(address).await;
            full.push(slot);
        }
        if !full.is_empty() {
            self.compare().await;
        }
    }

    /// Everybody comes back and hears everything, then goes in one way or another; nothing is left of anybody.
    pub(in crate::model) async fn end(&mut self) {
        let address = self.server.address;
        for slot in self.those(&[State::Away]) {
            self.client(slot).resume(address).await;
        }
        for slot in self.those(&[State::Stalled]) {
            self.client(slot).state = State::Present;
        }
        self.compare().await;
        for slot in self.those(&[State::Present]) {
            if self.client(slot).counting.is_some() || self.random.one_in(2) {
                self.leave(slot).await;
            } else {
                self.client(slot).cut();
                self.bury(slot);
            }
        }
        self.compare().await;
        until("streams and calls end with their clients", || {
            self.witness.alive.count() == 0
        })
        .await;
        let begun = self.witness.begun.lock();
        assert!(
            self.torn.iter().all(|number| !begun.contains(number)),
            "half a call is none"
        );
    }
}
