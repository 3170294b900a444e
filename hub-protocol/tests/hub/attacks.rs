//! What one hostile client may make a server hold, whatever it sends: goal R16, measured by `crank attack`.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, TryStreamExt};
use hub_protocol::hub::{Builder, Context, Hub, HubError, HubOptions, Upload};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Notify,
};

use crate::support::{Alive, DEADLINE, serve, until};

/// A hub whose uploads are read once a gate is opened.
fn gated(gate: &Arc<Notify>) -> Builder {
    let gate = Arc::clone(gate);
    Hub::builder("h")
        .method("Gated", move |_: Context, items: Upload<String>| {
            let gate = Arc::clone(&gate);
            async move {
                gate.notified().await;
                items.try_fold(0, async |sum, item| Ok(sum + item.len())).await
            }
        })
        .method("Echo", async |_: Context, text: String| Ok(text))
}

#[tokio::test]
async fn what_waits_in_all_uploads_of_a_client_together_is_bounded() {
    let gate = Arc::new(Notify::new());
    let hub = gated(&gate).build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    // Not one of them is full: three items where ten may wait.
    for stream in ["a", "b", "c"] {
        client.call_with(1, stream, "Gated", json!([]), &[stream]).await;
        client.item(stream, json!("x".repeat(30_000))).await;
    }
    client.call("1", "Echo", json!(["behind"])).await;
    client.settled().await;
    assert!(
        !client.has_heard(),
        "three items are more than 64 KiB, so nothing behind them is read"
    );
    gate.notify_one();
    client
        .hears(&[r#"{"type":3,"invocationId":"1","result":"behind"}"#])
        .await;
    // What the method took counts no more.
    client.end("a").await;
    client.hears(&[r#"{"type":3,"invocationId":"a","result":30000}"#]).await;
}

#[tokio::test]
async fn items_of_a_byte_are_not_free() {
    let gate = Arc::new(Notify::new());
    let hub = gated(&gate)
        .options(HubOptions {
            stream_buffer_capacity: usize::MAX - 1,
            ..HubOptions::default()
        })
        .build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    client.call_with(1, "u", "Gated", json!([]), &["u"]).await;
    for _ in 0..2_000 {
        client.item("u", json!("")).await;
    }
    client.call("1", "Echo", json!(["behind"])).await;
    client.settled().await;
    assert!(!client.has_heard());
    gate.notify_one();
    client
        .hears(&[r#"{"type":3,"invocationId":"1","result":"behind"}"#])
        .await;
}

#[tokio::test]
async fn what_the_calls_of_a_client_came_with_is_bounded_together() {
    let gate = Arc::new(Notify::new());
    let hub = gated(&gate).build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    let long = "u".repeat(15_000);
    client.call_with(1, "1", "Gated", json!([]), &[&long]).await;
    client
        .call_with(1, "2", "Gated", json!([]), &[&format!("{long}2")])
        .await;
    client
        .hears(&[r#"{"type":3,"invocationId":"2","error":"An unexpected error occurred invoking 'Gated' on the server. HubException: The calls of a connection have at most 65536 bytes at a time."}"#])
        .await;
    gate.notify_one();
    client.end(&long).await;
    client.hears(&[r#"{"type":3,"invocationId":"1","result":0}"#]).await;
    // It is over and counts no more.
    client.call_with(1, "2", "Gated", json!([]), &[&long]).await;
    gate.notify_one();
    client.end(&long).await;
    client.hears(&[r#"{"type":3,"invocationId":"2","result":0}"#]).await;
}

#[tokio::test]
async fn a_client_that_leaves_its_uploads_full_is_forgotten() {
    let (first, second) = (Alive::default(), Alive::default());
    let (guards, others) = (first.clone(), second.clone());
    let hub = Hub::builder("h")
        .options(HubOptions {
            disconnect_timeout: Duration::from_millis(50),
            ..HubOptions::default()
        })
        .method("Second", move |_: Context, first: Upload<u8>, second: Upload<u8>| {
            let (one, two) = (guards.guard(), others.guard());
            async move {
                let _guards = (one, two);
                let read: Vec<_> = first.collect().await;
                drop(second);
                Ok::<_, HubError>(read.len())
            }
        })
        .build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    client.call_with(1, "1", "Second", json!([]), &["a", "b"]).await;
    // Nobody reads the second stream before the first has ended, which it never does.
    for _ in 0..12 {
        client.item("b", json!(1)).await;
    }
    client.settled().await;
    assert_eq!(first.count(), 1);
    drop(client);
    until("the connection is gone", || hub.handle().connections() == 0).await;
    until("its call too", || second.count() == 0).await;
}

/// An argument that is seen being dropped.
struct Watched(crate::support::Guard);

impl serde::Serialize for Watched {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let _ = &self.0;
        serializer.serialize_str(&"x".repeat(16 * 1024))
    }
}

#[tokio::test]
async fn a_send_that_waits_for_its_client_holds_what_it_wrote_and_no_more() {
    let (alive, sent) = (Alive::default(), Alive::default());
    let (guards, count) = (alive.clone(), sent.clone());
    let hub = Hub::builder("h")
        .method("Flood", move |cx: Context| {
            let (guards, count) = (guards.clone(), count.clone());
            async move {
                loop {
                    let _running = count.guard();
                    cx.clients().caller().send("said", (Watched(guards.guard()),)).await?;
                    if cx.connection().is_closed() {
                        return Ok(());
                    }
                }
            }
        })
        .build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    client.call("1", "Flood", json!([])).await;
    until("it sends", || sent.count() == 1).await;
    // It has filled every buffer when it stands still: then it waits, and its argument is gone.
    until("it waits", || alive.count() == 0 && sent.count() == 1).await;
    drop(client);
    until("it is over", || sent.count() == 0).await;
}

#[tokio::test]
async fn a_head_of_more_than_32_kib_is_refused() {
    let hub = gated(&Arc::default()).build();
    let server = serve(&hub).await;
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    let head = format!("GET /hub HTTP/1.1\r\nHost: h\r\nX-Long: {}", "x".repeat(32 * 1024));
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let read = tokio::time::timeout(DEADLINE, socket.read_to_string(&mut answer));
    read.await.expect("it is answered before it is whole").unwrap();
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}
