//! Edit, delete, react, pin, answer and forward: over REST and the hub, and what the others hear of it.

use serde_json::{Value, json};

use crate::{hub_client::HubClient, support::TestApp};

async fn send(client: &mut HubClient, to: &str, content: &str) -> Value {
    client
        .call("SendMessage", json!([{"recipientId": to, "content": content}]))
        .await
}

#[tokio::test]
async fn what_one_does_to_a_message_the_other_hears_once() {
    let app = TestApp::start().await;
    let mut ann = HubClient::connect(&app, "ann").await;
    let mut bob = HubClient::connect(&app, "bob").await;
    let message = send(&mut ann, "bob", "helo").await;
    let (id, conversation) = (message["id"].clone(), message["conversationId"].clone());
    bob.hears_text("helo").await;

    let edited = ann.call("EditMessage", json!([id, "hello"])).await;
    assert_eq!(
        (&edited["content"], &edited["isEdited"]),
        (&json!("hello"), &json!(true))
    );
    let heard = bob.hears("MessageEdited").await;
    assert_eq!(heard["newContent"], "hello");
    assert_eq!((&heard["messageId"], &heard["editedBy"]), (&id, &json!("ann")));
    assert_eq!(heard["editedAt"], edited["editedAt"]);
    assert!(heard.get("clientMessageId").is_none());

    let summary = bob.call("AddReaction", json!([id, "👍"])).await;
    assert_eq!(summary, json!({"👍": 1}));
    let heard = ann.hears("MessageReaction").await;
    assert_eq!(
        heard,
        json!({"messageId": id, "conversationId": conversation, "userId": "bob", "userName": "bob",
            "reaction": "👍", "emoji": "👍", "action": "added", "reactionSummary": {"👍": 1}})
    );
    bob.call("RemoveReactionAsync", json!([conversation, id, "👍"])).await;
    let heard = ann.hears("MessageReaction").await;
    assert_eq!(
        (
            &heard["reaction"],
            &heard["emoji"],
            &heard["action"],
            &heard["reactionSummary"]
        ),
        (&json!(null), &json!("👍"), &json!("removed"), &json!({}))
    );

    assert_eq!(bob.call("PinMessage", json!([id])).await, json!(null));
    let heard = ann.hears("MessagePinned").await;
    assert_eq!((&heard["isPinned"], &heard["pinnedBy"]), (&json!(true), &json!("bob")));
    ann.call("UnpinMessage", json!([id])).await;
    assert_eq!(bob.hears("MessagePinned").await["isPinned"], json!(true));
    assert_eq!(bob.hears("MessagePinned").await["isPinned"], json!(false));

    assert_eq!(ann.call("DeleteMessage", json!([conversation, id])).await, json!(null));
    let heard = bob.hears("MessageDeleted").await;
    assert_eq!((&heard["messageId"], &heard["deletedBy"]), (&id, &json!("ann")));
    assert_eq!(heard["chatId"], conversation);
    assert!(heard["deletedAt"].is_string());
}

