//! Who is here, on both hubs: the same verbs, and on the chat hub what changes.

use std::{collections::BTreeMap, sync::Arc};

use entities::user_id::UserId;
use hub_protocol::{
    codec::Arguments,
    hub::{Connection, Context, HubError},
};
use tokio::sync::mpsc;

use super::{Chat, arguments::text, calls::call, door::Visitor, verbs::Table};
use crate::{
    described::hub as words,
    services::{Error, Services, presence::PresenceChange},
    views::{self, ClientEvent, List, Time},
};

/// What clients of both hubs may call.
#[rustfmt::skip]
pub(super) fn methods<T: Table<Arc<Services>>>(table: T) -> T {
    table
        .add(&["GetOnlineUsers"], words::list_online_users, list_online_users)
        .add(&["GetOnlineStatus", "GetPresenceStates", "SubscribeToPresence"], words::list_states, list_states)
        .add(&["IsUserOnline"], words::is_online, is_online)
        .add(&["SetStatus", "UpdateStatus"], words::set_status, set_status)
        .add(&["Heartbeat", "KeepAlive", "TouchServer"], words::heartbeat, heartbeat)
        .add(&["Ping"], words::ping, ping)
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

async fn list_online_users(services: Arc<Services>, cx: Context, _: Arguments) -> Result<Vec<UserId>, HubError> {
    let visitor = visitor(cx.connection())?;
    let presence = &services.presence;
    let acquaintances = presence.acquaintances(&visitor.principal.user_id).await?;
    Ok(presence.online(acquaintances))
}

/// By the ids as the client wrote them.
async fn list_states(
    services: Arc<Services>,
    cx: Context,
    arguments: Arguments,
) -> Result<BTreeMap<String, bool>, HubError> {
    let visitor = visitor(cx.connection())?;
    let wrong = || HubError::from(Error::invalid("userIds", "must be a list of ids"));
    let ids: List = arguments.bind(0).map_err(|_| wrong())?;
    let ids = ids.texts("userIds")?.ok_or_else(wrong)?;
    let seen = services.presence.look(&visitor.principal, &ids).await?;
    let states = seen
        .into_iter()
        .map(|(id, sight)| (id, sight.is_some_and(|sight| sight.is_online())));
    Ok(states.collect())
}

async fn is_online(services: Arc<Services>, cx: Context, arguments: Arguments) -> Result<bool, HubError> {
    let visitor = visitor(cx.connection())?;
    let id = text(&arguments, 0, "userId")?;
    let seen = services.presence.look(&visitor.principal, &[id]).await?;
    Ok(seen
        .iter()
        .any(|(_, sight)| sight.as_ref().is_some_and(|sight| sight.is_online())))
}

async fn set_status(services: Arc<Services>, cx: Context, arguments: Arguments) -> Result<views::Presence, HubError> {
    let visitor = visitor(cx.connection())?;
    let status = text(&arguments, 0, "status")?;
    let sight = services.presence.set_status(&visitor.principal, &status).await?;
    Ok(views::Presence::from(&sight))
}

/// The connection itself is the sign of life.
async fn heartbeat(services: Arc<Services>, _: Context, _: Arguments) -> Result<Time, HubError> {
    Ok(Time(services.presence.now()))
}

async fn ping(_: Arc<Services>, _: Context, _: Arguments) -> Result<&'static str, HubError> {
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
