//! A hub on a path: negotiate, and the transports that open what was negotiated.
//!
//! The statuses and texts are ASP.NET Core's (`TransportProtocols.md`), word for word.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
    routing::any,
};
use http::{HeaderName, HeaderValue, Method, StatusCode, header, request::Parts};

use crate::{
    hub::{Hub, User, session},
    negotiate::{self, TransportKind},
    transport::{
        connections::{Claim, Connections, Refused},
        websocket::Upgrade,
    },
};

/// A hub that is ready to be mounted.
///
/// Whoever authenticates puts a [`User`] into the request's extensions before the request gets here; every
/// request of a connection is authenticated on its own.
#[derive(Clone, Debug)]
pub struct Endpoint {
    hub: Hub,
    connections: Arc<Connections>,
    require_user: bool,
}

impl Hub {
    /// Begins to mount the hub.
    pub fn endpoint(&self) -> Endpoint {
        let connections = Connections::new(self.0.options.disconnect_timeout);
        Endpoint {
            hub: self.clone(),
            connections,
            require_user: false,
        }
    }
}

impl Endpoint {
    /// Answers 401 to everybody without a [`User`].
    #[must_use]
    pub fn require_user(mut self) -> Self {
        self.require_user = true;
        self
    }

    /// How many connections are negotiated or open.
    pub fn len(&self) -> usize {
        self.connections.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The routes `path` and `path/negotiate`, each with and without a trailing slash.
    pub fn routes<S: Clone + Send + Sync + 'static>(self, path: &str) -> Router<S> {
        let path = path.trim_end_matches('/');
        let negotiate = {
            let endpoint = self.clone();
            any(move |request: Request| async move { endpoint.negotiate(request) })
        };
        let connect = any(move |request: Request| async move { self.connect(request) });
        Router::new()
            .route(&format!("{path}/negotiate"), negotiate.clone())
            .route(&format!("{path}/negotiate/"), negotiate)
            .route(if path.is_empty() { "/" } else { path }, connect.clone())
            .route(&format!("{path}/"), connect)
    }

    fn negotiate(&self, request: Request) -> Response {
        let (parts, _) = request.into_parts();
        let user = match self.user(&parts) {
            Ok(user) => user,
            Err(refusal) => return *refusal,
        };
        if parts.method != Method::POST {
            return text(StatusCode::METHOD_NOT_ALLOWED, "");
        }
        let body = match negotiate::version(query(&parts, "negotiateVersion").as_deref()) {
            Err(error) => negotiate::refusal(&error),
            Ok(version) => {
                let (id, token) = self
                    .connections
                    .negotiate(version, user.and_then(|user| user.identifier));
                negotiate::answer(version, &id, &token, &[TransportKind::WebSockets])
            }
        };
        ([(header::CONTENT_TYPE, "application/json")], body).into_response()
    }

    fn connect(&self, request: Request) -> Response {
        let (mut parts, _) = request.into_parts();
        let user = match self.user(&parts) {
            Ok(user) => user,
            Err(refusal) => return *refusal,
        };
        let id = query(&parts, "id").filter(|id| !id.is_empty());
        match parts.method {
            Method::GET if accepts_event_stream(&parts) => self.other_transport(id.as_deref(), "ServerSentEvents"),
            Method::GET if Upgrade::is_asked(&parts) => self.websocket(&mut parts, id.as_deref(), user),
            Method::GET => never_cached(self.other_transport(id.as_deref(), "LongPolling")),
            Method::POST => self.post(id.as_deref()),
            Method::DELETE => match self.known(id.as_deref()) {
                Err(refusal) => *refusal,
                Ok(_) => text(
                    StatusCode::BAD_REQUEST,
                    "Cannot terminate this connection using the DELETE endpoint.",
                ),
            },
            _ => text(StatusCode::METHOD_NOT_ALLOWED, ""),
        }
    }

