//! Two servers on one PostgreSQL: to those who are connected it makes no difference to which.

use std::time::Duration;

use entities::presence;
use hubwire::clock::Clock;
use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};
use serde_json::{Value, json};

use crate::{
    hub_client::HubClient,
    line::{CHAT, Carrier, Line, ONLINE},
    support::{TestApp, eventually},
};

const SECOND: Duration = Duration::from_secs(1);

/// Two servers by one clock, the second to be dropped first. Nothing where there can be only one.
async fn two(clock: Clock) -> Option<(TestApp, TestApp)> {
    let one = TestApp::by(clock, |_| {}).await;
    let two = one.beside().await?;
    Some((two, one))
}

/// The same by a clock that stands still; Ann and Bob share a conversation.
async fn two_that_stand_still() -> Option<(TestApp, TestApp)> {
    let one = TestApp::of_two_pairs().await;
    let two = one.beside().await?;
    Some((two, one))
}

/// Whether somebody is online in Ann's eyes.
async fn sees(app: &TestApp, user: &str) -> bool {
    app.person("ann").get(&format!("/presence/{user}")).await.data()["isOnline"] == true
}

/// The servers Bob is here by.
async fn servers_of_bob(app: &TestApp) -> u64 {
    let rows = presence::Entity::find().filter(presence::Column::UserId.eq("bob"));
    rows.count(&app.app.database.read).await.unwrap()
}

async fn online(line: &mut Line) -> Value {
    line.call("GetOnlineUsers", json!([])).await
}

#[tokio::test]
async fn typing_is_told_by_every_server_and_ends_with_the_message_wherever_it_is_sent() {
    let Some((two, one)) = two(Clock::system()).await else {
        return;
    };
    let mut ann = HubClient::connect(&one, "ann").await;
    let mut other = HubClient::connect(&two, "ann").await;
    let mut bob = HubClient::connect(&two, "bob").await;
    let mut near = HubClient::connect(&one, "bob").await;
    let sent = ann.call("SendMessage", json!(["bob", "hi"])).await;
    bob.hears_text("hi").await;
    let types = json!([sent["conversationId"], true]);
    ann.call("SendTypingIndicator", types.clone()).await;
    for client in [&mut bob, &mut near] {
        let told = client.hears("UserTyping").await;
        assert_eq!(
            (
                &told["userId"],
                &told["userName"],
                &told["isTyping"],
                &told["conversationId"]
            ),
            (&json!("ann"), &json!("ann"), &json!(true), &sent["conversationId"])
        );
    }
    // She sends what she typed by her other device.
    other.call("SendMessage", json!(["bob", "done"])).await;
    for client in [&mut bob, &mut near] {
        assert_eq!(client.hears("UserTyping").await["isTyping"], false);
    }
    for client in [&mut bob, &mut near, &mut ann, &mut other] {
        client.catches_up().await;
        assert!(client.heard("UserTyping").is_empty(), "each was told once, she never");
    }
}

#[tokio::test]
async fn who_is_online_is_the_same_on_every_server() {
    let Some((two, one)) = two_that_stand_still().await else {
        return;
    };
    let mut ann = Line::open(&one, "ann", ONLINE).await;
    assert_eq!(ann.hears("GetOnlineUsers").await, json!([]));
    let mut bob = Line::open(&two, "bob", CHAT.over(Carrier::Polls)).await;
    assert_eq!(ann.hears("UserOnline").await, "bob");
    eventually(async || online(&mut bob).await == json!(["ann"])).await;
    for app in [&one, &two] {
        assert!(sees(app, "bob").await);
        let all = app.person("ann").get("/presence").await;
        assert_eq!(all.data()[0]["userId"], "bob");
    }
    assert_eq!(online(&mut ann).await, json!(["bob"]));
    assert_eq!(ann.call("IsUserOnline", json!(["bob"])).await, true);
    bob.leave().await;
    // The grace is the other server's; then it is told.
    eventually(async || {
        one.app.clock.advance(SECOND);
        online(&mut ann).await == json!([])
    })
    .await;
    assert_eq!(ann.hears("UserOffline").await, "bob");
    eventually(async || {
        one.app.clock.advance(SECOND);
        !sees(&two, "bob").await
    })
    .await;
    let last = async |app: &TestApp| {
        let seen = app.person("ann").get("/presence/bob").await.data()["lastSeen"].clone();
        let seen = chrono::DateTime::parse_from_rfc3339(seen.as_str()?).ok()?;
        Some(seen.timestamp())
    };
    // The clock that is moved on may stand between one look at it and the next.
    eventually(async || {
        one.app.clock.advance(SECOND);
        let seen = last(&one).await.zip(last(&two).await);
        seen.is_some_and(|(one, two)| one.abs_diff(two) <= 1)
    })
    .await;
}

