//! Who hears what while several threads are at it: the program itself, which has them.

use serde_json::{Value, json};

use crate::{
    hub_client::{Door, HubClient},
    process::{Program, hubwire, token},
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
