//! Read and received: who is told, under which names clients say it, and what REST answers.

use serde_json::{Value, json};

use crate::{
    hub_client::HubClient,
    support::{Person, TestApp},
};

/// Everybody with one connection.
async fn meet<const N: usize>(app: &TestApp, users: [&str; N]) -> [HubClient; N] {
    let mut clients = Vec::new();
    for user in users {
        clients.push(HubClient::connect(app, user).await);
    }
    clients.try_into().ok().unwrap()
}

/// A group of theirs with some messages of its owner.
async fn group(owner: &Person, members: &[&str], count: usize) -> (String, Vec<Value>) {
    let made = owner
        .post("/groups", &json!({"name": "lobby", "memberIds": members}))
        .await
        .data();
    let id = made["id"].as_str().unwrap().to_owned();
    (id.clone(), said(owner, &id, count).await)
}

async fn said(person: &Person, conversation: &str, count: usize) -> Vec<Value> {
    let mut ids = Vec::new();
    for turn in 0..count {
        ids.push(person.say(conversation, &format!("turn {turn}")).await["id"].clone());
    }
    ids
}

async fn message(person: &Person, conversation: &str, id: &Value) -> Value {
    let page = person
        .get(&format!("/conversations/{conversation}/messages"))
        .await
        .data();
    let messages = page["messages"].as_array().unwrap();
    messages.iter().find(|message| message["id"] == *id).unwrap().clone()
}

#[tokio::test]
async fn one_message_read_is_told_once_to_each_hearer_and_its_author_learns_the_status() {
    let app = TestApp::start().await;
    let [mut ann, mut bob, mut phone] = meet(&app, ["ann", "bob", "bob"]).await;
    let sent = ann
        .call(
            "SendMessage",
            json!([{"recipientId": "bob", "content": "hi", "clientMessageId": "c-1"}]),
        )
        .await;
    let (id, conversation) = (&sent["id"], &sent["conversationId"]);
    let answer = bob.call("MarkAsRead", json!([id])).await;
    let expected = json!({"conversationId": conversation, "lastReadMessageId": id, "unreadCount": 0});
    assert_eq!(answer, expected);
    for reader in [&mut ann, &mut bob, &mut phone] {
        let read = reader.hears("MessageRead").await;
        let at = read["readAt"].clone();
        assert_eq!(
            read,
            json!({"conversationId": conversation, "messageId": id, "userId": "bob", "readBy": "bob", "readAt": at})
        );
    }
    let status = ann
        .hears_where("MessageStatus", |status| status["type"] == "message.read")
        .await;
    let at = status["data"]["readAt"].clone();
    let data = json!({"messageId": id, "conversationId": conversation, "clientMessageId": "c-1", "userId": "bob",
        "status": "read", "readAt": at});
    assert_eq!(status["data"], data);
    for own in [&mut bob, &mut phone] {
        assert_eq!(own.hears("UnreadCountUpdated").await, 0);
    }
    // Again is no news.
    assert_eq!(bob.call("MarkAsRead", json!([id])).await, answer);
    for client in [&mut ann, &mut bob, &mut phone] {
        client.catches_up().await;
        assert!(client.heard("MessageRead").is_empty() && client.heard("MessagesRead").is_empty());
        assert!(client.heard("UnreadCountUpdated").is_empty());
    }
}

