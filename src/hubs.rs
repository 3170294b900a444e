//! The hubs on their paths: client verbs become calls on services, events become calls of clients.
//!
//! The only room that knows both chat and SignalR.

mod arguments;
mod calls;
mod chat;
mod door;
mod fanout;
mod feed;
mod listeners;
mod notices;
mod proof;

use std::{sync::Arc, time::Duration};

use axum::{Router, middleware};
use hub_protocol::{
    connection,
    endpoint::Endpoint,
    hub::{Hub, HubError, HubHandle, HubOptions, Overflow},
};

use crate::{config::Config, log::Log, services};

use self::{door::Door, listeners::Listeners, notices::Notices};

/// How long a socket of the chat hub may take no byte before its connection counts as lost.
const SEND_TIMEOUT: Duration = Duration::from_secs(30);
/// Over how long a stopping server sends its clients away.
const DRAIN: Duration = Duration::from_secs(2);
/// How much longer it waits for the last of them.
const DRAIN_PATIENCE: Duration = Duration::from_secs(3);

/// What the methods, the fan-out and the feeds of the chat hub share.
#[derive(Debug)]
struct Chat {
    services: services::Services,
    log: Log,
    listeners: Arc<Listeners>,
    notices: Notices,
}

/// The hubs of this server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Hubs {
    chat: HubHandle,
    endpoint: Endpoint,
    door: Door,
}

impl Hubs {
    /// Builds the hubs and starts to follow the log. Call it inside a runtime.
    pub fn new(services: &services::Services, log: &Log, config: &Config) -> Self {
        let listeners = Arc::new(Listeners::default());
        let notices = Notices::start(services.clone(), Arc::clone(&listeners));
        let chat = Arc::new(Chat {
            services: services.clone(),
            log: log.clone(),
            listeners,
            notices,
        });
        let hub: Hub = chat::hub(&chat, options(config));
        fanout::start(&chat);
        let limit = usize::try_from(config.limits.connections_per_person).unwrap_or(usize::MAX);
        let door = Door::new(limit);
        Self {
            chat: hub.handle(),
            endpoint: hub.endpoint().require_user(),
            door,
        }
    }

    /// `/hubs/chat` and its negotiation. Requests must carry the [`Verified`](crate::auth::Verified) of their token.
    pub fn routes(&self) -> Router {
        let routes = self.endpoint.clone().routes("/hubs/chat");
        routes.layer(middleware::from_fn_with_state(self.door.clone(), door::enter))
    }

    /// Sends all clients away to come back later, and lets no new ones in.
    pub async fn drain(&self) {
        self.door.close();
        self.chat.drain(DRAIN, DRAIN_PATIENCE).await;
    }
}

fn options(config: &Config) -> HubOptions {
    let limit = usize::try_from(config.limits.hub_message_bytes).unwrap_or(usize::MAX);
    HubOptions {
        connection: connection::Options {
            maximum_receive_message_size: (limit > 0).then_some(limit),
            detailed_errors: config.detailed_errors,
            ..connection::Options::default()
        },
        overflow: Overflow::Behind,
        send_timeout: SEND_TIMEOUT,
        ..HubOptions::default()
    }
}

/// What a refused call tells its caller: `code: a sentence`.
impl From<services::Error> for HubError {
    fn from(error: services::Error) -> Self {
        match error {
            services::Error::Internal => Self::unexpected("InternalError", error.to_string()),
            services::Error::Unauthorized
            | services::Error::Forbidden(_)
            | services::Error::NotAParticipant
            | services::Error::NotFound(_)
            | services::Error::Invalid { .. }
            | services::Error::IdempotencyMismatch
            | services::Error::GroupFull { .. }
            | services::Error::TooLarge(_)
            | services::Error::TooMany { .. }
            | services::Error::Unavailable => Self::public(format!("{}: {error}", error.code())),
        }
    }
}
