//! `/hubs/chat-online`: who of the people one knows is connected.

use std::sync::Arc;

use entities::user_id::UserId;
use hub_protocol::hub::{Context, Hub, HubError, HubHandle, HubOptions};
use tokio::sync::broadcast::error::RecvError;

use super::door::Visitor;
use crate::services::{Services, presence::Presence};

/// Builds the hub.
pub(super) fn hub(services: &Services, options: HubOptions) -> Hub {
    let (connecting, asking) = (services.clone(), services.presence.clone());
    Hub::builder("chat-online")
        .options(options)
        .on_connected(move |cx| {
            let services = connecting.clone();
            async move { connected(&services, &cx).await }
        })
        .method("GetOnlineUsers", move |cx: Context| {
            let presence = asking.clone();
            async move { online_users(&presence, &cx).await }
        })
        .alias("GetOnlineUsersAsync", "GetOnlineUsers")
        .build()
}

/// Tells those who are connected to the hub when people come and go whom they know.
pub(super) fn announce(services: &Services, hub: HubHandle) {
    let presence = services.presence.clone();
    let mut changes = presence.changes();
    tokio::spawn(async move {
        loop {
            let change = match changes.recv().await {
                Ok(change) => change,
                Err(RecvError::Lagged(lost)) => {
                    tracing::warn!(lost, "people came and went faster than it could be told");
                    continue;
                }
                Err(RecvError::Closed) => return,
            };
            let target = if change.is_online { "UserOnline" } else { "UserOffline" };
            match presence.acquaintances(&change.user).await {
                Ok(users) => {
                    let users = users.iter().map(ToString::to_string);
                    let told = hub.clients().users(users).send(target, (change.user.as_str(),)).await;
                    if let Err(error) = told {
                        tracing::error!("a change of presence cannot be told: {error}");
                    }
                }
                // Presence is told again when it changes again.
                Err(error) => tracing::warn!("nobody was told of a change of presence: {error}"),
            }
        }
    });
}

async fn connected(services: &Services, cx: &Context) -> Result<(), HubError> {
    let connection = cx.connection();
    let visitor = connection.user::<Arc<Visitor>>().ok_or_else(HubError::unauthorized)?;
    // Before the list, so that whoever comes meanwhile is in it or is told.
    connection.set(Arc::new(services.presence.connect(&visitor.principal.user_id)));
    if let Err(error) = services.people.seen(&visitor.principal).await {
        tracing::warn!("a person who connected cannot be stored: {error}");
    }
    let mut changes = services.presence.changes();
    let users = online_users(&services.presence, cx).await?;
    let caller = cx.clients().caller();
    caller.send("GetOnlineUsers", (&users,)).await?;
    // Who went while the list was made may have been told before it.
    while let Ok(change) = changes.try_recv() {
        if !change.is_online && users.contains(&change.user) {
            caller.send("UserOffline", (change.user.as_str(),)).await?;
        }
    }
    Ok(())
}

async fn online_users(presence: &Presence, cx: &Context) -> Result<Vec<UserId>, HubError> {
    let visitor = cx
        .connection()
        .user::<Arc<Visitor>>()
        .ok_or_else(HubError::unauthorized)?;
    Ok(presence.online_acquaintances(&visitor.principal.user_id).await?)
}
