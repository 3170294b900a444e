//! What a session holds for a client that does not read, or has gone, and for how long.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::{
    hub::Upload,
    transport::pipe::{Half, Pipe},
};

#[tokio::test(start_paused = true)]
async fn short_answers_that_wait_are_not_free() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let hub = Hub::builder("h")
        .method("Nothing", move |_: Context| {
            counted.fetch_add(1, Ordering::Relaxed);
            async { Ok(()) }
        })
        .build();
    let client = Client::connect(&hub).await;
    client.wire.lock().pace = Some(0);
    let all = [r#"{"type":1,"invocationId":"1","target":"Nothing","arguments":[]}"#; 4_000];
    client.say(&all.join("\u{1e}")).await;
    sleep(Duration::from_secs(1)).await;
    // 64 KiB wait, each answer with what its frame costs until it is joined with others to be written.
    let calls = calls.load(Ordering::Relaxed);
    assert!((700..=1_000).contains(&calls), "{calls} answers wait");
}

/// A method that runs for longer than anybody waits.
fn slow(begun: &Arc<AtomicUsize>) -> Hub {
    let begun = Arc::clone(begun);
    Hub::builder("h")
        .method("Slow", async |_: Context, seconds: u64| {
            sleep(Duration::from_secs(seconds)).await;
            Ok(())
        })
        .method("Next", move |_: Context| {
            begun.fetch_add(1, Ordering::Relaxed);
            async { Ok(()) }
        })
        .build()
}

async fn sends_and_leaves(hub: &Hub, seconds: u64) {
    let client = Client::connect(hub).await;
    client
        .say(&format!(r#"{{"type":1,"target":"Slow","arguments":[{seconds}]}}"#))
        .await;
    client.say(r#"{"type":1,"target":"Next","arguments":[]}"#).await;
    client.say.send(Incoming::End(End::Lost)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_arrived_before_the_end_waits_for_the_call_before_it() {
    let begun = Arc::default();
    let hub = slow(&begun);
    sends_and_leaves(&hub, 14).await;
    sleep(Duration::from_secs(15)).await;
    assert_eq!((begun.load(Ordering::Relaxed), hub.handle().connections()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn what_has_not_begun_fifteen_seconds_after_its_client_has_gone_never_does() {
    let begun = Arc::default();
    let hub = slow(&begun);
    sends_and_leaves(&hub, 40).await;
    sleep(Duration::from_secs(50)).await;
    assert_eq!((begun.load(Ordering::Relaxed), hub.handle().connections()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_while_nothing_of_it_is_read_is_noticed() {
    let hub = Hub::builder("h")
        .method("Second", async |_: Context, first: Upload<u8>, second: Upload<u8>| {
            let read = futures_util::StreamExt::count(first).await;
            drop(second);
            Ok(read)
        })
        .build();
    let client = Client::connect(&hub).await;
    client
        .say(r#"{"type":1,"target":"Second","arguments":[],"streamIds":["a","b"]}"#)
        .await;
    // Nobody reads the second stream before the first has ended: more waits than is read.
    let item = format!(r#"{{"type":2,"invocationId":"b","item":"{}"}}"#, "x".repeat(30_000));
    for _ in 0..6 {
        client.say(&item).await;
    }
    sleep(Duration::from_secs(60)).await;
    assert_eq!(hub.handle().connections(), 1, "it is there and may go on");
    client.wire.lock().gone = true;
    sleep(Duration::from_secs(21)).await;
    assert_eq!(hub.handle().connections(), 0);
}

/// Bytes of a client that are seen being dropped.
struct Seen {
    bytes: [u8; 64 * 1024],
    _held: Arc<()>,
}

impl AsRef<[u8]> for Seen {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// What a client posted behind a call that runs for forty seconds, until nothing more was taken; and the pipe.
async fn posts_all_it_can(hub: &Hub, kind: TransportKind) -> (Arc<Pipe>, Arc<()>) {
    let pipe = Arc::new(Pipe::new(64 * 1024));
    let claim = Connections::new(Duration::from_secs(15)).skip_negotiation();
    let half = Half::new(Arc::clone(&pipe), kind);
    tokio::spawn(run(hub.clone(), Box::new(half), claim, None, false));
    for record in [
        r#"{"protocol":"json","version":1}"#,
        r#"{"type":1,"target":"Slow","arguments":[40]}"#,
    ] {
        pipe.put(format!("{record}\u{1e}").into()).await.unwrap();
    }
    let posted = Arc::new(());
    let piece = || {
        Bytes::from_owner(Seen {
            bytes: [b' '; 64 * 1024],
            _held: Arc::clone(&posted),
        })
    };
    // All that may wait, in one piece, which is held as it came.
    pipe.put(piece()).await.unwrap();
    let put = tokio::time::timeout(Duration::from_secs(1), pipe.put(piece())).await;
    assert!(put.is_err(), "nothing more is taken");
    assert_eq!(Arc::strong_count(&posted), 2);
    (pipe, posted)
}

#[tokio::test(start_paused = true)]
async fn what_a_client_posted_and_left_goes_before_the_call_that_it_waits_for() {
    let hub = slow(&Arc::default());
    let (pipe, posted) = posts_all_it_can(&hub, TransportKind::ServerSentEvents).await;
    pipe.end(End::Lost);
    sleep(Duration::from_secs(21)).await;
    assert_eq!(Arc::strong_count(&posted), 1);
    assert_eq!(hub.handle().connections(), 1, "its call still runs");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_has_not_polled_for_long_was_given_its_time() {
    let hub = slow(&Arc::default());
    let (pipe, posted) = posts_all_it_can(&hub, TransportKind::LongPolling).await;
    let seen = tokio::time::Instant::now();
    sleep(Duration::from_secs(15)).await;
    pipe.end_since(End::Lost, seen);
    sleep(Duration::from_secs(6)).await;
    assert_eq!(Arc::strong_count(&posted), 1);
    assert_eq!(hub.handle().connections(), 1, "its call still runs");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_has_gone_is_given_its_time_once() {
    let begun = Arc::default();
    let hub = slow(&begun);
    let client = Client::connect(&hub).await;
    // More than is read: only a look finds that the client has gone.
    let padding = " ".repeat(30_000);
    for _ in 0..6 {
        client
            .say(&format!(r#"{{"type":1,"target":"Slow","arguments":[7]{padding}}}"#))
            .await;
    }
    client.wire.lock().gone = true;
    // Each call that ends makes room for more to be read.
    sleep(Duration::from_secs(28)).await;
    assert_eq!(hub.handle().connections(), 0);
}
