//! A hub on a path: negotiate, and the transports that open what was negotiated.
//!
//! The statuses and texts are ASP.NET Core's (`TransportProtocols.md`), word for word.

mod answers;
mod events;
mod paths;
mod polling;
mod query;
mod raw;
mod sending;
mod websockets;

use std::sync::Arc;

use axum::{
    Router,
    extract::Request,
    response::{IntoResponse, Response},
    routing::any,
};
use futures_util::{FutureExt, future::Either};
use http::{Method, StatusCode, header, request::Parts};

use self::{
    answers::{never_cached, refused, text},
    query::query,
};
pub use self::{paths::IgnoreCase, raw::RawConnection};
use crate::{
    hub::{Hub, HubOptions, User, session},
    negotiate::{self, TransportKind},
    serve::Waiting,
    transport::{
        Transport,
        connections::{Claim, Connections, Record, Refused},
        pipe::Pipe,
        websocket::Upgrade,
    },
};

/// A hub that is ready to be mounted.
///
/// Whoever authenticates puts a [`User`] into the request's extensions before the request gets here; every
/// request of a connection is authenticated on its own, and must be its user's.
#[derive(Clone, Debug)]
pub struct Endpoint {
    application: Application,
    connections: Arc<Connections>,
    options: Options,
}

/// What connections are for.
#[derive(Clone)]
enum Application {
    Hub(Hub),
    Raw(Arc<HubOptions>, raw::Handler),
}

impl std::fmt::Debug for Application {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Hub(hub) => hub.fmt(f),
            Self::Raw(..) => f.write_str("Raw"),
        }
    }
}

impl Application {
    fn options(&self) -> &HubOptions {
        match self {
            Self::Hub(hub) => &hub.0.options,
            Self::Raw(options, _) => options,
        }
    }
}

/// Whether a user may come in.
type Policy = Arc<dyn Fn(&User) -> bool + Send + Sync>;

/// What an endpoint may choose.
#[derive(Clone)]
struct Options {
    require_user: bool,
    policies: Vec<Policy>,
    transports: Vec<TransportKind>,
    minimum_version: i32,
    stateful_reconnect: bool,
    close_on_expiration: bool,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("transports", &self.transports)
            .field("require_user", &self.require_user)
            .finish_non_exhaustive()
    }
}

impl Hub {
    /// Begins to mount the hub.
    pub fn endpoint(&self) -> Endpoint {
        Endpoint::new(Application::Hub(self.clone()))
    }
}

impl Endpoint {
    fn new(application: Application) -> Self {
        let options = Options {
            require_user: false,
            policies: Vec::new(),
            transports: TransportKind::ALL.to_vec(),
            minimum_version: 0,
            stateful_reconnect: false,
            close_on_expiration: false,
        };
        let connections = Connections::new(application.options().disconnect_timeout);
        Self {
            application,
            connections,
            options,
        }
    }

    /// Answers 401 to everybody without a [`User`].
    #[must_use]
    pub fn require_user(mut self) -> Self {
        self.options.require_user = true;
        self
    }

    /// Answers 403 to a signed-in user whom the policy does not accept, and 401 to everybody without a [`User`].
    /// Every request is asked about: one that was accepted before may be refused later.
    #[must_use]
    pub fn authorize(mut self, policy: impl Fn(&User) -> bool + Send + Sync + 'static) -> Self {
        self.options.policies.push(Arc::new(policy));
        self.require_user()
    }

    /// Offers these transports and no others; all three unless told otherwise.
    #[must_use]
    pub fn transports(mut self, transports: &[TransportKind]) -> Self {
        self.options.transports = TransportKind::ALL
            .into_iter()
            .filter(|kind| transports.contains(kind))
            .collect();
        self
    }

    /// Refuses clients that ask for an older version of the negotiation; 0 unless told otherwise. Version 0 has no
    /// secret token: whoever knows a connection's id may open it.
    #[must_use]
    pub fn minimum_negotiate_version(mut self, version: i32) -> Self {
        self.options.minimum_version = version;
        self
    }

    /// Lets clients that ask for it go on over another WebSocket when theirs is cut (stateful reconnect).
    #[must_use]
    pub fn allow_stateful_reconnect(mut self) -> Self {
        self.options.stateful_reconnect = true;
        self
    }

