//! What a hub counts: who is connected by what, what they call, and how it ends.

use futures_util::stream;
use hub_protocol::{
    codec::Protocol,
    hub::{Context, Counts, Hub, HubError},
    negotiate::TransportKind,
};
use serde_json::json;

use crate::{
    http::Http,
    support::{serve, until},
};

fn hub() -> Hub {
    Hub::builder("h")
        .method("Echo", async |_: Context, text: String| Ok(text))
        .method("Refuse", async |_: Context| -> Result<(), HubError> {
            Err(HubError::public("no"))
        })
        .method("Panic", async |_: Context| -> Result<(), HubError> {
            panic!("on purpose")
        })
        .stream("Forever", async |_: Context| {
            Ok(stream::pending::<Result<i32, HubError>>())
        })
        .alias("Say", "Echo")
        .build()
}

/// Succeeded, refused, failed, canceled.
fn calls(counts: &Counts, method: &str) -> [u64; 4] {
    let counts = counts.methods.iter().find(|counts| *counts.method == *method).unwrap();
    [counts.succeeded, counts.refused, counts.failed, counts.canceled]
}

/// How many JSON clients have come by a transport, and how many of them are there.
fn open(counts: &Counts, transport: TransportKind) -> (u64, u64) {
    let mut all = counts.connections.iter();
    let counts = all.find(|counts| counts.transport == transport && counts.protocol == Protocol::Json);
    counts.map(|counts| (counts.opened, counts.open)).unwrap()
}

fn ended(counts: &Counts, name: &str) -> u64 {
    counts.ended.iter().find(|(known, _)| *known == name).unwrap().1
}

#[tokio::test]
async fn calls_are_counted_by_method_and_by_how_they_went() {
    let hub = hub();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    let asked = [
        ("Echo", json!(["a"])),
        ("echo", json!(["b"])),
        ("Say", json!(["c"])),
        ("Echo", json!([])),
        ("Refuse", json!([])),
        ("Panic", json!([])),
        ("Forever", json!([])),
        ("x".repeat(50).as_str(), json!([])),
    ]
    .map(|(target, arguments)| (target.to_owned(), arguments));
    for (turn, (target, arguments)) in asked.iter().enumerate() {
        client.call(&turn.to_string(), target, arguments.clone()).await;
        client.hear().await;
    }
    client.call_with(4, "s", "Forever", json!([]), &[]).await;
    client.say(r#"{"type":5,"invocationId":"s"}"#).await;
    client.hear().await;
    let counts = hub.counts();
    assert_eq!(calls(&counts, "Echo"), [3, 1, 0, 0]);
    assert_eq!(calls(&counts, "Refuse"), [0, 1, 0, 0]);
    assert_eq!(calls(&counts, "Panic"), [0, 0, 1, 0]);
    assert_eq!(
        calls(&counts, "Forever"),
        [0, 1, 0, 1],
        "asked for wrongly, then cancelled"
    );
    assert_eq!((counts.methods.len(), counts.unknown_methods), (4, 1));
    assert_eq!(counts.received, 10, "eight calls, a stream and its cancellation");
    assert_eq!(counts.sent, 9, "an answer to each call");
}

#[tokio::test]
async fn connections_are_counted_by_transport_until_nothing_of_them_is_left() {
    let hub = hub();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    let streaming = Http::negotiate_as(&server, "ann").await;
    let events = streaming.begin_events().await;
    until("both are open", || {
        let counts = hub.counts();
        open(&counts, TransportKind::WebSockets) == (1, 1) && open(&counts, TransportKind::ServerSentEvents) == (1, 1)
    })
    .await;
    client.say(r#"{"type":7}"#).await;
    drop(events);
    until("both have ended", || {
        let counts = hub.counts();
        open(&counts, TransportKind::WebSockets) == (1, 0) && open(&counts, TransportKind::ServerSentEvents) == (1, 0)
    })
    .await;
    let counts = hub.counts();
    assert_eq!((ended(&counts, "client_closed"), ended(&counts, "lost")), (1, 1));
    assert_eq!(open(&counts, TransportKind::LongPolling), (0, 0));
}

#[tokio::test]
async fn who_never_shakes_hands_is_counted_as_an_end_and_not_as_a_connection() {
    let hub = hub();
    let server = serve(&hub).await;
    let mut client = server.open(String::new()).await;
    client.say(r#"{"protocol":"morse","version":1}"#).await;
    until("it is sent away", || ended(&hub.counts(), "handshake_refused") == 1).await;
    assert_eq!(open(&hub.counts(), TransportKind::WebSockets), (0, 0));
}
