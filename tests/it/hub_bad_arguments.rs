//! Arguments nobody should send to the hub: the call fails, its field is named, and the connection stays.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    hub_client::{Door, HubClient},
    support::TestApp,
};

/// What must never be in an answer.
const INTERNALS: [&str; 12] = [
    ".rs",
    "src/",
    "panicked",
    "sqlx",
    "sea_orm",
    "SELECT",
    "INSERT",
    "constraint",
    "serde",
    "at line",
    "expected `",
    "sqlite",
];

fn says_nothing_internal(text: &str) {
    let told = INTERNALS.iter().find(|internal| text.contains(**internal));
    assert_eq!(told, None, "{text}");
}

/// Every method and how many arguments it takes.
#[rustfmt::skip]
const COUNTS: &[(&str, usize, usize)] = &[
    ("JoinConversation", 1, 1), ("LeaveConversation", 1, 1), ("GetConversations", 0, 1), ("GetMessages", 1, 2),
    ("SendTypingIndicator", 1, 2), ("StartTyping", 1, 1), ("StopTyping", 1, 1),
    ("SendMessage", 1, 3), ("ForwardMessage", 2, 2), ("EditMessage", 2, 3), ("DeleteMessage", 1, 2),
    ("AddReaction", 2, 3), ("RemoveReaction", 2, 3), ("ToggleReaction", 2, 3), ("PinMessage", 1, 2), ("UnpinMessage", 1, 1),
    ("MarkAsRead", 1, 2), ("MessageDelivered", 1, 2), ("GetUnreadCount", 0, 0), ("Sync", 0, 1), ("StreamHistory", 1, 2), ("SearchMessages", 1, 2),
    ("CreateGroup", 1, 1), ("LeaveGroup", 1, 1), ("AddMember", 2, 2), ("RemoveMember", 2, 2),
    ("GetOnlineUsers", 0, 0), ("GetOnlineStatus", 1, 1), ("IsUserOnline", 1, 1), ("SetStatus", 1, 1),
    ("Heartbeat", 0, 0), ("Ping", 0, 0),
];

