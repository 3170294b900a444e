//! The border behind which connections, groups and users are found: one trait, so that a hub may span processes.

use futures_util::future::BoxFuture;

use super::{
    Encoded, HubError,
    questions::Unasked,
    registry::Registry,
    reply::{Question, Reply},
};
use crate::{
    message::{HubMessage, Invocation},
    negotiate::ConnectionId,
    transport::Frame,
};

/// Who receives a call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// Every connection.
    All,
    /// Every connection but these.
    AllExcept(Vec<String>),
    /// One connection.
    Connection(String),
    /// These connections, each once.
    Connections(Vec<String>),
    /// The members of these groups; a member of two receives twice.
    Groups(Vec<String>),
    /// The members of a group but these connections.
    GroupExcept(String, Vec<String>),
    /// All connections of these users.
    Users(Vec<String>),
}

/// Finds whom a hub sends to, as `HubLifetimeManager` in ASP.NET Core.
///
/// A hub asks its manager for everything that may concern a connection of another process; [`InMemory`] knows
/// this process only. A manager that spans processes tells the others, and does here, through the [`Local`]
/// half that it is given, what they tell it. Unknown connections, groups and users are nobody: no error.
pub trait LifetimeManager: Send + Sync + 'static {
    /// A connection has shaken hands and is registered here; an error ends it. Runs before the connect handler.
    fn connected<'a>(&'a self, local: &'a Local, id: &'a ConnectionId) -> BoxFuture<'a, Result<(), HubError>>;

    /// A connection that was told of is over. Runs after the disconnect handler.
    fn disconnected<'a>(&'a self, local: &'a Local, id: &'a ConnectionId) -> BoxFuture<'a, ()>;

    /// Calls everybody chosen. Returns when it is queued, and waits for room only where one connection is chosen.
    fn send<'a>(
        &'a self,
        local: &'a Local,
        target: &'a Target,
        call: &'a Encoded<'a>,
    ) -> BoxFuture<'a, Result<(), HubError>>;

    /// Adds a connection to a group; adding twice is adding once.
    fn join<'a>(&'a self, local: &'a Local, connection: &'a str, group: &'a str)
    -> BoxFuture<'a, Result<(), HubError>>;

    /// Removes a connection from a group.
    fn leave<'a>(
        &'a self,
        local: &'a Local,
        connection: &'a str,
        group: &'a str,
    ) -> BoxFuture<'a, Result<(), HubError>>;

    /// Calls one connection and waits for its result. Dropping the future forgets the question.
    fn ask<'a>(
        &'a self,
        local: &'a Local,
        connection: &'a str,
        question: Question<'a>,
    ) -> BoxFuture<'a, Result<Reply, HubError>>;
}

/// The connections of this process.
#[derive(Default)]
pub struct Local(pub(super) Registry);

impl std::fmt::Debug for Local {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Local").field("connections", &self.0.len()).finish()
    }
}

impl Local {
    /// Queues a call for everybody chosen who is connected here.
    ///
    /// # Errors
    ///
    /// Fails for values that a protocol cannot carry, never because a client is gone.
    pub async fn send(&self, target: &Target, call: &Encoded<'_>) -> Result<(), HubError> {
        if let Target::Connection(id) = target {
            return match ConnectionId::parse(id).and_then(|id| self.0.connection(&id)) {
                Some(member) => member.push_when_room(call).await,
                None => Ok(()),
            };
        }
        let mut outcome = Ok(());
        let hearers = self.0.count_of(target);
        self.0.each_of(target, |member| {
            if let Err(error) = member.push(call, hearers) {
                outcome = Err(error);
            }
        });
        outcome
    }

    /// Adds a connection of this process to a group.
    pub fn join(&self, connection: &str, group: &str) {
        if let Some(id) = ConnectionId::parse(connection) {
            self.0.join(&id, group);
        }
    }

    /// Removes a connection of this process from a group.
    pub fn leave(&self, connection: &str, group: &str) {
        if let Some(id) = ConnectionId::parse(connection) {
            self.0.leave(&id, group);
        }
    }

    /// Whether a connection is here.
    pub fn contains(&self, connection: &str) -> bool {
        ConnectionId::parse(connection).is_some_and(|id| self.0.connection(&id).is_some())
    }

    /// Asks a connection of this process.
    ///
    /// # Errors
    ///
    /// Fails where there is no such connection, or it ends before it answers.
    pub async fn ask(&self, connection: &str, question: Question<'_>) -> Result<Reply, HubError> {
        let gone = |how| HubError::unexpected("IOException", format!("Connection '{connection}' {how}."));
        let member = ConnectionId::parse(connection).and_then(|id| self.0.connection(&id));
        let member = member.ok_or_else(|| gone("does not exist"))?;
        let asked = member.questions.ask().map_err(|why| match why {
            Unasked::Closed => gone("disconnected"),
            Unasked::TooMany => HubError::public("The client is asked too much at a time."),
        })?;
        let protocol = *member.protocol.get().expect("who is registered has shaken hands");
        let call = Invocation {
            invocation_id: Some(asked.id().to_owned()),
            target: question.target.to_owned(),
            arguments: question.arguments.encode(protocol, question.naming)?,
            stream_ids: Vec::new(),
        };
        let frame = Frame::of(protocol, &HubMessage::Invocation(call));
        member.push_frame_when_room(&frame).await;
        // Nor is it kept for as long as the client thinks.
        drop(frame);
        let outcome = asked.answer().await.ok_or_else(|| gone("disconnected"))?;
        Ok(Reply { protocol, outcome })
    }
}

/// Knows the connections of this process and no others.
#[derive(Clone, Copy, Debug, Default)]
pub struct InMemory;

impl LifetimeManager for InMemory {
    fn connected<'a>(&'a self, _: &'a Local, _: &'a ConnectionId) -> BoxFuture<'a, Result<(), HubError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn disconnected<'a>(&'a self, _: &'a Local, _: &'a ConnectionId) -> BoxFuture<'a, ()> {
        Box::pin(std::future::ready(()))
    }

    fn send<'a>(
        &'a self,
        local: &'a Local,
        target: &'a Target,
        call: &'a Encoded<'a>,
    ) -> BoxFuture<'a, Result<(), HubError>> {
        Box::pin(local.send(target, call))
    }

    fn join<'a>(
        &'a self,
        local: &'a Local,
        connection: &'a str,
        group: &'a str,
    ) -> BoxFuture<'a, Result<(), HubError>> {
        local.join(connection, group);
        Box::pin(std::future::ready(Ok(())))
    }

    fn leave<'a>(
        &'a self,
        local: &'a Local,
        connection: &'a str,
        group: &'a str,
    ) -> BoxFuture<'a, Result<(), HubError>> {
        local.leave(connection, group);
        Box::pin(std::future::ready(Ok(())))
    }

    fn ask<'a>(
        &'a self,
        local: &'a Local,
        connection: &'a str,
        question: Question<'a>,
    ) -> BoxFuture<'a, Result<Reply, HubError>> {
        Box::pin(local.ask(connection, question))
    }
}
