//! The hubs on their paths: client verbs become calls on services, events become calls of clients.
//!
//! The only room that knows both chat and SignalR.

mod arguments;
mod calls;
mod chat;
mod door;
mod expelling;
mod fanout;
mod feed;
mod listeners;
mod meter;
mod notices;
mod online;
mod presence;
mod proof;
mod standing;
mod traced;
mod verbs;

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use axum::{Router, middleware};
use hub_protocol::{
    connection,
    endpoint::Endpoint,
    hub::{Hub, HubError, HubHandle, HubOptions, Overflow},
};

use parking_lot::RwLock;
use tokio::sync::Notify;

use crate::{
    clock::Clock,
    config::Config,
    described::{DescribedMethod, Schemas},
    log::Log,
    metrics::{Histogram, TIMES},
    services,
    views::Links,
};

use self::{door::Door, listeners::Listeners, notices::Notices, verbs::Describing};

/// How long a socket may take no byte before its connection counts as lost.
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
    links: Links,
    listeners: Arc<Listeners>,
    notices: Notices,
    /// Everybody was told everything up to here.
    told: AtomicU64,
    /// Held while a place passes from one to another, so that it is always one's: it is stored while nobody moves.
    moving: RwLock<()>,
    /// A connection that has no stored place yet.
    arrivals: Arc<Notify>,
    /// Messages of one conversation that a connection is told at most of what its device missed.
    replay_messages: usize,
    /// How long after their commit events were told.
    delays: Histogram,
}

/// The hubs of this server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Hubs {
    chat: Mounted,
    online: Mounted,
    shared: Arc<Chat>,
}

/// A hub behind its door.
#[derive(Clone, Debug)]
struct Mounted {
    handle: HubHandle,
    endpoint: Endpoint,
    door: Door,
}

impl Hubs {
    /// Builds the hubs and starts to follow the log and who is here. Call it inside a runtime.
    pub fn new(services: &services::Services, log: &Log, clock: &Clock, config: &Config, links: &Links) -> Self {
        let listeners = Arc::new(Listeners::default());
        let notices = Notices::start(services.clone(), Arc::clone(&listeners), links.clone());
        let chat = Arc::new(Chat {
            services: services.clone(),
            log: log.clone(),
            links: links.clone(),
            listeners,
            notices,
            told: AtomicU64::new(fanout::number(log.tail.head())),
            moving: RwLock::default(),
            arrivals: Arc::default(),
            replay_messages: narrow(config.limits.replay_messages).unwrap_or(usize::MAX),
            delays: Histogram::new(TIMES),
        });
        Door::warn(config);
        let of_chat = HubOptions {
            overflow: Overflow::Behind,
            ..options(config)
        };
        let hub = chat::hub(&chat, of_chat);
        fanout::start(&chat);
        standing::start(&chat);
        presence::start(&chat);
        let online = online::hub(services, options(config));
        expelling::start(&services.people, vec![hub.handle(), online.handle()]);
        Self {
            chat: Mounted::new(&hub, clock, config),
            online: Mounted::new(&online, clock, config),
            shared: chat,
        }
    }

    /// The hubs on their paths, and their negotiation. Requests must carry the [`Verified`](crate::auth::Verified) of
    /// their token.
    pub fn routes(&self, chat: &[&str], online: &[&str]) -> Router {
        self.chat.routes(chat).merge(self.online.routes(online))
    }

    /// The methods that clients may call, of the chat hub and of the one of who is online, without aliases.
    pub fn methods(&self) -> [Vec<&str>; 2] {
        [&self.chat, &self.online].map(|hub| hub.handle.hub().methods())
    }

    /// Sends all clients away to come back later, and lets no new ones in.
    pub async fn drain(&self) {
        tokio::join!(self.chat.drain(), self.online.drain());
    }
}

/// The methods of the chat hub and of the one of who is online, for those who describe them.
pub(crate) fn methods(schemas: &mut Schemas) -> [Vec<DescribedMethod>; 2] {
    let chat = chat::methods(presence::methods(Describing::new(schemas))).methods;
    let online = presence::methods(Describing::new(schemas)).methods;
    [chat, online]
}

impl Mounted {
    fn new(hub: &Hub, clock: &Clock, config: &Config) -> Self {
        Self {
            handle: hub.handle(),
            endpoint: hub
                .endpoint()
                .require_user()
                .allow_stateful_reconnect()
                .close_on_authentication_expiration(),
            door: Door::new(clock, config),
        }
    }

    fn routes(&self, paths: &[&str]) -> Router {
        let routes = paths.iter().map(|path| self.endpoint.clone().routes(path));
        let routes = routes.fold(Router::new(), Router::merge);
        routes.layer(middleware::from_fn_with_state(self.door.clone(), door::enter))
    }

    async fn drain(&self) {
        self.door.close();
        self.handle.drain(DRAIN, DRAIN_PATIENCE).await;
    }
}

/// A limit of the settings, where there is one.
fn narrow(limit: u64) -> Option<usize> {
    usize::try_from(limit).ok().filter(|limit| *limit > 0)
}

/// What the hubs have in common.
fn options(config: &Config) -> HubOptions {
    HubOptions {
        connection: connection::Options {
            maximum_receive_message_size: narrow(config.limits.hub_message_bytes),
            detailed_errors: config.detailed_errors,
            ..connection::Options::default()
        },
        maximum_streams: narrow(config.limits.streams_per_connection).unwrap_or(usize::MAX),
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
            | services::Error::EditWindowOver { .. }
            | services::Error::TooLarge(_)
            | services::Error::UnsupportedMedia(_)
            | services::Error::TooMany { .. }
            | services::Error::Unavailable => Self::public(format!("{}: {error}", error.code())),
        }
    }
}
