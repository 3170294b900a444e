//! `/hubs/chat-online`: who is here, told to those who share a conversation with them.

use std::sync::Arc;

use hub_protocol::hub::{Context, Hub, HubError, HubHandle, HubOptions};
use tokio::sync::{Mutex, mpsc};

use super::{
    calls::call,
    presence::{self, visitor},
    traced::traced,
    verbs::Verbs,
};
use crate::{
    services::{Services, presence::PresenceChange},
    views::ClientEvent,
};

/// What the methods and the teller of the hub share.
#[derive(Debug)]
struct Online {
    services: Services,
    /// Held while somebody is told: a newcomer's list and the changes to it reach them in the order they happened.
    telling: Mutex<()>,
}

/// Builds the hub and starts to tell of changes.
pub(super) fn hub(services: &Services, options: HubOptions) -> Hub {
    let online = Arc::new(Online {
        services: services.clone(),
        telling: Mutex::default(),
    });
    let connected = Arc::clone(&online);
    let hub = traced(Hub::builder("chat-online"), "chat-online");
    let hub = hub.options(options).on_connected(move |cx| {
        let online = Arc::clone(&connected);
        async move { online.connected(&cx).await }
    });
    let hub = presence::methods(Verbs {
        hub,
        state: Arc::new(services.clone()),
    });
    let hub = hub.hub.build();
    tokio::spawn(follow(online, hub.handle(), services.presence.subscribe()));
    hub
}

impl Online {
    async fn connected(&self, cx: &Context) -> Result<(), HubError> {
        let visitor = visitor(cx.connection())?;
        let user = &visitor.principal.user_id;
        self.services.people.admit(user)?;
        let presence = &self.services.presence;
        cx.connection().set(Arc::new(presence.arrive(user)));
        // A profile that cannot be stored now is stored with the next call.
        if let Err(error) = self.services.people.seen(&visitor.principal).await {
            tracing::warn!("a person who connected cannot be stored: {error}");
        }
        loop {
            let generation = presence.generation();
            // Whoever gets no list now counts as here all the same, and may ask for it.
            let acquaintances = match presence.acquaintances(user).await {
                Ok(acquaintances) => acquaintances,
                Err(error) => {
                    tracing::warn!("who shares a conversation cannot be read: {error}");
                    return Ok(());
                }
            };
            let _telling = self.telling.lock().await;
            if presence.generation() != generation {
                // Somebody blocked somebody meanwhile, and may have been told of it before the list.
                continue;
            }
            let online = presence.online(acquaintances);
            return cx.connection().push(&call(ClientEvent::GetOnlineUsers(online.into())));
        }
    }

    async fn tell(&self, hub: &HubHandle, change: &PresenceChange) -> Result<(), HubError> {
        if !change.comes_or_goes {
            return Ok(());
        }
        let user = Box::new(change.sight.user.clone());
        let event = if change.sight.is_online() {
            ClientEvent::UserOnline(user)
        } else {
            ClientEvent::UserOffline(user)
        };
        let users = change.audience.iter().map(ToString::to_string);
        // Nobody is waited for: whoever takes nothing loses the connection, and is given the list when they are back.
        let _telling = self.telling.lock().await;
        hub.clients().users(users).send(event.name(), (&event,)).await
    }
}

/// Tells of changes for as long as the server lives.
async fn follow(online: Arc<Online>, hub: HubHandle, mut changes: mpsc::Receiver<PresenceChange>) {
    while let Some(change) = changes.recv().await {
        if let Err(error) = online.tell(&hub, &change).await {
            tracing::error!("a change of presence cannot be told: {error}");
        }
    }
}
