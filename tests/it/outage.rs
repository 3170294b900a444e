//! The database is gone for a while, and the clock is set back: nothing acknowledged is lost, what cannot be done is
//! `unavailable`, and all is well again by itself.

use std::{cell::Cell, time::Duration};

use futures_util::future::join_all;
use hubwire::clock::Clock;
use serde_json::{Value, json};

use crate::{
    hub_client::HubClient,
    line::{CHAT, Line, ONLINE},
    relay::Relay,
    support::{Person, TestApp, eventually},
};

/// Sends a message until it is acknowledged, by the same key; says how often it was refused.
async fn send(person: &Person, conversation: &Value, content: &str) -> (String, usize) {
    let body = json!({"conversationId": conversation, "content": content, "clientMessageId": content});
    let mut refused = 0;
    loop {
        let answer = person.post("/messages", &body).await;
        if answer.status == 200 {
            return (answer.data()["id"].as_str().unwrap().to_owned(), refused);
        }
        answer.refused(503, "unavailable");
        refused += 1;
    }
}

/// Two who have spoken, on a server that reaches its database through the relay; `None` where that is a file.
async fn behind_a_relay() -> Option<(TestApp, Relay, HubClient, HubClient, Value)> {
    let mut relay = None;
    let app = TestApp::with(|config| relay = Relay::before(config)).await;
    let relay = relay?;
    let mut ann = HubClient::connect(&app, "ann").await;
    let bob = HubClient::connect(&app, "bob").await;
    let first = ann.call("SendMessage", json!(["bob", "first"])).await;
    Some((app, relay, ann, bob, first["conversationId"].clone()))
}

