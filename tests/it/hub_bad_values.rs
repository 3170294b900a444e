//! Ids that are none, pages beyond all bounds, and members that are the server's to say.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{hub_client::HubClient, support::TestApp};

/// Methods that are given no id.
const WITHOUT_IDS: [&str; 7] = [
    "GetConversations",
    "GetOnlineUsers",
    "GetUnreadCount",
    "Heartbeat",
    "Ping",
    "SetStatus",
    "Sync",
];

/// Calls with something that is no id of a conversation, beside a message of the caller's.
fn in_no_conversation(reference: &Value, message: &Value) -> Vec<(&'static str, Value)> {
    vec![
        ("JoinConversation", json!([reference])),
        ("LeaveConversation", json!([reference])),
        ("SendMessage", json!([{"conversationId": reference, "content": "x"}])),
        ("SendTypingIndicator", json!([reference, true])),
        ("StartTyping", json!([reference])),
        ("StopTyping", json!([reference])),
        ("GetMessages", json!([reference])),
        ("StreamHistory", json!([reference])),
        ("SearchMessages", json!(["hi", {"conversationId": reference}])),
        ("MarkAsRead", json!([{"conversationId": reference}])),
        ("MessageDelivered", json!([{"conversationId": reference}])),
        ("EditMessage", json!([reference, message, "x"])),
        ("DeleteMessage", json!([reference, message])),
        ("AddReaction", json!([reference, message, "x"])),
        ("RemoveReaction", json!([reference, message, "x"])),
        ("ToggleReaction", json!([reference, message, "x"])),
        ("LeaveGroup", json!([reference])),
        ("AddMember", json!([reference, "cat"])),
        ("RemoveMember", json!([reference, "bob"])),
    ]
}

/// Calls with something that is no id of a message.
fn of_no_message(reference: &Value) -> Vec<(&'static str, Value)> {
    vec![
        ("ForwardMessage", json!([reference, "bob"])),
        ("EditMessage", json!([reference, "x"])),
        ("DeleteMessage", json!([reference])),
        ("AddReaction", json!([reference, "x"])),
        ("RemoveReaction", json!([reference, "x"])),
        ("ToggleReaction", json!([reference, "x"])),
        ("PinMessage", json!([reference])),
        ("UnpinMessage", json!([reference])),
        ("MarkAsRead", json!([reference])),
        ("MarkAsRead", json!([{"messageId": reference}])),
        ("MessageDelivered", json!([reference])),
        ("MessageDelivered", json!([[reference]])),
    ]
}

