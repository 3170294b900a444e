//! Every route and hub path on one page, and what lies around all of them.

mod hub_access;
pub mod origins;
mod page;
mod paths;
mod requests;

use std::{convert::Infallible, sync::Arc};

use axum::{
    Router,
    body::Body,
    middleware,
    response::Response,
    routing::{MethodRouter, get, post},
};
use http::Request;
use tower::Service;
use tower_http::catch_panic::CatchPanicLayer;

use crate::{
    app::App,
    controllers::{Failure, conversations, demo, groups, health, messages, people},
};

/// Paths of the hubs and their negotiation. Only who passes `hub_access` gets there; `hubs` mounts what answers.
const HUB_PATHS: &[&str] = &[
    "/hubs/chat",
    "/hubs/chat/negotiate",
    "/hubs/chat-online",
    "/hubs/chat-online/negotiate",
];

/// The REST routes and what answers them.
fn api() -> Vec<(&'static str, MethodRouter<Arc<App>>)> {
    vec![
        ("/healthz", get(health::alive)),
        ("/readyz", get(health::ready)),
        ("/api/Chat/messages", get(messages::list).post(messages::send)),
        ("/api/Chat/conversations", get(conversations::list)),
        ("/api/Chat/conversations/{id}", get(conversations::find)),
        (
            "/api/Chat/conversations/{id}/messages",
            get(messages::list_in).post(messages::send_to),
        ),
        ("/api/Chat/conversations/direct/{userId}", post(conversations::direct)),
        ("/api/Chat/groups", get(groups::list).post(groups::create)),
        ("/api/Chat/groups/{id}", get(groups::find)),
        ("/api/Chat/users/me", get(people::me)),
    ]
}

/// Everything the server answers, as one service.
pub fn service(
    app: &Arc<App>,
) -> impl Service<Request<Body>, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static + use<>
{
    let mut routes = api();
    routes.extend(page::routes());
    if app.gives_demo_tokens() {
        routes.push(("/demo/token", post(demo::token)));
    }
    let templates: Arc<[_]> = routes
        .iter()
        .map(|(path, _)| *path)
        .chain(HUB_PATHS.iter().copied())
        .collect();
    let router = routes
        .into_iter()
        .fold(Router::new(), |router, (path, methods)| router.route(path, methods));
    let router = router
        .method_not_allowed_fallback(async || Failure::wrong_method())
        .fallback(async || Failure::unknown_route())
        .with_state(app.clone())
        .merge(app.hubs.routes())
        // The last layer is the first to see a request.
        .layer(CatchPanicLayer::custom(requests::panicked))
        .layer(middleware::from_fn_with_state(app.clone(), hub_access::admit))
        .layer(middleware::from_fn_with_state(app.origins.clone(), origins::cors))
        .layer(middleware::from_fn(requests::observe));
    paths::CanonicalPaths::new(templates, router)
}
