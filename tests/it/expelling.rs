//! Who was deactivated is out: no request, no connection, no new message to them.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use tokio::time::Instant;

use crate::{
    line::{CHAT, Carrier, Line, ONLINE},
    support::{DEADLINE, TestApp, eventually},
};

/// Row 16 of the security checklist: an administrator disables somebody, and all their connections end within a second.
#[tokio::test]
async fn sec_16_a_deactivated_person_is_out_within_a_second_on_every_transport() {
    let app = TestApp::start().await;
    let (admin, bob) = (app.admin("root"), app.person("bob"));
    bob.direct("ann").await;
    let mut lines = Vec::new();
    for hub in [CHAT, ONLINE] {
        for carrier in [Carrier::WebSockets, Carrier::Events, Carrier::Polls] {
            lines.push(Line::open(&app, "bob", hub.over(carrier)).await);
        }
    }
    let mut other = Line::open(&app, "ann", CHAT).await;
    app.person("ann")
        .post("/users/bob/deactivate", &json!({}))
        .await
        .refused(403, "forbidden");
    let ends = lines.iter_mut().map(Line::is_sent_away);
    let ends = async { (join_all(ends).await, Instant::now()) };
    let deactivate = async {
        let answer = admin.ask("POST", "/users/bob/deactivate", &[], b"").await;
        (answer.data(), Instant::now())
    };
    let (ends, (answer, deactivated_at)) = tokio::join!(tokio::time::timeout(DEADLINE, ends), deactivate);
    assert_eq!(answer, json!({"userId": "bob", "isActive": false}));
    let (ended, ended_at) = ends.expect("all of them end");
    assert!(ended_at < deactivated_at + Duration::from_secs(1));
    for close in ended.into_iter().flatten() {
        assert_ne!(close["allowReconnect"], true, "{close}");
    }
    for hub in ["/hubs/chat", "/hubs/chat-online"] {
        let path = format!("{hub}/negotiate?negotiateVersion=1&access_token={}", bob.token);
        app.ask("POST", &path, &[], b"").await.refused(403, "forbidden");
    }
    bob.get("/users/me").await.refused(403, "forbidden");
    bob.post("/messages", &json!({"recipientId": "ann", "content": "x"}))
        .await
        .refused(403, "forbidden");
    bob.ask("POST", "/presence/heartbeat", &[], b"")
        .await
        .refused(403, "forbidden");
    assert_eq!(other.call("Ping", json!([])).await, "pong", "others are not concerned");

    let back = admin.ask("DELETE", "/users/bob/deactivate", &[], b"").await;
    assert_eq!(back.data(), json!({"userId": "bob", "isActive": true}));
    bob.get("/users/me").await.data();
    Line::open(&app, "bob", CHAT).await.leave().await;
}

#[tokio::test]
async fn nobody_writes_to_a_deactivated_person_anew_and_what_they_said_stays() {
    let app = TestApp::start().await;
    let (admin, [ann, bob, cat]) = (app.admin("root"), app.people(["ann", "bob", "cat"]));
    let conversation = ann.direct("bob").await;
    bob.say(&conversation, "hello").await;
    admin
        .post("/users/nobody/deactivate", &json!({}))
        .await
        .refused(404, "not_found");
    admin
        .post("/users/root/deactivate", &json!({}))
        .await
        .refused(400, "validation_failed");
    admin.post("/users/bob/deactivate", &json!({})).await.data();
    cat.ask("POST", "/conversations/direct/bob", &[], b"")
        .await
        .refused(403, "forbidden");
    cat.post("/messages", &json!({"recipientId": "bob", "content": "x"}))
        .await
        .refused(403, "forbidden");
    ann.post("/messages", &json!({"conversationId": conversation, "content": "x"}))
        .await
        .refused(403, "forbidden");
    let group = cat
        .post("/groups", &json!({"name": "g", "memberIds": ["ann", "bob"]}))
        .await
        .data();
    assert_eq!(group["members"].as_array().unwrap().len(), 2);
    assert_eq!(group["skipped"][0]["reason"], "deactivated", "{group}");
    let page = ann.get(&format!("/conversations/{conversation}/messages")).await.data();
    let message = &page["messages"][0];
    assert_eq!(
        (&message["content"], &message["senderName"]),
        (&json!("hello"), &json!("bob"))
    );
    assert_eq!(ann.get("/users/bob").await.data()["fullName"], "bob");
    let found = ann.get("/users/search?query=bob").await;
    assert_eq!(found.data(), json!([]), "nobody finds them");
}

#[tokio::test]
async fn a_deactivated_person_goes_offline_for_the_others() {
    let app = TestApp::start().await;
    let (admin, [ann, bob]) = (app.admin("root"), app.people(["ann", "bob"]));
    ann.direct("bob").await;
    bob.ask("POST", "/presence/heartbeat", &[], b"").await.data();
    assert_eq!(ann.get("/presence/bob").await.data()["isOnline"], true);
    let mut hears = Line::open(&app, "ann", ONLINE).await;
    assert_eq!(hears.hears("GetOnlineUsers").await, json!(["bob"]));
    admin.post("/users/bob/deactivate", &json!({})).await.data();
    assert_eq!(hears.hears("UserOffline").await, "bob");
    eventually(async || ann.get("/presence/bob").await.data()["isOnline"] == false).await;
}
