//! Who hears what: everything before the first join, then what was joined and sent to; the rest as notices.

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    hub_client::{Door, HubClient},
    support::TestApp,
};

fn id(value: &Value) -> &str {
    value["conversationId"].as_str().unwrap()
}

/// Everybody with one connection.
async fn meet<const N: usize>(app: &TestApp, users: [&str; N]) -> [HubClient; N] {
    let mut clients = Vec::new();
    for user in users {
        clients.push(HubClient::connect(app, user).await);
    }
    clients.try_into().ok().unwrap()
}

async fn say(client: &mut HubClient, conversation: &str, content: &str) -> Value {
    client
        .call(
            "SendMessage",
            json!([{"conversationId": conversation, "content": content}]),
        )
        .await
}

async fn tell(client: &mut HubClient, person: &str, content: &str) -> Value {
    client
        .call("SendMessage", json!([{"recipientId": person, "content": content}]))
        .await
}

#[tokio::test]
async fn everything_is_heard_before_the_first_join_and_sending_narrows_nothing() {
    let app = TestApp::start().await;
    let [mut ann, mut bob, mut cat] = meet(&app, ["ann", "bob", "cat"]).await;
    tell(&mut bob, "ann", "from bob").await;
    tell(&mut cat, "ann", "from cat").await;
    let group = json!([{"name": "lobby", "memberIds": ["ann", "cat"]}]);
    let group = bob.call("CreateGroup", group).await;
    say(&mut cat, id(&group), "to all").await;
    for content in ["from bob", "from cat", "to all"] {
        ann.hears_text(content).await;
    }
    say(&mut ann, id(&group), "I am here").await;
    tell(&mut cat, "ann", "and here").await;
    ann.hears_text("and here").await;
    assert!(ann.heard("ConversationUpdated").is_empty());
    bob.hears_text("I am here").await;
    assert!(!bob.heard_texts().contains(&"from cat"), "only members hear");
}

#[tokio::test]
async fn after_a_join_the_joined_and_the_sent_to_are_heard_and_the_rest_is_noticed() {
    let app = TestApp::start().await;
    let [mut ann, mut bob, mut cat] = meet(&app, ["ann", "bob", "cat"]).await;
    let with_bob = tell(&mut bob, "ann", "one").await;
    let with_cat = tell(&mut cat, "ann", "two").await;
    for content in ["one", "two"] {
        ann.hears_text(content).await;
    }
    let joined = ann.call("JoinConversation", json!([id(&with_bob)])).await;
    assert_eq!(
        (id(&joined), &joined["lastMessage"]["id"], &joined["unreadCount"]),
        (id(&with_bob), &with_bob["id"], &json!(1))
    );

    let unheard = say(&mut cat, id(&with_cat), "three").await;
    say(&mut bob, id(&with_bob), "four").await;
    ann.hears_text("four").await;
    let notice = ann.hears("ConversationUpdated").await;
    assert_eq!((id(&notice), &notice["reason"]), (id(&with_cat), &json!("message")));
    assert_eq!(notice["lastMessage"]["id"], unheard["id"]);
    assert_eq!(notice["lastMessage"]["content"], "three");
    assert_eq!(notice["unreadCount"], 2);
    assert_eq!(notice["updatedAt"], unheard["createdAt"]);
    assert_eq!(ann.heard_texts(), Vec::<&str>::new());

    // Sending there opens it, from this very message on.
    say(&mut ann, id(&with_cat), "five").await;
    ann.hears_text("five").await;
    say(&mut cat, id(&with_cat), "six").await;
    ann.hears_text("six").await;
    // The others never joined, so they heard everything.
    cat.hears_text("five").await;
}

#[tokio::test]
async fn what_was_read_on_another_device_is_noticed_where_it_is_not_heard() {
    let app = TestApp::start().await;
    let [mut ann, mut bob, mut phone] = meet(&app, ["ann", "bob", "bob"]).await;
    let with_cat = tell(&mut phone, "cat", "hello").await;
    phone.call("JoinConversation", json!([id(&with_cat)])).await;
    let sent = tell(&mut ann, "bob", "one").await;
    assert_eq!(phone.hears("ConversationUpdated").await["unreadCount"], 1);
    bob.call("MarkAsRead", json!([sent["id"]])).await;
    let notice = phone.hears("ConversationUpdated").await;
    assert_eq!(
        (id(&notice), &notice["reason"], &notice["unreadCount"]),
        (id(&sent), &json!("read"), &json!(0))
    );
    assert_eq!(phone.heard("MessageRead").len(), 0);
}

