//! The hubs that conformance suites expect of a SignalR server, on `hub-protocol`; of the chat server they have only what
//! gives memory back.
//!
//! `cargo run --example conformance -- --listen 127.0.0.1:5310`, then point the recorder of
//! `tests/conformance` at it. `Authorization: Bearer user-NAME` or `?access_token=user-NAME` signs in as NAME.
//!
//! `functional` adds what the functional tests of the official JavaScript client expect, which sign in otherwise.

mod cors;
mod functional;
mod hub;
mod sign_in;

use axum::{Router, middleware};
use hub_protocol::{connection, endpoint::IgnoreCase, hub::HubOptions};

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut address = "127.0.0.1:5310".to_owned();
    while let Some(argument) = arguments.next() {
        match (argument.as_str(), arguments.next()) {
            ("--listen", Some(value)) => address = value,
            _ => return Err(std::io::Error::other("usage: conformance [--listen ADDRESS]")),
        }
    }
    hub_protocol::serve::runtime()?.block_on(serve(&address))
}

#[expect(clippy::print_stdout, reason = "whoever started it waits for this line")]
async fn serve(address: &str) -> std::io::Result<()> {
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
        .layer(middleware::from_fn(sign_in::by_name))
        .layer(middleware::from_fn(cors::one))
        .merge(functional::routes());
    let hubs = [&["/conformance", "/detailed", "/private"], functional::HUBS].concat();
    let app = IgnoreCase::new(app, &hubs);
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("Now listening on: http://{}", listener.local_addr()?);
    // As the program does: what is measured here is what it would need.
    tokio::spawn(hubwire::memory::give_back());
    hub_protocol::serve::serve(listener, app).await;
    Ok(())
}
