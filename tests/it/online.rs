//! `/hubs/chat-online`: who is told that somebody came, and who is not.

use serde_json::json;

use crate::{
    hub_client::{Door, HubClient},
    support::TestApp,
};

async fn watch(app: &TestApp, user: &str) -> HubClient {
    let door = Door {
        hub: "/hubs/chat-online",
        ..Door::default()
    };
    HubClient::enter(app.address, &app.token(user), door).await
}

#[tokio::test]
async fn acquaintances_are_told_who_comes_whatever_hub_they_come_to() {
    let app = TestApp::start().await;
    let [ann, _bob] = app.people(["ann", "bob"]);
    ann.direct("bob").await;
    let mut watching = watch(&app, "ann").await;
    assert_eq!(watching.hears("GetOnlineUsers").await, json!([]));
    let bob = HubClient::connect(&app, "bob").await;
    assert_eq!(watching.hears("UserOnline").await, json!("bob"));
    // Another tab, and another hub, are no news.
    let mut tab = watch(&app, "bob").await;
    assert_eq!(tab.hears("GetOnlineUsers").await, json!(["ann"]));
    assert_eq!(watching.call("getonlineusersasync", json!([])).await, json!(["bob"]));
    bob.leave().await;
    assert_eq!(watching.call("GetOnlineUsers", json!([])).await, json!(["bob"]));
    assert!(watching.heard("UserOnline").is_empty() && watching.heard("UserOffline").is_empty());
    assert!(tab.heard("UserOnline").is_empty(), "nobody is told of themselves");
}

#[tokio::test]
async fn strangers_are_told_nothing() {
    let app = TestApp::start().await;
    let [ann, _bob, _carol] = app.people(["ann", "bob", "carol"]);
    ann.direct("bob").await;
    let mut stranger = watch(&app, "carol").await;
    assert_eq!(stranger.hears("GetOnlineUsers").await, json!([]));
    let mut watching = watch(&app, "bob").await;
    let _ann = HubClient::connect(&app, "ann").await;
    assert_eq!(watching.hears("UserOnline").await, json!("ann"));
    // What was for her would have come with what was for bob, before this answer.
    assert_eq!(stranger.call("GetOnlineUsers", json!([])).await, json!([]));
    assert!(stranger.heard("UserOnline").is_empty());
}
