//! Who hears what while others are at it: several threads, as the program itself has them, and several requests.

use std::sync::Arc;

use entities::ids::EventId;
use hubwire::log::event::{Body, Event};
use serde_json::{Value, json};

use crate::{
    hub_client::{Door, HubClient},
    process::{Program, hubwire, token},
    support::TestApp,
};

fn id(value: &Value) -> &str {
    value["conversationId"].as_str().unwrap()
}

async fn tell(client: &mut HubClient, person: &str, content: &str) -> Value {
    client
        .call("SendMessage", json!([{"recipientId": person, "content": content}]))
        .await
}

/// The answer and the fan-out run on different threads; the view must be open before either.
#[tokio::test]
async fn what_one_sends_to_is_heard_from_that_very_message_on_whatever_thread_is_faster() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = hubwire(folder.path());
    command.env("HUBWIRE_LIMITS_MESSAGES_PER_MINUTE", "0");
    let program = Program::spawn(command);
    let mut ann = HubClient::enter(program.address, &token(folder.path(), "ann"), Door::default()).await;
    let group = json!([{"name": "g", "memberIds": []}]);
    let joined = ann.call("CreateGroup", group.clone()).await;
    ann.call("JoinConversation", json!([id(&joined)])).await;
    for round in 0..200 {
        let sent = tell(&mut ann, &format!("person-{round}"), "x").await;
        ann.hears_where("MessageStatus", |status| status["data"]["messageId"] == sent["id"])
            .await;
        // Behind the message itself, where that is heard.
        assert_eq!(ann.heard("ReceiveMessage"), [&sent], "round {round}");
        ann.hears("ReceiveMessage").await;
    }
}

#[tokio::test]
async fn what_is_posted_while_one_joins_is_in_the_answer_or_heard() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = hubwire(folder.path());
    command.env("HUBWIRE_LIMITS_MESSAGES_PER_MINUTE", "0");
    let program = Program::spawn(command);
    let [ann, bob] = ["ann", "bob"].map(|user| token(folder.path(), user));
    let mut ann = HubClient::enter(program.address, &ann, Door::default()).await;
    let mut bob = HubClient::enter(program.address, &bob, Door::default()).await;
    let elsewhere = tell(&mut ann, "cat", "x").await;
    ann.call("JoinConversation", json!([id(&elsewhere)])).await;
    let conversation = tell(&mut bob, "ann", "first").await;
    for _ in 0..100 {
        let draft = json!([{"conversationId": id(&conversation), "content": "x"}]);
        let mut sends = Vec::new();
        for _ in 0..4 {
            sends.push(bob.begin("SendMessage", &draft).await);
        }
        let joined = ann.call("JoinConversation", json!([id(&conversation)])).await;
        let known = joined["lastMessage"]["seq"].as_u64().unwrap();
        let mut newest = 0;
        for send in sends {
            newest = bob.answer(&send).await.unwrap()["seq"].as_u64().unwrap();
        }
        for seq in known + 1..=newest {
            ann.hears_where("ReceiveMessage", |message| message["seq"] == seq).await;
        }
        ann.call("LeaveConversation", json!([id(&conversation)])).await;
    }
}

/// Row 17 of the security checklist: who is removed hears all that was sent before, the removal, and nothing after it.
#[tokio::test]
async fn sec_17_who_is_removed_under_load_hears_nothing_sent_after() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    let group = json!({"name": "Team", "memberIds": ["bob", "cat"]});
    let group = ann.post("/groups", &group).await.data();
    let id = group["id"].as_str().unwrap();
    let [mut bob, mut cat] = [
        HubClient::connect(&app, "bob").await,
        HubClient::connect(&app, "cat").await,
    ];
    let saying = futures_util::future::join_all((0..300).map(|turn| {
        let (ann, content) = (&ann, turn.to_string());
        async move { ann.say(id, &content).await }
    }));
    let removing = async {
        let first = cat.hears("ReceiveMessage").await;
        ann.delete(&format!("/groups/{id}/participants/cat")).await.data();
        first["content"].as_str().unwrap().to_owned()
    };
    let (_, first) = tokio::join!(saying, removing);
    ann.say(id, "last").await;
    bob.hears_text("last").await;
    cat.catches_up().await;
    // The log is the order in which everything happened.
    let events = app.app.log.read_after(EventId(0), 1_000).await.unwrap();
    let removal = events
        .iter()
        .position(|event| event.body.kind() == "member_left")
        .unwrap();
    let posted = |event: &Arc<Event>| match &event.body {
        Body::MessagePosted(message) => Some(message.content.clone()),
        _ => None,
    };
    let before: Vec<_> = events[..removal].iter().filter_map(posted).collect();
    let after = events[removal..].iter().filter_map(posted).count();
    assert!(
        !before.is_empty() && after > 0,
        "in the middle: {} before, {after} after",
        before.len()
    );
    let heard: Vec<_> = std::iter::once(first.as_str()).chain(cat.heard_texts()).collect();
    assert_eq!(heard, before);
    assert_eq!(cat.heard("RemovedFromGroup").len(), 1);
}