#[tokio::test]
async fn who_has_less_unread_since_a_message_was_deleted_is_told_how_much() {
    let app = TestApp::start().await;
    let [mut ann, mut bob] = meet(&app, ["ann", "bob"]).await;
    let sent = tell(&mut ann, "bob", "one").await;
    tell(&mut ann, "bob", "two").await;
    ann.call("DeleteMessage", json!([sent["id"]])).await;
    assert_eq!(bob.hears("UnreadCountUpdated").await, json!(1));
}

#[tokio::test]
async fn notices_are_merged_to_one_a_second_for_each_person_and_conversation() {
    let app = TestApp::start().await;
    let [mut ann, mut away, mut bob, mut cat] = meet(&app, ["ann", "ann", "bob", "cat"]).await;
    let with_bob = tell(&mut bob, "ann", "one").await;
    let with_cat = tell(&mut cat, "ann", "two").await;
    let begun = Instant::now();
    away.call("JoinConversation", json!([id(&with_bob)])).await;
    for place in 1..=30 {
        say(&mut cat, id(&with_cat), &place.to_string()).await;
    }
    let mut notices = 1;
    loop {
        let notice = away.hears("ConversationUpdated").await;
        assert_eq!(id(&notice), id(&with_cat));
        if notice["lastMessage"]["content"] == "30" {
            assert_eq!(notice["unreadCount"], 31, "the state at that moment");
            break;
        }
        notices += 1;
    }
    let most = begun.elapsed().as_secs() + 2;
    assert!(notices <= most, "{notices} notices, at most {most}");
    // The person's other connection heard it all and is told nothing besides.
    ann.hears_text("30").await;
    ann.catches_up().await;
    assert!(ann.heard("ConversationUpdated").is_empty());
}

#[tokio::test]
async fn leaving_ends_the_view_and_does_not_restore_everything() {
    let app = TestApp::start().await;
    let [mut ann, mut bob, mut cat] = meet(&app, ["ann", "bob", "cat"]).await;
    let with_bob = tell(&mut bob, "ann", "one").await;
    let with_cat = tell(&mut cat, "ann", "two").await;
    ann.call("JoinConversation", json!([id(&with_bob)])).await;
    let left = ann.call("LeaveConversation", json!([id(&with_bob)])).await;
    assert_eq!(left, Value::Null);
    for (client, conversation, content) in [(&mut bob, &with_bob, "three"), (&mut cat, &with_cat, "four")] {
        let sent = say(client, id(conversation), content).await;
        ann.hears_where("ConversationUpdated", |notice| {
            notice["lastMessage"]["id"] == sent["id"]
        })
        .await;
    }
    let texts = ann.heard_texts();
    assert!(!texts.contains(&"three") && !texts.contains(&"four"), "{texts:?}");
    // Membership is untouched: history, sending and coming back work.
    let page = ann.call("GetMessages", json!([id(&with_bob)])).await;
    assert_eq!(page["messages"].as_array().unwrap().len(), 2);
    ann.call("JoinConversation", json!([id(&with_bob)])).await;
    say(&mut bob, id(&with_bob), "five").await;
    ann.hears_text("five").await;
}

