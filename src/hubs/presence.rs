//! Who is here, on both hubs: the same verbs, and on the chat hub what changes.

use std::{collections::BTreeMap, ops::RangeInclusive, sync::Arc};

use entities::user_id::UserId;
use hub_protocol::{
    codec::Arguments,
    hub::{Builder, Connection, Context, HubError},
};
use serde::Serialize;
use tokio::sync::mpsc;

use super::{Chat, arguments::text, calls::call, door::Visitor, verbs};
use crate::{
    services::{Error, Services, presence::PresenceChange},
    views::{self, ClientEvent, List, Time},
};

/// Adds the verbs to a hub.
pub(super) fn verbs(hub: Builder, services: &Services) -> Builder {
    let verbs = Verbs {
        hub,
        services: Arc::new(services.clone()),
    };
    verbs
        .add(&["GetOnlineUsers"], 0..=0, list_online_users)
        .add(
            &["GetOnlineStatus", "GetPresenceStates", "SubscribeToPresence"],
            1..=1,
            list_states,
        )
        .add(&["IsUserOnline"], 1..=1, is_online)
        .add(&["SetStatus", "UpdateStatus"], 1..=1, set_status)
        .add(&["Heartbeat", "KeepAlive", "TouchServer"], 0..=0, heartbeat)
        .add(&["Ping"], 0..=0, ping)
        .hub
}

/// Tells the chat hub's connections of changes for as long as the server lives.
pub(super) fn start(chat: &Arc<Chat>) {
    tokio::spawn(follow(Arc::clone(chat), chat.services.presence.subscribe()));
}

/// Who is behind a connection of either hub.
pub(super) fn visitor(connection: &Connection) -> Result<Arc<Visitor>, HubError> {
    let visitor = connection.user::<Arc<Visitor>>();
    visitor.cloned().ok_or_else(HubError::unauthorized)
}

struct Verbs {
    hub: Builder,
    services: Arc<Services>,
}

impl Verbs {
    fn add<R, F>(
        mut self,
        names: &[&str],
        arguments: RangeInclusive<usize>,
        verb: impl Fn(Arc<Services>, Arc<Visitor>, Arguments) -> F + Send + Sync + 'static,
    ) -> Self
    where
        R: Serialize + Send + 'static,
        F: Future<Output = Result<R, HubError>> + Send + 'static,
    {
        let services = Arc::clone(&self.services);
        let verb = move |cx: Context, arguments: Arguments| {
            let answer = visitor(cx.connection()).map(|visitor| verb(Arc::clone(&services), visitor, arguments));
            async move { answer?.await }
        };
        self.hub = verbs::named(self.hub.raw(names[0], arguments, verb), names);
        self
    }
}

async fn list_online_users(
    services: Arc<Services>,
    visitor: Arc<Visitor>,
    _: Arguments,
) -> Result<Vec<UserId>, HubError> {
    let presence = &services.presence;
    let acquaintances = presence.acquaintances(&visitor.principal.user_id).await?;
    Ok(presence.online(acquaintances))
}

/// By the ids as the client wrote them.
async fn list_states(
    services: Arc<Services>,
    visitor: Arc<Visitor>,
    arguments: Arguments,
) -> Result<BTreeMap<String, bool>, HubError> {
    let wrong = || HubError::from(Error::invalid("userIds", "must be a list of ids"));
    let ids: List = arguments.bind(0).map_err(|_| wrong())?;
    let ids = ids.texts("userIds")?.ok_or_else(wrong)?;
    let seen = services.presence.look(&visitor.principal, &ids).await?;
    let states = seen
        .into_iter()
        .map(|(id, sight)| (id, sight.is_some_and(|sight| sight.is_online())));
    Ok(states.collect())
}

async fn is_online(services: Arc<Services>, visitor: Arc<Visitor>, arguments: Arguments) -> Result<bool, HubError> {
    let id = text(&arguments, 0, "userId")?;
    let seen = services.presence.look(&visitor.principal, &[id]).await?;
    Ok(seen
        .iter()
        .any(|(_, sight)| sight.as_ref().is_some_and(|sight| sight.is_online())))
}

async fn set_status(
    services: Arc<Services>,
    visitor: Arc<Visitor>,
    arguments: Arguments,
) -> Result<views::Presence, HubError> {
    let status = text(&arguments, 0, "status")?;
    let sight = services.presence.set_status(&visitor.principal, &status).await?;
    Ok(views::Presence::from(&sight))
}

/// The connection itself is the sign of life.
async fn heartbeat(services: Arc<Services>, _: Arc<Visitor>, _: Arguments) -> Result<Time, HubError> {
    Ok(Time(services.presence.now()))
}

async fn ping(_: Arc<Services>, _: Arc<Visitor>, _: Arguments) -> Result<&'static str, HubError> {
    Ok("pong")
}

async fn follow(chat: Arc<Chat>, mut changes: mpsc::Receiver<PresenceChange>) {
    while let Some(change) = changes.recv().await {
        let call = call(ClientEvent::UserPresenceChanged(Box::new((&change.sight).into())));
        for user in change.audience.iter() {
            for listener in chat.listeners.of(user) {
                if let Err(error) = listener.connection.push(&call) {
                    tracing::error!("a change of presence cannot be written: {error}");
                }
            }
        }
    }
}