/// Calls with a value of the wrong type in each place, and the field that is named, where it is one whatever the value.
#[rustfmt::skip]
fn odd_types(value: &Value, id: &Value, message: &Value) -> Vec<(&'static str, Value, Option<&'static str>)> {
    let draft = |name: &str| {
        let mut draft = json!({"recipientId": "bob", "content": "x"});
        draft[name] = value.clone();
        json!([draft])
    };
    let mut calls = vec![
        ("SendMessage", json!([value]), None),
        ("SendMessage", json!([value, "x"]), None),
        ("SendMessage", json!(["bob", value]), Some("content")),
        ("SendMessage", json!(["bob", "x", value]), Some("type")),
        ("SendMessage", json!([{"conversationId": value, "content": "x"}]), Some("conversationId")),
        ("SendMessage", draft("recipientId"), Some("recipientId")),
        ("SendMessage", draft("content"), Some("content")),
        ("SendMessage", draft("type"), Some("type")),
        ("SendMessage", draft("clientMessageId"), Some("clientMessageId")),
        ("SendMessage", draft("parentMessageId"), Some("parentMessageId")),
        ("SendMessage", draft("forwardMessageId"), Some("forwardMessageId")),
        ("ForwardMessage", json!([value, "bob"]), Some("messageId")),
        ("ForwardMessage", json!([message, value]), Some("conversationId")),
        ("EditMessage", json!([message, value]), Some("content")),
        ("EditMessage", json!([id, message, value]), Some("content")),
        ("EditMessage", json!([value, "x"]), Some("messageId")),
        ("DeleteMessage", json!([value]), Some("messageId")),
        ("DeleteMessage", json!([id, value]), Some("messageId")),
        ("DeleteMessage", json!([value, message]), Some("conversationId")),
        ("PinMessage", json!([value]), Some("messageId")),
        ("UnpinMessage", json!([value]), Some("messageId")),
        ("JoinConversation", json!([value]), Some("conversationId")),
        ("LeaveConversation", json!([value]), Some("conversationId")),
        ("GetMessages", json!([value]), Some("conversationId")),
        ("GetMessages", json!([id, {"before": value}]), Some("before")),
        ("GetMessages", json!([id, {"limit": value}]), Some("limit")),
        ("GetConversations", json!([{"skip": value}]), Some("skip")),
        ("SearchMessages", json!([value]), Some("searchTerm")),
        ("SearchMessages", json!(["hi", {"conversationId": value}]), Some("conversationId")),
        ("SearchMessages", json!(["hi", {"take": value}]), Some("take")),
        ("SendTypingIndicator", json!([value, true]), Some("conversationId")),
        ("StartTyping", json!([value]), Some("conversationId")),
        ("StopTyping", json!([value]), Some("conversationId")),
        ("MarkAsRead", json!([value]), None),
        ("MarkAsRead", json!([{"messageId": value}]), Some("messageId")),
        ("MarkAsRead", json!([{"conversationId": value}]), Some("conversationId")),
        ("MarkAsRead", json!([{"conversationId": id, "lastReadMessageId": value}]), Some("lastReadMessageId")),
        ("MessageDelivered", json!([value]), None),
        ("MessageDelivered", json!([{"messageId": value}]), Some("messageId")),
        ("CreateGroup", json!([{"name": value}]), Some("name")),
        ("CreateGroup", json!([{"name": "g", "description": value}]), Some("description")),
        ("LeaveGroup", json!([value]), Some("conversationId")),
        ("IsUserOnline", json!([value]), Some("userId")),
        ("SetStatus", json!([value]), Some("status")),
        ("Sync", json!([value]), Some("since")),
        ("StreamHistory", json!([value]), Some("conversationId")),
        ("StreamHistory", json!([id, {"after": value}]), Some("after")),
    ];
    for method in ["AddReaction", "RemoveReaction", "ToggleReaction"] {
        calls.push((method, json!([value, "x"]), Some("messageId")));
        calls.push((method, json!([message, value]), Some("reaction")));
        calls.push((method, json!([value, message, "x"]), Some("conversationId")));
        calls.push((method, json!([id, value, "x"]), Some("messageId")));
    }
    for method in ["AddMember", "RemoveMember"] {
        calls.push((method, json!([value, "cat"]), Some("conversationId")));
        calls.push((method, json!([id, value]), Some("userId")));
    }
    calls
}

/// Calls with something wrong, and what they are told.
#[rustfmt::skip]
fn wrong(id: &Value, message: &Value) -> Vec<(&'static str, Value, &'static str)> {
    vec![
        ("SendMessage", json!([null]), "conversationId: or recipientId is needed"),
        ("SendMessage", json!(["bob"]), "message: must be an object"),
        ("SendMessage", json!(["bob", null]), "content: must not be empty"),
        ("SendMessage", json!([null, "x"]), "conversationId: is needed"),
        ("SendMessage", json!([{"recipientId": "bob", "content": "x", "metadata": 1}]), "metadata: must be an object"),
        ("ForwardMessage", json!([null, "bob"]), "messageId: is needed"),
        ("ForwardMessage", json!([message, " "]), "conversationId: is needed"),
        ("EditMessage", json!([null, "x"]), "messageId: is needed"),
        ("EditMessage", json!([message, null]), "content: must not be empty"),
        ("DeleteMessage", json!([" "]), "messageId: is needed"),
        ("AddReaction", json!([message, null]), "reaction: is needed"),
        ("PinMessage", json!([message, "yes"]), "isPinned: must be true or false"),
        ("PinMessage", json!([message, 1]), "isPinned: must be true or false"),
        ("PinMessage", json!([message, []]), "isPinned: must be true or false"),
        ("SendTypingIndicator", json!([id, "yes"]), "isTyping: must be true or false"),
        ("SendTypingIndicator", json!([id, 1]), "isTyping: must be true or false"),
        ("GetMessages", json!([id, "x"]), "options: must be an object"),
        ("GetMessages", json!([id, [1]]), "options: must be an object"),
        ("StreamHistory", json!([id, "x"]), "options: must be an object"),
        ("SearchMessages", json!(["x", "y"]), "options: must be an object"),
        ("SearchMessages", json!([null]), "searchTerm: is needed"),
        ("MarkAsRead", json!([null]), "messageId: or conversationId is needed"),
        ("MarkAsRead", json!([id, true]), "messageIds: must be a list of ids"),
        ("MarkAsRead", json!([id, {"a": 1}]), "messageIds: must be a list of ids"),
        ("MessageDelivered", json!([id, [["a"]]]), "messageIds: must be a list of ids"),
        ("CreateGroup", json!(["x"]), "group: must be an object"),
        ("CreateGroup", json!([null]), "name: must not be empty"),
        ("CreateGroup", json!([{"name": "g", "memberIds": {"a": 1}}]), "memberIds: must be a list of ids"),
        ("CreateGroup", json!([{"name": "g", "memberIds": [null]}]), "memberIds: must be a list of ids"),
        ("GetConversations", json!([{"includeArchived": "maybe"}]), "includeArchived: must be true or false"),
        ("GetOnlineStatus", json!([true]), "userIds: must be a list of ids"),
        ("GetOnlineStatus", json!([null]), "userIds: must be a list of ids"),
        ("GetOnlineStatus", json!([{}]), "userIds: must be a list of ids"),
        ("GetOnlineStatus", json!([[["a"]]]), "userIds: must be a list of ids"),
        ("IsUserOnline", json!([null]), "userId: is needed"),
        ("SetStatus", json!(["busy"]), "status: must be one of online, away, dnd, offline"),
    ]
}

