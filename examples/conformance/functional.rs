//! What the functional tests of the official JavaScript client expect of a server, hubs and routes.

mod request;
mod routes;
mod test_hub;

use axum::{
    Router, middleware,
    routing::{any, get, post},
};
use hub_protocol::{
    codec::TransferFormat,
    connection,
    endpoint::{Endpoint, RawConnection},
    hub::{Context, Hub, HubOptions},
    json::Naming,
    negotiate::TransportKind,
};

use crate::{cors, sign_in};

/// The paths whose case does not matter.
pub(crate) const HUBS: &[&str] = &["/testhub", "/testhub-nowebsockets", "/authorizedhub", "/echo"];

/// Everything of the second set, and what is answered where there is nothing.
pub(crate) fn routes() -> Router {
    let hub = test_hub::build(options());
    let authorized = Hub::builder("Authorized")
        .options(options())
        .method("Echo", async |_: Context, text: Option<String>| Ok(text))
        .build();
    let without_websockets = [TransportKind::ServerSentEvents, TransportKind::LongPolling];
    let hubs = Router::new()
        .merge(hub.endpoint().routes("/testhub"))
        .merge(
            hub.endpoint()
                .transports(&without_websockets)
                .routes("/testhub-nowebsockets"),
        )
        .layer(middleware::from_fn(request::keep));
    let authorized = authorized
        .endpoint()
        .require_user()
        .routes("/authorizedhub")
        .layer(middleware::from_fn(sign_in::by_token));
    Router::new()
        .merge(hubs)
        .merge(authorized)
        .merge(Endpoint::raw(HubOptions::default(), echo).routes("/echo"))
        .route("/echoredirect", any(routes::to_echo))
        .route("/echoredirect/{*rest}", any(routes::to_echo))
        .route("/redirect/negotiate", post(routes::to_test_hub))
        .route("/bad-negotiate", any(routes::bad))
        .route("/bad-negotiate/{*rest}", any(routes::bad))
        .route("/generateJwtToken", get(sign_in::make_token))
        .route("/clientresult/{connection}", get(routes::ask))
        .with_state(hub.handle())
        .fallback(routes::nothing)
        .layer(middleware::from_fn(routes::set_cookies))
        .layer(middleware::from_fn(cors::all))
}

/// Errors in full, and members as they are declared.
fn options() -> HubOptions {
    HubOptions {
        connection: connection::Options {
            detailed_errors: true,
            ..connection::Options::default()
        },
        naming: Naming::Exact,
        ..HubOptions::default()
    }
}

/// Returns each chunk.
async fn echo(mut connection: RawConnection) {
    while let Some(chunk) = connection.receive().await {
        let format = match std::str::from_utf8(&chunk) {
            Ok(_) => TransferFormat::Text,
            Err(_) => TransferFormat::Binary,
        };
        if !connection.send(format, &chunk).await {
            break;
        }
    }
}
