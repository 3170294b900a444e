//! Every route and hub path on one page, and what lies around all of them.

mod hub_access;
pub mod origins;
mod page;
mod paths;
mod requests;
pub mod traffic;

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
    config::MetricsAccess,
    controllers::{
        Failure, blocks, conversations, demo, descriptions, groups, health, media, members, messages, metrics, people,
        pins, presence, reactions, receipts, search, states, sync, upload,
    },
    described::{self, Route, Schemas},
};

/// Declares the paths of each hub.
macro_rules! hubs {
    ($($hub:ident: $($path:literal),+;)*) => {
        $(pub(crate) const $hub: &[&str] = &[$($path),+];)*

        /// Paths of the hubs and their negotiation. Only who passes `hub_access` gets there; `hubs` mounts what answers.
        const HUB_PATHS: &[&str] = &[$($($path, concat!($path, "/negotiate")),+),*];
    };
}

// The first is the contract's, the others are what frontends are used to.
hubs! {
    CHAT: "/hubs/chat", "/chatHub", "/hub/chat", "/hubs/messages";
    ONLINE: "/hubs/chat-online", "/hubs/presence", "/presenceHub";
}

/// Declares the REST routes: the methods of each path and what answers them, which `described::rest` must have words for.
macro_rules! routes {
    ($($path:literal: $($method:ident $room:ident::$handler:ident),+;)*) => {
        /// Every REST route and its methods, in small letters.
        pub const ROUTES: &[(&str, &[&str])] = &[$(($path, &[$(stringify!($method)),+]),)*];

        fn api() -> Vec<(&'static str, MethodRouter<Arc<App>>)> {
            vec![$(($path, MethodRouter::new()$(.$method($room::$handler))+),)*]
        }

        /// What each route does.
        pub(crate) fn described(schemas: &mut Schemas) -> Vec<Route> {
            vec![$($(described::route(
                ($path, stringify!($method), stringify!($room)),
                &$room::$handler,
                described::rest::$room::$handler(),
                schemas,
            )),+),*]
        }
    };
}

