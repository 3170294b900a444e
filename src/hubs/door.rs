//! A hub's own door, behind the router's: how many connections a person may have, and no new ones while stopping.
//!
//! Tells the hub who comes in; that they may was checked by the router, for every request of a connection anew.

mod device;
mod places;

use std::{net::SocketAddr, sync::Arc};

use axum::{
    extract::{ConnectInfo, Query, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Method, StatusCode, header};
use hub_protocol::{hub::User, negotiate::ConnectionId};

use crate::{
    auth::Verified,
    clock::Clock,
    config::Config,
    services::{Principal, tickets::Device},
    views::Origin,
};

use self::{
    device::{Cookies, Recognised},
    places::{NoPlace, Place, Places},
};

/// What the hub knows of whoever is behind a connection.
#[derive(Debug)]
pub(super) struct Visitor {
    pub(super) principal: Principal,
    _place: Option<Arc<Place>>,
    /// `?deliver=all`: hears every conversation whatever it joins.
    pub(super) hears_all: bool,
    /// `/hubs/messages?userId=`: the person whose thread the page shows.
    pub(super) partner: Option<String>,
    pub(super) proof: Proves,
    /// What it is recognised by when it comes back.
    pub(super) device: Device,
    /// How its client reaches the server, by the request that opened it.
    pub(super) origin: Origin,
}

/// How a connection can show that what it was sent has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proves {
    /// By its next poll, whoever the client is.
    ByPolling,
    /// By a Pong, where the client answers Pings; browsers and the official clients, who show themselves, do.
    ByPong { shows_itself: bool },
    /// Server-sent events say nothing back.
    Never,
}

/// The door of one hub. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Door {
    places: Arc<Places>,
    clock: Clock,
    cookies: Cookies,
}

impl Door {
    /// A door for as many connections of each person as the settings allow.
    pub(super) fn new(clock: &Clock, config: &Config) -> Self {
        let limit = usize::try_from(config.limits.connections_per_person).unwrap_or(usize::MAX);
        Self {
            places: Arc::new(Places::new(limit)),
            clock: clock.clone(),
            cookies: Cookies::new(config),
        }
    }

    /// Says once of all doors what the settings mean for them, where somebody may not expect it.
    pub(super) fn warn(config: &Config) {
        Cookies::new(config).warn();
    }

    /// Lets no new connection in any more. Those that live go on.
    pub(super) fn close(&self) {
        self.places.close();
    }
}

/// Checks a request to the hub and tells the hub who it is.
pub(super) async fn enter(State(door): State<Door>, mut request: Request, next: Next) -> Response {
    let Some(verified) = request.extensions_mut().remove::<Verified>() else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let remaining = verified.remaining(door.clock.now());
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map_or_else(String::new, |ConnectInfo(peer)| peer.ip().to_string());
    let Recognised { device, cookie } = door.cookies.recognise(request.headers(), &verified, &peer);
    let principal = verified.principal;
    let query =
        Query::<Vec<(String, String)>>::try_from_uri(request.uri()).map_or_else(|_| Vec::new(), |query| query.0);
    let value = |name: &str| {
        let found = query.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    };
    let id = value("id").and_then(ConnectionId::parse);
    let admitted = match *request.method() {
        Method::GET => door.places.open(&principal.user_id, id),
        Method::POST if request.uri().path().ends_with("/negotiate") => {
            door.places.check(&principal.user_id).map(|()| None)
        }
        // Of a connection that lives, or of none.
        _ => Ok(None),
    };
    let place = match admitted {
        Ok(place) => place,
        Err(refusal) => return refusal.into_response(),
    };
    let is_thread = request.uri().path().starts_with("/hubs/messages");
    let visitor = Visitor {
        hears_all: value("deliver").is_some_and(|deliver| deliver.eq_ignore_ascii_case("all")),
        partner: value("userId")
            .filter(|partner| is_thread && !matches!(partner.trim(), "" | "undefined" | "null"))
            .map(str::to_owned),
        proof: Proves::of(request.headers()),
        origin: Origin::of(request.headers()),
        device,
        principal,
        _place: place,
    };
    let mut user = User {
        identifier: Some(visitor.principal.user_id.to_string()),
        expires_at: tokio::time::Instant::now().into_std().checked_add(remaining),
        ..User::default()
    };
    user.extensions.insert(Arc::new(visitor));
    request.extensions_mut().insert(user);
    // Of those that open a connection, or are about to: negotiation and the first GET.
    let opens = *request.method() == Method::GET || request.uri().path().ends_with("/negotiate");
    let mut response = next.run(request).await;
    if let Some(cookie) = cookie.filter(|_| opens && is_welcome(response.status())) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn is_welcome(status: StatusCode) -> bool {
    status.is_success() || status == StatusCode::SWITCHING_PROTOCOLS
}

impl Proves {
    /// By the request that opens the connection, which is taken as the library takes it.
    fn of(headers: &HeaderMap) -> Self {
        let accepted = headers.get_all(header::ACCEPT).iter();
        let mut accepted = accepted.filter_map(|value| value.to_str().ok());
        if accepted.any(|value| value.to_ascii_lowercase().contains("text/event-stream")) {
            Self::Never
        } else if headers.contains_key(header::UPGRADE) {
            let shows_itself = headers.contains_key(header::ORIGIN) || headers.contains_key("x-signalr-user-agent");
            Self::ByPong { shows_itself }
        } else {
            Self::ByPolling
        }
    }
}

impl IntoResponse for NoPlace {
    fn into_response(self) -> Response {
        let (status, wait, sentence) = match self {
            Self::Stopping => (
                StatusCode::SERVICE_UNAVAILABLE,
                "1",
                "The server is stopping".to_owned(),
            ),
            Self::Full(limit) => (
                StatusCode::TOO_MANY_REQUESTS,
                "5",
                format!("A person has at most {limit} connections to this hub"),
            ),
        };
        (status, [(header::RETRY_AFTER, wait)], sentence).into_response()
    }
}
