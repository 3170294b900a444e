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
use http::{Method, StatusCode, header};
use hub_protocol::hub::{HubHandle, User};

use crate::{auth::Verified, services::Principal};

/// What the hub knows of whoever is behind a connection.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    pub(super) principal: Principal,
    /// `?deliver=all`: hears every conversation whatever it joins.
    pub(super) hears_all: bool,
    /// Shows that it is a browser or an official client, which answer Pings.
    pub(super) answers_pings: bool,
}

/// The door of one hub. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Door {
    hub: HubHandle,
    /// Connections a person may have; 0 is no limit.
    limit: usize,
    closed: Arc<AtomicBool>,
}

impl Door {
    pub(super) fn new(hub: HubHandle, limit: usize) -> Self {
        Self {
            hub,
            limit,
            closed: Arc::default(),
        }
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
    // Counted where a connection begins: at negotiate, and where negotiation is skipped.
    let begins = request.method() == Method::POST || (request.method() == Method::GET && value("id").is_none());
    if begins && door.limit > 0 && door.hub.connections_of(&principal.user_id.to_string()) >= door.limit {
        let sentence = format!("A person has at most {} connections to this hub", door.limit);
        return (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "5")], sentence).into_response();
    }
    let headers = request.headers();
    let visitor = Visitor {
        hears_all: value("deliver").is_some_and(|deliver| deliver.eq_ignore_ascii_case("all")),
        answers_pings: headers.contains_key(header::ORIGIN) || headers.contains_key("x-signalr-user-agent"),
        principal,
    };
    let mut user = User {
        identifier: Some(visitor.principal.user_id.to_string()),
        ..User::default()
    };
    user.extensions.insert(Arc::new(visitor));
    request.extensions_mut().insert(user);
    next.run(request).await
}
