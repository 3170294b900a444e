//! Blocked people over REST and the hub.

use serde_json::json;

use crate::{hub_client::HubClient, support::TestApp};

#[tokio::test]
async fn blocked_people_are_listed_and_neither_writes_to_the_other() {
    let app = TestApp::start().await;
    let [ann, bob] = app.people(["ann", "bob"]);
    let id = ann.direct("bob").await;
    let blocked = ann.ask("POST", "/users/bob/block", &[], b"").await.data();
    assert_eq!((&blocked["id"], &blocked["fullName"]), (&json!("bob"), &json!("bob")));
    assert_eq!(ann.get("/users/blocked").await.data()[0]["id"], "bob");
    assert_eq!(bob.get("/users/blocked").await.data(), json!([]));
    for (sender, target) in [
        (&bob, json!({"conversationId": id, "content": "hi"})),
        (&bob, json!({"recipientId": "ann", "content": "hi"})),
        (&ann, json!({"recipientId": "bob", "content": "hi"})),
    ] {
        sender.post("/messages", &target).await.refused(403, "forbidden");
    }
    let mut hub = HubClient::connect(&app, "bob").await;
    let refused = hub.refused("SendMessage", json!(["ann", "hi"])).await;
    assert!(refused.starts_with("forbidden: "), "{refused}");

    ann.ask("DELETE", "/users/bob/block", &[], b"").await.data();
    assert_eq!(ann.get("/users/blocked").await.data(), json!([]));
    bob.say(&id, "hi").await;
    let myself = ann.ask("POST", "/users/ann/block", &[], b"").await;
    assert_eq!(myself.refused(400, "validation_failed")["details"]["field"], "userId");
}

#[tokio::test]
async fn typing_is_hidden_between_the_two_and_shown_in_groups() {
    let app = TestApp::start().await;
    let [ann, bob] = app.people(["ann", "bob"]);
    let direct = ann.direct("bob").await;
    let group = ann
        .post("/groups", &json!({"name": "Team", "memberIds": ["bob"]}))
        .await;
    let group = group.data()["id"].as_str().unwrap().to_owned();
    ann.ask("POST", "/users/bob/block", &[], b"").await.data();
    let [mut of_ann, mut of_bob] = [
        HubClient::connect(&app, "ann").await,
        HubClient::connect(&app, "bob").await,
    ];
    of_bob.call("SendTypingIndicator", json!([direct, true])).await;
    of_ann.call("SendTypingIndicator", json!([direct, true])).await;
    of_bob.call("SendTypingIndicator", json!([group, true])).await;
    of_ann.call("SendTypingIndicator", json!([group, true])).await;
    for client in [&mut of_ann, &mut of_bob] {
        let typing = client.hears("UserTyping").await;
        assert_eq!(typing["conversationId"], group.as_str());
        assert!(client.heard("UserTyping").is_empty());
    }
    bob.say(&group, "hi").await;
    of_ann.hears_text("hi").await;
}
