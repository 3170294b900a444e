//! The connections of this node and which conversations each of them hears (who hears what).
//!
//! A connection hears everything its user belongs to until it joins a conversation for the first time; from then on
//! it hears what it joined and what it sent to.

use std::{collections::HashSet, sync::Arc};

use dashmap::DashMap;
use entities::{ids::ConversationNumber, user_id::UserId};
use hub_protocol::hub::{Connection, HubError};
use parking_lot::Mutex;

use super::{
    door::{Proves, Visitor},
    proof::Proof,
};
use crate::services::Principal;

/// One connection to the chat hub.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) connection: Connection,
    pub(super) visitor: Arc<Visitor>,
    /// `None` until the first join: everything.
    joined: Mutex<Option<HashSet<ConversationNumber>>>,
    pub(super) proof: Proof,
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

    /// A user's connections.
    pub(super) fn of(&self, user: &UserId) -> Vec<Arc<Listener>> {
        self.0.get(user).map_or_else(Vec::new, |listeners| listeners.clone())
    }
}