#[tokio::test]
async fn the_rest_routes_do_the_same() {
    let app = TestApp::start().await;
    let [ann, bob] = app.people(["ann", "bob"]);
    let sent = ann
        .post("/messages", &json!({"recipientId": "bob", "content": "one"}))
        .await
        .data();
    let path = format!("/Messages/{}", sent["id"].as_str().unwrap());
    let conversation = sent["conversationId"].as_str().unwrap().to_owned();

    let edited = ann.put(&path, &json!({"Content": "two"})).await.data();
    assert_eq!((&edited["content"], &edited["isEdited"]), (&json!("two"), &json!(true)));
    let former = bob.get(&format!("{path}/edits")).await.data();
    assert_eq!(former[0]["content"], "one");

    let added = bob
        .post(&format!("{path}/reactions"), &json!({"emoji": "🎉"}))
        .await
        .data();
    assert_eq!(added, json!({"🎉": 1}));
    let toggled = ann
        .post(&format!("{path}/reactions/toggle"), &json!({"reaction": "🎉"}))
        .await
        .data();
    assert_eq!(toggled, json!({"🎉": 2}));
    let listed = ann.get(&format!("{path}/reactions")).await.data();
    assert_eq!(
        (&listed[0]["userId"], &listed[1]["userId"]),
        (&json!("bob"), &json!("ann"))
    );
    let removed = ann.delete(&format!("{path}/reactions/%F0%9F%8E%89")).await.data();
    assert_eq!(removed, json!({"🎉": 1}));
    assert_eq!(ann.get(&format!("{path}/reactions/summary")).await.data(), removed);

    let pinned = bob.post(&format!("{path}/pin"), &json!({})).await.data();
    assert_eq!(pinned["isPinned"], true);
    let pins = format!("/conversations/{conversation}/pins");
    assert_eq!(ann.get(&pins).await.data()[0]["id"], sent["id"]);
    bob.delete(&format!("{path}/pin")).await.data();
    assert_eq!(ann.get(&pins).await.data(), json!([]));

    let answer = json!({"conversationId": conversation, "content": "three", "replyToMessageId": sent["id"]});
    let answer = bob.post("/messages", &answer).await.data();
    assert_eq!(answer["parentMessageId"], sent["id"]);
    assert_eq!(answer["replyTo"]["content"], "two");
    let thread = ann.get(&format!("{path}/thread")).await.data();
    assert_eq!(thread[0]["id"], answer["id"]);

    let forwarded = bob
        .post(&format!("{path}/forward"), &json!({"recipientId": "cat"}))
        .await
        .data();
    assert_eq!(
        (&forwarded["content"], &forwarded["forwardedFrom"]["senderId"]),
        (&json!("two"), &json!("ann"))
    );

    let gone = ann.delete(&path).await.data();
    assert_eq!((&gone["isDeleted"], &gone["content"]), (&json!(true), &json!("")));
}

#[tokio::test]
async fn what_cannot_be_done_says_why() {
    let app = TestApp::start().await;
    let [ann, bob, cat] = app.people(["ann", "bob", "cat"]);
    let sent = ann
        .post("/messages", &json!({"recipientId": "bob", "content": "one"}))
        .await
        .data();
    let path = format!("/messages/{}", sent["id"].as_str().unwrap());
    let content = json!({"content": "two"});
    bob.put(&path, &content).await.refused(403, "forbidden");
    cat.put(&path, &content).await.refused(404, "not_found");
    ann.put("/messages/1;%20DROP", &content).await.refused(404, "not_found");
    let empty = ann.put(&path, &json!({"content": "  "})).await;
    empty.refused(400, "validation_failed");
    let nothing = ann.post(&format!("{path}/reactions"), &json!({})).await;
    nothing.refused(400, "validation_failed");
    cat.get(&format!("{path}/thread")).await.refused(404, "not_found");

    let mut dan = HubClient::connect(&app, "dan").await;
    let refused = dan.refused("DeleteMessage", json!([sent["id"]])).await;
    assert!(refused.ends_with("not_found: Message not found"), "{refused}");
    let mut bob = HubClient::connect(&app, "bob").await;
    let refused = bob.refused("EditMessage", json!([sent["id"], "x"])).await;
    assert!(
        refused.contains("forbidden: Only the sender can edit a message"),
        "{refused}"
    );
}

#[tokio::test]
async fn reactions_have_a_rate_of_their_own() {
    let app = TestApp::with(|config| {
        config.limits.reactions_per_minute = 60;
        config.limits.burst = 2;
    })
    .await;
    let [ann, _] = app.people(["ann", "bob"]);
    let sent = ann
        .post("/messages", &json!({"recipientId": "bob", "content": "one"}))
        .await
        .data();
    let path = format!("/messages/{}/reactions/toggle", sent["id"].as_str().unwrap());
    for _ in 0..2 {
        ann.post(&path, &json!({"emoji": "👍"})).await.data();
    }
    let refused = ann.post(&path, &json!({"emoji": "👍"})).await;
    assert!(refused.header("retry-after").is_some());
    refused.refused(429, "rate_limited");
}
