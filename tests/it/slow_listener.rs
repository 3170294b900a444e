//! A client that stops reading costs itself and only time: it falls behind and is fed from the log.

use entities::ids::EventId;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    hub_client::{Door, HubClient},
    support::{Person, TestApp},
};

/// Sent while the slow one does not read: this many messages of [`BYTES`].
const LONG: usize = 500;
/// More than the 8 MiB the log keeps in memory: the beginning comes from the database.
const LONGER: usize = 900;
/// Together more than the sockets' buffers hold.
const BYTES: usize = 13_000;

async fn send(sender: &Person, conversation: &Value, place: usize) {
    let content = format!("{place:06}{}", "x".repeat(BYTES - 6));
    let body = json!({"conversationId": conversation, "content": content});
    sender.post("/messages", &body).await.data();
}

/// Somebody whose socket holds little.
async fn narrow(app: &TestApp, user: &str) -> HubClient {
    let door = Door {
        buffer: Some(4 * 1024),
        ..Door::default()
    };
    HubClient::enter(app.address, &app.token(user), door).await
}

#[tokio::test]
async fn who_stops_reading_misses_nothing_and_delays_nobody() {
    let app = TestApp::start().await;
    falls_behind_and_catches_up(&app, LONG).await;
}

#[tokio::test]
async fn who_falls_further_behind_than_memory_reaches_reads_the_database() {
    let app = TestApp::start().await;
    falls_behind_and_catches_up(&app, LONGER).await;
    let tail = &app.app.log.tail;
    assert!(
        tail.after(EventId(1), 1).is_none(),
        "the beginning is in memory no more"
    );
}

async fn falls_behind_and_catches_up(app: &TestApp, messages: usize) {
    let mut ann = HubClient::connect(app, "ann").await;
    let mut bob = HubClient::connect(app, "bob").await;
    let mut slow = narrow(app, "bob").await;
    let first = ann.call("SendMessage", json!(["bob", "first"])).await;
    let conversation = &first["conversationId"];
    ann.call("JoinConversation", json!([conversation])).await;
    ann.call("LeaveConversation", json!([conversation])).await;
    bob.hears_text("first").await;
    slow.hears_text("first").await;

    // The slow one does not read a byte from here on.
    let mut heard = Vec::new();
    let sender = app.person("ann");
    // Several at a time: who reads nothing for longer than a server waits is given up.
    for places in (0..messages).collect::<Vec<_>>().chunks(16) {
        join_all(places.iter().map(|place| send(&sender, conversation, *place))).await;
        for place in places {
            heard.push(bob.hears("ReceiveMessage").await);
            assert_eq!(heard[*place]["seq"], place + 2, "the others hear each as it comes");
        }
    }
    // Typing is dropped for who is behind, so it tells whether somebody was.
    for is_typing in [true, false] {
        ann.call("SendTypingIndicator", json!([conversation, is_typing])).await;
        bob.hears_where("UserTyping", |typing| typing["isTyping"] == is_typing)
            .await;
    }

    for message in heard {
        let late = slow.hears("ReceiveMessage").await;
        assert!(
            late == message,
            "each once and in order: {} {}",
            late["seq"],
            message["seq"]
        );
    }
    slow.catches_up().await;
    assert!(slow.heard("UserTyping").is_empty(), "it was behind");
    // And it is live again.
    ann.call("SendTypingIndicator", json!([conversation, true])).await;
    slow.hears_where("UserTyping", |typing| typing["isTyping"] == true)
        .await;
    ann.call(
        "SendMessage",
        json!([{"conversationId": conversation, "content": "live"}]),
    )
    .await;
    slow.hears_text("live").await;
    slow.catches_up().await;
    assert!(slow.heard("ReceiveMessage").is_empty(), "nothing twice");
}

#[tokio::test]
async fn who_is_behind_and_calls_is_answered_and_notices_wait_for_room() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    let mut cat = HubClient::connect(&app, "cat").await;
    let mut slow = narrow(&app, "bob").await;
    let to_cat = slow.call("SendMessage", json!(["cat", "hi"])).await;
    let to_bob = ann
        .post("/messages", &json!({"recipientId": "bob", "content": "hello"}))
        .await
        .data();
    slow.hears_text("hi").await;
    slow.hears_text("hello").await;
    slow.call("JoinConversation", json!([to_bob["conversationId"]])).await;
    for place in 0..LONG {
        send(&ann, &to_bob["conversationId"], place).await;
    }
    let draft = json!([{"conversationId": to_cat["conversationId"], "content": "psst"}]);
    let unheard = cat.call("SendMessage", draft).await;
    let call = slow.begin("GetConversations", &json!([])).await;
    assert_eq!(slow.answer(&call).await.unwrap().as_array().unwrap().len(), 2);
    slow.hears_where("ConversationUpdated", |notice| {
        notice["lastMessage"]["id"] == unheard["id"]
    })
    .await;
    for place in 1..=LONG {
        assert_eq!(slow.hears("ReceiveMessage").await["seq"], place + 1);
    }
}
