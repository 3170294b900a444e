//! Whom to send to, from inside a method and from outside.

use std::time::Duration;

use super::{Encoded, Hub, HubError, context::Connection};
use crate::{close::CloseReason, codec::ToArguments, negotiate::ConnectionId};

/// Chooses who receives a call. Nobody is a fine audience: sending to nothing succeeds.
#[derive(Clone, Debug)]
pub struct Clients {
    hub: Hub,
    caller: Option<ConnectionId>,
}

/// A chosen audience.
#[derive(Clone, Debug)]
pub struct Audience {
    hub: Hub,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    All,
    AllExcept(Vec<String>),
    Connections(Vec<String>),
    Groups(Vec<String>),
    GroupExcept(String, Vec<String>),
    Users(Vec<String>),
}

impl Clients {
    pub(super) fn new(hub: Hub, caller: Option<ConnectionId>) -> Self {
        Self { hub, caller }
    }

    fn audience(&self, kind: Kind) -> Audience {
        Audience {
            hub: self.hub.clone(),
            kind,
        }
    }

    fn caller_id(&self) -> Vec<String> {
        self.caller.iter().map(ToString::to_string).collect()
    }

    /// Every connection.
    pub fn all(&self) -> Audience {
        self.audience(Kind::All)
    }

    /// Every connection but these.
    pub fn all_except(&self, ids: Vec<String>) -> Audience {
        self.audience(Kind::AllExcept(ids))
    }

    /// The caller; nobody outside of a call.
    pub fn caller(&self) -> Audience {
        self.audience(Kind::Connections(self.caller_id()))
    }

    /// Every connection but the caller's.
    pub fn others(&self) -> Audience {
        self.all_except(self.caller_id())
    }

    /// One connection.
    pub fn client(&self, id: impl Into<String>) -> Audience {
        self.clients(vec![id.into()])
    }

    /// These connections, each once.
    pub fn clients(&self, ids: Vec<String>) -> Audience {
        self.audience(Kind::Connections(ids))
    }

    /// The members of a group. Names are compared exactly.
    pub fn group(&self, name: impl Into<String>) -> Audience {
        self.groups(vec![name.into()])
    }

    /// The members of these groups; a member of two receives twice.
    pub fn groups(&self, names: Vec<String>) -> Audience {
        self.audience(Kind::Groups(names))
    }

    /// The members of a group but these.
    pub fn group_except(&self, name: impl Into<String>, ids: Vec<String>) -> Audience {
        self.audience(Kind::GroupExcept(name.into(), ids))
    }

    /// The members of a group but the caller.
    pub fn others_in_group(&self, name: impl Into<String>) -> Audience {
        self.group_except(name, self.caller_id())
    }

    /// All connections of a user.
    pub fn user(&self, identifier: impl Into<String>) -> Audience {
        self.users(vec![identifier.into()])
    }

    /// All connections of these users.
    pub fn users(&self, identifiers: Vec<String>) -> Audience {
        self.audience(Kind::Users(identifiers))
    }
}

impl Audience {
    /// Calls `target` on everybody chosen, encoded once for each protocol.
    ///
    /// Returns when it is queued everywhere. A single connection with a full outbox is waited for; of several,
    /// none is: there the hub's overflow option decides.
    ///
    /// # Errors
    ///
    /// Fails for values that a protocol cannot carry, never because a client is gone.
    pub async fn send(&self, target: &str, arguments: impl ToArguments + Send + Sync) -> Result<(), HubError> {
        let call = Encoded::new(target, arguments, self.hub.0.options.naming);
        let registry = &self.hub.0.registry;
        if let Kind::Connections(ids) = &self.kind
            && let [id] = &ids[..]
        {
            let member = ConnectionId::parse(id).and_then(|id| registry.connection(&id));
            return match member {
                Some(member) => member.push_when_room(&call).await,
                None => Ok(()),
            };
        }
        let mut outcome = Ok(());
        let mut push = |member: &std::sync::Arc<super::context::Member>, except: &[String]| {
            if !except.iter().any(|id| id == member.id.as_str())
                && let Err(error) = member.push(&call)
            {
                outcome = Err(error);
            }
        };
        match &self.kind {
            Kind::All => registry.each(|member| push(member, &[])),
            Kind::AllExcept(ids) => registry.each(|member| push(member, ids)),
            Kind::Connections(ids) => {
                for (at, id) in ids.iter().enumerate() {
                    if let Some(member) = ConnectionId::parse(id).and_then(|id| registry.connection(&id)) {
                        push(&member, if ids[..at].contains(id) { ids } else { &[] });
                    }
                }
            }
            Kind::Groups(names) => {
                names
                    .iter()
                    .for_each(|name| registry.each_in_group(name, |member| push(member, &[])));
            }
            Kind::GroupExcept(name, ids) => registry.each_in_group(name, |member| push(member, ids)),
            Kind::Users(users) => {
                users
                    .iter()
                    .for_each(|user| registry.each_of_user(user, |member| push(member, &[])));
            }
        }
        outcome
    }
}

