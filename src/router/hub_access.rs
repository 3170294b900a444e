//! Who may reach a hub: pages of admitted origins, people with a token, under their own name.
//!
//! What passes carries an [`auth::Verified`] in its extensions; hubs take their principal from there.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};

use super::HUB_PATHS;
use crate::{app::App, auth, controllers::Failure};

/// Lets a request to a hub path through, or refuses it before the hub sees it. Other paths pass.
pub(super) async fn admit(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    if HUB_PATHS.contains(&request.uri().path()) {
        match check(&app, &request) {
            Ok(verified) => drop(request.extensions_mut().insert(verified)),
            Err(failure) => return failure.into(),
        }
    }
    next.run(request).await
}

fn check(app: &App, request: &Request) -> Result<auth::Verified, Failure> {
    // Browsers apply no CORS to WebSockets.
    if !app.origins.may_connect(request.headers()) {
        return Err(Failure::forbidden("This origin may not connect"));
    }
    let verified = app
        .auth
        .verify_request(request.uri(), request.headers())
        .inspect_err(|error| {
            tracing::debug!(path = request.uri().path(), "unauthorized: {error}");
        })?;
    // Elsewhere it means what the frontends of that path mean by it.
    let is_own_id = request.uri().path().starts_with("/hubs/chat");
    if is_own_id && auth::names_somebody_else(request.uri(), &verified.principal.user_id) {
        return Err(Failure::forbidden("The userId is not the one of the token"));
    }
    app.services.people.admit(&verified.principal.user_id)?;
    Ok(verified)
}
