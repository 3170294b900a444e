//! Methods that answer with a stream: items in order, cancelled and failed streams, and what a stream may cost.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use hub_protocol::hub::{Builder, Context, Hub, HubError, HubOptions, Upload};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::support::{Alive, serve, until};

/// Numbers without an end, which are made as soon as they are wanted.
fn numbers() -> impl Stream<Item = Result<u64, HubError>> + Send {
    stream::iter((0_u64..).map(Ok))
}

/// One item, then nothing for ever; a guard lives as long as it does.
fn quiet(alive: &Alive) -> impl Stream<Item = Result<&'static str, HubError>> + Send + use<> {
    let guard = alive.guard();
    stream::iter([Ok("first")]).chain(stream::pending()).inspect(move |_| {
        let _ = &guard;
    })
}

fn quiet_hub(alive: &Alive) -> Builder {
    let alive = alive.clone();
    Hub::builder("h")
        .stream("Quiet", move |_: Context| {
            let items = quiet(&alive);
            async { Ok(items) }
        })
        .stream("Count", async |_: Context, upto: u64| {
            Ok(stream::iter((0..upto).map(Ok)))
        })
}

const FIRST: &str = r#"{"type":2,"invocationId":"1","item":"first"}"#;
const ENDED: &str = r#"{"type":3,"invocationId":"1"}"#;