#[tokio::test]
async fn join_and_leave_are_idempotent() {
    let app = TestApp::start().await;
    let [mut ann, mut bob] = meet(&app, ["ann", "bob"]).await;
    let sent = tell(&mut bob, "ann", "one").await;
    let by_case = id(&sent).to_uppercase();
    for _ in 0..3 {
        // Before any join, leaving is nothing at all.
        ann.call("LeaveConversation", json!([id(&sent)])).await;
    }
    tell(&mut bob, "ann", "two").await;
    ann.hears_text("two").await;
    for reference in [id(&sent), &by_case, id(&sent)] {
        let joined = ann.call("JoinConversation", json!([reference])).await;
        assert_eq!(id(&joined), id(&sent));
    }
    tell(&mut bob, "ann", "three").await;
    ann.hears_text("three").await;
    tell(&mut bob, "ann", "four").await;
    ann.hears_text("four").await;
    assert!(!ann.heard_texts().contains(&"three"), "once, however often one joined");
    for _ in 0..2 {
        ann.call("LeaveConversation", json!([id(&sent)])).await;
    }
    tell(&mut bob, "ann", "five").await;
    ann.hears_where("ConversationUpdated", |notice| {
        notice["lastMessage"]["content"] == "five"
    })
    .await;
    for method in ["JoinConversation", "LeaveConversation"] {
        let mut stranger = HubClient::connect(&app, "dan").await;
        let refused = stranger.refused(method, json!([id(&sent)])).await;
        assert_eq!(refused, "not_found: Conversation not found");
    }
}

#[tokio::test]
async fn deliver_all_keeps_everything_whatever_is_joined() {
    let app = TestApp::start().await;
    for query in ["deliver=all", "Deliver=ALL"] {
        let door = Door {
            query,
            ..Door::default()
        };
        let mut ann = HubClient::enter(app.address, &app.token("ann"), door).await;
        let [mut bob, mut cat] = meet(&app, ["bob", "cat"]).await;
        let with_bob = tell(&mut bob, "ann", "one").await;
        ann.call("JoinConversation", json!([id(&with_bob)])).await;
        tell(&mut cat, "ann", "two").await;
        ann.hears_text("two").await;
        ann.call("LeaveConversation", json!([id(&with_bob)])).await;
        tell(&mut bob, "ann", "three").await;
        ann.hears_text("three").await;
        assert!(ann.heard("ConversationUpdated").is_empty());
    }
}

#[tokio::test]
async fn the_senders_connections_see_the_clients_ids_and_the_status_and_nobody_else_does() {
    let app = TestApp::start().await;
    let [mut ann, mut other, mut bob] = meet(&app, ["ann", "ann", "bob"]).await;
    let draft = json!([{"recipientId": "bob", "content": "hi", "clientMessageId": "c-1", "tempId": "t-1"}]);
    let sent = ann.call("SendMessage", draft).await;
    assert_eq!(
        (&sent["clientMessageId"], &sent["tempId"]),
        (&json!("c-1"), &json!("t-1"))
    );
    for client in [&mut ann, &mut other] {
        let message = client.hears("ReceiveMessage").await;
        assert_eq!(message, sent, "the same view as the answer");
        let status = client.hears("MessageStatus").await;
        let expected = json!({"type": "message.sent", "data": {
            "messageId": sent["id"], "conversationId": sent["conversationId"], "clientMessageId": "c-1", "tempId": "t-1",
            "status": "sent", "timestamp": sent["createdAt"],
        }});
        assert_eq!(status, expected);
    }
    let heard = bob.hears("ReceiveMessage").await;
    let mut expected = sent.clone();
    for own in ["clientMessageId", "tempId"] {
        expected.as_object_mut().unwrap().remove(own);
    }
    assert_eq!(heard, expected);
    // Nor in a list, a page or a notice.
    let page = bob.call("GetMessages", json!([sent["conversationId"]])).await;
    assert_eq!(page["messages"], json!([expected]));
    let list = bob.call("GetConversations", json!([])).await;
    assert_eq!(list[0]["lastMessage"], expected);
    tell(&mut bob, "ann", "hello").await;
    ann.hears_text("hello").await;
    assert_eq!(bob.hears("MessageStatus").await["data"]["clientMessageId"], Value::Null);
    assert!(bob.heard("MessageStatus").is_empty(), "one's own messages only");
    // The author who looks elsewhere learns that it was stored, too.
    let with_cat = tell(&mut other, "cat", "three").await;
    other
        .call("JoinConversation", json!([with_cat["conversationId"]]))
        .await;
    let sent = tell(&mut ann, "bob", "four").await;
    other
        .hears_where("MessageStatus", |status| status["data"]["messageId"] == sent["id"])
        .await;
    assert!(!other.heard_texts().contains(&"four"));
}