#[tokio::test]
async fn a_database_that_is_gone_for_a_while_loses_nothing_and_doubles_nothing() {
    let Some((app, relay, mut ann, mut bob, conversation)) = behind_a_relay().await else {
        return;
    };
    let conversation = &conversation;
    let (sender, acknowledged) = (app.person("ann"), Cell::new(0));
    // Four who send at a time, each ten messages, while the database goes and comes.
    let sending = join_all((0..4).map(async |lane| {
        let mut sent = Vec::new();
        for number in 0..10 {
            sent.push(send(&sender, conversation, &format!("{lane} {number}")).await);
            acknowledged.set(acknowledged.get() + 1);
        }
        sent
    }));
    let trouble = async {
        eventually(async || acknowledged.get() >= 8).await;
        relay.goes_away().await;
        let refusal = ann.refused("SendMessage", json!(["bob", "to nowhere"])).await;
        assert!(refusal.starts_with("unavailable: "), "{refusal}");
        app.ask("GET", "/readyz", &[], b"").await.refused(503, "unavailable");
        assert_eq!(app.ask("GET", "/healthz", &[], b"").await.status, 200);
        relay.is_back().await;
    };
    let (sent, ()) = tokio::join!(sending, trouble);
    let sent: Vec<_> = sent.into_iter().flatten().collect();
    assert!(sent.iter().any(|(_, refused)| *refused > 0), "somebody was refused");
    eventually(async || app.ask("GET", "/readyz", &[], b"").await.status == 200).await;
    let path = format!("/conversations/{}/messages?limit=100", conversation.as_str().unwrap());
    let page = sender.get(&path).await.data();
    let messages = page["messages"].as_array().unwrap();
    for (id, _) in &sent {
        let stored = messages.iter().filter(|message| message["id"] == json!(id)).count();
        assert_eq!(stored, 1, "{id} was acknowledged");
    }
    assert_eq!(messages.len(), 41, "nothing refused was stored, nothing twice");
    // His connection lived through it and heard all of it in order.
    let last = ann.call("SendMessage", json!(["bob", "last"])).await;
    bob.hears_text("last").await;
    assert_eq!(last["seq"], 42);
    let heard: Vec<_> = bob
        .heard("ReceiveMessage")
        .iter()
        .map(|heard| heard["seq"].clone())
        .collect();
    assert_eq!(heard, (1..42).map(Value::from).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_database_that_says_nothing_is_unavailable_and_what_was_sent_meanwhile_is_stored_once() {
    let Some((_app, relay, mut ann, mut bob, conversation)) = behind_a_relay().await else {
        return;
    };
    relay.falls_silent().await;
    let sent = json!([{"recipientId": "bob", "content": "into silence", "clientMessageId": "key"}]);
    let refusal = ann.refused("SendMessage", sent.clone()).await;
    assert!(refusal.starts_with("unavailable: "), "{refusal}");
    relay.is_back().await;
    let mut stored = ann.ask("SendMessage", &sent).await;
    while stored.is_err() {
        stored = ann.ask("SendMessage", &sent).await;
    }
    let stored = stored.unwrap();
    assert_eq!(stored["seq"], 2, "once, whatever became of the first attempt");
    let again = ann.call("SendMessage", sent).await;
    assert_eq!(again["id"], stored["id"]);
    ann.call("SendMessage", json!([conversation, "last"])).await;
    bob.hears_text("last").await;
    assert_eq!(bob.heard_texts(), ["first", "into silence"]);
}

#[tokio::test]
async fn what_other_servers_said_meanwhile_is_made_up_for() {
    let one = TestApp::of_two_pairs().await;
    let mut relay = None;
    let Some(two) = one.beside_with(|config| relay = Relay::before(config)).await else {
        return;
    };
    let relay = relay.unwrap();
    let mut ann = Line::open(&two, "ann", ONLINE).await;
    let mut carl = Line::open(&two, "carl", CHAT).await;
    carl.call("Ping", json!([])).await;
    relay.goes_away().await;
    let mut bob = Line::open(&one, "bob", CHAT).await;
    bob.call("Ping", json!([])).await;
    one.admin("root")
        .post("/users/carl/deactivate", &json!({}))
        .await
        .data();
    relay.is_back().await;
    assert_eq!(ann.hears("UserOnline").await, "bob");
    carl.is_sent_away().await;
    drop(two);
}

#[tokio::test]
async fn a_clock_that_is_set_back_changes_no_order_and_loses_nothing() {
    let clock = Clock::fixed(1_700_000_000_000);
    let app = TestApp::by(clock.clone(), |_| {}).await;
    let (by_ann, by_bob) = (app.person("ann"), app.person("bob"));
    let mut ann = HubClient::connect(&app, "ann").await;
    let mut bob = HubClient::connect(&app, "bob").await;
    let conversation = json!(by_ann.direct("bob").await);
    let id = conversation.as_str().unwrap();
    let mut sent = Vec::new();
    // An hour back, a year on, and back where it was.
    for (round, by) in [0, -3_600_000, 31_536_000_000, -31_532_400_000].into_iter().enumerate() {
        clock.set_by(by);
        // An hour is what a token lives; who comes after a year needs another.
        let by_ann = app.person("ann");
        for number in 0..3 {
            sent.push(by_ann.say(id, &format!("{round} {number}")).await);
        }
        bob.hears_text(&format!("{round} 2")).await;
        clock.advance(Duration::from_secs(2));
    }
    let page = app
        .person("bob")
        .get(&format!("/conversations/{id}/messages?limit=100"))
        .await
        .data();
    let messages = page["messages"].as_array().unwrap();
    let of = |name: &str, messages: &[Value]| messages.iter().map(|message| message[name].clone()).collect::<Vec<_>>();
    assert_eq!(
        of("id", messages),
        of("id", &sent),
        "in the order they were acknowledged"
    );
    // Further from the clock than a second a time stands still, as the contract has it.
    let times = of("createdAt", messages);
    assert!(
        times.is_sorted_by(|one, next| one.as_str() <= next.as_str()),
        "{times:?}"
    );
    let list = by_bob.get("/conversations").await.data();
    assert_eq!(list[0]["unreadCount"], 12);
    bob.call("MarkAsRead", json!([id])).await;
    let read = ann
        .hears_where("MessageStatus", |status| {
            status["type"] == "message.read" && status["data"]["messageId"] == sent[11]["id"]
        })
        .await;
    assert_eq!(read["data"]["userId"], "bob");
    assert_eq!(
        app.person("bob").get("/conversations").await.data()[0]["unreadCount"],
        0
    );
    // Typing, presence and a connection that comes back go by the time that passes.
    let cookie = bob.cookie.clone();
    drop(bob);
    clock.set_by(-3_600_000);
    app.person("ann").say(id, "missed").await;
    let mut bob = HubClient::again(&app, "bob", &cookie).await;
    bob.hears_text("missed").await;
    assert_eq!(app.person("ann").get("/presence/bob").await.data()["isOnline"], true);
}