    fn websocket(&self, parts: &mut Parts, id: Option<&str>, user: Option<User>) -> Response {
        let identifier = user.as_ref().and_then(|user| user.identifier.as_deref());
        let claim: Claim = match id.map(|id| self.connections.claim(id, identifier)) {
            None => self.connections.skip_negotiation(),
            Some(Ok(claim)) => claim,
            Some(Err(Refused::Unknown)) => {
                return (StatusCode::NOT_FOUND, "No Connection with that ID").into_response();
            }
            Some(Err(Refused::InUse)) => return text(StatusCode::CONFLICT, ""),
            // As .NET 11: a token that leaked opens nothing.
            Some(Err(Refused::OtherUser)) => {
                return text(
                    StatusCode::FORBIDDEN,
                    "The user associated with this connection changed.",
                );
            }
        };
        let upgrade = match Upgrade::check(parts) {
            Ok(upgrade) => upgrade,
            Err(refusal) => return refusal,
        };
        let response = upgrade.response();
        let hub = self.hub.clone();
        tokio::spawn(async move {
            let limit = hub.0.options.connection.maximum_receive_message_size;
            // Boxed: it is over before the session begins, which should not carry its size.
            if let Some(socket) = Box::pin(upgrade.socket(limit)).await {
                session::run(hub, socket, claim, user).await;
            }
        });
        response
    }

    /// POST sends for transports that cannot; a WebSocket can.
    fn post(&self, id: Option<&str>) -> Response {
        match self.known(id) {
            Err(refusal) => *refusal,
            Ok(true) => text(
                StatusCode::METHOD_NOT_ALLOWED,
                "POST requests are not allowed for WebSocket connections.",
            ),
            Ok(false) => self.other_transport(id, "LongPolling"),
        }
    }

    /// A transport that this endpoint does not offer.
    fn other_transport(&self, id: Option<&str>, name: &str) -> Response {
        match self.known(id) {
            Err(refusal) => *refusal,
            Ok(_) => text(
                StatusCode::NOT_FOUND,
                format!("{name} transport not supported by this end point type"),
            ),
        }
    }

    /// Whether the connection's transport is there.
    fn known(&self, id: Option<&str>) -> Result<bool, Box<Response>> {
        let Some(id) = id else {
            return Err(Box::new(text(StatusCode::BAD_REQUEST, "Connection ID required")));
        };
        let unknown = || Box::new(text(StatusCode::NOT_FOUND, "No Connection with that ID"));
        self.connections.is_active(id).ok_or_else(unknown)
    }

    fn user(&self, parts: &Parts) -> Result<Option<User>, Box<Response>> {
        let user = parts.extensions.get::<User>().cloned();
        if self.require_user && user.is_none() {
            return Err(Box::new(StatusCode::UNAUTHORIZED.into_response()));
        }
        Ok(user)
    }
}

fn text(status: StatusCode, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

/// Every answer to a poll, errors too.
fn never_cached(mut response: Response) -> Response {
    const HEADERS: [(HeaderName, &str); 3] = [
        (header::CACHE_CONTROL, "no-cache, no-store"),
        (header::PRAGMA, "no-cache"),
        (header::EXPIRES, "Thu, 01 Jan 1970 00:00:00 GMT"),
    ];
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The media type alone: one with parameters is another.
fn accepts_event_stream(parts: &Parts) -> bool {
    let accepted = parts
        .headers
        .get_all(header::ACCEPT)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    accepted
        .flat_map(|value| value.split(','))
        .any(|kind| kind.trim().eq_ignore_ascii_case("text/event-stream"))
}

/// A query parameter. Names ignore case; a repeated one is joined with commas, as in ASP.NET Core.
fn query(parts: &Parts, name: &str) -> Option<String> {
    let pairs = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
    let values: Vec<_> = pairs
        .filter(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.into_owned())
        .collect();
    (!values.is_empty()).then(|| values.join(","))
}
