//! The hubs that conformance suites expect of a SignalR server, on `hub-protocol` alone.
//!
//! `cargo run --example conformance -- --listen 127.0.0.1:5310`, then point the recorder of
//! `tests/conformance` at it. `Authorization: Bearer user-NAME` or `?access_token=user-NAME` signs in as NAME.

mod cors;
mod hub;

use axum::{
    Router,
    extract::Request,
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use http::{Method, StatusCode, header};
use hub_protocol::{
    connection,
    endpoint::IgnoreCase,
    hub::{HubOptions, User},
};

#[tokio::main]
#[expect(clippy::print_stdout, reason = "whoever started it waits for this line")]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut address = "127.0.0.1:5310".to_owned();
    while let Some(argument) = arguments.next() {
        match (argument.as_str(), arguments.next()) {
            ("--listen", Some(value)) => address = value,
            _ => return Err(std::io::Error::other("usage: conformance [--listen ADDRESS]")),
        }
    }
    let detailed = HubOptions {
        connection: connection::Options {
            detailed_errors: true,
            ..connection::Options::default()
        },
        ..HubOptions::default()
    };
    let app = Router::new()
        .merge(
            hub::conformance(HubOptions::default())
                .endpoint()
                .allow_stateful_reconnect()
                .routes("/conformance"),
        )
        .merge(hub::conformance(detailed).endpoint().routes("/detailed"))
        .merge(
            hub::conformance(HubOptions::default())
                .endpoint()
                .require_user()
                .routes("/private"),
        )
        .layer(middleware::from_fn(sign_in))
        .layer(middleware::from_fn(cors::allow));
    let app = IgnoreCase::new(app, &["/conformance", "/detailed", "/private"]);
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("Now listening on: http://{}", listener.local_addr()?);
    axum::serve(listener, tower::make::Shared::new(app)).await
}

/// No token is nobody, `user-NAME` is NAME, anything else is refused.
async fn sign_in(mut request: Request, next: Next) -> Response {
    if request.method() == Method::OPTIONS {
        return next.run(request).await;
    }
    let header = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let bearer = header
        .and_then(|value| value.strip_prefix("Bearer "))
        .map(ToOwned::to_owned);
    let query = request.uri().query().unwrap_or_default();
    let in_query = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("access_token="))
        .map(ToOwned::to_owned);
    if let Some(token) = bearer.or(in_query) {
        let Some(name) = token.strip_prefix("user-") else {
            return StatusCode::UNAUTHORIZED.into_response();
        };
        let user = User {
            identifier: Some(name.to_owned()),
            ..User::default()
        };
        request.extensions_mut().insert(user);
    }
    next.run(request).await
}