/// Row 44 of the security checklist.
#[tokio::test]
async fn sec_44_ids_that_are_none_are_not_found() {
    let app = TestApp::start().await;
    let mut ann = HubClient::connect(&app, "ann").await;
    let message = ann.call("SendMessage", json!(["bob", "hi"])).await;
    let (id, own) = (&message["conversationId"], &message["id"]);
    let long = "1".repeat(200);
    let references = [
        json!("9223372036854775808"),
        json!(9_223_372_036_854_775_808_u64),
        json!("18446744073709551616"),
        json!(-1),
        json!(0),
        json!("1.5"),
        json!("1; DROP TABLE messages"),
        json!("' OR 1=1--"),
        json!("a\u{0}b"),
        json!("\u{202e}nna"),
        json!(long),
        json!(format!("{}0", id.as_str().unwrap())),
        json!("../1"),
        json!("%31"),
        json!("١"),
        json!("00000000-0000-0000-0000-000000000000"),
    ];
    let mut tried = BTreeSet::new();
    for reference in &references {
        for (method, arguments) in in_no_conversation(reference, own) {
            let sentence = ann.refused(method, arguments).await;
            assert_eq!(sentence, "not_found: Conversation not found", "{method} {reference}");
            tried.insert(method);
        }
        for (method, arguments) in of_no_message(reference) {
            let sentence = ann.refused(method, arguments).await;
            assert_eq!(sentence, "not_found: Message not found", "{method} {reference}");
            tried.insert(method);
        }
        for method in ["MarkAsRead", "MessageDelivered"] {
            let sentence = ann.refused(method, json!([id, [reference]])).await;
            assert!(
                sentence.starts_with("validation_failed: messageIds: "),
                "{method}: {sentence}"
            );
        }
        let parent = json!([{"conversationId": id, "content": "x", "parentMessageId": reference}]);
        let sentence = ann.refused("SendMessage", parent).await;
        assert_eq!(
            sentence,
            "validation_failed: parentMessageId: must be a message of this conversation"
        );
    }
    for person in [
        "a\u{0}b",
        "a\nb",
        "\u{202e}nna",
        "a\u{2066}b",
        "\u{feff}",
        &"x".repeat(129),
        &"é".repeat(200),
    ] {
        for (method, arguments) in [
            ("SendMessage", json!([person, "x"])),
            ("SendMessage", json!([{"recipientId": person, "content": "x"}])),
            ("ForwardMessage", json!([own, person])),
        ] {
            let sentence = ann.refused(method, arguments).await;
            assert_eq!(sentence, "not_found: User not found", "{method} {person:?}");
        }
        assert_eq!(ann.call("IsUserOnline", json!([person])).await, false);
        assert_eq!(
            ann.call("GetOnlineStatus", json!([[person]])).await,
            json!({ person: false })
        );
    }
    let group = json!([{"name": "g", "memberIds": ["a\u{0}b", "\u{202e}nna", "bob", "x".repeat(129)]}]);
    let group = ann.call("CreateGroup", group).await;
    assert_eq!(group["skipped"].as_array().unwrap().len(), 3, "{group}");
    assert_eq!(group["members"].as_array().unwrap().len(), 2);
    for method in ["AddMember", "RemoveMember"] {
        let written = ann.call(method, json!([group["id"], "\u{202e}nna"])).await;
        assert_eq!(written["skipped"][0]["reason"], "malformed_id", "{written}");
    }
    tried.extend(["IsUserOnline", "GetOnlineStatus", "CreateGroup"]);
    tried.extend(WITHOUT_IDS);
    let methods: BTreeSet<&str> = app.app.hubs.methods().into_iter().flatten().collect();
    assert_eq!(tried, methods, "no method is left out");
}

#[tokio::test]
async fn pages_that_are_none_are_named_and_large_ones_clamped() {
    let app = TestApp::start().await;
    let mut ann = HubClient::connect(&app, "ann").await;
    let message = ann.call("SendMessage", json!(["bob", "hi"])).await;
    let id = &message["conversationId"];
    for (name, value) in [
        ("take", json!("x")),
        ("limit", json!("1.5")),
        ("pageSize", json!("1e3")),
        ("skip", json!("--1")),
        ("page", json!("1; DROP")),
        ("pageNumber", json!("0x1")),
        ("offset", json!("\u{0}")),
        ("before", json!("yesterday")),
        ("after", json!("2024-13-45")),
        ("before", json!("9223372036854775808")),
    ] {
        let sentence = ann.refused("GetMessages", json!([id, {name: value}])).await;
        assert!(
            sentence.starts_with(&format!("validation_failed: {name}: ")),
            "{name} {value}: {sentence}"
        );
    }
    for (options, expected) in [
        (json!({"take": 0}), 1),
        (json!({"take": -5}), 1),
        (json!({"limit": 9_223_372_036_854_775_807_i64}), 1),
        (json!({"pageSize": "99999999999999999999"}), 1),
        (json!({"skip": -1}), 1),
        (json!({"skip": "99999999999999999999"}), 0),
        (json!({"page": 9_223_372_036_854_775_807_i64, "limit": 100}), 0),
        (json!({"page": 0}), 1),
        (json!({"page": -1}), 1),
        (json!({"take": "", "before": null, "after": " "}), 1),
        (json!({"before": 9_223_372_036_854_775_807_i64}), 1),
        (json!({"after": "2999-01-01T00:00:00Z"}), 0),
        (json!({"before": "0001-01-01T00:00:00Z"}), 0),
        (json!({"Take": 1, "TAKE": 1, "unknown": [[[]]]}), 1),
        (Value::Null, 1),
    ] {
        let page = ann.call("GetMessages", json!([id, options])).await;
        assert_eq!(page["messages"].as_array().unwrap().len(), expected, "{options}");
        let limit = page["pagination"]["limit"].as_i64().unwrap();
        assert!((1..=100).contains(&limit), "{page}");
    }
    for bound in [
        json!(-1),
        json!(0),
        json!(999),
        json!("00000000-0000-0000-0000-000000000000"),
    ] {
        let sentence = ann.refused("GetMessages", json!([id, {"before": bound}])).await;
        assert_eq!(sentence, "not_found: Message not found", "{bound}");
    }
}