    /// Ends connections when their [`User::expires_at`] has come, with a Close that lets clients come back.
    #[must_use]
    pub fn close_on_authentication_expiration(mut self) -> Self {
        self.options.close_on_expiration = true;
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

    /// The routes `path` and `path/negotiate`, each with and without a trailing slash. Their case counts, unless
    /// [`IgnoreCase`] lies around the router.
    pub fn routes<S: Clone + Send + Sync + 'static>(self, path: &str) -> Router<S> {
        let path = path.trim_end_matches('/');
        let negotiate = {
            let endpoint = self.clone();
            any(move |request: Request| async move { endpoint.negotiate(request) })
        };
        let connect = any(move |request: Request| async move { self.connect(request).await });
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
        let options = &self.options;
        let asked = query(&parts, "negotiateVersion");
        let body = match negotiate::version(asked.as_deref(), options.minimum_version) {
            Err(error) => negotiate::refusal(&error),
            Ok(version) => {
                let asked = query(&parts, "useStatefulReconnect");
                let stateful = options.stateful_reconnect && asked.is_some_and(|asked| is_true(&asked));
                let user = user.and_then(|user| user.identifier);
                let (id, token) = self.connections.negotiate(version, user, stateful);
                negotiate::answer(version, &id, &token, stateful, &options.transports)
            }
        };
        ([(header::CONTENT_TYPE, "application/json")], body).into_response()
    }

    async fn connect(&self, request: Request) -> Response {
        let (mut parts, body) = request.into_parts();
        let user = match self.user(&parts) {
            Ok(user) => user,
            Err(refusal) => return *refusal,
        };
        let id = query(&parts, "id").filter(|id| !id.is_empty());
        let method = parts.method.clone();
        match method {
            Method::GET if answers::accepts_events(&parts) => return self.events(id.as_deref(), user),
            Method::GET | Method::CONNECT if Upgrade::is_asked(&parts) => {
                return self.websocket(&mut parts, id.as_deref(), user);
            }
            _ => {}
        }
        let waiting = parts.extensions.remove::<Waiting>().unwrap_or_default();
        // A poll that waits holds no headers.
        drop(parts);
        match method {
            Method::GET => never_cached(self.poll(id.as_deref(), user, &waiting).await),
            Method::POST => self.post(id.as_deref(), user, body).await,
            Method::DELETE => self.delete(id.as_deref(), user.as_ref()),
            _ => text(StatusCode::METHOD_NOT_ALLOWED, ""),
        }
    }

    /// The connection that a request of `user` names.
    fn find(&self, id: Option<&str>, user: Option<&User>) -> Result<Arc<Record>, Refused> {
        let user = user.and_then(|user| user.identifier.as_deref());
        self.connections.find(id.ok_or(Refused::Unnamed)?, user)
    }

    /// As [`find`](Self::find), for a transport that must be offered.
    fn find_for(&self, kind: TransportKind, id: Option<&str>, user: Option<&User>) -> Result<Arc<Record>, Refused> {
        let record = self.find(id, user)?;
        if self.options.transports.contains(&kind) {
            Ok(record)
        } else {
            Err(Refused::NotOffered(kind))
        }
    }

    fn pipe(&self, record: &Record) -> Arc<Pipe> {
        let options = self.application.options();
        // It hands over: as much as is allowed waits in the session, on both ways.
        record.pipe(|| Pipe::new(options.outbox_bytes / 2))
    }

    /// A connection from its beginning to its end.
    fn run<T: Transport + 'static>(
        &self,
        transport: Box<T>,
        claim: Claim,
        user: Option<User>,
    ) -> impl Future<Output = ()> + Send + use<T> {
        let expires = self.options.close_on_expiration;
        match &self.application {
            Application::Hub(hub) => Either::Left(session::run(hub.clone(), transport, claim, user, expires)),
            // Boxed, so that it does not make the others larger.
            Application::Raw(options, handler) => {
                let (options, handler) = (Arc::clone(options), Arc::clone(handler));
                Either::Right(raw::run(transport, claim, user, options, handler).boxed())
            }
        }
    }

    fn user(&self, parts: &Parts) -> Result<Option<User>, Box<Response>> {
        let user = parts.extensions.get::<User>().cloned();
        if self.options.require_user && user.is_none() {
            return Err(Box::new(StatusCode::UNAUTHORIZED.into_response()));
        }
        let refuses = |policy: &Policy| user.as_ref().is_some_and(|user| !policy(user));
        if self.options.policies.iter().any(refuses) {
            return Err(Box::new(StatusCode::FORBIDDEN.into_response()));
        }
        Ok(user)
    }
}

/// As .NET reads a boolean.
fn is_true(text: &str) -> bool {
    text.trim().eq_ignore_ascii_case("true")
}
