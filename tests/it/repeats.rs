//! Sending again over hub and REST: one message for one intention, whichever door it came by.

use serde_json::{Value, json};

use crate::{
    hub_client::{Door, HubClient},
    support::{Person, TestApp},
};

/// What bob has heard by the time a last message reaches him.
async fn heard_by(bob: &mut HubClient, ann: &Person) -> Vec<String> {
    let last = json!({"recipientId": "bob", "content": "last", "clientMessageId": uuid::Uuid::new_v4()});
    ann.post("/messages", &last).await.data();
    bob.hears_text("last").await;
    let texts = bob.heard_texts().into_iter().map(str::to_owned).collect();
    while !bob.heard("ReceiveMessage").is_empty() {
        bob.hears("ReceiveMessage").await;
    }
    texts
}

#[tokio::test]
async fn a_repeated_key_returns_the_stored_message_and_tells_nobody() {
    let app = TestApp::start().await;
    let mut ann = HubClient::connect(&app, "ann").await;
    let mut bob = HubClient::connect(&app, "bob").await;
    let rest = app.person("ann");
    let draft = json!({"recipientId": "bob", "content": "once", "clientMessageId": "k"});
    let sent = ann.call("SendMessage", json!([draft])).await;
    let by_conversation =
        json!({"conversationId": sent["conversationId"], "content": " once\u{7} ", "ClientMessageId": "k"});
    for again in [&draft, &by_conversation] {
        assert_eq!(ann.call("SendMessage", json!([again])).await, sent);
        assert_eq!(rest.post("/messages", again).await.data(), sent);
    }
    let body = json!({"recipientId": "bob", "content": "once"}).to_string();
    let headers = [("idempotency-key", "k"), ("content-type", "application/json")];
    let by_header = rest.ask("POST", "/messages", &headers, body.as_bytes()).await;
    assert_eq!(by_header.data(), sent, "the header is the same key");
    for other in [
        json!({"recipientId": "bob", "content": "twice", "clientMessageId": "k"}),
        json!({"recipientId": "bob", "content": "once", "type": "system", "clientMessageId": "k"}),
    ] {
        assert_eq!(
            ann.refused("SendMessage", json!([other])).await,
            "idempotency_mismatch: This key was already used for a message with other content"
        );
        rest.post("/messages", &other)
            .await
            .refused(409, "idempotency_mismatch");
    }
    assert_eq!(heard_by(&mut bob, &rest).await, ["once"]);
    // The key belongs to a sender and a conversation.
    let others = bob
        .call(
            "SendMessage",
            json!([{"recipientId": "ann", "content": "mine", "clientMessageId": "k"}]),
        )
        .await;
    assert_eq!(others["content"], "mine");
    let elsewhere = json!([{"recipientId": "cat", "content": "elsewhere", "clientMessageId": "k"}]);
    assert_eq!(ann.call("SendMessage", elsewhere).await["content"], "elsewhere");
    // That something arrived at Bob's may be told meanwhile.
    let is_sent = |status: &Value| status["type"] == "message.sent";
    for _ in ["once", "last", "elsewhere"] {
        ann.hears_where("MessageStatus", is_sent).await;
    }
    ann.catches_up().await;
    assert!(
        !ann.heard("MessageStatus").into_iter().any(is_sent),
        "none for a repeat"
    );
}

#[tokio::test]
async fn a_temp_id_recognises_equal_content_only() {
    let app = TestApp::start().await;
    let mut ann = HubClient::connect(&app, "ann").await;
    let mut bob = HubClient::connect(&app, "bob").await;
    let draft = |content: &str| json!([{"recipientId": "bob", "content": content, "tempId": 1}]);
    let first = ann.call("SendMessage", draft("one")).await;
    assert_eq!(first["tempId"], "1");
    assert_eq!(ann.call("SendMessage", draft("one")).await, first);
    let second = ann.call("SendMessage", draft("two")).await;
    assert_ne!(second["id"], first["id"], "a page's counter starts again");
    assert_eq!(heard_by(&mut bob, &app.person("ann")).await, ["one", "two"]);
}

#[tokio::test]
async fn an_unproven_send_is_found_again_by_rest() {
    let app = TestApp::start().await;
    let mut bob = HubClient::connect(&app, "bob").await;
    let rest = app.person("ann");
    // Clients of version 0 are never asked for a Pong, so nothing proves their answers.
    let door = Door {
        version: 0,
        ..Door::default()
    };
    let mut ann = HubClient::enter(app.address, &app.token("ann"), door).await;
    let draft = json!({"recipientId": "bob", "content": "hello?"});
    let sent = ann.call("SendMessage", json!([draft])).await;
    assert_eq!(rest.post("/messages", &draft).await.data(), sent);
    let to_conversation = json!({"chatId": sent["conversationId"], "text": "hello?"});
    assert_eq!(rest.post("/messages", &to_conversation).await.data(), sent);
    assert_eq!(heard_by(&mut bob, &rest).await, ["hello?"]);
    // Other content, type, target, sender, or a key: another message. And so is the same over the hub.
    let mut ids = vec![sent["id"].clone()];
    for other in [
        json!({"recipientId": "bob", "content": "hello"}),
        json!({"recipientId": "bob", "content": "hello?", "type": "system"}),
        json!({"recipientId": "cat", "content": "hello?"}),
        json!({"recipientId": "bob", "content": "hello?", "clientMessageId": "k"}),
    ] {
        ids.push(rest.post("/messages", &other).await.data()["id"].clone());
    }
    let body = json!({"recipientId": "ann", "content": "hello?"});
    ids.push(app.person("bob").post("/messages", &body).await.data()["id"].clone());
    ids.push(ann.call("SendMessage", json!([draft])).await["id"].clone());
    let different: std::collections::HashSet<_> = ids.iter().map(Value::to_string).collect();
    assert_eq!(different.len(), ids.len());
}

#[tokio::test]
async fn a_proven_send_is_not() {
    let app = TestApp::start().await;
    let mut ann = HubClient::connect(&app, "ann").await;
    let mut bob = HubClient::connect(&app, "bob").await;
    let rest = app.person("ann");
    let draft = json!({"recipientId": "bob", "content": "again"});
    let sent = ann.call("SendMessage", json!([draft])).await;
    ann.answers_a_ping().await;
    let second = rest.post("/messages", &draft).await.data();
    assert_eq!((second["id"] == sent["id"], &second["seq"]), (false, &json!(2)));
    assert_eq!(heard_by(&mut bob, &rest).await, ["again", "again"]);
}

#[tokio::test]
async fn an_answer_nobody_read_is_not_proven_until_it_is() {
    let app = TestApp::start().await;
    let mut ann = HubClient::connect(&app, "ann").await;
    let mut bob = HubClient::connect(&app, "bob").await;
    let rest = app.person("ann");
    let draft = json!({"recipientId": "bob", "content": "hello?"});
    let call = ann.begin("SendMessage", &json!([draft])).await;
    let heard = bob.hears_text("hello?").await;
    // The client gives up on its hub connection and asks by REST.
    assert_eq!(rest.post("/messages", &draft).await.data()["id"], heard["id"]);
    assert_eq!(ann.answer(&call).await.unwrap()["id"], heard["id"]);
    ann.answers_a_ping().await;
    assert_ne!(rest.post("/messages", &draft).await.data()["id"], heard["id"]);
    assert_eq!(heard_by(&mut bob, &rest).await, ["hello?"]);
}
