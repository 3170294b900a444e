//! What nobody hears who does not belong: every event the server tells, with strangers, a former member and somebody who
//! is blocked listening on both hubs.

use std::{collections::BTreeSet, time::Duration};

use hubwire::{clock::Clock, views::ClientEvent};
use serde_json::{Value, json};

use crate::{
    line::{CHAT, Line, ONLINE},
    support::{Person, TestApp},
};

/// Every event but the one that answers who connects to a path of its own.
fn events() -> BTreeSet<String> {
    let names = ClientEvent::NAMES
        .iter()
        .filter(|name| **name != "ReceiveMessageThread");
    names.map(|name| (*name).to_owned()).collect()
}

/// Both hubs of one person.
struct Ears {
    chat: Line,
    online: Line,
}

impl Ears {
    async fn open(app: &TestApp, user: &str) -> Self {
        Self {
            chat: Line::open(app, user, CHAT).await,
            online: Line::open(app, user, ONLINE).await,
        }
    }

    /// The names of all that was heard so far.
    async fn heard(&mut self) -> Vec<String> {
        let mut heard = self.chat.heard("Ping").await;
        heard.extend(self.online.heard("Ping").await);
        heard
    }
}

/// Everything that can happen in a group and between two people.
async fn everything_happens(app: &TestApp, ann: &Person, bob: &Person, of_ann: &mut Ears) {
    let json = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
    let mut gone = Line::open(app, "gone", CHAT).await;
    let group = ann
        .post("/groups", &json(r#"{"name": "secret", "memberIds": ["bob", "gone"]}"#))
        .await
        .data();
    // Who is removed before they are told of the group need not be.
    gone.hears("NewConversation").await;
    gone.leave().await;
    let id = group["id"].as_str().unwrap();
    let (path, participants) = (format!("/conversations/{id}"), format!("/groups/{id}/participants"));
    ann.delete(&format!("{participants}/gone")).await.data();
    let ids = [ann.say(id, "one").await, ann.say(id, "two").await].map(|m| m["id"].as_str().unwrap().to_owned());
    let message = format!("/messages/{}", ids[0]);
    bob.post(&format!("{message}/read"), &json("{}")).await.data();
    let three = ann.say(id, "three").await;
    bob.post(&format!("{path}/read"), &json("{}")).await.data();
    ann.put(&message, &json(r#"{"content": "edited"}"#)).await.data();
    for emoji in [r#"{"emoji": "x"}"#, r#"{"emoji": "x"}"#] {
        bob.post(&format!("{message}/reactions/toggle"), &json(emoji))
            .await
            .data();
    }
    ann.post(&format!("{message}/pin"), &json("{}")).await.data();
    ann.delete(&format!("{message}/pin")).await.data();
    ann.delete(&message).await.data();
    ann.put(&path, &json(r#"{"name": "renamed", "avatar": "a"}"#))
        .await
        .data();
    ann.post(&participants, &json(r#"{"memberIds": ["cat"]}"#)).await.data();
    ann.put(&participants, &json(r#"{"userId": "cat", "role": "admin"}"#))
        .await
        .data();
    ann.post(&format!("{path}/mute"), &json("{}")).await.data();
    of_ann.chat.call("SendTypingIndicator", json!([id, true])).await;
    of_ann.chat.call("MarkAsRead", json!([id])).await;
    of_ann.chat.call("MessageDelivered", json!([three["id"]])).await;
    of_ann.chat.call("SetStatus", json!(["away"])).await;
    ann.put("/users/me", &json(r#"{"fullName": "Ann Renamed"}"#))
        .await
        .data();
    ann.delete(&format!("{participants}/cat")).await.data();
    ann.delete(&format!("/groups/{id}?scope=everyone")).await.data();
    let [direct, barred] = [ann.direct("bob").await, ann.direct("foe").await];
    ann.say(&direct, "between us").await;
    for conversation in [&direct, &barred] {
        of_ann
            .chat
            .call("SendTypingIndicator", json!([conversation, true]))
            .await;
    }
    // A conversation that is not open is noticed only.
    let lobby = bob
        .post("/groups", &json(r#"{"name": "lobby", "memberIds": ["ann"]}"#))
        .await
        .data();
    let mut narrow = Line::open(app, "bob", CHAT).await;
    narrow.call("JoinConversation", json!([lobby["id"]])).await;
    ann.say(&direct, "aside").await;
    narrow.hears("ConversationUpdated").await;
}

/// Row 28 of the security checklist.
#[tokio::test]
async fn sec_28_no_event_reaches_who_does_not_belong() {
    let app = TestApp::by(Clock::fixed(1_700_000_000_000), |_| {}).await;
    let [ann, bob, eve] = app.people(["ann", "bob", "eve"]);
    // `foe` has a conversation with `ann` and is blocked by her; `eve` knows none of them; `gone` is a member at first.
    for friend in ["bob", "cat", "foe"] {
        ann.direct(friend).await;
    }
    ann.post("/users/foe/block", &json!({})).await.data();
    eve.direct("zoe").await;
    let mut outsiders = Vec::new();
    for user in ["eve", "foe", "gone"] {
        let mut ears = Ears::open(&app, user).await;
        // A call is answered behind the list of who is here: it is of before anything happens.
        ears.heard().await;
        outsiders.push((user, ears));
    }
    let mut insiders = [Ears::open(&app, "bob").await, Ears::open(&app, "cat").await];
    let mut of_ann = Ears::open(&app, "ann").await;
    // All who came have been told of before anything happens.
    for ears in &mut insiders {
        ears.online.hears("UserOnline").await;
        ears.chat.hears("UserPresenceChanged").await;
    }
    // So has the block, which was before them, where somebody was there to be told.
    let (_, foe) = &mut outsiders[1];
    let told = foe.heard().await;
    if told.contains(&"UserOffline".to_owned()) {
        assert_eq!(foe.online.hears("UserOffline").await, "ann");
        foe.chat.hears("UserPresenceChanged").await;
    }
    everything_happens(&app, &ann, &bob, &mut of_ann).await;
    // These two were heard above.
    let mut heard = BTreeSet::from(["UserOnline".to_owned(), "ConversationUpdated".to_owned()]);
    heard.extend(of_ann.heard().await);
    of_ann.chat.leave().await;
    of_ann.online.leave().await;
    loop {
        for ears in &mut insiders {
            heard.extend(ears.heard().await);
        }
        if heard.contains("UserOffline") {
            break;
        }
        app.app.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(heard, events(), "an event without a row, or a row without an event");
    for (user, ears) in &mut outsiders {
        // Who comes is told that nobody is here. Who was a member was told that much, what is left for them to read, and
        // nothing after it; and perhaps who else was there, until then.
        let expected: &[&str] = match *user {
            "gone" => &[
                "GetOnlineUsers",
                "NewConversation",
                "RemovedFromGroup",
                "UnreadCountUpdated",
            ],
            _ => &["GetOnlineUsers"],
        };
        let mut heard = ears.heard().await;
        heard.sort_unstable();
        if *user == "gone" {
            heard.retain(|name| !["UserOnline", "UserOffline", "UserPresenceChanged"].contains(&name.as_str()));
        }
        assert_eq!(heard, expected, "{user}");
        assert_eq!(ears.online.hears("GetOnlineUsers").await, json!([]), "{user}");
    }
}
