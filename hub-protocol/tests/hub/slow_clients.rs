//! Clients that read slowly or not at all: they cost what the options say, and nobody waits for them.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use hub_protocol::{
    codec::Protocol,
    hub::{Context, Encoded, Feed, Hub, HubError, HubOptions, Overflow, Pulled},
    json::Naming,
};
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::support::{serve, until};

/// 16 KB of text: a handful fills an outbox, some hundreds fill the kernel's buffers.
fn large(number: u64) -> String {
    format!("{number} {}", "x".repeat(16 * 1024))
}

/// A log of texts, as a feed.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    /// Appends, then delivers to everybody, as an application does.
    fn append(&self, text: String, connections: &[hub_protocol::hub::Connection]) {
        let position = {
            let mut log = self.0.lock();
            log.push(text.clone());
            log.len() as u64
        };
        let call = Encoded::new("said", (text,), Naming::CamelCase);
        for connection in connections {
            connection.deliver(position, &[&call]).unwrap();
        }
    }
}

impl Feed for Log {
    fn head(&self) -> u64 {
        self.0.lock().len() as u64
    }

    fn pull(self: Box<Self>, after: u64, protocol: Protocol) -> BoxFuture<'static, (Box<dyn Feed>, Pulled)> {
        Box::pin(async move {
            let texts: Vec<_> = self
                .0
                .lock()
                .iter()
                .skip(usize::try_from(after).unwrap())
                .take(3)
                .cloned()
                .collect();
            let position = after + texts.len() as u64;
            let frames = texts
                .into_iter()
                .map(|text| {
                    Encoded::new("said", (text,), Naming::CamelCase)
                        .frame(protocol)
                        .unwrap()
                        .clone()
                })
                .collect();
            (self as Box<dyn Feed>, Pulled { frames, position })
        })
    }
}

fn number_of(record: &str) -> u64 {
    let value: Value = serde_json::from_str(record).unwrap();
    value["arguments"][0]
        .as_str()
        .unwrap()
        .split(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap()
}

#[tokio::test]
async fn a_client_that_falls_behind_misses_nothing_and_hears_nothing_twice() {
    let log = Log::default();
    let connections = Arc::new(Mutex::new(Vec::new()));
    let (feed, known) = (log.clone(), connections.clone());
    let hub = Hub::builder("h")
        .options(HubOptions {
            overflow: Overflow::Behind,
            ..HubOptions::default()
        })
        .on_connected(move |cx| {
            cx.connection().follow(feed.clone(), feed.head());
            known.lock().push(cx.connection().clone());
            async { Ok(()) }
        })
        .build();
    let server = serve(&hub).await;
    let (mut slow, mut quick) = (server.connect().await, server.connect().await);
    until("both are known", || connections.lock().len() == 2).await;
    let everybody = connections.lock().clone();
    // The quick one reads each; the slow one none, until long after its outbox and the kernel's are full.
    for number in 1..=600 {
        log.append(large(number), &everybody);
        assert_eq!(number_of(&quick.hear().await), number);
    }
    for number in 1..=600 {
        assert_eq!(number_of(&slow.hear().await), number);
    }
    // Live again.
    log.append(large(601), &everybody);
    assert_eq!(
        (number_of(&slow.hear().await), number_of(&quick.hear().await)),
        (601, 601)
    );
}

#[tokio::test]
async fn a_client_that_never_reads_is_closed_and_holds_up_nobody() {
    let hub = Hub::builder("h").build();
    let server = serve(&hub).await;
    let stuck = server.connect().await;
    let mut quick = server.connect().await;
    let handle = hub.handle();
    until("both are there", || handle.connections() == 2).await;
    let mut number = 0;
    while handle.connections() == 2 {
        number += 1;
        handle.clients().all().send("said", (large(number),)).await.unwrap();
        assert_eq!(number_of(&quick.hear().await), number);
        assert!(number < 10_000, "a client that never reads is kept for ever");
    }
    drop(stuck);
}

#[tokio::test]
async fn a_method_that_sends_to_its_caller_waits_for_room_and_loses_nothing() {
    let hub = Hub::builder("h")
        .method("Flood", async |cx: Context, count: u64| {
            for number in 1..=count {
                cx.clients().caller().send("said", (large(number),)).await?;
            }
            Ok(())
        })
        .build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    client.call("1", "Flood", json!([500])).await;
    for number in 1..=500 {
        assert_eq!(number_of(&client.hear().await), number);
    }
    assert_eq!(client.hear().await, r#"{"type":3,"invocationId":"1","result":null}"#);
}

#[tokio::test]
async fn calls_are_not_read_while_their_answers_are_not() {
    let hub = Hub::builder("h")
        .method("Large", async |_: Context, number: u64| Ok(large(number)))
        .build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    // Far more answers than any buffer holds, asked for before the first is read.
    let calls = (1..=600)
        .map(|id| format!("{{\"type\":1,\"invocationId\":\"{id}\",\"target\":\"Large\",\"arguments\":[{id}]}}\u{1e}"));
    for call in calls {
        client.say(call.trim_end_matches('\u{1e}')).await;
    }
    for id in 1..=600 {
        let answer: Value = serde_json::from_str(&client.hear().await).unwrap();
        assert_eq!(answer["invocationId"], id.to_string());
    }
}

#[tokio::test]
async fn a_method_that_sends_for_ever_holds_up_nobody_when_its_client_has_gone() {
    let hub = Hub::builder("h")
        .method("Flood", async |cx: Context| -> Result<(), HubError> {
            loop {
                cx.clients().caller().send("said", ("more",)).await?;
            }
        })
        .method("Echo", async |_: Context, text: String| Ok(text))
        .build();
    let server = serve(&hub).await;
    let (mut flooded, mut other) = (server.connect().await, server.connect().await);
    flooded.call("1", "Flood", json!([])).await;
    flooded.hear().await;
    drop(flooded);
    // All of a test runs in one thread: whoever does not let go of it holds up everybody.
    for _ in 0..100 {
        other.call("1", "Echo", json!(["here"])).await;
        other.hears(&[r#"{"type":3,"invocationId":"1","result":"here"}"#]).await;
    }
}
