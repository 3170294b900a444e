//! Messages over REST.

use serde_json::{Value, json};

use crate::{hub_client::HubClient, support::TestApp};

#[tokio::test]
async fn message_has_every_member_of_the_contract() {
    let app = TestApp::start().await;
    let [ann, bob] = app.people(["ann", "bob"]);
    let body = json!({"recipientId": "bob", "content": "Hello!", "type": "text", "clientMessageId": "c1", "tempId": "t1", "metadata": {"Key": [1]}});
    let sent = ann.post("/messages", &body).await.data();
    let at = &sent["createdAt"];
    let expected = json!({
        "id": sent["id"], "messageId": sent["id"], "seq": 1, "conversationId": sent["conversationId"], "chatId": sent["conversationId"],
        "senderId": "ann", "senderName": "ann", "sender": {"id": "ann", "username": "ann", "fullName": "ann", "avatar": null},
        "recipientId": "bob", "content": "Hello!", "type": "text", "media": null, "attachments": [], "parentMessageId": null,
        "replyTo": null, "metadata": {"Key": [1]}, "status": "sent", "isEdited": false, "isDeleted": false, "isPinned": false,
        "reactionSummary": {}, "replyCount": 0, "mentions": [], "clientMessageId": "c1", "tempId": "t1",
        "createdAt": at, "sentAt": at, "editedAt": null, "deliveredAt": null, "readAt": null,
    });
    assert_eq!(sent, expected);
    let at = at.as_str().unwrap();
    assert!(at.len() == 24 && at.ends_with('Z') && at.as_bytes()[19] == b'.', "{at}");
    let id = sent["conversationId"].as_str().unwrap();
    let mut seen = bob.get(&format!("/messages?chatId={id}")).await.data()["messages"][0].clone();
    assert_eq!(
        (seen.get("clientMessageId"), seen.get("tempId")),
        (None, None),
        "the client's ids are its sender's"
    );
    seen["clientMessageId"] = json!("c1");
    seen["tempId"] = json!("t1");
    assert_eq!(seen, sent);
    assert_eq!(bob.get(&format!("/conversations/{id}")).await.data()["unreadCount"], 1);
}

#[tokio::test]
async fn every_spelling_of_the_members_is_understood() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    let id = ann.direct("bob").await;
    let id = id.as_str();
    let first = ann.say(id, "first").await;
    let bodies = [
        json!({"conversationId": id, "content": "x"}),
        json!({"ChatId": id, "Message": "x", "MessageType": "TEXT"}),
        json!({"roomId": id, "body": "x", "type": "Text"}),
        json!({"room_id": id, "text": "x", "messageType": null}),
        json!({"receiverId": "bob", "content": "x"}),
        json!({"conversationId": id, "recipientId": "cat", "content": "x"}),
        json!({"conversationId": "", "recipientId": "bob", "content": null, "text": "x"}),
        json!({"conversationId": id, "content": "x", "replyToMessageId": first["id"], "somethingNew": {"a": 1}}),
        json!({"conversationId": id, "content": "x", "parentMessageId": first["id"]}),
    ];
    for (place, body) in bodies.iter().enumerate() {
        let sent = ann.post("/messages", body).await.data();
        assert_eq!(
            (&sent["conversationId"], &sent["content"], &sent["type"]),
            (&json!(id), &json!("x"), &json!("text")),
            "{body}"
        );
        assert_eq!(sent["seq"], place + 2);
        let reply = body
            .get("replyToMessageId")
            .or_else(|| body.get("parentMessageId"))
            .cloned()
            .unwrap_or(Value::Null);
        assert_eq!(sent["parentMessageId"], reply, "{body}");
    }
    let sent = ann
        .post(
            &format!("/conversations/{id}/messages"),
            &json!({"content": 42, "recipientId": "cat"}),
        )
        .await
        .data();
    assert_eq!(
        (&sent["conversationId"], &sent["content"]),
        (&json!(id), &json!("42")),
        "the path decides"
    );
    let sent = ann
        .post("/messages", &json!({"recipientId": 7, "content": "x"}))
        .await
        .data();
    assert_eq!(sent["recipientId"], "7");
}

