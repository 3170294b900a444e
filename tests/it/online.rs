//! `/hubs/chat-online`: who is told of whom, and when.

use std::time::Duration;

use hubwire::config::PresenceScope;
use serde_json::{Value, json};

use crate::{
    line::{CHAT, Carrier, Line, ONLINE, Spelling, Way},
    support::TestApp,
};

const ASK: &str = "GetOnlineUsers";

/// Moves the clock on until somebody is gone in the eyes of `viewer`, and says for how long it took.
async fn until_gone(app: &TestApp, viewer: &mut Line, user: &str) -> u32 {
    let mut seconds = 0;
    while viewer
        .call("GetOnlineUsers", json!([]))
        .await
        .as_array()
        .unwrap()
        .contains(&json!(user))
    {
        app.app.clock.advance(Duration::from_secs(1));
        seconds += 1;
        tokio::task::yield_now().await;
    }
    seconds
}

/// Who is told of next as having come, but for `known`: whoever came a moment before the two came to share a conversation
/// may be told of as who came and as who shares it now.
async fn next_online(line: &mut Line, known: &str) -> Value {
    loop {
        let user = line.hears("UserOnline").await;
        if user != known {
            return user;
        }
    }
}

#[tokio::test]
async fn those_who_share_a_conversation_are_told_and_nobody_else() {
    let app = TestApp::of_two_pairs().await;
    let mut bob = Line::open(&app, "bob", ONLINE).await;
    assert_eq!(bob.hears("GetOnlineUsers").await, json!([]));
    let mut carl = Line::open(&app, "carl", ONLINE).await;
    assert_eq!(carl.hears("GetOnlineUsers").await, json!([]));
    let mut ann = Line::open(&app, "ann", ONLINE).await;
    assert_eq!(ann.hears("GetOnlineUsers").await, json!(["bob"]));
    assert_eq!(bob.hears("UserOnline").await, "ann");
    assert_eq!(bob.call("getonlineusersasync", json!([])).await, json!(["ann"]));
    assert_eq!(ann.heard(ASK).await, [""; 0], "never of oneself");
    assert_eq!(carl.heard(ASK).await, [""; 0], "never of a stranger");
    let refusal = bob.ask("GetOnlineUsers", json!(["ann"])).await.unwrap_err();
    assert!(refusal.contains("Failed to invoke"), "{refusal}");
}

#[tokio::test]
async fn who_comes_to_share_a_conversation_is_seen_at_once_and_who_shares_none_any_more_is_not() {
    let app = TestApp::start().await;
    let [ann, bob] = app.people(["ann", "bob"]);
    let mut of_ann = Line::open(&app, "ann", ONLINE).await;
    let mut of_bob = Line::open(&app, "bob", ONLINE).await;
    let mut of_cat = Line::open(&app, "cat", ONLINE).await;
    ann.direct("bob").await;
    assert_eq!(of_ann.hears("UserOnline").await, "bob");
    assert_eq!(of_bob.hears("UserOnline").await, "ann");
    // They know each other, and Cat knows neither.
    let group = json!({"name": "g", "memberIds": ["bob", "cat"]});
    let group = ann.post("/groups", &group).await.data()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut seen = [of_cat.hears("UserOnline").await, of_cat.hears("UserOnline").await];
    seen.sort_by_key(ToString::to_string);
    assert_eq!(seen, ["ann", "bob"]);
    assert_eq!(next_online(&mut of_ann, "bob").await, "cat");
    assert_eq!(next_online(&mut of_bob, "ann").await, "cat");
    bob.post(&format!("/conversations/{group}/leave"), &json!({}))
        .await
        .data();
    assert_eq!(of_cat.hears("UserOffline").await, "bob");
    assert_eq!(of_bob.hears("UserOffline").await, "cat");
    assert_eq!(of_bob.call("GetOnlineUsers", json!([])).await, json!(["ann"]));
    for line in [&mut of_ann, &mut of_bob, &mut of_cat] {
        assert_eq!(line.heard(ASK).await, ["GetOnlineUsers"], "nothing else");
    }
}

