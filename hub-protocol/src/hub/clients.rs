//! Whom to send to, from inside a method and from outside.

use std::time::Duration;

use serde::de::DeserializeOwned;

use super::{Context, Hub, HubError, Target, context::Connection, place::Place, reply::Question};
use crate::{close::CloseReason, codec::ToArguments, negotiate::ConnectionId};

/// Chooses who receives a call. Nobody is a fine audience: sending to nothing succeeds.
#[derive(Clone, Debug)]
pub struct Clients {
    hub: Hub,
    /// The call that chooses; `None` outside of one.
    within: Option<Context>,
}

/// A chosen audience.
#[derive(Clone, Debug)]
pub struct Audience {
    hub: Hub,
    target: Target,
}

/// One client, which may also be asked.
#[derive(Clone, Debug)]
pub struct Client {
    hub: Hub,
    id: String,
    within: Option<Context>,
    patience: Option<Duration>,
}

impl Clients {
    pub(super) fn new(hub: Hub, within: Option<Context>) -> Self {
        Self { hub, within }
    }

    fn audience(&self, target: Target) -> Audience {
        Audience {
            hub: self.hub.clone(),
            target,
        }
    }

    fn caller_id(&self) -> Option<String> {
        self.within.as_ref().map(|cx| cx.connection_id().to_string())
    }

    /// Every connection.
    pub fn all(&self) -> Audience {
        self.audience(Target::All)
    }

    /// Every connection but these.
    pub fn all_except(&self, ids: impl IntoIterator<Item = impl Into<String>>) -> Audience {
        self.audience(Target::AllExcept(texts(ids)))
    }

    /// The caller; nobody outside of a call.
    pub fn caller(&self) -> Client {
        self.client(self.caller_id().unwrap_or_default())
    }

    /// Every connection but the caller's.
    pub fn others(&self) -> Audience {
        self.all_except(self.caller_id())
    }

    /// One connection.
    pub fn client(&self, id: impl Into<String>) -> Client {
        Client {
            hub: self.hub.clone(),
            id: id.into(),
            within: self.within.clone(),
            patience: None,
        }
    }

    /// These connections, each once.
    pub fn clients(&self, ids: impl IntoIterator<Item = impl Into<String>>) -> Audience {
        self.audience(Target::Connections(texts(ids)))
    }

    /// The members of a group. Names are compared exactly.
    pub fn group(&self, name: impl Into<String>) -> Audience {
        self.groups([name])
    }

    /// The members of these groups; a member of two receives twice.
    pub fn groups(&self, names: impl IntoIterator<Item = impl Into<String>>) -> Audience {
        self.audience(Target::Groups(texts(names)))
    }

    /// The members of a group but these.
    pub fn group_except(&self, name: impl Into<String>, ids: impl IntoIterator<Item = impl Into<String>>) -> Audience {
        self.audience(Target::GroupExcept(name.into(), texts(ids)))
    }

    /// The members of a group but the caller.
    pub fn others_in_group(&self, name: impl Into<String>) -> Audience {
        self.group_except(name, self.caller_id())
    }

    /// All connections of a user.
    pub fn user(&self, identifier: impl Into<String>) -> Audience {
        self.users([identifier])
    }

    /// All connections of these users.
    pub fn users(&self, identifiers: impl IntoIterator<Item = impl Into<String>>) -> Audience {
        self.audience(Target::Users(texts(identifiers)))
    }
}

fn texts(given: impl IntoIterator<Item = impl Into<String>>) -> Vec<String> {
    given.into_iter().map(Into::into).collect()
}

impl Audience {
    /// Calls `target` on everybody chosen, encoded once for each protocol.
    ///
    /// Returns when it is queued everywhere. Nobody is waited for: where an outbox is full, the hub's overflow
    /// option decides.
    ///
    /// # Errors
    ///
    /// Fails for values that a protocol cannot carry, never because a client is gone.
    pub async fn send(&self, target: &str, arguments: impl ToArguments + Send + Sync) -> Result<(), HubError> {
        self.hub.send(&self.target, target, arguments).await
    }
}

impl Client {
    /// Calls `target` on this client; waits while its outbox is full.
    ///
    /// # Errors
    ///
    /// Fails for values that its protocol cannot carry, never because the client is gone.
    pub async fn send(&self, target: &str, arguments: impl ToArguments + Send + Sync) -> Result<(), HubError> {
        let to = Target::Connection(self.id.clone());
        self.hub.send(&to, target, arguments).await
    }