#[tokio::test]
async fn items_arrive_in_order_and_one_completion_follows() {
    let hub = quiet_hub(&Alive::default()).build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    client.stream("1", "count", json!([500])).await;
    for number in 0..500 {
        let item = format!(r#"{{"type":2,"invocationId":"1","item":{number}}}"#);
        client.hears(&[&item]).await;
    }
    client.hears(&[ENDED]).await;
    // Its id is free again, and no stream is one too.
    client.stream("1", "count", json!([0])).await;
    client.hears(&[ENDED]).await;
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
async fn one_call_may_stream_in_both_directions() {
    let hub = Hub::builder("h")
        .stream("Echo", async |_: Context, items: Upload<String>| {
            Ok(items.map_ok(|item| format!("echo:{item}")))
        })
        .build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    client.call_with(4, "1", "Echo", json!([]), &["a"]).await;
    client.item("a", json!("x")).await;
    client
        .hears(&[r#"{"type":2,"invocationId":"1","item":"echo:x"}"#])
        .await;
    client.item("a", json!("y")).await;
    client
        .hears(&[r#"{"type":2,"invocationId":"1","item":"echo:y"}"#])
        .await;
    client.end("a").await;
    client.hears(&[ENDED]).await;
}

#[tokio::test]
async fn a_cancelled_stream_is_gone_before_its_completion_is_heard() {
    let alive = Alive::default();
    let hub = quiet_hub(&alive).build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    client.stream("1", "Quiet", json!([])).await;
    client.hears(&[FIRST]).await;
    assert_eq!(alive.count(), 1);
    client.cancel("1").await;
    client.hears(&[ENDED]).await;
    assert_eq!(alive.count(), 0);
    // Twice is once, and the id is free.
    client.cancel("1").await;
    client.stream("1", "Count", json!([0])).await;
    client.hears(&[ENDED]).await;
}

#[tokio::test]
async fn a_call_can_be_cancelled_before_it_has_answered_with_its_stream() {
    let (alive, entered) = (Alive::default(), Arc::new(Notify::new()));
    let (guards, inside) = (alive.clone(), entered.clone());
    let hub = Hub::builder("h")
        .stream("Slow", move |_: Context| {
            let (guard, inside) = (guards.guard(), inside.clone());
            async move {
                let _guard = guard;
                inside.notify_one();
                std::future::pending::<()>().await;
                Ok(stream::empty::<Result<u8, _>>())
            }
        })
        .build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    client.stream("1", "Slow", json!([])).await;
    entered.notified().await;
    client.cancel("1").await;
    client.hears(&[ENDED]).await;
    assert_eq!(alive.count(), 0);
}

#[tokio::test]
async fn a_cancelled_call_gives_back_the_streams_that_it_took() {
    let hub = Hub::builder("h")
        .options(HubOptions {
            maximum_streams: 2,
            ..HubOptions::default()
        })
        .stream("Echo", async |_: Context, items: Upload<u8>| Ok(items))
        .build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    for _ in 0..3 {
        client.call_with(4, "1", "Echo", json!([]), &["a"]).await;
        client.item("a", json!(5)).await;
        client.hears(&[r#"{"type":2,"invocationId":"1","item":5}"#]).await;
        client.cancel("1").await;
        client.hears(&[ENDED]).await;
        // What the client had under way when it cancelled.
        client.item("a", json!(6)).await;
    }
}

#[tokio::test]
async fn an_error_half_way_comes_behind_the_items_and_only_public_ones_are_told() {
    let failing = |error: HubError| stream::iter([Ok(1), Err(error), Ok(2)]);
    let hub = Hub::builder("h")
        .stream("Secret", move |_: Context| async move {
            Ok(failing(HubError::unexpected("InvalidOperationException", "secret")))
        })
        .stream("Public", move |_: Context| async move {
            Ok(failing(HubError::public("no more")))
        })
        .stream("Never", async |_: Context| {
            Err::<stream::Empty<Result<u8, _>>, _>(HubError::public("not today"))
        })
        .build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    let item = r#"{"type":2,"invocationId":"1","item":1}"#;
    client.stream("1", "Secret", json!([])).await;
    let secret = r#"{"type":3,"invocationId":"1","error":"An error occurred on the server while streaming results."}"#;
    client.hears(&[item, secret]).await;
    client.stream("1", "Public", json!([])).await;
    let public = r#"{"type":3,"invocationId":"1","error":"An error occurred on the server while streaming results. HubException: no more"}"#;
    client.hears(&[item, public]).await;
    client.stream("1", "Never", json!([])).await;
    let never = r#"{"type":3,"invocationId":"1","error":"An unexpected error occurred invoking 'Never' on the server. HubException: not today"}"#;
    client.hears(&[never]).await;
}

#[tokio::test]
async fn an_id_in_use_is_refused_and_the_stream_that_has_it_goes_on() {
    let alive = Alive::default();
    let hub = quiet_hub(&alive).build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    client.stream("1", "Quiet", json!([])).await;
    client.hears(&[FIRST]).await;
    client.stream("1", "Count", json!([2])).await;
    client
        .hears(&[r#"{"type":3,"invocationId":"1","error":"Invocation ID '1' is already in use."}"#])
        .await;
    assert_eq!(alive.count(), 1);
    client.cancel("1").await;
    client.hears(&[ENDED]).await;
    assert_eq!(alive.count(), 0);
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

#[tokio::test]
async fn a_stream_that_panics_fails_itself_and_nothing_else() {
    let alive = Alive::default();
    let hub = quiet_hub(&alive)
        .stream("Panic", async |_: Context| {
            Ok(stream::iter([Ok(0), Ok(1)]).map(|item: Result<u8, HubError>| {
                assert_eq!(item, Ok(0), "asked to");
                item
            }))
        })
        .build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    client.stream("1", "Quiet", json!([])).await;
    client.hears(&[FIRST]).await;
    client.stream("2", "Panic", json!([])).await;
    let failed = r#"{"type":3,"invocationId":"2","error":"An error occurred on the server while streaming results."}"#;
    client
        .hears(&[r#"{"type":2,"invocationId":"2","item":0}"#, failed])
        .await;
    assert_eq!(alive.count(), 1);
    client.cancel("1").await;
    client.hears(&[ENDED]).await;
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
            let text = "on the server. HubException: A connection has at most 1000 streams at a time.\"}";
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
