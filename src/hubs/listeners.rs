//! The connections of this node and which conversations each of them hears (who hears what).
//!
//! A connection hears everything its user belongs to until it joins a conversation for the first time; from then on
//! it hears what it joined and what it sent to.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use dashmap::DashMap;
use entities::{
    ids::{ConversationNumber, EventId},
    user_id::UserId,
};
use hub_protocol::hub::{Connection, HubError};
use parking_lot::Mutex;
use uuid::Uuid;

use super::{
    door::{Proves, Visitor},
    fanout,
    proof::Proof,
};
use crate::services::{
    Principal,
    tickets::{Hears, Ticket},
};

/// One connection to the chat hub.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) connection: Connection,
    pub(super) visitor: Arc<Visitor>,
    /// `None` until the first join: everything.
    joined: Mutex<Hears>,
    pub(super) proof: Proof,
    /// What its place is stored under.
    pub(super) ticket: Uuid,
    stage: Mutex<Stage>,
    /// It was seen out: nothing more comes of it.
    is_over: AtomicBool,
    /// What was stored last of what changes.
    stored: Mutex<Option<(Hears, Option<EventId>)>>,
}

/// What a connection has of a place in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// None yet.
    Arriving,
    Begun,
    /// None any more, and it gets no other: it is over, or another connection of its device has it.
    GivenUp,
}

impl Listener {
    fn new(connection: Connection, visitor: Arc<Visitor>) -> Self {
        let can_prove = match visitor.proof {
            Proves::ByPolling => true,
            Proves::ByPong { shows_itself } => {
                shows_itself || connection.negotiate_version().is_some_and(|version| version >= 1)
            }
            Proves::Never => false,
        };
        Self {
            connection,
            visitor,
            joined: Mutex::default(),
            proof: Proof::new(can_prove),
            ticket: Uuid::new_v4(),
            stage: Mutex::new(Stage::Arriving),
            is_over: AtomicBool::new(false),
            stored: Mutex::default(),
        }
    }

    /// The listener that [`Listeners::add`] attached to a connection.
    pub(super) fn of(connection: &Connection) -> Result<Arc<Self>, HubError> {
        let missing = || HubError::unexpected("InternalError", "the connection has no listener");
        connection.item().ok_or_else(missing)
    }

    pub(super) fn principal(&self) -> &Principal {
        &self.visitor.principal
    }

    pub(super) fn user(&self) -> &UserId {
        &self.visitor.principal.user_id
    }

    pub(super) fn hears(&self, conversation: ConversationNumber) -> bool {
        let joined = self.joined.lock();
        self.visitor.hears_all || joined.as_ref().is_none_or(|joined| joined.contains(&conversation))
    }

    pub(super) fn join(&self, conversation: ConversationNumber) {
        self.joined.lock().get_or_insert_default().insert(conversation);
    }

    /// Ends a view. What was heard before the first join does not come back.
    pub(super) fn leave(&self, conversation: ConversationNumber) {
        if let Some(joined) = &mut *self.joined.lock() {
            joined.remove(&conversation);
        }
    }

    /// It begins where `place` lets it follow the log from, and hears what that says and what was joined meanwhile.
    ///
    /// Not where it was given up, or is over: nothing is taken for it then.
    pub(super) fn begin(&self, place: impl FnOnce() -> Hears) {
        let mut stage = self.stage.lock();
        if *stage != Stage::Arriving || self.connection.is_closed() {
            *stage = Stage::GivenUp;
            return;
        }
        let hears = place();
        let mut joined = self.joined.lock();
        match (&mut *joined, hears) {
            (Some(joined), Some(hears)) => joined.extend(hears),
            (None, hears) => *joined = hears,
            (Some(_), None) => {}
        }
        *stage = Stage::Begun;
    }

