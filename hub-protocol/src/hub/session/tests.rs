//! Sessions under paused time, over a transport whose client takes what a test lets it take.

mod holding;
mod resuming;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::{sync::mpsc, time::sleep};

use super::*;
use crate::{
    codec::Protocol,
    hub::{Encoded, HubOptions, Overflow},
    json::Naming,
    negotiate::TransportKind,
    transport::{Lost, connections::Connections},
};

/// What the client's end of a socket does, and what has arrived there.
#[derive(Default)]
struct Wire {
    /// How many bytes the client takes every second; `None` is all of them at once.
    pace: Option<usize>,
    lost: bool,
    /// It has closed its side, behind what was not read.
    gone: bool,
    arrived: Vec<u8>,
}

struct Fake {
    incoming: mpsc::Receiver<Incoming>,
    wire: Arc<Mutex<Wire>>,
    waiting: Vec<u8>,
    tick: Option<Pin<Box<Sleep>>>,
}

impl Transport for Fake {
    fn kind(&self) -> TransportKind {
        TransportKind::WebSockets
    }

    fn poll_receive(&mut self, cx: &mut Task<'_>) -> Poll<Incoming> {
        match self.incoming.poll_recv(cx) {
            Poll::Ready(Some(incoming)) => Poll::Ready(incoming),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }

    fn gone_since(&self) -> Option<tokio::time::Instant> {
        self.wire.lock().gone.then(tokio::time::Instant::now)
    }

    fn send(&mut self, outgoing: Outgoing) {
        if let Outgoing::Frames(frame) = outgoing {
            self.waiting.extend_from_slice(&frame.records());
        }
    }

    fn poll_flush(&mut self, cx: &mut Task<'_>) -> Poll<Result<(), Lost>> {
        loop {
            let mut wire = self.wire.lock();
            if wire.lost {
                return Poll::Ready(Err(Lost));
            }
            let Some(pace) = wire.pace else {
                wire.arrived.append(&mut self.waiting);
                return Poll::Ready(Ok(()));
            };
            if self.waiting.is_empty() {
                return Poll::Ready(Ok(()));
            }
            let tick = self.tick.get_or_insert_with(|| Box::pin(sleep(Duration::from_secs(1))));
            std::task::ready!(tick.as_mut().poll(cx));
            self.tick = None;
            let most = self.waiting.len().min(pace);
            wire.arrived.extend(self.waiting.drain(..most));
        }
    }

    fn written(&self) -> u64 {
        self.wire.lock().arrived.len() as u64
    }

    fn unwritten(&self) -> usize {
        self.waiting.len()
    }

    fn poll_close(&mut self, _: &mut Task<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

/// The client's end.
struct Client {
    say: mpsc::Sender<Incoming>,
    wire: Arc<Mutex<Wire>>,
}

impl Client {
    fn new() -> (Self, Fake) {
        let (say, incoming) = mpsc::channel(8);
        let wire: Arc<Mutex<Wire>> = Arc::default();
        let transport = Fake {
            incoming,
            wire: wire.clone(),
            waiting: Vec::new(),
            tick: None,
        };
        (Self { say, wire }, transport)
    }

    /// Shakes hands with a hub.
    async fn connect(hub: &Hub) -> Self {
        let (client, transport) = Self::new();
        let claim = Connections::new(Duration::from_secs(15)).skip_negotiation();
        tokio::spawn(run(hub.clone(), Box::new(transport), claim, None, false));
        client.say(r#"{"protocol":"json","version":1}"#).await;
        sleep(Duration::from_millis(1)).await;
        assert_eq!(hub.handle().connections(), 1);
        client
    }

    async fn say(&self, record: &str) {
        let bytes = Bytes::from(format!("{record}\u{1e}"));
        self.say.send(Incoming::Bytes(bytes)).await.unwrap();
    }

    fn heard(&self) -> String {
        String::from_utf8(self.wire.lock().arrived.clone()).unwrap()
    }
}

fn echo() -> Hub {
    Hub::builder("h")
        .method("Long", async |_: Context, length: usize| Ok("x".repeat(length)))
        .build()
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_bytes_slowly_but_steadily_is_kept() {
    let hub = echo();
    let client = Client::connect(&hub).await;
    client.wire.lock().pace = Some(128);
    client
        .say(r#"{"type":1,"invocationId":"1","target":"Long","arguments":[16384]}"#)
        .await;
    // Every write moves something, the whole answer takes 128 s, and the send time-out is 10 s.
    sleep(Duration::from_secs(140)).await;
    assert_eq!(hub.handle().connections(), 1);
    assert!(client.heard().contains(&"x".repeat(16_384)));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_no_byte_is_lost_after_the_send_time_out() {
    let hub = echo();
    let client = Client::connect(&hub).await;
    client.wire.lock().pace = Some(0);
    client
        .say(r#"{"type":1,"invocationId":"1","target":"Long","arguments":[1]}"#)
        .await;
    sleep(Duration::from_secs(9)).await;
    assert_eq!(hub.handle().connections(), 1);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(hub.handle().connections(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_cannot_be_written_to_is_lost_even_when_nothing_is_read() {
    let hub = echo();
    let client = Client::connect(&hub).await;
    // Broken before anything had to wait, and the receiving half does not say so.
    client.wire.lock().lost = true;
    client
        .say(r#"{"type":1,"invocationId":"1","target":"Long","arguments":[1]}"#)
        .await;
    sleep(Duration::from_secs(11)).await;
    assert_eq!(hub.handle().connections(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_close_that_came_just_before_the_socket_ended_still_counts() {
    let (ended, mut reasons) = mpsc::channel(1);
    let hub = Hub::builder("h")
        .method("Wait", async |_: Context| {
            sleep(Duration::from_secs(1)).await;
            Ok(())
        })
        .on_disconnected(move |_, how| {
            let ended = ended.clone();
            async move { ended.send(how.reason).await.unwrap() }
        })
        .build();
    let client = Client::connect(&hub).await;
    client.say(r#"{"type":1,"target":"Wait","arguments":[]}"#).await;
    client.say(r#"{"type":7}"#).await;
    client.say.send(Incoming::End(End::Lost)).await.unwrap();
    assert_eq!(reasons.recv().await, Some(CloseReason::ClientClosed(None)));
}

#[tokio::test(start_paused = true)]
async fn a_method_that_aborts_ends_what_its_client_left_behind() {
    let (called, mut calls) = mpsc::channel(8);
    let hub = Hub::builder("h")
        .method("Abort", move |cx: Context| {
            let called = called.clone();
            async move {
                sleep(Duration::from_secs(1)).await;
                cx.abort();
                called.send(()).await.unwrap();
                Ok(())
            }
        })
        .build();
    let client = Client::connect(&hub).await;
    for _ in 0..3 {
        client.say(r#"{"type":1,"target":"Abort","arguments":[]}"#).await;
    }
    client.say.send(Incoming::End(End::Lost)).await.unwrap();
    sleep(Duration::from_secs(5)).await;
    assert_eq!(hub.handle().connections(), 0);
    assert_eq!((calls.try_recv(), calls.try_recv().is_err()), (Ok(()), true));
}

#[tokio::test(start_paused = true)]
async fn nothing_follows_the_close() {
    let hub = echo();
    let client = Client::connect(&hub).await;
    client.wire.lock().pace = Some(1024);
    let connection = only(&hub);
    connection.push(&call(&"a".repeat(2_000))).unwrap();
    connection.abort();
    for _ in 0..20 {
        sleep(Duration::from_millis(500)).await;
        connection.push(&call("late")).unwrap();
    }
    let heard = client.heard();
    assert!(heard.ends_with("{\"type\":7}\u{1e}"), "{heard}");
}

/// A feed that has nothing new when it is first asked, and whose pulls say where they begin and never come back.
struct Stuck(mpsc::Sender<u64>, AtomicBool);

impl Feed for Stuck {
    fn head(&self) -> u64 {
        if self.1.swap(true, Ordering::Relaxed) {
            u64::MAX
        } else {
            7
        }
    }

    fn pull(self: Box<Self>, after: u64, _: Protocol) -> BoxFuture<'static, (Box<dyn Feed>, Pulled)> {
        Box::pin(async move {
            self.0.send(after).await.unwrap();
            std::future::pending().await
        })
    }
}

/// A hub with small outboxes that follow `Stuck` feeds from position 7, and where those say that they are pulled.
fn behind() -> (Hub, mpsc::Receiver<u64>) {
    let (pulls, pulled) = mpsc::channel(8);
    let hub = Hub::builder("h")
        .options(HubOptions {
            outbox_bytes: 1024,
            overflow: Overflow::Behind,
            ..HubOptions::default()
        })
        .on_connected(move |cx| {
            cx.connection().follow(Stuck(pulls.clone(), AtomicBool::default()), 7);
            async { Ok(()) }
        })
        .method("Echo", async |_: Context, text: String| Ok(text))
        .build();
    (hub, pulled)
}

/// The one connection of a hub.
fn only(hub: &Hub) -> Handle {
    let mut found = None;
    hub.0.local.0.each(|member| found = Some(Arc::clone(member)));
    Handle {
        member: found.unwrap(),
        hub: hub.clone(),
    }
}

fn call(text: &str) -> Encoded<'static> {
    Encoded::new("said", (text.to_owned(),), Naming::CamelCase)
}

#[tokio::test(start_paused = true)]
async fn answers_and_pings_do_not_wait_for_a_pull() {
    let (hub, mut pulled) = behind();
    let client = Client::connect(&hub).await;
    let connection = only(&hub);
    assert!(connection.deliver(8, &[&call("a")]).unwrap());
    assert!(!connection.deliver(9, &[&call(&"b".repeat(2_000))]).unwrap());
    assert_eq!(pulled.recv().await, Some(8));
    client
        .say(r#"{"type":1,"invocationId":"1","target":"Echo","arguments":["here"]}"#)
        .await;
    sleep(Duration::from_secs(16)).await;
    let heard = client.heard();
    assert!(
        heard.contains(r#"{"type":3,"invocationId":"1","result":"here"}"#),
        "{heard}"
    );
    assert!(heard.contains(r#"{"type":6}"#), "{heard}");
}

#[tokio::test(start_paused = true)]
async fn a_feed_takes_over_where_deliveries_stopped_and_not_where_the_last_one_was() {
    let (hub, mut pulled) = behind();
    let _client = Client::connect(&hub).await;
    let connection = only(&hub);
    // Nothing until 1,000 was for this connection, so nothing until then has to be looked through.
    assert!(connection.try_send(&call("a")).unwrap());
    assert!(!connection.deliver(1_000, &[&call(&"b".repeat(2_000))]).unwrap());
    assert_eq!(pulled.recv().await, Some(999));
}

#[tokio::test(start_paused = true)]
async fn what_a_connection_lacks_is_known_while_it_is_behind_and_after_its_end() {
    let (hub, mut pulled) = behind();
    let client = Client::connect(&hub).await;
    let connection = only(&hub);
    assert!(connection.deliver(8, &[&call("a")]).unwrap());
    assert_eq!((connection.position(), connection.lacks_after()), (8, None));
    assert!(!connection.deliver(9, &[&call(&"b".repeat(2_000))]).unwrap());
    assert_eq!(connection.lacks_after(), Some(8));
    assert_eq!(pulled.recv().await, Some(8));
    connection.supersede();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(hub.handle().connections(), 0);
    assert!(!client.heard().contains("\"type\":7"), "it is not told");
    assert!(!connection.deliver(10, &[&call("c")]).unwrap());
    assert_eq!(connection.lacks_after(), Some(8));
}

#[tokio::test(start_paused = true)]
async fn the_first_delivery_after_the_end_is_what_a_connection_lacks() {
    let (hub, _pulled) = behind();
    let client = Client::connect(&hub).await;
    let connection = only(&hub);
    assert!(connection.deliver(8, &[&call("a")]).unwrap());
    client.say(r#"{"type":7}"#).await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(connection.lacks_after(), None);
    for position in [20, 30] {
        assert!(!connection.deliver(position, &[&call("late")]).unwrap());
        assert_eq!(connection.lacks_after(), Some(19));
    }
}

#[tokio::test(start_paused = true)]
async fn a_send_without_a_position_that_finds_no_room_sends_nobody_behind() {
    let (hub, mut pulled) = behind();
    let client = Client::connect(&hub).await;
    let connection = only(&hub);
    assert!(connection.try_send(&call("a")).unwrap());
    connection.push(&call(&"b".repeat(2_000))).unwrap();
    assert!(connection.deliver(8, &[&call("c")]).unwrap());
    sleep(Duration::from_secs(1)).await;
    assert!(pulled.try_recv().is_err());
    assert!(
        client
            .heard()
            .ends_with("{\"type\":1,\"target\":\"said\",\"arguments\":[\"c\"]}\u{1e}")
    );
}
