//! Presence asked for and changed, over REST and both hubs. `online.rs` has who is told when people come and go.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    line::{CHAT, Line, ONLINE},
    support::TestApp,
};

const NOW: &str = "2023-11-14T22:13:20.000Z";

fn presence(user: &str, status: &str, last_seen: Option<&str>) -> Value {
    json!({"userId": user, "isOnline": status != "offline", "status": status, "lastSeen": last_seen})
}

#[tokio::test]
async fn both_hubs_answer_who_is_here() {
    let app = TestApp::of_two_pairs().await;
    let _carl = Line::open(&app, "carl", CHAT).await;
    for way in CHAT.each().into_iter().chain(ONLINE.each()) {
        let mut ann = Line::open(&app, "ann", way).await;
        let asked = json!([["bOb", "bob", "carl", "nobody", "\n", 7]]);
        let states =
            |bob: bool| json!({"bOb": false, "bob": bob, "carl": false, "nobody": false, "\n": false, "7": false});
        for method in ["GetOnlineStatus", "getpresencestates", "SubscribeToPresenceAsync"] {
            assert_eq!(ann.call(method, asked.clone()).await, states(false), "{way:?}");
        }
        let bob = Line::open(&app, "bob", CHAT).await;
        assert_eq!(
            ann.call("GetOnlineStatus", asked.clone()).await,
            states(true),
            "{way:?}"
        );
        assert_eq!(ann.call("GetOnlineUsers", json!([])).await, json!(["bob"]), "{way:?}");
        assert_eq!(ann.call("IsUserOnline", json!(["bob"])).await, true);
        assert_eq!(ann.call("IsUserOnline", json!(["carl"])).await, false, "a stranger");
        assert_eq!(ann.call("IsUserOnline", json!(["ann"])).await, true);
        let time = ann.call("Heartbeat", json!([])).await;
        for alias in ["KeepAlive", "TouchServer"] {
            assert_eq!(ann.call(alias, json!([])).await, time);
        }
        assert_eq!(ann.call("Ping", json!([])).await, "pong");
        for (method, arguments) in [
            ("GetOnlineStatus", json!([{"a": 1}])),
            ("GetOnlineStatus", json!([null])),
            ("GetOnlineStatus", json!([vec!["x"; 1_001]])),
            ("IsUserOnline", json!([""])),
            ("SetStatus", json!(["busy"])),
            ("SetStatus", json!([null])),
        ] {
            let refusal = ann.ask(method, arguments).await.unwrap_err();
            assert!(refusal.contains("validation_failed: "), "{method}: {refusal}");
        }
        bob.leave().await;
        app.app.clock.advance(Duration::from_secs(11));
        while ann.call("IsUserOnline", json!(["bob"])).await == true {
            app.app.clock.advance(Duration::from_secs(1));
        }
        ann.leave().await;
    }
}

#[tokio::test]
async fn a_status_is_told_on_the_chat_hub_and_as_here_or_gone_on_the_other() {
    let app = TestApp::of_two_pairs().await;
    let mut chat = Line::open(&app, "bob", CHAT).await;
    let mut online = Line::open(&app, "bob", ONLINE).await;
    let mut ann = Line::open(&app, "ann", ONLINE).await;
    assert_eq!(
        chat.hears("UserPresenceChanged").await,
        presence("ann", "online", Some(NOW))
    );
    assert_eq!(online.hears("UserOnline").await, "ann");
    for (status, time) in [("away", "21"), ("dnd", "22")] {
        app.app.clock.advance(Duration::from_secs(1));
        let time = format!("2023-11-14T22:13:{time}.000Z");
        let own = ann.call("SetStatus", json!([status])).await;
        assert_eq!(own, presence("ann", status, Some(&time)));
        assert_eq!(
            chat.hears("UserPresenceChanged").await,
            presence("ann", status, Some(&time))
        );
    }
    assert_eq!(
        online.call("GetOnlineUsers", json!([])).await,
        json!(["ann"]),
        "both are online"
    );
    app.app.clock.advance(Duration::from_secs(1));
    let own = ann.call("UpdateStatus", json!(["OFFLINE"])).await;
    assert_eq!(own["isOnline"], false, "what the others see");
    let gone = presence("ann", "offline", Some("2023-11-14T22:13:23.000Z"));
    assert_eq!(chat.hears("UserPresenceChanged").await, gone);
    assert_eq!(online.hears("UserOffline").await, "ann");
    assert_eq!(online.call("IsUserOnline", json!(["ann"])).await, false);
    app.app.clock.advance(Duration::from_secs(60));
    assert_eq!(app.person("bob").get("/presence/ann").await.data(), gone);
    // She still hears the others.
    let [carl] = app.people(["carl"]);
    carl.direct("ann").await;
    let _carl = Line::open(&app, "carl", CHAT).await;
    let mut came = ann.hears("UserOnline").await;
    if came == "bob" {
        // Who came a moment before her.
        came = ann.hears("UserOnline").await;
    }
    assert_eq!(came, "carl");
    ann.call("SetStatus", json!(["online"])).await;
    assert_eq!(online.hears("UserOnline").await, "ann");
    assert_eq!(
        online.heard("GetOnlineUsers").await,
        ["GetOnlineUsers"],
        "each change is told once"
    );
}

#[tokio::test]
async fn rest_shows_presence_only_to_those_who_share_a_conversation() {
    let app = TestApp::of_two_pairs().await;
    let [ann, bob, carl] = app.people(["ann", "bob", "carl"]);
    let nobody = |id: &str| presence(id, "offline", None);
    assert_eq!(bob.get("/presence").await.data(), json!([]));
    assert_eq!(bob.get("/presence/ann").await.data(), nobody("ann"));
    let here = presence("ann", "online", Some(NOW));
    assert_eq!(ann.ask("POST", "/presence/heartbeat", &[], b"").await.data(), here);
    assert_eq!(bob.get("/presence").await.data(), json!([here]));
    assert_eq!(carl.get("/presence").await.data(), json!([]));
    assert_eq!(carl.get("/presence/ann").await.data(), nobody("ann"), "a stranger");
    let asked = json!({"userIds": ["carl", "ann", "x\u{0}"]});
    let seen = json!([nobody("carl"), here, nobody("x\u{0}")]);
    assert_eq!(bob.post("/presence/users", &asked).await.data(), seen);
    bob.post("/presence/users", &json!({}))
        .await
        .refused(400, "validation_failed");
    let refusal = ann.put("/presence/status", &json!({"status": "busy"})).await;
    assert_eq!(refusal.refused(400, "validation_failed")["details"]["field"], "status");
    ann.put("/presence/status", &json!({"status": "away"})).await.data();
    app.app.clock.advance(Duration::from_secs(1));
    assert_eq!(bob.get("/presence/ann").await.data()["status"], "away");
    app.app.clock.advance(Duration::from_secs(298));
    assert_eq!(bob.get("/presence/ann").await.data()["isOnline"], true);
    app.app.clock.advance(Duration::from_secs(2));
    while bob.get("/presence/ann").await.data()["isOnline"] == true {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        bob.get("/presence/ann").await.data(),
        presence("ann", "offline", Some(NOW))
    );
}