    /// Waits this long at most for a result.
    #[must_use]
    pub fn within(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    /// Calls `target` on this client and waits for what it returns, for ever unless told otherwise by
    /// [`within`](Self::within): there are clients that never answer a call that they do not know.
    ///
    /// While it waits, the calling method lets the caller's next call begin. From a
    /// [`HubHandle`] it does not: a method that asks its own caller that way waits in vain.
    ///
    /// # Errors
    ///
    /// The client's own error, and a result of another type, are public errors with .NET's texts. Fails too where there
    /// is no such client or it goes before it answers, after the time, and in connect handlers, in which no
    /// client can answer yet.
    pub async fn invoke<R: DeserializeOwned>(
        &self,
        target: &str,
        arguments: impl ToArguments + Send + Sync,
    ) -> Result<R, HubError> {
        match self.within.as_ref().map(|cx| (cx.place(), cx)) {
            Some((Place::Connecting, _)) => {
                return Err(HubError::unexpected(
                    "InvalidOperationException",
                    "Client results inside OnConnectedAsync Hub methods are not allowed.",
                ));
            }
            Some((Place::Call(slot), cx)) => slot.lend(cx.member()),
            Some((Place::Elsewhere, _)) | None => {}
        }
        let question = Question {
            target,
            arguments: &arguments,
            naming: self.hub.0.options.naming,
        };
        let inner = &self.hub.0;
        let reply = inner.manager.ask(&inner.local, &self.id, question);
        let reply = match self.patience {
            None => reply.await,
            Some(patience) => tokio::time::timeout(patience, reply)
                .await
                .unwrap_or_else(|_| Err(HubError::public("Invocation canceled by the server."))),
        };
        reply?.bind()
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
    ///
    /// # Errors
    ///
    /// Fails where the hub's [`LifetimeManager`](super::LifetimeManager) does; in memory never.
    pub async fn add(&self, connection: impl AsRef<str> + Send + Sync, group: &str) -> Result<(), HubError> {
        let inner = &self.hub.0;
        inner.manager.join(&inner.local, connection.as_ref(), group).await
    }

    /// Removes a connection; one that is not a member is a no-op.
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add).
    pub async fn remove(&self, connection: impl AsRef<str> + Send + Sync, group: &str) -> Result<(), HubError> {
        let inner = &self.hub.0;
        inner.manager.leave(&inner.local, connection.as_ref(), group).await
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

    /// The hub itself.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// The hub's groups.
    pub fn groups(&self) -> Groups {
        Groups::new(self.hub.clone())
    }

    /// The connection of this id, while it lives.
    pub fn connection(&self, id: &ConnectionId) -> Option<Connection> {
        let member = self.hub.0.local.0.connection(id)?;
        Some(Connection {
            member,
            hub: self.hub.clone(),
        })
    }

    /// How many connections there are.
    pub fn connections(&self) -> usize {
        self.hub.0.local.0.len()
    }

    /// How many connections a user has.
    pub fn connections_of(&self, user: &str) -> usize {
        self.hub.0.local.0.count_of_user(user)
    }

    /// How many groups have members.
    pub fn groups_with_members(&self) -> usize {
        self.hub.0.local.0.groups()
    }

    /// How many users have connections.
    pub fn users(&self) -> usize {
        self.hub.0.local.0.users()
    }

    /// Ends all connections of a user with a Close; their clients do not come back by themselves.
    pub fn abort_user(&self, user: &str) {
        let target = Target::Users(vec![user.to_owned()]);
        let local = &self.hub.0.local.0;
        local.each_of(&target, |member| member.outbox.stop(CloseReason::Aborted));
    }

    /// Sends everybody a Close with `allowReconnect`, spread over `duration` so that they do not all come
    /// back at once, and returns when all are gone or `patience` more has passed.
    ///
    /// A client with stateful reconnect is sent none, which would end its connection for good: its socket is cut, and it
    /// comes back by itself.
    ///
    /// Calls that run are finished and answered first. New connections are not refused here: stop listening before.
    pub async fn drain(&self, duration: Duration, patience: Duration) {
        const BATCHES: usize = 10;
        // A DashMap's order is by hash: random enough to mix users and groups.
        let mut ids = Vec::new();
        self.hub.0.local.0.each(|member| ids.push(member.id.clone()));
        for batch in ids.chunks(ids.len().div_ceil(BATCHES).max(1)) {
            for member in batch.iter().filter_map(|id| self.hub.0.local.0.connection(id)) {
                member.outbox.stop(CloseReason::Shutdown);
            }
            if ids.len() > BATCHES {
                tokio::time::sleep(duration / u32::try_from(BATCHES).expect("ten")).await;
            }
        }
        let gone = async {
            while self.hub.0.local.0.len() > 0 {
                // Whoever connected meanwhile is sent away too.
                self.hub
                    .0
                    .local
                    .0
                    .each(|member| member.outbox.stop(CloseReason::Shutdown));
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let _ = tokio::time::timeout(patience, gone).await;
    }
}
