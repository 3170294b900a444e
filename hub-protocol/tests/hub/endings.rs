//! What is owed when a connection ends in the middle of something, and what may be left of it: nothing.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::SinkExt;
use hub_protocol::{
    close::CloseReason,
    hub::{Connection, Context, Hub},
};
use parking_lot::Mutex;
use serde_json::json;
use tokio::sync::{Notify, mpsc};
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use crate::support::{DEADLINE, serve, until};

#[tokio::test]
async fn an_item_that_holds_its_connection_does_not_outlive_it() {
    struct Listener(#[expect(dead_code, reason = "what it holds is the point")] Connection);
    let left: Arc<Mutex<Weak<Listener>>> = Arc::default();
    let known = left.clone();
    let hub = Hub::builder("h")
        .on_connected(move |cx| {
            let listener = Arc::new(Listener(cx.connection().clone()));
            *known.lock() = Arc::downgrade(&listener);
            cx.connection().set(listener);
            async { Ok(()) }
        })
        .build();
    let server = serve(&hub).await;
    let client = server.connect().await;
    until("it is kept", || left.lock().upgrade().is_some()).await;
    drop(client);
    until("the connection is gone", || hub.handle().connections() == 0).await;
    until("what it kept is gone", || left.lock().upgrade().is_none()).await;
}

#[tokio::test]
async fn a_client_that_leaves_while_it_is_let_in_is_seen_out() {
    let (entered, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (inside, gate) = (entered.clone(), go.clone());
    let disconnected = Arc::new(AtomicUsize::new(0));
    let count = disconnected.clone();
    let hub = Hub::builder("h")
        .on_connected(move |_| {
            let (inside, gate) = (inside.clone(), gate.clone());
            async move {
                inside.notify_one();
                gate.notified().await;
                Ok(())
            }
        })
        .on_disconnected(move |_, _| {
            count.fetch_add(1, Ordering::SeqCst);
            async {}
        })
        .build();
    let server = serve(&hub).await;
    let client = server.connect().await;
    entered.notified().await;
    drop(client);
    // Its end is seen while the handler still runs.
    tokio::time::sleep(Duration::from_millis(100)).await;
    go.notify_one();
    until("it is gone", || hub.handle().connections() == 0).await;
    assert_eq!(disconnected.load(Ordering::SeqCst), 1, "its connect handler succeeded");
}

#[tokio::test]
async fn what_was_said_before_leaving_is_done() {
    let (entered, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (inside, gate) = (entered.clone(), go.clone());
    let (sender, mut done) = mpsc::channel(8);
    let ended = sender.clone();
    let hub = Hub::builder("h")
        .method("Say", move |_: Context, text: String| {
            let (inside, gate, sender) = (inside.clone(), gate.clone(), sender.clone());
            async move {
                if text == "first" {
                    inside.notify_one();
                    gate.notified().await;
                }
                sender.send(text).await.unwrap();
                Ok(())
            }
        })
        .on_disconnected(move |_, how| {
            let ended = ended.clone();
            async move { ended.send(format!("{:?}", how.reason)).await.unwrap() }
        })
        .build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    for text in ["first", "second", "third"] {
        let call = format!(r#"{{"type":1,"target":"Say","arguments":["{text}"]}}"#);
        client.say(&call).await;
    }
    entered.notified().await;
    client
        .socket
        .send(Message::Close(Some(CloseFrame {
            code: CloseCode::Away,
            reason: "".into(),
        })))
        .await
        .unwrap();
    // The end is seen while the first call still runs.
    tokio::time::sleep(Duration::from_millis(100)).await;
    go.notify_one();
    for expected in ["first", "second", "third", "Transport(Closed)"] {
        assert_eq!(done.recv().await.as_deref(), Some(expected));
    }
}

#[tokio::test]
async fn a_handler_that_panics_on_the_connections_own_task_ends_it_in_order() {
    let (sender, mut reasons) = mpsc::channel(1);
    let hub = Hub::builder("h")
        .method("Ask", async |cx: Context| {
            cx.probe_answer(7);
            Ok(())
        })
        .on_proven(|_, _| panic!("asked to"))
        .on_disconnected(move |_, how| {
            let sender = sender.clone();
            async move { sender.send(how.reason).await.unwrap() }
        })
        .build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    client.call("1", "Ask", serde_json::json!([])).await;
    client.hear().await;
    assert_eq!(
        client.hear().await,
        r#"{"type":7,"error":"Connection closed with an error.","allowReconnect":true}"#
    );
    assert_eq!(reasons.recv().await, Some(CloseReason::Panicked));
}

#[tokio::test]
async fn a_method_that_waits_hears_that_its_client_has_gone() {
    let (begun, mut beginnings) = mpsc::channel(1);
    let (told, mut tellings) = mpsc::channel(1);
    let hub = Hub::builder("h")
        .method("Wait", move |cx: Context| {
            let (begun, told) = (begun.clone(), told.clone());
            async move {
                begun.send(()).await.unwrap();
                cx.connection().closed().await;
                told.send(cx.connection().is_closed()).await.unwrap();
                Ok(())
            }
        })
        .build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    client.call("1", "Wait", json!([])).await;
    beginnings.recv().await.unwrap();
    drop(client);
    let gone = tokio::time::timeout(DEADLINE, tellings.recv()).await;
    assert_eq!(gone.unwrap(), Some(true));
}