/// Puts connections into groups and takes them out. A group exists while it has members.
#[derive(Clone, Debug)]
pub struct Groups {
    hub: Hub,
}

impl Groups {
    pub(super) fn new(hub: Hub) -> Self {
        Self { hub }
    }

    /// Adds a connection; adding twice is adding once, and an unknown connection is a no-op.
    pub fn add(&self, connection: &str, group: &str) {
        if let Some(id) = ConnectionId::parse(connection) {
            self.hub.0.registry.join(&id, group);
        }
    }

    /// Removes a connection; one that is not a member is a no-op.
    pub fn remove(&self, connection: &str, group: &str) {
        if let Some(id) = ConnectionId::parse(connection) {
            self.hub.0.registry.leave(&id, group);
        }
    }
}

/// Sends to a hub's clients from anywhere, and ends them. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct HubHandle {
    hub: Hub,
}

impl HubHandle {
    pub(super) fn new(hub: Hub) -> Self {
        Self { hub }
    }

    /// Clients to send to.
    pub fn clients(&self) -> Clients {
        Clients::new(self.hub.clone(), None)
    }

    /// The hub's groups.
    pub fn groups(&self) -> Groups {
        Groups::new(self.hub.clone())
    }

    /// The connection of this id, while it lives.
    pub fn connection(&self, id: &ConnectionId) -> Option<Connection> {
        let member = self.hub.0.registry.connection(id)?;
        Some(Connection {
            member,
            hub: self.hub.clone(),
        })
    }

    /// How many connections there are.
    pub fn connections(&self) -> usize {
        self.hub.0.registry.len()
    }

    /// How many connections a user has.
    pub fn connections_of(&self, user: &str) -> usize {
        self.hub.0.registry.count_of_user(user)
    }

    /// How many groups have members, and how many users have connections.
    pub fn groups_and_users(&self) -> (usize, usize) {
        self.hub.0.registry.names()
    }

    /// Sends everybody a Close with `allowReconnect`, spread over `duration` so that they do not all come
    /// back at once, and returns when all are gone or `patience` more has passed.
    ///
    /// Calls that run are finished and answered first. New connections are not refused here: stop listening before.
    pub async fn drain(&self, duration: Duration, patience: Duration) {
        const BATCHES: usize = 10;
        // A DashMap's order is by hash: random enough to mix users and groups.
        let mut ids = Vec::new();
        self.hub.0.registry.each(|member| ids.push(member.id.clone()));
        for batch in ids.chunks(ids.len().div_ceil(BATCHES).max(1)) {
            for member in batch.iter().filter_map(|id| self.hub.0.registry.connection(id)) {
                member.outbox.stop(CloseReason::Shutdown);
            }
            if ids.len() > BATCHES {
                tokio::time::sleep(duration / u32::try_from(BATCHES).expect("ten")).await;
            }
        }
        let gone = async {
            while self.hub.0.registry.len() > 0 {
                // Whoever connected meanwhile is sent away too.
                self.hub
                    .0
                    .registry
                    .each(|member| member.outbox.stop(CloseReason::Shutdown));
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let _ = tokio::time::timeout(patience, gone).await;
    }
}