#[tokio::test]
async fn those_who_shared_a_group_that_ended_see_each_other_no_more() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    let group = json!({"name": "g", "memberIds": ["bob", "cat"]});
    let group = ann.post("/groups", &group).await.data()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut lines = Vec::new();
    for user in ["ann", "bob", "cat"] {
        lines.push(Line::open(&app, user, ONLINE).await);
    }
    ann.direct("cat").await;
    ann.delete(&format!("/groups/{group}?scope=everyone")).await.data();
    assert_eq!(lines[0].hears("UserOffline").await, "bob");
    assert_eq!(lines[2].hears("UserOffline").await, "bob");
    let mut gone = [lines[1].hears("UserOffline").await, lines[1].hears("UserOffline").await];
    gone.sort_by_key(ToString::to_string);
    assert_eq!(gone, ["ann", "cat"], "each is told once");
    for (line, others) in lines.iter_mut().zip([json!(["cat"]), json!([]), json!(["ann"])]) {
        assert_eq!(line.call("GetOnlineUsers", json!([])).await, others);
        assert!(!line.heard(ASK).await.contains(&"UserOffline".to_owned()));
    }
}

#[tokio::test]
async fn a_person_goes_ten_seconds_after_their_last_connection_to_either_hub() {
    let app = TestApp::of_two_pairs().await;
    let mut bob = Line::open(&app, "bob", ONLINE).await;
    let mut first = Line::open(&app, "ann", ONLINE).await;
    assert_eq!(bob.hears("UserOnline").await, "ann");
    let second = Line::open(&app, "ann", ONLINE).await;
    let chat = Line::open(&app, "ann", CHAT.over(Carrier::Polls)).await;
    if first.heard(ASK).await.contains(&"UserOnline".to_owned()) {
        assert_eq!(first.hears("UserOnline").await, "bob", "who came a moment before her");
    }
    assert_eq!(first.heard(ASK).await, ["GetOnlineUsers"], "not of the other tabs");
    first.leave().await;
    second.leave().await;
    app.app.clock.advance(Duration::from_secs(60));
    assert_eq!(bob.call("GetOnlineUsers", json!([])).await, json!(["ann"]), "she chats");
    chat.leave().await;
    assert!(until_gone(&app, &mut bob, "ann").await >= 10);
    assert_eq!(bob.hears("UserOffline").await, "ann");
    assert_eq!(bob.heard(ASK).await, ["GetOnlineUsers"], "each change is told once");
    drop(Line::open(&app, "ann", CHAT).await);
    app.app.clock.advance(Duration::from_secs(1));
    assert_eq!(
        bob.hears("UserOnline").await,
        "ann",
        "the chat alone makes her come back"
    );
}

#[tokio::test]
async fn a_page_that_is_loaded_again_shows_nothing() {
    let app = TestApp::of_two_pairs().await;
    let [bob] = app.people(["bob"]);
    bob.direct("eve").await;
    let mut bob = Line::open(&app, "bob", ONLINE).await;
    for carrier in [Carrier::WebSockets, Carrier::Events, Carrier::Polls] {
        let ann = Line::open(&app, "ann", ONLINE.over(carrier)).await;
        if carrier == Carrier::WebSockets {
            assert_eq!(bob.hears("UserOnline").await, "ann");
        }
        ann.leave().await;
        app.app.clock.advance(Duration::from_secs(9));
    }
    let mut ann = Line::open(&app, "ann", ONLINE).await;
    app.app.clock.advance(Duration::from_secs(60));
    ann.call("GetOnlineUsers", json!([])).await;
    // Told after everything that could be told of Ann.
    let _eve = Line::open(&app, "eve", ONLINE).await;
    assert_eq!(bob.hears("UserOnline").await, "eve");
    assert_eq!(bob.heard(ASK).await, ["GetOnlineUsers"]);
}

