//! What streams to a client may cost: what waits, what runs on for nobody, and how many there may be.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use hub_protocol::hub::{Context, Hub, HubError, HubOptions, Upload};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::{
    streams::quiet_hub,
    support::{Alive, serve, until},
};

/// Numbers without an end, which are made as soon as they are wanted.
fn numbers() -> impl Stream<Item = Result<u64, HubError>> + Send {
    stream::iter((0_u64..).map(Ok))
}

#[tokio::test]
async fn several_streams_of_one_client_share_its_connection_evenly() {
    let hub = Hub::builder("h")
        .stream("Numbers", async |_: Context| Ok(numbers()))
        .method("Flood", async |cx: Context| {
            loop {
                cx.clients().caller().send("flood", ()).await?;
                if cx.connection().is_closed() {
                    return Ok(());
                }
            }
        })
        .build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    for id in ["0", "1", "2"] {
        client.stream(id, "Numbers", json!([])).await;
    }
    client.call("f", "Flood", json!([])).await;
    let (mut next, mut floods) = ([0_u64; 3], 0);
    // Each stream is ready for ever, so each could fill the outbox for ever.
    let mut heard = 0;
    while next.iter().any(|next| *next < 100) || floods < 100 {
        let item: Value = serde_json::from_str(&client.hear().await).unwrap();
        if item["target"] == "flood" {
            floods += 1;
        } else {
            let id: usize = item["invocationId"].as_str().unwrap().parse().unwrap();
            assert_eq!(item["item"], next[id], "items of one stream keep their order");
            next[id] += 1;
        }
        heard += 1;
        assert!(heard < 200_000, "one starves: {next:?}, {floods}");
    }
}

#[tokio::test]
async fn a_fast_stream_makes_no_more_than_its_slow_client_takes() {
    let made = Arc::new(AtomicUsize::new(0));
    let count = made.clone();
    let hub = Hub::builder("h")
        .stream("Large", move |_: Context| {
            let count = count.clone();
            let items = stream::iter(0_usize..).map(move |number| {
                count.fetch_add(1, Ordering::SeqCst);
                Ok(format!("{number} {}", "x".repeat(16 * 1024)))
            });
            async { Ok(items) }
        })
        .build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    client.stream("1", "Large", json!([])).await;
    // The kernel's buffers and the outbox hold some hundred items; a stream that did not wait would run away.
    for number in 0..2_000 {
        assert!(client.hear().await.contains(&format!(r#""item":"{number} "#)));
        let ahead = made.load(Ordering::SeqCst) - number;
        assert!(ahead < 1_000, "{ahead} items wait for one client");
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_can_still_cancel() {
    let alive = Alive::default();
    let guards = alive.clone();
    let hub = Hub::builder("h")
        .stream("Large", move |_: Context| {
            let guard = guards.guard();
            let items = numbers().map_ok(move |number| {
                let _ = &guard;
                format!("{number} {}", "x".repeat(16 * 1024))
            });
            async { Ok(items) }
        })
        .build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    client.stream("1", "Large", json!([])).await;
    until("it runs", || alive.count() == 1).await;
    client.cancel("1").await;
    until("it is gone", || alive.count() == 0).await;
    // What was made before is heard, and one Completion behind it.
    let ended = r#"{"type":3,"invocationId":"1"}"#;
    while client.hear().await != ended {}
}

#[tokio::test]
async fn streams_end_with_their_connection() {
    let alive = Alive::default();
    let hub = quiet_hub(&alive).build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    for id in 0..10 {
        client.stream(&id.to_string(), "Quiet", json!([])).await;
        client.hear().await;
    }
    assert_eq!(alive.count(), 10);
    drop(client);
    until("they are gone", || alive.count() == 0).await;
}

#[tokio::test]
async fn a_fast_stream_ends_with_its_connection_while_a_call_still_runs() {
    let (alive, entered, go) = (Alive::default(), Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (guards, inside, gate) = (alive.clone(), entered.clone(), go.clone());
    let hub = Hub::builder("h")
        .stream("Numbers", move |_: Context| {
            let guard = guards.guard();
            let items = numbers().inspect(move |_| {
                let _ = &guard;
            });
            async { Ok(items) }
        })
        .method("Wait", move |_: Context| {
            let (inside, gate) = (inside.clone(), gate.clone());
            async move {
                inside.notify_one();
                gate.notified().await;
                Ok(())
            }
        })
        .build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    client.stream("1", "Numbers", json!([])).await;
    client.call("2", "Wait", json!([])).await;
    entered.notified().await;
    drop(client);
    until("the stream is gone", || alive.count() == 0).await;
    go.notify_one();
    until("the connection too", || hub.handle().connections() == 0).await;
}

/// Row 43 of the security checklist.
#[tokio::test]
async fn sec_43_streams_without_an_end_are_refused_at_the_documented_number() {
    let alive = Alive::default();
    let hub = quiet_hub(&alive)
        .method("Take", async |_: Context, items: Upload<u8>| {
            items.try_fold(0, async |sum, item| Ok(sum + item)).await
        })
        .build();
    let most = HubOptions::default().maximum_streams;
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    for id in 0..10_000 {
        let (id, stream) = (id.to_string(), format!("u{id}"));
        // In turn down and up: they count together.
        match id.parse::<usize>().unwrap() % 2 {
            0 => client.stream(&id, "Quiet", json!([])).await,
            _ => client.call_with(1, &id, "Take", json!([]), &[&stream]).await,
        }
    }
    let mut refused = 0;
    while refused < 10_000 - most {
        let record = client.hear().await;
        if record.contains(r#""error""#) {
            let text = "on the server. HubException: A connection has at most 100 streams at a time.\"}";
            assert!(record.ends_with(text), "{record}");
            refused += 1;
        }
    }
    assert_eq!(alive.count(), most / 2);
    // One that ends makes room for one.
    client.end("u1").await;
    client.hears(&[r#"{"type":3,"invocationId":"1","result":0}"#]).await;
    client.stream("again", "Count", json!([0])).await;
    client.hears(&[r#"{"type":3,"invocationId":"again"}"#]).await;
    drop(client);
    until("they are gone", || alive.count() == 0).await;
}
