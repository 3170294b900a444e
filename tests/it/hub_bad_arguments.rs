//! Arguments nobody should send to the hub: the call fails, its field is named, and the connection stays.

use serde_json::json;

use crate::{hub_client::HubClient, support::TestApp};

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

/// Row 37 of the security checklist.
#[tokio::test]
async fn sec_37_wrong_arguments_fail_their_call_and_the_connection_stays() {
    let app = TestApp::start().await;
    let mut ann = HubClient::connect(&app, "ann").await;
    for (method, arguments) in [
        ("SendMessage", json!([])),
        ("SendMessage", json!(["bob", "x", "text", "more"])),
        ("JoinConversation", json!([])),
        ("JoinConversation", json!(["x", "y"])),
        ("LeaveConversation", json!([])),
        ("SendTypingIndicator", json!(["x"])),
        ("SendTypingIndicator", json!(["x", true, 1])),
        ("GetConversations", json!([{}, {}])),
        ("GetMessages", json!([])),
        ("GetMessages", json!(["x", {}, {}])),
        ("CreateGroup", json!([])),
        ("CreateGroup", json!(["g", ["bob"]])),
    ] {
        let error = ann.ask(method, &arguments).await.unwrap_err();
        let expected = format!("Failed to invoke '{method}' due to an error on the server.");
        assert_eq!(error, expected, "{arguments}");
    }
    let message = ann.call("SendMessage", json!(["bob", "hi"])).await;
    let id = &message["conversationId"];
    let odd = [
        json!(true),
        json!(1.5),
        json!([]),
        json!({}),
        json!([["a"]]),
        json!({"a": 1}),
    ];
    for value in &odd {
        for (method, arguments, field) in [
            ("SendMessage", json!([value]), None),
            ("SendMessage", json!([value, "x"]), None),
            ("SendMessage", json!(["bob", value]), Some("content")),
            ("SendMessage", json!(["bob", "x", value]), Some("type")),
            (
                "SendMessage",
                json!([{"recipientId": value, "content": "x"}]),
                Some("recipientId"),
            ),
            (
                "SendMessage",
                json!([{"conversationId": value, "content": "x"}]),
                Some("conversationId"),
            ),
            (
                "SendMessage",
                json!([{"recipientId": "bob", "content": value}]),
                Some("content"),
            ),
            (
                "SendMessage",
                json!([{"recipientId": "bob", "content": "x", "type": value}]),
                Some("type"),
            ),
            (
                "SendMessage",
                json!([{"recipientId": "bob", "content": "x", "clientMessageId": value}]),
                Some("clientMessageId"),
            ),
            (
                "SendMessage",
                json!([{"recipientId": "bob", "content": "x", "parentMessageId": value}]),
                Some("parentMessageId"),
            ),
            ("JoinConversation", json!([value]), Some("conversationId")),
            ("LeaveConversation", json!([value]), Some("conversationId")),
            ("GetMessages", json!([value]), Some("conversationId")),
            ("GetMessages", json!([id, {"before": value}]), Some("before")),
            ("GetMessages", json!([id, {"limit": value}]), Some("limit")),
            ("GetConversations", json!([{"skip": value}]), Some("skip")),
            ("SendTypingIndicator", json!([value, true]), Some("conversationId")),
            ("CreateGroup", json!([{"name": value}]), Some("name")),
        ] {
            let sentence = ann.refused(method, arguments.clone()).await;
            let named = field.map_or_else(
                || "validation_failed: ".to_owned(),
                |field| format!("validation_failed: {field}: "),
            );
            assert!(sentence.starts_with(&named), "{method} {arguments}: {sentence}");
            says_nothing_internal(&sentence);
        }
    }
    for (method, arguments, expected) in [
        ("SendMessage", json!([null]), "conversationId: or recipientId is needed"),
        ("SendMessage", json!(["bob"]), "message: must be an object"),
        ("SendMessage", json!(["bob", null]), "content: must not be empty"),
        ("SendMessage", json!([null, "x"]), "conversationId: is needed"),
        (
            "SendMessage",
            json!([{"recipientId": "bob", "content": "x", "metadata": 1}]),
            "metadata: must be an object",
        ),
        (
            "SendTypingIndicator",
            json!([id, "yes"]),
            "isTyping: must be true or false",
        ),
        (
            "SendTypingIndicator",
            json!([id, null]),
            "isTyping: must be true or false",
        ),
        ("GetMessages", json!([id, "x"]), "options: must be an object"),
        ("GetMessages", json!([id, [1]]), "options: must be an object"),
        ("CreateGroup", json!(["x"]), "group: must be an object"),
        (
            "CreateGroup",
            json!([{"name": "g", "memberIds": {"a": 1}}]),
            "memberIds: must be a list of ids",
        ),
        (
            "CreateGroup",
            json!([{"name": "g", "memberIds": [null]}]),
            "memberIds: must be a list of ids",
        ),
        (
            "GetConversations",
            json!([{"includeArchived": "maybe"}]),
            "includeArchived: must be true or false",
        ),
    ] {
        assert_eq!(
            ann.refused(method, arguments.clone()).await,
            format!("validation_failed: {expected}"),
            "{arguments}"
        );
    }
    let list = ann.call("GetConversations", json!([])).await;
    assert_eq!(list.as_array().unwrap().len(), 1, "nothing was stored: {list}");
}
