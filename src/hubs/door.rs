//! The hub's own door, behind the router's: how many connections a person may have, and none while stopping.
//!
//! Tells the hub who comes in; that they may was checked by the router.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use dashmap::DashMap;
use entities::user_id::UserId;

use axum::{
    extract::{Query, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{Method, StatusCode, header};
use hub_protocol::{endpoint::Endpoint, hub::User};

use crate::{auth::Verified, clock::Clock, services::Principal};

/// What the hub knows of whoever is behind a connection.
#[derive(Debug)]
pub(super) struct Visitor {
    pub(super) principal: Principal,
    _place: Option<Place>,
    /// `?deliver=all`: hears every conversation whatever it joins.
    pub(super) hears_all: bool,
    /// Shows that it is a browser or an official client, which answer Pings.
    pub(super) answers_pings: bool,
}

/// The door of one hub. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Door {
    places: Arc<Places>,
    /// Connections a person may have; 0 is no limit.
    limit: usize,
    closed: Arc<AtomicBool>,
    endpoint: Endpoint,
    clock: Clock,
}

/// How many connections each person has, those that are still being opened too.
type Places = DashMap<UserId, usize>;

/// One connection of a person, counted from the request that opens it until nothing of it is left.
#[derive(Debug)]
struct Place {
    places: Arc<Places>,
    person: UserId,
}

impl Place {
    /// A place for one more, if there is one.
    fn take(door: &Door, person: &UserId) -> Option<Self> {
        let mut count = door.places.entry(person.clone()).or_default();
        // The entry of somebody without a place is never left at 0: their limit is at least one.
        (*count < door.limit).then(|| {
            *count += 1;
            Self {
                places: Arc::clone(&door.places),
                person: person.clone(),
            }
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(mut count) = self.places.get_mut(&self.person) {
            *count -= 1;
        }
        self.places.remove_if(&self.person, |_, count| *count == 0);
    }
}

impl Door {
    pub(super) fn new(endpoint: Endpoint, limit: usize, clock: Clock) -> Self {
        Self {
            places: Arc::default(),
            limit,
            closed: Arc::default(),
            endpoint,
            clock,
        }
    }

    /// Lets nobody in any more.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    /// A place for a connection that opens; for a negotiation only whether there is one.
    /// What belongs to an open connection needs no other.
    fn admit(&self, request: &Request, person: &UserId) -> Result<Option<Place>, NoPlace> {
        match *request.method() {
            _ if self.limit == 0 || self.is_of_open_connection(request) => Ok(None),
            // Counted where it opens as well: somebody may negotiate many before the first of them opens.
            Method::GET => Place::take(self, person).map(Some).ok_or(NoPlace),
            Method::POST if request.uri().path().ends_with("/negotiate") => {
                let count = self.places.get(person).map_or(0, |count| *count);
                if count < self.limit { Ok(None) } else { Err(NoPlace) }
            }
            _ => Ok(None),
        }
    }
}

impl Door {
    /// A further poll, a message or the leave of a connection that is open, or a socket that takes over from another.
    fn is_of_open_connection(&self, request: &Request) -> bool {
        let token = parameter(&parameters(request), "id").map(ToOwned::to_owned);
        token.is_some_and(|token| self.endpoint.is_open(&token))
    }
}

/// A person has as many connections as they may.
struct NoPlace;

/// Checks a request to the hub and tells the hub who it is.
pub(super) async fn enter(State(door): State<Door>, mut request: Request, next: Next) -> Response {
    if door.closed.load(Ordering::Acquire) && !door.is_of_open_connection(&request) {
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            [(header::RETRY_AFTER, "1")],
            "The server is stopping",
        )
            .into_response();
    }
    let Some(verified) = request.extensions_mut().remove::<Verified>() else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let remaining = verified.remaining(door.clock.now());
    let principal = verified.principal;
    let Ok(place) = door.admit(&request, &principal.user_id) else {
        let sentence = format!("A person has at most {} connections to this hub", door.limit);
        return (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "5")], sentence).into_response();
    };
    let query = parameters(&request);
    let headers = request.headers();
    let visitor = Visitor {
        hears_all: parameter(&query, "deliver").is_some_and(|deliver| deliver.eq_ignore_ascii_case("all")),
        answers_pings: headers.contains_key(header::ORIGIN) || headers.contains_key("x-signalr-user-agent"),
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
    next.run(request).await
}

fn parameters(request: &Request) -> Vec<(String, String)> {
    Query::try_from_uri(request.uri()).map_or_else(|_| Vec::new(), |query| query.0)
}

/// Names ignore case.
fn parameter<'a>(parameters: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = parameters.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}
