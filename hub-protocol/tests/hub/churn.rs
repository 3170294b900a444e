//! Five thousand come and go by each transport and leave nothing behind.

use futures_util::{StreamExt, stream};
use hub_protocol::hub::{Context, Hub};
use tokio::runtime::Handle;

use crate::{
    http::Http,
    support::{Server, serve, until},
};

const CLIENTS: usize = 5_000;
const AT_ONCE: usize = 64;

fn hub() -> Hub {
    Hub::builder("h")
        .method("Join", async |cx: Context| {
            cx.groups().add(cx.connection_id().as_str(), "everybody").await
        })
        .build()
}

/// Lets clients come and go, and counts what is left: connections, groups, users, tokens, tasks.
async fn leaves_nothing(come_and_go: impl AsyncFn(&Server)) {
    let hub = hub();
    let server = serve(&hub).await;
    come_and_go(&server).await;
    let metrics = Handle::current().metrics();
    until("one client is gone", || server.endpoint.is_empty()).await;
    // The listener, and tasks of the runtime that one client has begun for all.
    let tasks = metrics.num_alive_tasks();
    stream::iter(0..CLIENTS)
        .for_each_concurrent(AT_ONCE, |_| come_and_go(&server))
        .await;
    let handle = hub.handle();
    until("nothing is left", || {
        let left = handle.connections() + handle.groups_with_members() + handle.users() + server.endpoint.len();
        left == 0 && metrics.num_alive_tasks() <= tasks
    })
    .await;
}

const JOIN: &str = r#"{"type":1,"invocationId":"1","target":"Join","arguments":[]}"#;

#[tokio::test]
async fn websockets() {
    leaves_nothing(async |server| {
        let mut client = server.connect_as("ann").await;
        client.say(JOIN).await;
        client.hear().await;
    })
    .await;
}

#[tokio::test]
async fn event_streams() {
    leaves_nothing(async |server| {
        let client = Http::negotiate_as(server, "ann").await;
        let mut events = client.begin_events().await;
        client.post(&[JOIN]).await;
        events.hear("\"result\":null").await;
    })
    .await;
}

#[tokio::test]
async fn polls() {
    leaves_nothing(async |server| {
        let client = Http::negotiate_as(server, "ann").await;
        client.begin_polling().await;
        client.post(&[JOIN]).await;
        assert!(client.poll().await.body.contains("\"result\":null"));
        client.delete().await;
    })
    .await;
}
