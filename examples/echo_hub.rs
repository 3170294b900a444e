//! A complete hub. Run it with `cargo run --example echo_hub`, then connect any SignalR client to
//! `http://127.0.0.1:5000/echo` and call `Echo("hello")` or `Shout("hello")`.

use hub_protocol::hub::{Context, Hub};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let hub = Hub::builder("Echo")
        .method("Echo", async |_: Context, text: String| Ok(text))
        .method("Shout", async |cx: Context, text: String| {
            cx.clients().all().send("said", (text.to_uppercase(),)).await
        })
        .build();
    let app = axum::Router::new().merge(hub.endpoint().routes("/echo"));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:5000").await?;
    axum::serve(listener, app).await
}