routes! {
    "/healthz": get health::alive;
    "/readyz": get health::ready;

    "/asyncapi.json": get descriptions::asyncapi;
    "/openapi.json": get descriptions::openapi;

    "/api/Chat/messages": get messages::list, post messages::send;
    "/api/Chat/messages/search": get search::messages;
    "/api/Chat/messages/{id}": get messages::find, put messages::edit, delete messages::delete;
    "/api/Chat/messages/{id}/edits": get messages::edits;
    "/api/Chat/messages/{id}/forward": post messages::forward;
    "/api/Chat/messages/{id}/pin": post pins::pin, delete pins::unpin;
    "/api/Chat/messages/{id}/reactions": get reactions::list, post reactions::add;
    "/api/Chat/messages/{id}/reactions/summary": get reactions::summary;
    "/api/Chat/messages/{id}/reactions/toggle": post reactions::toggle;
    "/api/Chat/messages/{id}/reactions/{emoji}": delete reactions::remove;
    "/api/Chat/messages/{id}/read": post receipts::read_message;
    "/api/Chat/messages/{id}/read-receipts": get receipts::of_message;
    "/api/Chat/messages/{id}/thread": get messages::thread;

    "/api/Chat/conversations": get conversations::list, post conversations::create;
    "/api/Chat/conversations/direct/{userId}": post conversations::direct;
    "/api/Chat/conversations/pinned": get conversations::pinned;
    "/api/Chat/conversations/search": get conversations::search;
    "/api/Chat/conversations/unread": get conversations::unread;
    "/api/Chat/conversations/{id}": get conversations::find, put conversations::change, delete conversations::delete;
    "/api/Chat/conversations/{id}/attachments": get messages::attachments;
    "/api/Chat/conversations/{id}/archive": post states::archive, put states::archive, delete states::unarchive;
    "/api/Chat/conversations/{id}/leave": post conversations::leave;
    "/api/Chat/conversations/{id}/messages": get messages::list_in, post messages::send_to;
    "/api/Chat/conversations/{id}/messages/search": get search::messages_in;
    "/api/Chat/conversations/{id}/mute": post states::mute, put states::mute, delete states::unmute;
    "/api/Chat/conversations/{id}/participants": post members::add, put members::change_role, delete members::remove;
    "/api/Chat/conversations/{id}/participants/{userId}": post members::add, put members::change_role, delete members::remove;
    "/api/Chat/conversations/{id}/pin": post states::pin, put states::pin, delete states::unpin;
    "/api/Chat/conversations/{id}/pins": get pins::list;
    "/api/Chat/conversations/{id}/read": post receipts::read_conversation;
    "/api/Chat/conversations/{id}/unarchive": post states::unarchive, put states::unarchive;
    "/api/Chat/conversations/{id}/unmute": post states::unmute, put states::unmute;
    "/api/Chat/conversations/{id}/unpin": post states::unpin, put states::unpin;

    "/api/Chat/groups": get groups::list, post groups::create;
    "/api/Chat/groups/{id}": get groups::find, put groups::change, delete groups::delete;
    "/api/Chat/groups/{id}/participants": post members::add, put members::change_role, delete members::remove;
    "/api/Chat/groups/{id}/participants/{userId}": post members::add, put members::change_role, delete members::remove;
    "/api/Chat/groups/{id}/transfer": post members::transfer;

    "/api/Chat/media/{id}": get media::whole;
    "/api/Chat/media/{id}/thumb": get media::thumbnail;
    "/api/Chat/upload": post upload::one;
    "/api/Chat/upload-multiple": post upload::several;

    "/api/Chat/presence": get presence::list;
    "/api/Chat/presence/heartbeat": post presence::heartbeat;
    "/api/Chat/presence/status": put presence::set_status;
    "/api/Chat/presence/users": post presence::look;
    "/api/Chat/presence/{userId}": get presence::find;

    "/api/Chat/sync": get sync::since;

    "/api/Chat/users": put people::put_all;
    "/api/Chat/users/blocked": get blocks::list;
    "/api/Chat/users/bulk": post people::put_all;
    "/api/Chat/users/me": get people::me, put people::rename_me;
    "/api/Chat/users/me/privacy": get people::privacy, put people::set_privacy;
    "/api/Chat/users/search": get people::search;
    "/api/Chat/users/{id}": get people::find, put people::put;
    "/api/Chat/users/{id}/block": post blocks::block, delete blocks::unblock;
    "/api/Chat/users/{id}/deactivate": post people::deactivate, delete people::reactivate;
}

/// Routes that are there when the settings say so.
const DEMO_TOKEN: &str = "/demo/token";
const METRICS: &str = "/metrics";

/// What counts the requests of [`service`].
pub(crate) fn traffic() -> traffic::Traffic {
    let rest = ROUTES.iter().map(|(path, _)| *path);
    let page = page::routes().map(|(path, _)| path);
    let others = HUB_PATHS.iter().copied().chain([DEMO_TOKEN, METRICS]);
    traffic::Traffic::new(rest.chain(page).chain(others))
}

/// Everything the server answers, as one service.
pub fn service(
    app: &Arc<App>,
) -> impl Service<Request<Body>, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static + use<>
{
    let mut routes = api();
    routes.extend(page::routes());
    if app.gives_demo_tokens() {
        routes.push((DEMO_TOKEN, post(demo::token)));
    }
    if app.config.metrics != MetricsAccess::Off {
        routes.push((METRICS, get(metrics::show)));
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
        // Only these: what a hub answers is bound to its caller, and its requests may wait for long.
        .layer(middleware::from_fn_with_state(app.clone(), requests::link))
        .merge(app.hubs.routes(CHAT, ONLINE))
        // The last layer is the first to see a request.
        .layer(CatchPanicLayer::custom(requests::panicked))
        .layer(middleware::from_fn_with_state(app.clone(), hub_access::admit))
        .layer(middleware::from_fn_with_state(app.origins.clone(), origins::cors))
        .layer(middleware::from_fn_with_state(app.traffic.clone(), requests::observe));
    paths::CanonicalPaths::new(templates, router)
}
