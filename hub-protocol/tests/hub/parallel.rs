//! How many calls of one client run at once, and in which order they begin.

use std::{sync::Arc, time::Duration};

use futures_util::TryStreamExt;
use hub_protocol::{
    close::{CloseReason, End},
    connection,
    hub::{Builder, Context, Hub, HubOptions, Upload},
};
use serde_json::json;
use tokio::sync::{Semaphore, mpsc};

use crate::support::{Client, serve};

/// A hub whose `Wait` tells that it has begun and ends when the gate lets it.
fn waiting(most: usize) -> (Builder, mpsc::Receiver<u8>, Arc<Semaphore>) {
    let (begun, begins) = mpsc::channel(100);
    let gate = Arc::new(Semaphore::new(0));
    let opened = gate.clone();
    let hub = Hub::builder("h")
        .options(HubOptions {
            maximum_parallel_invocations: most,
            ..HubOptions::default()
        })
        .method("Wait", move |_: Context, number: u8| {
            let (begun, gate) = (begun.clone(), gate.clone());
            async move {
                begun.send(number).await.unwrap();
                gate.acquire().await.unwrap().forget();
                Ok(number)
            }
        });
    (hub, begins, opened)
}

async fn call_four(client: &mut Client) {
    for number in 1..=4 {
        client.call(&number.to_string(), "Wait", json!([number])).await;
    }
}

#[tokio::test]
async fn calls_of_a_client_run_one_after_another() {
    let (hub, mut begins, gate) = waiting(1);
    let server = serve(&hub.build()).await;
    let mut client = server.connect().await;
    call_four(&mut client).await;
    for number in 1..=4 {
        client.settled().await;
        assert_eq!(begins.try_recv(), Ok(number));
        assert!(begins.try_recv().is_err(), "one at a time");
        gate.add_permits(1);
        let answer = format!(r#"{{"type":3,"invocationId":"{number}","result":{number}}}"#);
        client.hears(&[&answer]).await;
    }
}

#[tokio::test]
async fn three_run_at_once_where_three_may_and_the_fourth_waits() {
    let (hub, mut begins, gate) = waiting(3);
    let server = serve(&hub.build()).await;
    let mut client = server.connect().await;
    call_four(&mut client).await;
    client.settled().await;
    let begun = [begins.try_recv(), begins.try_recv(), begins.try_recv()];
    assert_eq!(begun, [Ok(1), Ok(2), Ok(3)]);
    assert!(begins.try_recv().is_err());
    gate.add_permits(1);
    client.hear().await;
    assert_eq!(begins.recv().await, Some(4));
    gate.add_permits(3);
    for _ in 0..3 {
        client.hear().await;
    }
}

#[tokio::test]
async fn calls_of_two_clients_do_not_wait_for_each_other() {
    let (hub, mut begins, gate) = waiting(1);
    let server = serve(&hub.build()).await;
    let (mut ann, mut bob) = (server.connect().await, server.connect().await);
    ann.call("1", "Wait", json!([1])).await;
    assert_eq!(begins.recv().await, Some(1));
    bob.call("1", "Wait", json!([2])).await;
    assert_eq!(begins.recv().await, Some(2));
    gate.add_permits(2);
    bob.hears(&[r#"{"type":3,"invocationId":"1","result":2}"#]).await;
    ann.hears(&[r#"{"type":3,"invocationId":"1","result":1}"#]).await;
}

#[tokio::test]
async fn streams_and_calls_that_take_them_need_no_slot() {
    let (hub, mut begins, gate) = waiting(1);
    let hub = hub
        .method("Sum", async |_: Context, items: Upload<i32>| {
            items.try_fold(0, async |sum, item| Ok(sum + item)).await
        })
        .stream("Count", async |_: Context, upto: u8| {
            Ok(futures_util::stream::iter((0..upto).map(Ok)))
        })
        .build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    client.call_with(1, "sum", "Sum", json!([]), &["u"]).await;
    client.stream("count", "Count", json!([1])).await;
    client.call("1", "Wait", json!([1])).await;
    client
        .hears(&[
            r#"{"type":2,"invocationId":"count","item":0}"#,
            r#"{"type":3,"invocationId":"count"}"#,
        ])
        .await;
    assert_eq!(begins.recv().await, Some(1));
    gate.add_permits(1);
    client.hears(&[r#"{"type":3,"invocationId":"1","result":1}"#]).await;
    client.item("u", json!(5)).await;
    client.end("u").await;
    client.hears(&[r#"{"type":3,"invocationId":"sum","result":5}"#]).await;
}

#[tokio::test]
async fn a_silent_client_times_out_also_while_a_call_waits_for_its_answer() {
    let (ended, mut ends) = mpsc::channel(1);
    let hub = Hub::builder("h")
        .options(HubOptions {
            connection: connection::Options {
                client_timeout: Duration::from_secs(1),
                ..connection::Options::default()
            },
            ..HubOptions::default()
        })
        .method("AskMe", async |cx: Context| {
            cx.clients().caller().invoke::<i32>("number", ()).await
        })
        .on_disconnected(move |_, how| {
            let ended = ended.clone();
            async move { ended.send(how).await.unwrap() }
        })
        .build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    client.say(r#"{"type":6}"#).await;
    client.call("1", "AskMe", json!([])).await;
    client.asked("number").await;
    let close = r#"{"type":7,"error":"Connection closed with an error.","allowReconnect":true}"#;
    client.hears(&[close]).await;
    let how = ends.recv().await.unwrap();
    assert_eq!((how.end, how.reason), (End::Lost, CloseReason::ClientTimeout));
}
