//! A question to one client, asked by a REST route. Run it with `cargo run --example client_results`; then, in
//! JavaScript:
//!
//! ```js
//! const connection = new signalR.HubConnectionBuilder().withUrl("http://127.0.0.1:5000/people").build();
//! connection.on("Confirm", async (question) => confirm(question)); // what it returns is the answer
//! await connection.start();
//! console.log(await connection.invoke("ConnectionId"));
//! ```
//!
//! `curl 'http://127.0.0.1:5000/ask/THAT_ID?question=Ready%3F'` prints the client's answer.

use std::time::Duration;

use axum::{
    extract::{Path, Query, State},
    routing::get,
};
use http::StatusCode;
use hub_protocol::hub::{Context, Hub, HubHandle};

#[derive(serde::Deserialize)]
struct Asked {
    question: String,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let hub = Hub::builder("People")
        .method("ConnectionId", async |cx: Context| Ok(cx.connection_id().clone()))
        .build();
    let app = axum::Router::new()
        .route("/ask/{connection}", get(ask))
        .with_state(hub.handle())
        .merge(hub.endpoint().routes("/people"));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:5000").await?;
    axum::serve(listener, app).await
}

/// Some clients never answer a call that they do not know, and people take their time: never ask without a limit.
async fn ask(
    State(hub): State<HubHandle>,
    Path(connection): Path<String>,
    Query(Asked { question }): Query<Asked>,
) -> (StatusCode, String) {
    let client = hub.clients().client(connection).within(Duration::from_secs(30));
    match client.invoke::<bool>("Confirm", (question,)).await {
        Ok(true) => (StatusCode::OK, "yes".to_owned()),
        Ok(false) => (StatusCode::OK, "no".to_owned()),
        Err(error) => (StatusCode::BAD_GATEWAY, error.text().to_owned()),
    }
}
