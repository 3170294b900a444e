//! The hub's own door, behind the router's: how many connections a person may have, and none while stopping.
//!
//! Tells the hub who comes in; that they may was checked by the router.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{
    extract::{Query, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use dashmap::{DashMap, Entry};
use entities::user_id::UserId;
use http::{Method, StatusCode, header};
use hub_protocol::hub::User;

use crate::{auth::Verified, services::Principal};

/// What the hub knows of whoever is behind a connection.
#[derive(Debug)]
pub(super) struct Visitor {
    pub(super) principal: Principal,
    /// `?deliver=all`: hears every conversation whatever it joins.
    pub(super) hears_all: bool,
    /// Shows that it is a browser or an official client, which answer Pings.
    pub(super) answers_pings: bool,
    _place: Option<Place>,
}

/// The door of one hub. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Door {
    /// Connections a person may have; 0 is no limit.
    limit: usize,
    places: Arc<Places>,
    closed: Arc<AtomicBool>,
}

/// How many connections each person has, from the upgrade on: who never shakes hands has one, too.
type Places = DashMap<UserId, usize>;

/// One connection of a person; dropping it makes room.
#[derive(Debug)]
struct Place {
    places: Arc<Places>,
    user: UserId,
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Entry::Occupied(mut taken) = self.places.entry(self.user.clone()) {
            *taken.get_mut() -= 1;
            if *taken.get() == 0 {
                taken.remove();
            }
        }
    }
}

impl Door {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            places: Arc::default(),
            closed: Arc::default(),
        }
    }

    /// Whether a person may have one more connection.
    fn has_room(&self, user: &UserId) -> bool {
        self.limit == 0 || self.places.get(user).is_none_or(|taken| *taken < self.limit)
    }

    /// Takes a place for a connection, if there is room.
    fn take_place(&self, user: &UserId) -> Option<Place> {
        let mut taken = self.places.entry(user.clone()).or_default();
        // One that is there has at least one place, so nobody is left at zero.
        if self.limit > 0 && *taken >= self.limit {
            return None;
        }
        *taken += 1;
        Some(Place {
            places: Arc::clone(&self.places),
            user: user.clone(),
        })
    }

    /// Lets nobody in any more.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }
}

/// Checks a request to the hub and tells the hub who it is.
pub(super) async fn enter(State(door): State<Door>, mut request: Request, next: Next) -> Response {
    if door.closed.load(Ordering::Acquire) {
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
    let principal = verified.principal;
    let query =
        Query::<Vec<(String, String)>>::try_from_uri(request.uri()).map_or_else(|_| Vec::new(), |query| query.0);
    let value = |name: &str| {
        let found = query.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    };
    // Asked at negotiate, so that a client hears of it early; counted where the transport begins, so that nobody
    // negotiates more than they may have.
    let (admitted, place) = match *request.method() {
        Method::GET => {
            let place = door.take_place(&principal.user_id);
            (place.is_some(), place)
        }
        Method::POST if value("id").is_none() => (door.has_room(&principal.user_id), None),
        _ => (true, None),
    };
    if !admitted {
        let sentence = format!("A person has at most {} connections to this hub", door.limit);
        return (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "5")], sentence).into_response();
    }
    let headers = request.headers();
    let visitor = Visitor {
        hears_all: value("deliver").is_some_and(|deliver| deliver.eq_ignore_ascii_case("all")),
        answers_pings: headers.contains_key(header::ORIGIN) || headers.contains_key("x-signalr-user-agent"),
        principal,
        _place: place,
    };
    let mut user = User {
        identifier: Some(visitor.principal.user_id.to_string()),
        ..User::default()
    };
    user.extensions.insert(Arc::new(visitor));
    request.extensions_mut().insert(user);
    next.run(request).await
}
