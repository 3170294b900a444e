//! Row 42 of the security checklist: messages that belong to nothing, or twice to the same, are normal races.

use std::time::Duration;

use futures_util::TryStreamExt;
use hub_protocol::{
    connection,
    hub::{Context, Hub, HubOptions, Upload},
};
use serde_json::json;

use crate::support::{Alive, serve, until};

#[tokio::test]
async fn sec_42_two_calls_with_one_id_are_both_answered() {
    let hub = Hub::builder("h")
        .method("AskMe", async |cx: Context, number: i32| {
            let more: i32 = cx.clients().caller().invoke("more", ()).await?;
            Ok(number + more)
        })
        .build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    client.call("1", "AskMe", json!([10])).await;
    let first = client.asked("more").await;
    client.call("1", "AskMe", json!([20])).await;
    let second = client.asked("more").await;
    client.answer(&first, json!(1)).await;
    client.hears(&[r#"{"type":3,"invocationId":"1","result":11}"#]).await;
    client.answer(&second, json!(2)).await;
    client.hears(&[r#"{"type":3,"invocationId":"1","result":22}"#]).await;
}

#[tokio::test]
async fn sec_42_what_belongs_to_nothing_is_ignored_a_hundred_thousand_times() {
    let alive = Alive::default();
    let guards = alive.clone();
    let hub = Hub::builder("h")
        // Anything that was kept for one of them would be one too many.
        .options(HubOptions {
            maximum_streams: 2,
            // However long it takes, no Ping comes between.
            connection: connection::Options {
                keep_alive_interval: Duration::from_secs(3_600),
                ..connection::Options::default()
            },
            ..HubOptions::default()
        })
        .method("Wait", move |_: Context, items: Upload<u8>| {
            let guard = guards.guard();
            async move {
                let _guard = guard;
                items.try_fold(0, async |sum, item| Ok(sum + i32::from(item))).await
            }
        })
        .build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    client.call_with(1, "1", "Wait", json!([]), &["u"]).await;
    client.settled().await;
    for round in 0..25_000 {
        // For nothing, and for the call's id where its stream's or its question's would be right.
        client.cancel(&format!("unknown {round}")).await;
        client.cancel("1").await;
        client.item("1", json!(1)).await;
        client.end(if round % 2 == 0 { "1" } else { "s1" }).await;
    }
    client.settled().await;
    assert_eq!(alive.count(), 1, "the call goes on");
    client.call_with(1, "2", "Wait", json!([]), &["v"]).await;
    client.end("v").await;
    client.hears(&[r#"{"type":3,"invocationId":"2","result":0}"#]).await;
    client.item("u", json!(5)).await;
    client.end("u").await;
    client.hears(&[r#"{"type":3,"invocationId":"1","result":5}"#]).await;
    drop(client);
    until("it has gone", || hub.handle().connections() == 0).await;
}