#[tokio::test]
async fn who_moves_to_another_server_was_never_gone() {
    let Some((two, one)) = two_that_stand_still().await else {
        return;
    };
    let mut ann = Line::open(&one, "ann", ONLINE).await;
    let there = Line::open(&two, "bob", CHAT).await;
    assert_eq!(ann.hears("UserOnline").await, "bob");
    let mut here = Line::open(&one, "bob", CHAT).await;
    // Hands are shaken before anybody counts as here.
    here.call("Ping", json!([])).await;
    eventually(async || servers_of_bob(&one).await == 2).await;
    there.leave().await;
    eventually(async || {
        one.app.clock.advance(SECOND);
        servers_of_bob(&one).await == 1
    })
    .await;
    assert_eq!(online(&mut ann).await, json!(["bob"]));
    here.leave().await;
    eventually(async || {
        one.app.clock.advance(SECOND);
        online(&mut ann).await == json!([])
    })
    .await;
    assert_eq!(ann.hears("UserOffline").await, "bob");
    assert_eq!(ann.heard("Ping").await, ["GetOnlineUsers"], "that was all she was told");
}

#[tokio::test]
async fn a_server_that_starts_knows_who_is_online_on_the_others() {
    let one = TestApp::of_two_pairs().await;
    let _bob = Line::open(&one, "bob", CHAT).await;
    one.person("bob")
        .put("/presence/status", &json!({"status": "away"}))
        .await;
    let Some(first) = one.beside().await else { return };
    eventually(async || sees(&first, "bob").await).await;
    drop(first);
    let two = one.beside().await.unwrap();
    let mut ann = Line::open(&two, "ann", ONLINE).await;
    assert_eq!(ann.hears("GetOnlineUsers").await, json!(["bob"]), "from the very first");
}

#[tokio::test]
async fn those_of_a_server_that_died_are_offline_when_its_lease_is_over() {
    let Some((two, one)) = two_that_stand_still().await else {
        return;
    };
    let mut ann = Line::open(&one, "ann", ONLINE).await;
    let _bob = Line::open(&two, "bob", CHAT).await;
    assert_eq!(ann.hears("UserOnline").await, "bob");
    drop(two);
    for _ in 0..9 {
        one.app.clock.advance(SECOND);
        assert_eq!(online(&mut ann).await, json!(["bob"]), "they may come back elsewhere");
    }
    eventually(async || {
        one.app.clock.advance(SECOND);
        online(&mut ann).await == json!([])
    })
    .await;
    assert_eq!(ann.hears("UserOffline").await, "bob");
}

#[tokio::test]
async fn what_somebody_shows_and_whom_they_block_is_seen_on_every_server() {
    let Some((two, one)) = two_that_stand_still().await else {
        return;
    };
    let mut ann = Line::open(&one, "ann", ONLINE).await;
    let mut chat = Line::open(&one, "ann", CHAT).await;
    let mut bob = Line::open(&two, "bob", CHAT).await;
    assert_eq!(ann.hears("UserOnline").await, "bob");
    assert_eq!(chat.hears("UserPresenceChanged").await["status"], "online");
    one.app.clock.advance(2 * SECOND);
    bob.call("SetStatus", json!(["away"])).await;
    assert_eq!(chat.hears("UserPresenceChanged").await["status"], "away");
    let by_bob = two.person("bob");
    by_bob.post("/users/ann/block", &json!({})).await.data();
    assert_eq!(ann.hears("UserOffline").await, "bob");
    by_bob.delete("/users/ann/block").await.data();
    assert_eq!(ann.hears("UserOnline").await, "bob");
}

/// Row 16 of the security checklist, where the connections are another server's.
#[tokio::test]
async fn sec_16_who_is_deactivated_is_out_on_every_server() {
    let Some((two, one)) = two(Clock::system()).await else {
        return;
    };
    one.person("bob").direct("ann").await;
    let mut lines = Vec::new();
    for app in [&one, &two] {
        for way in [CHAT, ONLINE, CHAT.over(Carrier::Polls)] {
            lines.push(Line::open(app, "bob", way).await);
        }
    }
    one.admin("root").post("/users/bob/deactivate", &json!({})).await.data();
    for line in &mut lines {
        if let Some(close) = line.is_sent_away().await {
            assert_ne!(close["allowReconnect"], true, "{close}");
        }
    }
    for app in [&one, &two] {
        app.person("bob").get("/users/me").await.refused(403, "forbidden");
    }
    let back = one.admin("root").ask("DELETE", "/users/bob/deactivate", &[], b"").await;
    back.data();
    eventually(async || two.person("bob").get("/users/me").await.status == 200).await;
}