/// Row 27 of the security checklist.
#[tokio::test]
async fn sec_27_nobody_says_what_is_the_servers_to_say() {
    let app = TestApp::start().await;
    let mut ann = HubClient::connect(&app, "ann").await;
    let first = ann.call("SendMessage", json!(["bob", "hi"])).await;
    let claimed = json!({
        "recipientId": "bob", "content": "mine", "senderId": "bob", "SenderName": "Bob", "sender": {"id": "bob"}, "seq": 99, "id": "x",
        "messageId": first["id"], "number": 1, "createdAt": "2000-01-01T00:00:00.000Z", "sentAt": "2000-01-01T00:00:00.000Z",
        "editedAt": "2000-01-01T00:00:00.000Z", "status": "read", "isEdited": true, "isDeleted": true, "isPinned": true, "role": "admin",
        "isAdmin": true, "mentions": ["bob"], "readAt": "2000-01-01T00:00:00.000Z", "reactionSummary": {"x": 9}, "replyCount": 9,
        "userId": "bob", "via": "Rest",
    });
    let sent = ann.call("SendMessage", json!([claimed])).await;
    // Other content, or REST would take it for the retry of an answer that is not proven yet.
    let mut by_rest = claimed.clone();
    by_rest["content"] = json!("mine too");
    let rest = app.person("ann").post("/messages", &by_rest).await.data();
    for (message, seq, content) in [(&sent, 2, "mine"), (&rest, 3, "mine too")] {
        let mut expected = first.clone();
        for own in ["id", "messageId", "createdAt", "sentAt"] {
            assert_ne!(message[own], first[own]);
            assert!(message[own].as_str().unwrap() > first[own].as_str().unwrap(), "{own}");
            expected[own] = message[own].clone();
        }
        expected["seq"] = json!(seq);
        expected["content"] = json!(content);
        assert_eq!(*message, expected);
    }
    let group = json!([{
        "name": "g", "memberIds": ["bob"], "id": "x", "adminId": "bob", "ownerId": "bob", "createdBy": "bob", "role": "owner",
        "members": [{"id": "cat", "role": "owner"}], "participants": ["cat"], "createdAt": "2000-01-01T00:00:00.000Z", "lastSeq": 9,
    }]);
    let group = ann.call("CreateGroup", group).await;
    assert_eq!(
        (&group["adminId"], group["members"].as_array().unwrap().len()),
        (&json!("ann"), 2)
    );
    assert_ne!(group["id"], "x");
    assert!(group["createdAt"].as_str().unwrap() > "2020");
    // What is shown is what was stored.
    let page = app
        .person("bob")
        .get(&format!(
            "/messages?chatId={}",
            first["conversationId"].as_str().unwrap()
        ))
        .await
        .data();
    let seen: Vec<_> = page["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| (&m["senderId"], &m["seq"], &m["id"]))
        .collect();
    assert_eq!(
        seen[1..],
        [
            (&json!("ann"), &json!(2), &sent["id"]),
            (&json!("ann"), &json!(3), &rest["id"])
        ]
    );
}