    /// Where it is, once everybody was told everything up to `told`: after all of it, or after a position. `None` where
    /// it has no place of its own.
    fn place(&self, stage: Stage, told: u64) -> Option<Option<EventId>> {
        if stage != Stage::Begun {
            return None;
        }
        // In this order: what is no longer lacking may be unproven.
        let lacks_after = self.connection.lacks_after();
        let unproven_after = self.proof.unproven_from().map(|first| first.saturating_sub(1));
        let position = [lacks_after, unproven_after].into_iter().flatten().min();
        Some(position.filter(|position| *position < told).map(fanout::event_id))
    }

    fn ticket_at(&self, position: Option<EventId>, hears: Hears) -> Ticket {
        Ticket {
            id: self.ticket,
            user: self.user().clone(),
            device: self.visitor.device.clone(),
            hears,
            position,
        }
    }

    /// What has to be stored of where it is, if that is not what is stored.
    pub(super) fn unstored(&self, told: u64) -> Option<Ticket> {
        let position = self.place(*self.stage.lock(), told)?;
        let (joined, mut stored) = (self.joined.lock(), self.stored.lock());
        // Nothing is copied where nothing changed, which is nearly always.
        if let Some((hears, at)) = &*stored
            && *hears == *joined
            && *at == position
        {
            return None;
        }
        *stored = Some((joined.clone(), position));
        Some(self.ticket_at(position, joined.clone()))
    }

    /// Storing failed: it is to be tried again.
    pub(super) fn store_again(&self) {
        *self.stored.lock() = None;
    }

    /// Gives its place away, once; without one it gets none.
    pub(super) fn give_up(&self, told: u64) -> Option<Ticket> {
        let stage = std::mem::replace(&mut *self.stage.lock(), Stage::GivenUp);
        self.ticket(stage, told)
    }

    /// Where it is, if it has a place.
    pub(super) fn stands(&self, told: u64) -> Option<Ticket> {
        let stage = *self.stage.lock();
        self.ticket(stage, told)
    }

    fn ticket(&self, stage: Stage, told: u64) -> Option<Ticket> {
        let position = self.place(stage, told)?.unwrap_or_else(|| fanout::event_id(told));
        Some(self.ticket_at(Some(position), self.joined.lock().clone()))
    }

    /// It was seen out.
    pub(super) fn end(&self) {
        self.is_over.store(true, Ordering::Release);
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }

    /// Sending alone never narrows anything.
    pub(super) fn sent_to(&self, conversation: ConversationNumber) {
        if let Some(joined) = &mut *self.joined.lock() {
            joined.insert(conversation);
        }
    }
}

/// Everybody who is connected here, by user.
#[derive(Debug, Default)]
pub(super) struct Listeners(DashMap<UserId, Vec<Arc<Listener>>>);

impl Listeners {
    /// Adds a connection; it is told apart by its [`Visitor`], whom the door let in.
    pub(super) fn add(&self, connection: &Connection) -> Result<Arc<Listener>, HubError> {
        let visitor = connection
            .user::<Arc<Visitor>>()
            .cloned()
            .ok_or_else(HubError::unauthorized)?;
        let listener = Arc::new(Listener::new(connection.clone(), visitor));
        connection.set(Arc::clone(&listener));
        self.0
            .entry(listener.user().clone())
            .or_default()
            .push(Arc::clone(&listener));
        Ok(listener)
    }

    /// Removes a connection and says whether it was its user's last.
    pub(super) fn remove(&self, listener: &Listener) -> bool {
        if let Some(mut listeners) = self.0.get_mut(listener.user()) {
            listeners.retain(|known| known.connection.id() != listener.connection.id());
        }
        self.0
            .remove_if(listener.user(), |_, listeners| listeners.is_empty())
            .is_some()
    }

    /// Everybody's connections.
    pub(super) fn each(&self, mut visit: impl FnMut(&Arc<Listener>)) {
        self.0
            .iter()
            .for_each(|listeners| listeners.iter().for_each(&mut visit));
    }

    /// A user's connections.
    pub(super) fn of(&self, user: &UserId) -> Vec<Arc<Listener>> {
        self.0.get(user).map_or_else(Vec::new, |listeners| listeners.clone())
    }
}
