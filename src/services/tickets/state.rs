//! What a server remembers of tickets: its own, those that it has used up, and those of others that it has seen.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

use entities::ids::EventId;
use entities::node;
use entities::user_id::UserId;
use uuid::Uuid;

use super::{Device, Ticket};

/// Tickets kept of one device; the oldest goes.
const MOST_OF_A_DEVICE: usize = 32;
/// Tickets kept in all, and remembered of others; more are not.
const MOST: usize = 100_000;
/// How long the others live when a device comes back with one of them.
const LEFT_OVER: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(super) struct State {
    /// Of lost connections: of each person the oldest first, and how many in all.
    left: HashMap<UserId, Vec<Left>>,
    count: usize,
    /// Used, closed or over, and perhaps stored.
    gone: HashSet<Uuid>,
    /// Stored by other servers, living or not, for devices that came back here.
    seen: HashMap<Uuid, Seen>,
    /// Servers that seemed to be gone, and when they were last alive.
    pub(super) stale: Vec<node::Sign>,
}

#[derive(Clone, Debug)]
struct Left {
    ticket: Ticket,
    until: Duration,
    is_stored: bool,
}

/// A ticket that another server stored.
#[derive(Debug)]
pub(super) struct Elsewhere {
    pub(super) ticket: Ticket,
    /// Where it stands wherever its server does, so that its connection lives if that one does: which server, and when it
    /// last gave a sign of life.
    pub(super) node: Option<node::Sign>,
}

#[derive(Debug)]
struct Seen {
    /// One that stands elsewhere since is that of a connection which lives.
    position: Option<EventId>,
    until: Duration,
    /// It was used up: its server, and when that one is dead unless it gave a sign of life.
    used: Option<(node::Sign, Duration)>,
}

/// What became of tickets and is not stored.
#[derive(Debug)]
pub struct Due {
    /// Those of lost connections.
    left: Vec<Ticket>,
    /// Used, closed or over.
    pub(super) gone: Vec<Uuid>,
    /// Those of others that were used up, each with its server: they are gone if that one is.
    pub(super) used: Vec<(Uuid, node::Sign)>,
}

impl State {
    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn leave(&mut self, ticket: Ticket, until: Duration) {
        let of_user = self.left.get(&ticket.user).into_iter().flatten();
        let mut same = of_user.filter(|left| left.ticket.device.is(&ticket.device));
        let oldest = same.next().map(|left| left.ticket.id);
        if let Some(oldest) = oldest.filter(|_| 1 + same.count() >= MOST_OF_A_DEVICE) {
            self.forget(&ticket.user, oldest);
        }
        if self.count >= MOST {
            // What is stored of it must not be found for ever.
            self.gone.insert(ticket.id);
            return;
        }
        self.count += 1;
        self.left.entry(ticket.user.clone()).or_default().push(Left {
            ticket,
            until,
            is_stored: false,
        });
    }

    pub(super) fn forget(&mut self, user: &UserId, id: Uuid) {
        if let Some(left) = self.left.get_mut(user) {
            let before = left.len();
            left.retain(|left| left.ticket.id != id);
            self.count -= before - left.len();
            if left.is_empty() {
                self.left.remove(user);
            }
        }
        self.gone.insert(id);
    }

    pub(super) fn store_again(&mut self) {
        let known = self.left.values_mut().flatten();
        known.for_each(|left| left.is_stored = false);
    }

