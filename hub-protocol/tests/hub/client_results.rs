//! Questions to one client: who may answer, what an answer may be, and what becomes of one that never comes.

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt;
use hub_protocol::hub::{Builder, Context, Hub};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::support::{serve, until};

/// A hub that asks: its caller, or another.
fn asking() -> Builder {
    Hub::builder("h")
        .method("AskMe", async |cx: Context| {
            Ok(match cx.clients().caller().invoke::<i32>("number", ()).await {
                Ok(number) => format!("number {number}"),
                Err(error) => error.to_string(),
            })
        })
        .method("AskOther", async |cx: Context, id: String| {
            Ok(
                match cx.clients().client(id).invoke::<i32>("number", ("please",)).await {
                    Ok(number) => format!("number {number}"),
                    Err(error) => error.to_string(),
                },
            )
        })
        .method("Id", async |cx: Context| Ok(cx.connection_id().clone()))
        .method("Echo", async |_: Context, text: String| Ok(text))
}

fn result(id: &str, text: &str) -> String {
    format!(r#"{{"type":3,"invocationId":"{id}","result":"{text}"}}"#)
}

#[tokio::test]
async fn a_caller_is_asked_while_its_own_call_holds_the_only_slot() {
    let server = serve(&asking().build()).await;
    let mut client = server.connect().await;
    client.call("1", "AskMe", json!([])).await;
    let question = client.asked("number").await;
    // While it waits, the next call begins.
    client.call("2", "Echo", json!(["meanwhile"])).await;
    client.hears(&[&result("2", "meanwhile")]).await;
    client.answer(&question, json!(7)).await;
    client.hears(&[&result("1", "number 7")]).await;
}

#[tokio::test]
async fn errors_and_results_of_another_type_are_told_as_dotnet_tells_them() {
    let server = serve(&asking().build()).await;
    let mut client = server.connect().await;
    client.call("1", "AskMe", json!([])).await;
    let question = client.asked("number").await;
    client
        .say(&format!(
            r#"{{"type":3,"invocationId":"{question}","error":"will not say"}}"#
        ))
        .await;
    client.hears(&[&result("1", "HubException: will not say")]).await;

    client.call("2", "AskMe", json!([])).await;
    let question = client.asked("number").await;
    client.answer(&question, json!("many")).await;
    let text = client.hear().await;
    let begins =
        r#"{"type":3,"invocationId":"2","result":"HubException: Error trying to deserialize result to Int32. "#;
    assert!(text.starts_with(begins), "{text}");

    client.call("3", "AskMe", json!([])).await;
    let question = client.asked("number").await;
    client.end(&question).await;
    let nothing = "HubException: Exception of type 'Microsoft.AspNetCore.SignalR.HubException' was thrown.";
    client.hears(&[&result("3", nothing)]).await;
}

#[tokio::test]
async fn two_questions_at_once_may_be_answered_in_any_order() {
    let server = serve(&asking().build()).await;
    let mut client = server.connect().await;
    client.call("1", "AskMe", json!([])).await;
    let first = client.asked("number").await;
    client.call("2", "AskMe", json!([])).await;
    let second = client.asked("number").await;
    assert_ne!(first, second);
    client.answer(&second, json!(2)).await;
    client.hears(&[&result("2", "number 2")]).await;
    client.answer(&first, json!(1)).await;
    client.hears(&[&result("1", "number 1")]).await;
}

#[tokio::test]
async fn another_client_cannot_answer_though_it_guesses_the_id() {
    let server = serve(&asking().build()).await;
    let (mut ann, mut eve) = (server.connect().await, server.connect().await);
    ann.call("1", "AskMe", json!([])).await;
    let question = ann.asked("number").await;
    eve.answer(&question, json!(666)).await;
    eve.call("1", "Echo", json!(["still here"])).await;
    eve.hears(&[&result("1", "still here")]).await;
    ann.answer(&question, json!(1)).await;
    ann.hears(&[&result("1", "number 1")]).await;
}

#[tokio::test]
async fn a_question_fails_when_its_client_goes_or_was_never_there() {
    let server = serve(&asking().build()).await;
    let (mut ann, mut bob) = (server.connect().await, server.connect().await);
    bob.call("1", "Id", json!([])).await;
    let answer: Value = serde_json::from_str(&bob.hear().await).unwrap();
    let id = answer["result"].as_str().unwrap().to_owned();
    ann.call("1", "AskOther", json!([id])).await;
    bob.asked("number").await;
    drop(bob);
    let gone = format!("IOException: Connection '{id}' disconnected.");
    ann.hears(&[&result("1", &gone)]).await;
    ann.call("2", "AskOther", json!([id])).await;
    let unknown = format!("IOException: Connection '{id}' does not exist.");
    // Its registration goes a little later than its questions do.
    let heard = ann.hear().await;
    assert!([result("2", &gone), result("2", &unknown)].contains(&heard), "{heard}");
    ann.call("3", "AskOther", json!(["nobody"])).await;
    ann.hears(&[&result("3", "IOException: Connection 'nobody' does not exist.")])
        .await;
}

#[tokio::test]
async fn who_asks_may_stop_waiting_and_a_late_answer_is_ignored() {
    let hub = asking()
        .method("AskBriefly", async |cx: Context| {
            let caller = cx.clients().caller().within(Duration::ZERO);
            Ok(match caller.invoke::<i32>("number", ()).await {
                Ok(number) => format!("number {number}"),
                Err(error) => error.to_string(),
            })
        })
        .build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    client.call("1", "AskBriefly", json!([])).await;
    let question = client.asked("number").await;
    client
        .hears(&[&result("1", "HubException: Invocation canceled by the server.")])
        .await;
    client.answer(&question, json!(1)).await;
    client.call("2", "Echo", json!(["still here"])).await;
    client.hears(&[&result("2", "still here")]).await;
}

#[tokio::test]
async fn nobody_is_asked_in_a_connect_handler() {
    let refused = Arc::new(Mutex::new(None));
    let seen = refused.clone();
    let hub = asking()
        .on_connected(move |cx: Context| {
            let seen = seen.clone();
            async move {
                *seen.lock() = cx.clients().caller().invoke::<i32>("number", ()).await.err();
                Ok(())
            }
        })
        .build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    client.call("1", "Echo", json!(["in"])).await;
    client.hears(&[&result("1", "in")]).await;
    assert_eq!(
        refused.lock().take().unwrap().to_string(),
        "InvalidOperationException: Client results inside OnConnectedAsync Hub methods are not allowed."
    );
}

#[tokio::test]
async fn a_handle_asks_from_outside_of_any_call() {
    let hub = asking().build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    client.call("1", "Id", json!([])).await;
    let answer: Value = serde_json::from_str(&client.hear().await).unwrap();
    let asked = hub.handle().clients().client(answer["result"].as_str().unwrap());
    let asking = tokio::spawn(async move { asked.invoke::<Vec<String>>("names", (2,)).await });
    let question = client.asked("names").await;
    client.answer(&question, json!(["ann", "bob"])).await;
    assert_eq!(asking.await.unwrap().unwrap(), ["ann", "bob"]);
}

#[tokio::test]
async fn a_dropped_question_is_forgotten() {
    let (give_up, gave_up) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (stop, stopped) = (give_up.clone(), gave_up.clone());
    let hub = asking()
        .method("AskUntil", move |cx: Context| {
            let (stop, stopped) = (stop.clone(), stopped.clone());
            async move {
                let caller = cx.clients().caller();
                tokio::select! {
                    answer = caller.invoke::<i32>("number", ()) => return Ok(answer.is_ok()),
                    () = stop.notified() => {}
                }
                stopped.notify_one();
                Ok(false)
            }
        })
        .build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    client.call("1", "AskUntil", json!([])).await;
    let question = client.asked("number").await;
    give_up.notify_one();
    gave_up.notified().await;
    client.hears(&[r#"{"type":3,"invocationId":"1","result":false}"#]).await;
    client.answer(&question, json!(1)).await;
    client.call("2", "Echo", json!(["still here"])).await;
    client.hears(&[&result("2", "still here")]).await;
}

#[tokio::test]
async fn nobody_can_be_asked_once_it_has_gone() {
    let outcome = Arc::new(Mutex::new(None));
    let seen = outcome.clone();
    let hub = asking()
        .on_disconnected(move |cx: Context, _| {
            let asked = cx.clients().caller().invoke::<i32>("number", ()).now_or_never();
            *seen.lock() = Some(asked.expect("fails at once").unwrap_err().to_string());
            async {}
        })
        .build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    client.call("1", "Id", json!([])).await;
    let answer: Value = serde_json::from_str(&client.hear().await).unwrap();
    let id = answer["result"].as_str().unwrap().to_owned();
    drop(client);
    until("it was seen out", || outcome.lock().is_some()).await;
    let gone = format!("IOException: Connection '{id}' disconnected.");
    assert_eq!(outcome.lock().take(), Some(gone));
}

#[tokio::test]
async fn a_client_that_never_answers_is_not_asked_without_end() {
    let hub = Hub::builder("h")
        .method("AskMe", async |cx: Context| {
            cx.clients().caller().invoke::<i32>("number", ()).await
        })
        .build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    for id in 0..=100 {
        client.call(&id.to_string(), "AskMe", json!([])).await;
    }
    let refused = r#"{"type":3,"invocationId":"100","error":"An unexpected error occurred invoking 'AskMe' on the server. HubException: The client is asked too much at a time."}"#;
    while client.hear().await != refused {}
}