#[tokio::test]
async fn several_messages_read_are_told_at_once_and_each_author_learns_each_status() {
    let app = TestApp::start().await;
    let people = app.people(["ann", "bob", "cat"]);
    let (conversation, mut ids) = group(&people[0], &["bob", "cat"], 2).await;
    ids.extend(said(&people[1], &conversation, 1).await);
    let [mut ann, mut bob, mut cat] = meet(&app, ["ann", "bob", "cat"]).await;
    let answer = cat.call("MarkMessagesAsRead", json!([conversation, []])).await;
    assert_eq!(
        (&answer["lastReadMessageId"], &answer["unreadCount"]),
        (&ids[2], &json!(0))
    );
    for client in [&mut ann, &mut bob, &mut cat] {
        let read = client.hears("MessagesRead").await;
        assert_eq!(
            (&read["messageIds"], &read["lastReadMessageId"]),
            (&json!(ids), &ids[2])
        );
        assert_eq!((&read["userId"], &read["readBy"]), (&json!("cat"), &json!("cat")));
        client.catches_up().await;
        assert!(client.heard("MessageRead").is_empty(), "one or the other, never both");
    }
    let of = |client: &HubClient| -> Vec<Value> {
        let heard = client.heard("MessageStatus").into_iter();
        heard.map(|status| status["data"]["messageId"].clone()).collect()
    };
    assert_eq!(
        (of(&ann), of(&bob), of(&cat)),
        (ids[..2].to_vec(), ids[2..].to_vec(), Vec::new())
    );
}