    /// All there is for a device that comes back now, here and elsewhere, of which the one that reaches furthest is used
    /// up and the others live on for a while. A server of which nothing is heard until `dead_at` is dead.
    pub(super) fn take(
        &mut self,
        user: &UserId,
        device: &Device,
        stored: Vec<Elsewhere>,
        (now, dead_at): (Duration, Duration),
    ) -> Vec<Ticket> {
        let is_theirs = |left: &Left| left.until > now && left.ticket.device.is(device);
        let own = self.left.get(user).into_iter().flatten();
        let mut all: Vec<Ticket> = own
            .filter(|left| is_theirs(left))
            .map(|left| left.ticket.clone())
            .collect();
        let elsewhere: Vec<Elsewhere> = stored
            .into_iter()
            .filter(|other| self.counts(&other.ticket, now))
            .collect();
        all.extend(elsewhere.iter().map(|other| other.ticket.clone()));
        let used = all.iter().max_by_key(|ticket| ticket.position).map(|ticket| ticket.id);
        let known = self.left.get_mut(user).into_iter().flatten();
        for left in known.filter(|left| is_theirs(left)) {
            left.until = left.until.min(now + LEFT_OVER);
        }
        let mut lives = false;
        for Elsewhere { ticket, node } in &elsewhere {
            let with = node.filter(|_| used == Some(ticket.id)).map(|node| (node, dead_at));
            lives |= with.is_some();
            self.note(ticket, now, with);
        }
        if let Some(used) = used.filter(|_| !lives) {
            self.forget(user, used);
        }
        all
    }

    /// Whether a ticket of another server is worth anything.
    fn counts(&self, ticket: &Ticket, now: Duration) -> bool {
        let seen = self.seen.get(&ticket.id);
        let is_over = seen.is_some_and(|seen| seen.position == ticket.position && seen.until <= now);
        !is_over && !self.gone.contains(&ticket.id)
    }

    /// A ticket of another server was seen. Its server may live, so that it stays; it is remembered that it is over.
    fn note(&mut self, ticket: &Ticket, now: Duration, used: Option<(node::Sign, Duration)>) {
        let fresh = Seen {
            position: ticket.position,
            until: if used.is_some() { now } else { now + LEFT_OVER },
            used,
        };
        let has_room = self.seen.len() < MOST;
        match self.seen.entry(ticket.id) {
            Entry::Occupied(seen) if used.is_none() && seen.get().position == ticket.position => {}
            Entry::Occupied(mut seen) => drop(seen.insert(fresh)),
            Entry::Vacant(free) if has_room => {
                free.insert(fresh);
            }
            Entry::Vacant(_) => {}
        }
    }

    /// Takes out what is over, and says what of lost connections is not stored and what may be stored and should not.
    pub(super) fn due(&mut self, now: Duration, lifetime: Duration) -> Due {
        for left in self.left.values_mut() {
            let over = left.extract_if(.., |left| left.until <= now);
            self.gone.extend(over.map(|left| left.ticket.id));
        }
        self.left.retain(|_, left| !left.is_empty());
        self.count = self.left.values().map(Vec::len).sum();
        self.seen.retain(|_, seen| seen.until + lifetime + LEFT_OVER > now);
        let new = self.left.values().flatten().filter(|left| !left.is_stored);
        let used = self.seen.iter().filter_map(|(id, seen)| {
            let (node, dead_at) = seen.used?;
            (dead_at <= now).then_some((*id, node))
        });
        Due {
            left: new.map(|left| left.ticket.clone()).collect(),
            gone: self.gone.iter().copied().collect(),
            used: used.collect(),
        }
    }

    pub(super) fn stored(&mut self, due: &Due) {
        let ids: HashSet<Uuid> = due.left.iter().map(|ticket| ticket.id).collect();
        let known = self.left.values_mut().flatten();
        for known in known.filter(|known| ids.contains(&known.ticket.id)) {
            known.is_stored = true;
        }
        for id in &due.gone {
            self.gone.remove(id);
        }
        for (id, sign) in &due.used {
            if let Some(seen) = self.seen.get_mut(id) {
                // What was used up again meanwhile, at another place of its server's, is still due.
                seen.used.take_if(|(known, _)| known == sign);
            }
        }
    }
}

impl Due {
    /// Whether there is nothing to store.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.left.is_empty() && self.gone.is_empty() && self.used.is_empty()
    }

    pub(super) fn left(&self) -> impl Iterator<Item = Ticket> {
        self.left.iter().cloned()
    }
}