#[tokio::test]
async fn those_whom_a_block_parts_are_gone_for_each_other_until_it_ends() {
    let app = TestApp::of_two_pairs().await;
    let [ann, bob] = app.people(["ann", "bob"]);
    let mut of_bob = Line::open(&app, "bob", ONLINE).await;
    let mut of_ann = Line::open(&app, "ann", ONLINE).await;
    assert_eq!(of_bob.hears("UserOnline").await, "ann");
    if of_ann.heard(ASK).await.contains(&"UserOnline".to_owned()) {
        assert_eq!(of_ann.hears("UserOnline").await, "bob", "who came a moment before her");
    }
    let mut chat = Line::open(&app, "ann", CHAT).await;
    bob.put("/presence/status", &json!({"status": "away"})).await.data();
    app.app.clock.advance(Duration::from_secs(1));
    let shown = chat.hears("UserPresenceChanged").await;
    assert_eq!((&shown["userId"], &shown["status"]), (&json!("bob"), &json!("away")));
    for _ in 0..2 {
        ann.ask("POST", "/users/bob/block", &[], b"").await.data();
        assert_eq!(of_bob.hears("UserOffline").await, "ann");
        assert_eq!(of_ann.hears("UserOffline").await, "bob");
        let gone = json!({"userId": "bob", "isOnline": false, "status": "offline", "lastSeen": null});
        assert_eq!(chat.hears("UserPresenceChanged").await, gone);
        assert_eq!(of_bob.call(ASK, json!([])).await, json!([]));
        // What changes nothing between the two is told to neither.
        bob.ask("POST", "/users/ann/block", &[], b"").await.data();
        ann.ask("POST", "/users/bob/block", &[], b"").await.data();
        ann.ask("DELETE", "/users/bob/block", &[], b"").await.data();
        assert_eq!(of_ann.call(ASK, json!([])).await, json!([]));
        bob.ask("DELETE", "/users/ann/block", &[], b"").await.data();
        assert_eq!(of_bob.hears("UserOnline").await, "ann");
        assert_eq!(of_ann.hears("UserOnline").await, "bob");
        assert_eq!(chat.hears("UserPresenceChanged").await["status"], "away");
    }
    // Strangers learn nothing, not even by being blocked.
    let mut carl = Line::open(&app, "carl", ONLINE).await;
    ann.ask("POST", "/users/carl/block", &[], b"").await.data();
    ann.ask("DELETE", "/users/carl/block", &[], b"").await.data();
    bob.ask("POST", "/users/ann/block", &[], b"").await.data();
    assert_eq!(of_ann.hears("UserOffline").await, "bob");
    for (line, heard) in [(&mut carl, vec![ASK]), (&mut of_ann, vec![ASK])] {
        assert_eq!(line.heard(ASK).await, heard, "nothing more");
    }
}

#[tokio::test]
async fn where_everybody_sees_everybody_strangers_are_told_and_blocked_people_are_not() {
    let app = TestApp::with(|config| config.presence_scope = PresenceScope::Everyone).await;
    let mut ann = Line::open(&app, "ann", ONLINE).await;
    assert_eq!(ann.hears(ASK).await, json!([]));
    let mut bob = Line::open(&app, "bob", ONLINE).await;
    assert_eq!(bob.hears(ASK).await, json!(["ann"]));
    assert_eq!(ann.hears("UserOnline").await, "bob");
    assert_eq!(
        ann.call("GetOnlineStatus", json!([["bob", "nobody"]])).await,
        json!({"bob": true, "nobody": false})
    );
    app.person("bob").ask("POST", "/users/ann/block", &[], b"").await.data();
    assert_eq!(ann.hears("UserOffline").await, "bob");
    assert_eq!(bob.hears("UserOffline").await, "ann");
    assert_eq!(ann.call("IsUserOnline", json!(["bob"])).await, false);
}

#[tokio::test]
async fn presence_is_the_same_over_every_transport_and_protocol() {
    let app = TestApp::of_two_pairs().await;
    let _bob = Line::open(&app, "bob", CHAT).await;
    for way in ONLINE.each() {
        let mut ann = Line::open(&app, "ann", way).await;
        assert_eq!(ann.hears("GetOnlineUsers").await, json!(["bob"]), "{way:?}");
        assert_eq!(ann.call("GetOnlineUsers", json!([])).await, json!(["bob"]), "{way:?}");
    }
    let way = Way {
        spelling: Spelling::MessagePack,
        ..ONLINE
    };
    let mut dora = Line::open(&app, "dora", way.over(Carrier::Polls)).await;
    let _carl = Line::open(&app, "carl", CHAT).await;
    assert_eq!(dora.hears("UserOnline").await, "carl");
}