#[tokio::test]
async fn repeated_keys_return_the_stored_message() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    let id = ann.direct("bob").await;
    let send = async |key: Option<&str>, body: Value| {
        let headers: Vec<_> = key.map(|key| ("idempotency-key", key)).into_iter().collect();
        ann.ask(
            "POST",
            &format!("/conversations/{id}/messages"),
            &headers,
            body.to_string().as_bytes(),
        )
        .await
    };
    let first = send(None, json!({"content": "hi", "clientMessageId": "k"}))
        .await
        .data();
    assert_eq!(
        send(None, json!({"content": "hi", "clientMessageId": "k"}))
            .await
            .data(),
        first
    );
    assert_eq!(
        send(Some("k"), json!({"content": "hi"})).await.data(),
        first,
        "the header is the same key"
    );
    assert_eq!(
        send(Some("other"), json!({"content": "hi", "clientMessageId": "k"}))
            .await
            .data(),
        first,
        "the body's key counts"
    );
    send(Some("k"), json!({"content": "else"}))
        .await
        .refused(409, "idempotency_mismatch");
    let envelope = send(Some("\u{e9}"), json!({"content": "hi"}))
        .await
        .refused(400, "validation_failed");
    assert_eq!(envelope["details"]["field"], "Idempotency-Key");
    let page = ann.get(&format!("/conversations/{id}/messages")).await.data();
    assert_eq!(page["messages"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn history_pages_count_back_from_the_newest() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    let id = ann.direct("bob").await;
    let mut sent = Vec::new();
    for place in 1..=7 {
        sent.push(ann.say(&id, &place.to_string()).await);
    }
    let text = |message: &Value, name: &str| message[name].as_str().unwrap().to_owned();
    let (third, at) = (text(&sent[2], "id"), text(&sent[2], "createdAt"));
    let cases = [
        ("".to_owned(), "1234567", false),
        ("&take=3".to_owned(), "567", true),
        ("&skip=3&take=3".to_owned(), "234", true),
        ("&page=3&limit=3".to_owned(), "1", false),
        (format!("&before={third}"), "12", false),
        (format!("&before={at}"), "12", false),
        (format!("&after={third}&limit=2"), "45", true),
        (format!("&after={at}"), "4567", false),
    ];
    for (query, expected, more) in cases {
        let answer = ann.get(&format!("/messages?chatId={id}{query}")).await;
        let data = answer.data();
        let shown: String = data["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|message| text(message, "content"))
            .collect();
        assert_eq!(
            (shown.as_str(), data["pagination"]["hasMore"].as_bool()),
            (expected, Some(more)),
            "{query}"
        );
        assert_eq!(answer.json()["pagination"], data["pagination"], "{query}");
        assert_eq!(data["conversationId"], id.as_str());
    }
    let envelope = ann
        .get("/messages?chatId=&conversationId=")
        .await
        .refused(400, "validation_failed");
    assert_eq!(envelope["details"]["field"], "chatId");
}

#[tokio::test]
async fn too_many_messages_are_told_when_to_come_back() {
    let app = TestApp::with(|config| {
        config.limits.messages_per_minute = 1;
        config.limits.burst = 1;
    })
    .await;
    let ann = app.person("ann");
    let body = json!({"recipientId": "bob", "content": "x"});
    let mut answer = ann.post("/messages", &body).await;
    for _ in 0..5 {
        answer = ann.post("/messages", &body).await;
    }
    assert!(
        answer
            .header("retry-after")
            .unwrap()
            .parse::<u64>()
            .is_ok_and(|seconds| (1..=60).contains(&seconds))
    );
    answer.refused(429, "rate_limited");
}

#[tokio::test]
async fn a_page_descends_where_that_is_asked_for_and_is_the_same_page() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    let id = ann.direct("bob").await;
    let first = ann.say(&id, "0").await;
    for text in ["1", "2", "3", "4", "5"] {
        let answer = json!({"conversationId": id, "content": text, "parentMessageId": first["id"]});
        ann.post("/messages", &answer).await.data();
    }
    let shown = |messages: &Value| -> String {
        let messages = messages.as_array().unwrap().iter();
        messages.map(|message| message["content"].as_str().unwrap()).collect()
    };
    let thread = format!("/messages/{}/thread", first["id"].as_str().unwrap());
    for (query, expected) in [
        ("limit=3", "345"),
        ("limit=3&order=asc", "345"),
        ("limit=3&order=DESC", "543"),
        ("limit=3&order=", "345"),
        ("limit=2&page=2&order=desc", "32"),
    ] {
        let listed = ann.get(&format!("/messages?chatId={id}&{query}")).await.data();
        assert_eq!(shown(&listed["messages"]), expected, "{query}");
        assert_eq!(
            shown(&ann.get(&format!("{thread}?{query}")).await.data()),
            expected,
            "{query}"
        );
    }
    let refused = ann.get(&format!("/messages?chatId={id}&order=newest")).await;
    assert_eq!(refused.refused(400, "validation_failed")["details"]["field"], "order");
    let mut hub = HubClient::connect(&app, "ann").await;
    let listed = hub
        .call("GetMessages", json!([id, {"limit": 2, "order": "desc"}]))
        .await;
    assert_eq!(shown(&listed["messages"]), "54");
}

#[tokio::test]
async fn text_has_a_limit_in_characters() {
    let app = TestApp::with(|config| config.limits.text_characters = 5).await;
    let ann = app.person("ann");
    let send = async |content: &str| {
        ann.post("/messages", &json!({"recipientId": "bob", "content": content}))
            .await
    };
    assert_eq!(
        send(" \u{1F600}\u{1F600}éàx ").await.data()["content"],
        "\u{1F600}\u{1F600}éàx"
    );
    let envelope = send("123456").await.refused(400, "validation_failed");
    assert_eq!(envelope["details"]["field"], "content");
    assert_eq!(send("<b>").await.data()["content"], "<b>", "stored and sent as written");
}
