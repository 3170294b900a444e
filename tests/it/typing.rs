//! Typing over the hub: told to the others, never to the typist, and it ends by itself.

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{hub_client::HubClient, support::TestApp};

async fn types(client: &mut HubClient, conversation: &Value, is_typing: bool) {
    let arguments = json!([conversation["conversationId"], is_typing]);
    assert_eq!(client.call("SendTypingIndicator", arguments).await, Value::Null);
}

/// Two connections of ann, one of bob, and a message between them.
async fn meet(app: &TestApp) -> ([HubClient; 3], Value) {
    let mut ann = HubClient::connect(app, "ann").await;
    let other = HubClient::connect(app, "ann").await;
    let mut bob = HubClient::connect(app, "bob").await;
    let sent = ann
        .call("SendMessage", json!([{"recipientId": "bob", "content": "hi"}]))
        .await;
    bob.hears_text("hi").await;
    ([ann, other, bob], sent)
}

#[tokio::test]
async fn the_others_hear_it_and_no_connection_of_the_typist_does() {
    let app = TestApp::start().await;
    let ([mut ann, mut other, mut bob], sent) = meet(&app).await;
    types(&mut ann, &sent, true).await;
    let mut typing = bob.hears("UserTyping").await;
    let at = typing["timestamp"].take();
    assert!(
        at.as_str().is_some_and(|at| at.len() == 24 && at.ends_with('Z')),
        "{at}"
    );
    let expected = json!({
        "conversationId": sent["conversationId"], "chatId": sent["conversationId"], "userId": "ann", "userName": "ann",
        "isTyping": true, "timestamp": null,
    });
    assert_eq!(typing, expected);
    types(&mut ann, &sent, false).await;
    assert_eq!(bob.hears("UserTyping").await["isTyping"], false);
    for client in [&mut ann, &mut other] {
        client.catches_up().await;
        assert!(client.heard("UserTyping").is_empty());
    }
}

#[tokio::test]
async fn sending_ends_it_at_once_by_hub_and_by_rest() {
    let app = TestApp::start().await;
    let ([mut ann, _other, mut bob], sent) = meet(&app).await;
    let body = json!({"conversationId": sent["conversationId"], "content": "there"});
    for by_hub in [true, false] {
        types(&mut ann, &sent, true).await;
        assert_eq!(bob.hears("UserTyping").await["isTyping"], true);
        let begun = Instant::now();
        if by_hub {
            ann.call("SendMessage", json!([body])).await;
        } else {
            app.person("ann").post("/messages", &body).await.data();
        }
        assert_eq!(bob.hears("UserTyping").await["isTyping"], false);
        assert!(begun.elapsed().as_secs() < 5, "not the time-out");
    }
}

#[tokio::test]
async fn the_last_connection_to_go_ends_it() {
    let app = TestApp::start().await;
    let ([mut ann, mut other, mut bob], sent) = meet(&app).await;
    types(&mut ann, &sent, true).await;
    assert_eq!(bob.hears("UserTyping").await["isTyping"], true);
    let begun = Instant::now();
    ann.leave().await;
    other.catches_up().await;
    // A connection that is dropped without a word counts as well.
    drop(other);
    assert_eq!(bob.hears("UserTyping").await["isTyping"], false);
    assert!(begun.elapsed().as_secs() < 5, "not the time-out");
}

#[tokio::test]
async fn who_says_nothing_more_has_stopped_after_ten_seconds() {
    let app = TestApp::start().await;
    let ([mut ann, _other, mut bob], sent) = meet(&app).await;
    let begun = Instant::now();
    types(&mut ann, &sent, true).await;
    assert_eq!(bob.hears("UserTyping").await["isTyping"], true);
    assert_eq!(bob.hears("UserTyping").await["isTyping"], false);
    assert!((9..15).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn views_that_are_elsewhere_and_strangers_hear_nothing() {
    let app = TestApp::start().await;
    let ([mut ann, _other, mut bob], sent) = meet(&app).await;
    let mut looking_elsewhere = HubClient::connect(&app, "bob").await;
    let elsewhere = looking_elsewhere
        .call("SendMessage", json!([{"recipientId": "cat", "content": "hi"}]))
        .await;
    looking_elsewhere
        .call("JoinConversation", json!([elsewhere["conversationId"]]))
        .await;
    let mut cat = HubClient::connect(&app, "cat").await;
    let refused = cat
        .refused("SendTypingIndicator", json!([sent["conversationId"], true]))
        .await;
    assert_eq!(refused, "not_found: Conversation not found");
    types(&mut ann, &sent, true).await;
    bob.hears("UserTyping").await;
    types(&mut ann, &sent, false).await;
    bob.hears("UserTyping").await;
    for client in [&mut looking_elsewhere, &mut cat] {
        client.catches_up().await;
        assert!(client.heard("UserTyping").is_empty());
    }
}

#[tokio::test]
async fn frontends_that_start_and_stop_are_understood_too() {
    let app = TestApp::start().await;
    let ([mut ann, _, mut bob], sent) = meet(&app).await;
    for (method, is_typing) in [("StartTyping", true), ("StopTypingAsync", false)] {
        ann.call(method, json!([sent["conversationId"]])).await;
        assert_eq!(bob.hears("UserTyping").await["isTyping"], is_typing);
    }
}