#[tokio::test]
async fn a_group_message_stays_sent_until_the_last_has_read_it() {
    let app = TestApp::start().await;
    let [ann, bob, cat] = app.people(["ann", "bob", "cat"]);
    let (conversation, ids) = group(&ann, &["bob", "cat"], 1).await;
    let [mut author, mut reader, mut other] = meet(&app, ["ann", "bob", "cat"]).await;
    let status = async |person| {
        let message = message(person, &conversation, &ids[0]).await;
        (message["status"].clone(), message["readAt"].clone())
    };
    reader.call("MarkAsRead", json!([conversation])).await;
    let told = author.hears("MessageStatus").await;
    assert_eq!(
        (&told["data"]["userId"], &told["data"]["status"]),
        (&json!("bob"), &json!("read"))
    );
    assert_eq!(status(&ann).await, (json!("sent"), Value::Null));
    let path = format!("/messages/{}/read-receipts", ids[0].as_str().unwrap());
    let receipts = cat.get(&path).await.data();
    assert_eq!(
        (&receipts["readCount"], &receipts["memberCount"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(receipts["receipts"].as_array().unwrap().len(), 1);
    let one = &receipts["receipts"][0];
    assert_eq!((&one["userId"], &one["status"]), (&json!("bob"), &json!("read")));
    assert_eq!(one["readAt"], told["data"]["readAt"]);

    other.call("MessageDelivered", json!([ids[0]])).await;
    let told = author.hears("MessageStatus").await;
    assert_eq!(
        (&told["type"], &told["data"]["userId"]),
        (&json!("message.delivered"), &json!("cat"))
    );
    assert!(told["data"]["timestamp"].is_string() && told["data"].get("readAt").is_none());
    assert_eq!(status(&bob).await.0, "delivered");

    other.call("MarkAsRead", json!([conversation])).await;
    let told = author.hears("MessageStatus").await;
    assert_eq!(
        (&told["data"]["userId"], &told["data"]["status"]),
        (&json!("cat"), &json!("read"))
    );
    assert_eq!(status(&ann).await, (json!("read"), told["data"]["readAt"].clone()));
    assert_eq!(cat.get(&path).await.data()["readCount"], 2);
    app.person("dan").get(&path).await.refused(404, "not_found");
}

#[tokio::test]
async fn clients_say_it_by_many_names_and_in_many_forms() {
    let app = TestApp::start().await;
    let people = app.people(["ann", "bob"]);
    let (conversation, ids) = group(&people[0], &["bob"], 8).await;
    let mut bob = HubClient::connect(&app, "bob").await;
    assert_eq!(bob.call("GetUnreadCount", json!([])).await, 8);
    let calls = [
        ("MarkAsRead", json!([ids[0]])),
        ("MarkMessageAsRead", json!([conversation, ids[1]])),
        ("MarkMessagesAsRead", json!([[ids[1], ids[2]]])),
        ("MarkRead", json!([conversation, [ids[3], ids[0]]])),
        ("AcknowledgeRead", json!([{"messageId": ids[4]}])),
        (
            "MarkAsRead",
            json!([{"conversationId": conversation, "messageIds": [ids[5]]}]),
        ),
        (
            "MarkAsReadAsync",
            json!([{"chatId": conversation, "lastReadMessageId": ids[6]}]),
        ),
        ("MarkAsRead", json!([{"conversationId": conversation}])),
    ];
    for (turn, (method, arguments)) in calls.into_iter().enumerate() {
        let delivered = [
            "MessageDelivered",
            "ConfirmDelivery",
            "MarkMessageDelivered",
            "AcknowledgeDelivery",
        ];
        bob.call(delivered[turn % 4], arguments.clone()).await;
        let answer = bob.call(method, arguments.clone()).await;
        assert_eq!(answer["lastReadMessageId"], ids[turn], "{method} {arguments}");
        let unread = json!(7 - turn);
        assert_eq!(
            (&answer["unreadCount"], &bob.call("GetUnreadCount", json!([])).await),
            (&unread, &unread)
        );
    }
}

#[tokio::test]
async fn what_cannot_be_marked_is_refused_by_name_and_marks_nothing() {
    let app = TestApp::start().await;
    let people = app.people(["ann", "bob"]);
    let (conversation, ids) = group(&people[0], &["bob"], 1).await;
    let (elsewhere, others) = group(&people[0], &["bob"], 1).await;
    let [mut bob, mut cat] = meet(&app, ["bob", "cat"]).await;
    for (arguments, words) in [
        (json!([null]), "validation_failed: messageId"),
        (json!([""]), "validation_failed: messageId"),
        (json!([true]), "validation_failed: conversationId"),
        (json!([[]]), "validation_failed: messageId"),
        (json!([{}]), "validation_failed: messageId"),
        (json!([conversation, [true]]), "validation_failed: messageIds"),
        (json!([conversation, {}]), "validation_failed: messageIds"),
        (json!([conversation, [others[0]]]), "validation_failed: messageIds"),
        (
            json!([{"conversationId": conversation, "lastReadMessageId": others[0]}]),
            "validation_failed: lastReadMessageId",
        ),
        (json!(["nonsense"]), "not_found"),
        (json!([{"conversationId": "nonsense"}]), "not_found"),
    ] {
        for method in ["MarkAsRead", "MessageDelivered"] {
            let refused = bob.refused(method, arguments.clone()).await;
            assert!(refused.starts_with(words), "{arguments}: {refused}");
        }
    }
    for arguments in [json!([conversation]), json!([ids[0]]), json!([[ids[0]]])] {
        assert!(cat.refused("MarkAsRead", arguments).await.starts_with("not_found"));
    }
    let id = ids[0].as_str().unwrap();
    for (path, body, field) in [
        (
            format!("/messages/{id}/read"),
            json!({"messageIds": [others[0]]}),
            "messageIds",
        ),
        (format!("/messages/{id}/read"), json!({"messageIds": {}}), "messageIds"),
        (
            format!("/conversations/{elsewhere}/read"),
            json!({"lastReadMessageId": id}),
            "lastReadMessageId",
        ),
    ] {
        let envelope = people[1].post(&path, &body).await.refused(400, "validation_failed");
        assert_eq!(envelope["details"]["field"], field, "{path} {body}");
    }
    assert_eq!(bob.call("GetUnreadCount", json!([])).await, 2);
}

#[tokio::test]
async fn rest_reads_these_through_this_one_or_all() {
    let app = TestApp::start().await;
    let [ann, bob] = app.people(["ann", "bob"]);
    let (conversation, ids) = group(&ann, &["bob"], 6).await;
    let path = |place: usize| format!("/messages/{}/read", ids[place].as_str().unwrap());
    let room = format!("/conversations/{conversation}/read");
    let nothing = async |path: String| bob.ask("POST", &path, &[], b"").await;
    let mut last = Vec::new();
    for answer in [
        nothing(path(0)).await,
        bob.post(&path(0), &json!({"messageIds": [ids[1]]})).await,
        bob.post(&path(2), &json!({"MessageIds": null})).await,
        bob.post(&room, &json!({"lastReadMessageId": ids[3]})).await,
        bob.post(&path(4), &Value::Null).await,
        bob.post(&path(0), &json!({"messageIds": []})).await,
    ] {
        let data = answer.data();
        assert_eq!(data["conversationId"], conversation.as_str());
        assert_eq!(data["unreadCount"], 5 - last.len());
        last.push(data["lastReadMessageId"].clone());
    }
    assert_eq!(last, ids);
    ann.say(&conversation, "one more").await;
    assert_eq!(nothing(room.clone()).await.data()["unreadCount"], 0);
    let listed = bob.get(&format!("/conversations/{conversation}")).await.data();
    assert_eq!(
        (&listed["unreadCount"], &listed["lastMessage"]["status"]),
        (&json!(0), &json!("read"))
    );
    bob.ask("POST", &room, &[("content-type", "text/plain")], b"x")
        .await
        .refused(415, "unsupported_media");
}

#[tokio::test]
async fn who_hides_what_they_read_is_seen_to_receive_it() {
    let app = TestApp::start().await;
    let [ann, bob, cat] = app.people(["ann", "bob", "cat"]);
    assert_eq!(bob.get("/users/me/privacy").await.data(), json!({"readReceipts": true}));
    let hide = json!({"readReceipts": false});
    assert_eq!(bob.put("/users/me/privacy", &hide).await.data(), hide);
    assert_eq!(bob.get("/users/me/privacy").await.data(), hide);
    let refused = bob.put("/users/me/privacy", &json!({})).await;
    assert_eq!(
        refused.refused(400, "validation_failed")["details"]["field"],
        "readReceipts"
    );

    let (id, sent) = group(&ann, &["bob", "cat"], 1).await;
    let [mut of_ann, mut of_bob, mut phone, mut of_cat] = meet(&app, ["ann", "bob", "bob", "cat"]).await;
    cat.post(&format!("/conversations/{id}/read"), &json!({})).await.data();
    let by_cat = |read: &Value| read["userId"] == "cat";
    of_ann.hears_where("MessageRead", by_cat).await;
    of_bob.hears_where("MessageRead", by_cat).await;
    phone.hears_where("MessageRead", by_cat).await;
    of_cat.hears_where("MessageRead", by_cat).await;
    let read = of_bob.call("MarkAsRead", json!([id])).await;
    assert_eq!(read["unreadCount"], 0);
    // One's own connections clear their badges.
    for own in [&mut of_bob, &mut phone] {
        assert_eq!(own.hears("MessageRead").await["userId"], "bob");
        assert_eq!(own.hears("UnreadCountUpdated").await, 0);
    }
    let of_bobs = |status: &Value| status["data"]["userId"] == "bob";
    let status = of_ann.hears_where("MessageStatus", of_bobs).await;
    assert_eq!(
        (&status["type"], &status["data"]["messageId"]),
        (&json!("message.delivered"), &sent[0])
    );
    ann.say(&id, "the end").await;
    of_ann.hears_text("the end").await;
    of_cat.hears_text("the end").await;
    assert!(of_ann.heard("MessageRead").is_empty() && of_cat.heard("MessageRead").is_empty());
    assert!(of_ann.heard("MessageStatus").iter().all(|status| !of_bobs(status)));

    let shown = message(&ann, &id, &sent[0]).await;
    assert_eq!(
        (&shown["status"], &shown["readAt"]),
        (&json!("delivered"), &Value::Null)
    );
    let receipts = async || {
        ann.get(&format!("/messages/{}/read-receipts", sent[0].as_str().unwrap()))
            .await
            .data()
    };
    let hidden = receipts().await;
    assert_eq!(
        (&hidden["readCount"], &hidden["deliveredCount"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(
        (&hidden["receipts"][1]["userId"], &hidden["receipts"][1]["status"]),
        (&json!("bob"), &json!("delivered"))
    );
    bob.put("/users/me/privacy", &json!({"ReadReceipts": "true"}))
        .await
        .data();
    assert_eq!(
        receipts().await["readCount"],
        2,
        "hidden only for as long as they say so"
    );
    assert_eq!(message(&ann, &id, &sent[0]).await["status"], "read");
}
