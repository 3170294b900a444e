//! A client that stops reading costs itself and only time: it falls behind and is fed from the log.

use serde_json::json;

use crate::{
    hub_client::{Door, HubClient},
    support::TestApp,
};

/// Sent while the slow one does not read.
struct Burst {
    messages: usize,
    bytes: usize,
}

impl Burst {
    fn content(&self, place: usize) -> String {
        format!("{place:06}{}", "x".repeat(self.bytes - 6))
    }
}

/// More than its buffers, within what the log keeps in memory.
const LONG: Burst = Burst {
    messages: 500,
    bytes: 13_000,
};
/// More than the 8 MiB the log keeps in memory: the beginning comes from the database.
const LONGER: Burst = Burst {
    messages: 450,
    bytes: 30_000,
};

#[tokio::test]
async fn who_stops_reading_misses_nothing_and_delays_nobody() {
    falls_behind_and_catches_up(&LONG).await;
}

#[tokio::test]
async fn who_falls_further_behind_than_memory_reaches_reads_the_database() {
    falls_behind_and_catches_up(&LONGER).await;
}

async fn falls_behind_and_catches_up(burst: &Burst) {
    let app = TestApp::start().await;
    let mut ann = HubClient::connect(&app, "ann").await;
    let mut bob = HubClient::connect(&app, "bob").await;
    let door = Door {
        buffer: Some(4 * 1024),
        ..Door::default()
    };
    let mut slow = HubClient::enter(app.address, &app.token("bob"), door).await;
    let first = ann.call("SendMessage", json!(["bob", "first"])).await;
    let conversation = &first["conversationId"];
    bob.hears_text("first").await;
    slow.hears_text("first").await;

    // Not a byte is read from here on.
    for place in 1..=burst.messages {
        let draft = json!([{"conversationId": conversation, "content": burst.content(place)}]);
        ann.call("SendMessage", draft).await;
        let heard = bob.hears("ReceiveMessage").await;
        assert_eq!(heard["seq"], place + 1, "the others hear each as it comes");
        while !ann.heard("ReceiveMessage").is_empty() {
            ann.hears("ReceiveMessage").await;
        }
    }
    // Typing is dropped for who is behind, so it tells whether somebody was.
    for is_typing in [true, false] {
        ann.call("SendTypingIndicator", json!([conversation, is_typing])).await;
        bob.hears_where("UserTyping", |typing| typing["isTyping"] == is_typing)
            .await;
    }
    let last = ann
        .call(
            "SendMessage",
            json!([{"conversationId": conversation, "content": "last"}]),
        )
        .await;
    bob.hears_text("last").await;

    for place in 1..=burst.messages {
        let heard = slow.hears("ReceiveMessage").await;
        assert_eq!(heard["seq"], place + 1, "each once and in order");
        assert_eq!(heard["content"], burst.content(place));
    }
    assert_eq!(slow.hears("ReceiveMessage").await["id"], last["id"]);
    assert!(slow.heard("UserTyping").is_empty(), "it was behind");
    // And it is live again.
    slow.catches_up().await;
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
    let mut ann = HubClient::connect(&app, "ann").await;
    let door = Door {
        buffer: Some(4 * 1024),
        ..Door::default()
    };
    let mut slow = HubClient::enter(app.address, &app.token("bob"), door).await;
    let to_cat = slow.call("SendMessage", json!(["cat", "hi"])).await;
    let to_bob = ann.call("SendMessage", json!(["bob", "hi"])).await;
    slow.hears_text("hi").await;
    slow.hears_where("ReceiveMessage", |message| message["id"] == to_bob["id"])
        .await;
    slow.call("JoinConversation", json!([to_bob["conversationId"]])).await;
    let mut cat = HubClient::connect(&app, "cat").await;
    for place in 1..=LONG.messages {
        let draft = json!([{"conversationId": to_bob["conversationId"], "content": LONG.content(place)}]);
        ann.call("SendMessage", draft).await;
    }
    let unheard = cat
        .call(
            "SendMessage",
            json!([{"conversationId": to_cat["conversationId"], "content": "psst"}]),
        )
        .await;
    let call = slow.begin("GetConversations", &json!([])).await;
    assert_eq!(slow.answer(&call).await.unwrap().as_array().unwrap().len(), 2);
    slow.hears_where("ConversationUpdated", |notice| {
        notice["lastMessage"]["id"] == unheard["id"]
    })
    .await;
    for place in 1..=LONG.messages {
        assert_eq!(slow.hears("ReceiveMessage").await["seq"], place + 1);
    }
}
