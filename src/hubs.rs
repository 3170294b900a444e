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
mod online;
mod proof;

use std::{sync::Arc, time::Duration};

use axum::{Router, middleware};
use hub_protocol::{
    connection,
    endpoint::Endpoint,
    hub::{Hub, HubError, HubHandle, HubOptions, Overflow},
};

use crate::{clock::Clock, config::Config, log::Log, services};

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
    chat: Mounted,
    online: Mounted,
}

/// A hub on its path.
#[derive(Clone, Debug)]
struct Mounted {
    hub: HubHandle,
    endpoint: Endpoint,
    door: Door,
}

impl Mounted {
    fn new(hub: &Hub, config: &Config, clock: &Clock) -> Self {
        let endpoint = hub
            .endpoint()
            .require_user()
            .allow_stateful_reconnect()
            .close_on_authentication_expiration();
        let limit = usize::try_from(config.limits.connections_per_person).unwrap_or(usize::MAX);
        Self {
            hub: hub.handle(),
            door: Door::new(endpoint.clone(), limit, clock.clone()),
            endpoint,
        }
    }

    fn routes(&self, path: &str) -> Router {
        let routes = self.endpoint.clone().routes(path);
        routes.layer(middleware::from_fn_with_state(self.door.clone(), door::enter))
    }

    async fn drain(&self) {
        self.door.close();
        self.hub.drain(DRAIN, DRAIN_PATIENCE).await;
    }
}

impl Hubs {
    /// Builds the hubs and starts to follow the log. Call it inside a runtime.
    pub fn new(services: &services::Services, log: &Log, config: &Config, clock: &Clock) -> Self {
        let listeners = Arc::new(Listeners::default());
        let notices = Notices::start(services.clone(), Arc::clone(&listeners));
        let chat = Arc::new(Chat {
            services: services.clone(),
            log: log.clone(),
            listeners,
            notices,
        });
        fanout::start(&chat);
        let online = online::hub(services, online_options(config));
        online::announce(services, online.handle());
        Self {
            chat: Mounted::new(&chat::hub(&chat, options(config)), config, clock),
            online: Mounted::new(&online, config, clock),
        }
    }

    /// `/hubs/chat`, `/hubs/chat-online` and their negotiation. Requests must carry the
    /// [`Verified`](crate::auth::Verified) of their token.
    pub fn routes(&self) -> Router {
        self.chat
            .routes("/hubs/chat")
            .merge(self.online.routes("/hubs/chat-online"))
    }

    /// Sends all clients away to come back later, and lets no new ones in.
    pub async fn drain(&self) {
        tokio::join!(self.chat.drain(), self.online.drain());
    }
}

/// As [`options`]; there is no log behind this hub, so who reads too slowly is sent away to come back.
fn online_options(config: &Config) -> HubOptions {
    HubOptions {
        overflow: Overflow::Close,
        ..options(config)
    }
}

fn options(config: &Config) -> HubOptions {
    let limit = usize::try_from(config.limits.hub_message_bytes).unwrap_or(usize::MAX);
    let streams = usize::try_from(config.limits.streams_per_connection).unwrap_or(usize::MAX);
    HubOptions {
        maximum_streams: if streams > 0 { streams } else { usize::MAX },
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
