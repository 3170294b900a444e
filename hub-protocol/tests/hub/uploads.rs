//! Streams that clients send to a method: order, errors, ends, and the ten items that may wait.

use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, future::try_join};
use hub_protocol::hub::{Builder, Context, Hub, HubError, Upload};
use serde_json::json;
use tokio::sync::{Notify, mpsc};

use crate::support::{Client, serve};

/// A hub whose `Concat` tells how it was fed.
fn concat() -> Builder {
    Hub::builder("h")
        .method("Concat", async |_: Context, items: Upload<String>| {
            items.try_collect::<String>().await
        })
        .method("Echo", async |_: Context, text: String| Ok(text))
}

async fn connect(hub: &Hub) -> Client {
    serve(hub).await.connect().await
}

fn failed(id: &str, method: &str, text: &str) -> String {
    format!(
        r#"{{"type":3,"invocationId":"{id}","error":"An unexpected error occurred invoking '{method}' on the server. HubException: {text}"}}"#
    )
}

#[tokio::test]
async fn items_reach_their_method_in_order() {
    let mut client = connect(&concat().build()).await;
    client.call_with(1, "1", "concat", json!([]), &["u"]).await;
    for item in ["a", "b", "c"] {
        client.item("u", json!(item)).await;
    }
    client.end("u").await;
    client.hears(&[r#"{"type":3,"invocationId":"1","result":"abc"}"#]).await;
}

#[tokio::test]
async fn two_streams_and_an_argument_each_find_their_parameter() {
    let hub = Hub::builder("h")
        .method(
            "Both",
            async |_: Context, first: Upload<i32>, start: i32, second: Upload<String>| {
                let (first, second): (Vec<_>, Vec<_>) = try_join(first.try_collect(), second.try_collect()).await?;
                Ok((start, first, second))
            },
        )
        .build();
    let mut client = connect(&hub).await;
    client.call_with(1, "1", "Both", json!([7]), &["x", "y"]).await;
    client.item("y", json!("one")).await;
    client.item("x", json!(1)).await;
    client.end("y").await;
    client.item("x", json!(2)).await;
    client.end("x").await;
    client
        .hears(&[r#"{"type":3,"invocationId":"1","result":[7,[1,2],["one"]]}"#])
        .await;
}

#[tokio::test]
async fn an_item_of_another_type_fails_the_stream_and_not_the_connection() {
    let mut client = connect(&concat().build()).await;
    client.call_with(1, "1", "Concat", json!([]), &["u"]).await;
    client.item("u", json!(5)).await;
    client
        .hears(&[&failed("1", "Concat", "Failed to bind Stream message.")])
        .await;
    client.item("u", json!("late")).await;
    client.end("u").await;
    client.call("2", "Echo", json!(["here"])).await;
    client
        .hears(&[r#"{"type":3,"invocationId":"2","result":"here"}"#])
        .await;
}

#[tokio::test]
async fn a_clients_own_error_comes_behind_its_items() {
    let (sender, mut seen) = mpsc::channel(8);
    let hub = Hub::builder("h")
        .method("Read", move |_: Context, mut items: Upload<u8>| {
            let sender = sender.clone();
            async move {
                while let Some(item) = items.next().await {
                    sender.send(item).await.unwrap();
                }
                Ok(())
            }
        })
        .build();
    let mut client = connect(&hub).await;
    client.call_with(1, "1", "Read", json!([]), &["u"]).await;
    client.item("u", json!(1)).await;
    client.say(r#"{"type":3,"invocationId":"u","error":"gave up"}"#).await;
    assert_eq!(seen.recv().await, Some(Ok(1)));
    assert_eq!(seen.recv().await, Some(Err(HubError::public("gave up"))));
    client.hears(&[r#"{"type":3,"invocationId":"1","result":null}"#]).await;
}

#[tokio::test]
async fn a_stream_whose_connection_ends_ends_with_an_error() {
    let (sender, mut seen) = mpsc::channel(8);
    let hub = Hub::builder("h")
        .method("Read", move |_: Context, mut items: Upload<u8>| {
            let sender = sender.clone();
            async move {
                while let Some(item) = items.next().await {
                    sender.send(item.map_err(|error| error.to_string())).await.unwrap();
                }
                Ok(())
            }
        })
        .build();
    let mut client = connect(&hub).await;
    client.call_with(1, "1", "Read", json!([]), &["u"]).await;
    client.item("u", json!(1)).await;
    assert_eq!(seen.recv().await, Some(Ok(1)));
    drop(client);
    let lost = "OperationCanceledException: The underlying connection was closed.";
    assert_eq!(seen.recv().await, Some(Err(lost.to_owned())));
}

#[tokio::test]
async fn what_comes_for_a_method_that_has_ended_is_ignored() {
    let hub = concat()
        .method("First", async |_: Context, mut items: Upload<String>| {
            items.next().await.transpose()
        })
        .build();
    let mut client = connect(&hub).await;
    client.call_with(1, "1", "First", json!([]), &["u"]).await;
    client.item("u", json!("a")).await;
    client.hears(&[r#"{"type":3,"invocationId":"1","result":"a"}"#]).await;
    for number in 0..100 {
        client.item("u", json!(number)).await;
    }
    client.end("u").await;
    // The id is free for another.
    client.call_with(1, "2", "Concat", json!([]), &["u"]).await;
    client.end("u").await;
    client.hears(&[r#"{"type":3,"invocationId":"2","result":""}"#]).await;
}

#[tokio::test]
async fn ten_items_wait_and_one_more_holds_the_connection_back() {
    let gate = Arc::new(Notify::new());
    let opened = gate.clone();
    let hub = concat()
        .method("Gated", move |_: Context, mut items: Upload<u8>| {
            let gate = gate.clone();
            async move {
                let first = items.try_next().await?;
                gate.notified().await;
                Ok((first, items.try_fold(0, async |count, _| Ok(count + 1)).await?))
            }
        })
        .build();
    let mut client = connect(&hub).await;
    client.call_with(1, "1", "Gated", json!([]), &["u"]).await;
    // The method takes one, ten wait for it: everything else goes on.
    client.item("u", json!(0)).await;
    client.settled().await;
    for number in 1..=10 {
        client.item("u", json!(number)).await;
    }
    client.call("2", "Echo", json!(["before"])).await;
    client
        .hears(&[r#"{"type":3,"invocationId":"2","result":"before"}"#])
        .await;
    // There is no room for the twelfth, so nothing behind it is read.
    client.item("u", json!(11)).await;
    client.call("3", "Echo", json!(["behind"])).await;
    client.end("u").await;
    client.settled().await;
    assert!(!client.has_heard(), "the call must wait behind the item");
    opened.notify_one();
    let mut heard = [client.hear().await, client.hear().await];
    heard.sort();
    assert_eq!(
        heard,
        [
            r#"{"type":3,"invocationId":"1","result":[0,11]}"#,
            r#"{"type":3,"invocationId":"3","result":"behind"}"#
        ]
    );
}

#[tokio::test]
async fn a_method_that_ends_frees_the_connection_that_waited_for_it() {
    let gate = Arc::new(Notify::new());
    let opened = gate.clone();
    let hub = concat()
        .method("Never", move |_: Context, items: Upload<u8>| {
            let gate = gate.clone();
            async move {
                gate.notified().await;
                drop(items);
                Ok(())
            }
        })
        .build();
    let mut client = connect(&hub).await;
    client.call_with(1, "1", "Never", json!([]), &["u"]).await;
    for number in 0..20 {
        client.item("u", json!(number)).await;
    }
    client.call("2", "Echo", json!(["behind"])).await;
    client.settled().await;
    assert!(!client.has_heard());
    opened.notify_one();
    client
        .hears(&[
            r#"{"type":3,"invocationId":"1","result":null}"#,
            r#"{"type":3,"invocationId":"2","result":"behind"}"#,
        ])
        .await;
}

#[tokio::test]
async fn a_stream_id_in_use_is_refused_and_the_stream_that_has_it_goes_on() {
    let hub = concat()
        .method("Two", async |_: Context, _: Upload<u8>, _: Upload<u8>| Ok(()))
        .build();
    let mut client = connect(&hub).await;
    client.call_with(1, "1", "Concat", json!([]), &["u"]).await;
    client.item("u", json!("a")).await;
    client.call_with(1, "2", "Concat", json!([]), &["u"]).await;
    client
        .hears(&[&failed("2", "Concat", "Stream ID 'u' is already in use.")])
        .await;
    // Once and again in the same call is twice too.
    client.call_with(1, "3", "Two", json!([]), &["v", "v"]).await;
    client
        .hears(&[&failed("3", "Two", "Stream ID 'v' is already in use.")])
        .await;
    client.item("u", json!("b")).await;
    client.end("u").await;
    client.hears(&[r#"{"type":3,"invocationId":"1","result":"ab"}"#]).await;
}

#[tokio::test]
async fn a_call_gives_as_many_streams_as_its_method_takes() {
    let mut client = connect(&concat().build()).await;
    let none = failed("1", "Concat", "Client sent 0 stream(s), Hub method expects 1.");
    let two = failed("1", "Concat", "Client sent 2 stream(s), Hub method expects 1.");
    let one = failed("1", "Echo", "Client sent 1 stream(s), Hub method expects 0.");
    client.call("1", "Concat", json!([])).await;
    client.hears(&[&none]).await;
    client.call_with(1, "1", "Concat", json!([]), &["a", "b"]).await;
    client.hears(&[&two]).await;
    client.call_with(1, "1", "Echo", json!(["x"]), &["a"]).await;
    client.hears(&[&one]).await;
    // Nothing was opened by any of them.
    client.call_with(1, "1", "Concat", json!([]), &["a"]).await;
    client.end("a").await;
    client.hears(&[r#"{"type":3,"invocationId":"1","result":""}"#]).await;
}

#[tokio::test]
async fn an_ended_streams_id_belongs_to_whoever_takes_it_next() {
    let gate = Arc::new(Notify::new());
    let opened = gate.clone();
    let hub = concat()
        .method("Linger", move |_: Context, items: Upload<u8>| {
            let gate = gate.clone();
            async move {
                let items: Vec<_> = items.try_collect().await?;
                gate.notified().await;
                Ok(items)
            }
        })
        .build();
    let mut client = connect(&hub).await;
    client.call_with(1, "1", "Linger", json!([]), &["u"]).await;
    client.end("u").await;
    client.call_with(1, "2", "Concat", json!([]), &["u"]).await;
    client.item("u", json!("a")).await;
    client.settled().await;
    opened.notify_one();
    client.hears(&[r#"{"type":3,"invocationId":"1","result":[]}"#]).await;
    client.item("u", json!("b")).await;
    client.end("u").await;
    client.hears(&[r#"{"type":3,"invocationId":"2","result":"ab"}"#]).await;
}