/// Row 37 of the security checklist.
#[tokio::test]
async fn sec_37_wrong_arguments_fail_their_call_and_the_connection_stays() {
    let app = TestApp::start().await;
    let mut ann = HubClient::connect(&app, "ann").await;
    let sent = ann.call("SendMessage", json!(["bob", "hi"])).await;
    let (id, message) = (&sent["conversationId"], &sent["id"]);
    let mut tried = BTreeSet::new();
    for value in [
        json!(true),
        json!(1.5),
        json!([]),
        json!({}),
        json!([["a"]]),
        json!({"a": 1}),
    ] {
        for (method, arguments, field) in odd_types(&value, id, message) {
            let sentence = ann.refused(method, arguments.clone()).await;
            let named = field.map_or_else(
                || "validation_failed: ".to_owned(),
                |field| format!("validation_failed: {field}: "),
            );
            assert!(sentence.starts_with(&named), "{method} {arguments}: {sentence}");
            says_nothing_internal(&sentence);
            tried.insert(method);
        }
    }
    for (method, arguments, expected) in wrong(id, message) {
        let sentence = ann.refused(method, arguments.clone()).await;
        assert_eq!(
            sentence,
            format!("validation_failed: {expected}"),
            "{method} {arguments}"
        );
        tried.insert(method);
    }
    let with_arguments = COUNTS.iter().filter(|(_, _, most)| *most > 0);
    assert_eq!(
        tried,
        with_arguments.map(|row| row.0).collect(),
        "no method is left out"
    );
    let list = ann.call("GetConversations", json!([])).await;
    assert_eq!(list.as_array().unwrap().len(), 1, "nothing was stored: {list}");
    let page = ann.call("GetMessages", json!([id])).await;
    assert_eq!(page["messages"], json!([sent]), "nothing was changed");
}

/// Row 37 of the security checklist.
#[tokio::test]
async fn sec_37_every_method_takes_as_many_arguments_as_it_says() {
    let app = TestApp::start().await;
    for (hub, methods) in ["/hubs/chat", "/hubs/chat-online"]
        .into_iter()
        .zip(app.app.hubs.methods())
    {
        let door = Door { hub, ..Door::default() };
        let mut ann = HubClient::enter(app.address, &app.token("ann"), door).await;
        for method in methods {
            let row = COUNTS.iter().find(|row| row.0 == method);
            let (_, least, most) = *row.unwrap_or_else(|| panic!("{method} is in no row"));
            let refused = Err(format!("Failed to invoke '{method}' due to an error on the server."));
            for count in least.saturating_sub(1)..=most + 1 {
                let answer = ann.ask(method, &json!(vec!["x"; count])).await;
                let fits = (least..=most).contains(&count);
                assert_eq!(answer != refused, fits, "{method} with {count}: {answer:?}");
            }
        }
    }
}
