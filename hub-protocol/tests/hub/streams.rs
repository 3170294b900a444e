//! Methods that answer with a stream: items in order, cancelled and failed streams.

use std::sync::Arc;

use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use hub_protocol::hub::{Builder, Context, Hub, HubError, HubOptions, Upload};
use serde_json::json;
use tokio::sync::Notify;

use crate::support::{Alive, serve};

/// One item, then nothing for ever; a guard lives as long as it does.
fn quiet(alive: &Alive) -> impl Stream<Item = Result<&'static str, HubError>> + Send + use<> {
    let guard = alive.guard();
    stream::iter([Ok("first")]).chain(stream::pending()).inspect(move |_| {
        let _ = &guard;
    })
}

/// A hub with a stream that rests, and one that counts.
pub(crate) fn quiet_hub(alive: &Alive) -> Builder {
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
