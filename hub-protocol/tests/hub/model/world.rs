//! A hub on a socket, its clients, and what they must have heard.

mod comparing;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use hub_protocol::hub::HubHandle;
use tokio::time::timeout;

use super::{
    PATIENCE, Random,
    client::{Client, State},
    ears::Ears,
    hub::{Deed, Entry, To, Witness, hub, text},
    socket::listen,
    trace::Trace,
};
use crate::support::{Server, serve_on};

/// Bytes that may be unread by one client; more would fill its outbox, and others may not wait for it.
pub(super) const MOST_OWED: usize = 72 * 1024;
/// Bytes that may wait for a client that is away: its outbox is larger.
const MOST_OWED_AWAY: usize = 256 * 1024;
/// What a record has around its text, at most.
const AROUND: usize = 200;

pub(super) struct World {
    pub(super) random: Random,
    pub(super) server: Server,
    pub(super) hub: HubHandle,
    pub(super) witness: Witness,
    pub(super) slots: Vec<Option<Client>>,
    /// The groups' members, by their connections' ids.
    groups: BTreeMap<u8, BTreeSet<String>>,
    /// Those who were cut for good: calls that were under way may still be done.
    graves: HashMap<String, Ears>,
    /// How much of what was done the model knows.
    pub(super) known: usize,
    last_number: u64,
    /// Calls that never arrived whole.
    pub(super) torn: Vec<u64>,
    pub(super) trace: Trace,
    pub(super) compared: usize,
}

impl World {
    pub(super) fn new(seed: u64, slots: usize, trace: Trace) -> Self {
        let witness = Witness::default();
        let hub = hub(&witness);
        let server = serve_on(listen(), hub.endpoint().allow_stateful_reconnect());
        Self {
            random: Random(seed),
            server,
            hub: hub.handle(),
            witness,
            slots: (0..slots).map(|_| None).collect(),
            groups: BTreeMap::new(),
            graves: HashMap::new(),
            known: 0,
            last_number: 0,
            torn: Vec::new(),
            trace,
            compared: 0,
        }
    }

    /// A number that nobody had, of something that long (see `text`).
    pub(super) fn number(&mut self, length: u64) -> u64 {
        self.last_number += 4;
        self.last_number + length
    }

    pub(super) fn client(&mut self, slot: usize) -> &mut Client {
        self.slots[slot].as_mut().expect("somebody")
    }

    /// The slots of those in one of these states.
    pub(super) fn those(&self, states: &[State]) -> Vec<usize> {
        let is_one = |slot: &usize| {
            let client = self.slots[*slot].as_ref();
            client.is_some_and(|client| states.contains(&client.state))
        };
        (0..self.slots.len()).filter(is_one).collect()
    }

    /// Everybody may be told what this number stands for.
    pub(super) fn owe_all(&mut self, number: u64) {
        for client in self.slots.iter_mut().flatten() {
            client.owed += 2 * (text(number).len() + AROUND);
        }
    }

    pub(super) fn owe(&mut self, slot: usize, records: usize, number: u64) {
        self.client(slot).owed += records * (text(number).len() + AROUND);
    }

    /// Learns what was done meanwhile.
    pub(super) async fn learn(&mut self) {
        let done = timeout(PATIENCE, self.witness.done.lock()).await.expect("deeds end");
        let news = done[self.known..].to_vec();
        drop(done);
        self.learn_from(news);
    }

    pub(super) fn learn_from(&mut self, news: Vec<Entry>) {
        for entry in news {
            self.learn_of(entry);
            self.known += 1;
        }
    }

    fn learn_of(&mut self, Entry { by, number, deed }: Entry) {
        if let Some(by) = &by {
            let client = self.slots.iter_mut().flatten().find(|client| client.id == *by);
            let ears = client
                .map(|client| &mut client.ears)
                .or_else(|| self.graves.get_mut(by));
            ears.expect("nobody else calls").was_done(number, self.known);
        }
        let by = by.unwrap_or_default();
        match deed {
            Deed::Join(group) => {
                if self.slots.iter().flatten().any(|client| client.id == by) {
                    self.groups.entry(group).or_default().insert(by);
                }
            }
            Deed::Leave(group) => {
                self.groups.entry(group).or_default().remove(&by);
            }
            Deed::Say(to) => {
                for id in self.hearers(&by, &to) {
                    let client = self.slots.iter_mut().flatten().find(|client| client.id == id);
                    client.expect("a hearer").ears.expect(self.known, number);
                }
            }
        }
    }

    /// Who hears what is said to these, each as often as they do.
    fn hearers(&self, by: &str, to: &To) -> Vec<String> {
        let everybody = self.slots.iter().flatten();
        let members = |group: &u8| self.groups.get(group).cloned().unwrap_or_default();
        let is_meant = |client: &Client| match to {
            To::All => 1,
            To::Others => usize::from(client.id != by),
            To::Caller => usize::from(client.id == by),
            To::Group(group) => usize::from(members(group).contains(&client.id)),
            To::OthersIn(group) => usize::from(client.id != by && members(group).contains(&client.id)),
            To::Groups(one, other) => [one, other]
                .into_iter()
                .filter(|group| members(group).contains(&client.id))
                .count(),
            To::One(id) => usize::from(client.id == *id),
            To::These(ids) => usize::from(ids.contains(&client.id)),
            To::User(user) => usize::from(client.user == *user),
        };
        everybody
            .flat_map(|client| std::iter::repeat_n(client.id.clone(), is_meant(client)))
            .collect()
    }

    /// Says something from outside of any call, at once.
    pub(super) async fn say_outside(&mut self, number: u64, to: To) {
        let from = (self.hub.clients(), self.hub.groups());
        let acting = self.witness.act(from, None, number, Deed::Say(to));
        let acted = timeout(PATIENCE, acting).await.expect("a deed ends");
        assert_eq!(acted, Ok(number));
        self.learn().await;
    }
}