/// Row 29 of the security checklist: an id is one id however it is written.
#[tokio::test]
async fn sec_29_a_view_that_is_opened_and_closed_a_thousand_times_is_closed() {
    let app = TestApp::start().await;
    let [mut ann, mut bob] = meet(&app, ["ann", "bob"]).await;
    let sent = tell(&mut bob, "ann", "first").await;
    ann.hears_text("first").await;
    let lower = id(&sent).to_owned();
    let upper = lower.to_uppercase();
    let spelled = [json!(lower), json!(upper), json!("bob"), json!(format!(" {upper} "))];
    for turn in 0..1_000 {
        let joined = ann.call("JoinConversation", json!([spelled[turn % 4]])).await;
        assert_eq!(id(&joined), lower);
        ann.call("LeaveConversation", json!([spelled[turn / 4 % 4]])).await;
    }
    say(&mut bob, &upper, "second").await;
    let notice = ann.hears("ConversationUpdated").await;
    assert_eq!(notice["lastMessage"]["content"], "second");
    ann.catches_up().await;
    assert!(ann.heard_texts().is_empty());
}

#[tokio::test]
async fn each_member_is_told_of_a_new_conversation_with_a_view_of_their_own() {
    let app = TestApp::start().await;
    let [mut ann, mut bob, mut cat, mut dan] = meet(&app, ["ann", "bob", "cat", "dan"]).await;
    let sent = tell(&mut ann, "bob", "hi").await;
    for client in [&mut ann, &mut bob] {
        let made = client.hears("NewConversation").await;
        assert_eq!((id(&made), &made["type"]), (id(&sent), &json!("direct")));
        let people: Vec<_> = made["participants"].as_array().unwrap().iter().collect();
        assert_eq!(people.len(), 2, "{made}");
    }
    let group =
        json!([{"name": "lobby", "memberIds": ["bob", "cat", "bob", "ann"], "description": "talk", "avatar": "x.png"}]);
    let group = ann.call("CreateGroup", group).await;
    assert_eq!(group["adminId"], "ann");
    for client in [&mut ann, &mut bob, &mut cat] {
        let made = client.hears("NewConversation").await;
        assert_eq!(
            (
                id(&made),
                &made["type"],
                &made["name"],
                &made["description"],
                &made["avatar"]
            ),
            (
                id(&group),
                &json!("group"),
                &json!("lobby"),
                &json!("talk"),
                &json!("x.png")
            )
        );
        assert_eq!(made["participants"].as_array().unwrap().len(), 3, "{made}");
        assert_eq!((&made["lastMessage"], &made["unreadCount"]), (&Value::Null, &json!(0)));
    }
    // By REST too, and once each.
    app.person("bob").direct("cat").await;
    for client in [&mut bob, &mut cat] {
        assert_eq!(client.hears("NewConversation").await["type"], "direct");
    }
    for client in [&mut ann, &mut bob, &mut cat, &mut dan] {
        client.catches_up().await;
        assert!(client.heard("NewConversation").is_empty());
    }
}

#[tokio::test]
async fn rest_and_hub_are_two_doors_to_one_room() {
    let app = TestApp::start().await;
    let [mut ann, mut bob] = meet(&app, ["ann", "bob"]).await;
    let rest = app.person("ann");
    let body = json!({"recipientId": "bob", "content": "by REST", "clientMessageId": "r-1"});
    let sent = rest.post("/messages", &body).await.data();
    assert_eq!(ann.hears("ReceiveMessage").await, sent, "one view for both");
    assert_eq!(bob.hears("ReceiveMessage").await["id"], sent["id"]);
    assert_eq!(ann.hears("MessageStatus").await["data"]["clientMessageId"], "r-1");
    let by_hub = tell(&mut ann, "bob", "by hub").await;
    let page = rest.get(&format!("/messages?chatId={}", id(&sent))).await.data();
    assert_eq!(page["messages"], json!([sent, by_hub]));
    let over_hub = ann.call("GetMessages", json!([id(&sent)])).await;
    assert_eq!(over_hub, page);
    let list = rest.get("/conversations").await.data();
    assert_eq!(ann.call("GetConversations", json!([])).await, list);
}
