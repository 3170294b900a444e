//! What nobody should send to the hub: each gets its error, the server lives, and the connection too where
//! ASP.NET Core keeps it.

use serde_json::{Value, json};

use crate::{
    hub_client::{Door, HubClient, RS},
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

async fn open(app: &TestApp) -> HubClient {
    HubClient::open(app.address, &app.token("ann"), Door::default()).await
}

/// Row 41 of the security checklist.
#[tokio::test]
async fn sec_41_bad_handshakes_are_answered_and_end() {
    const MALFORMED: &str = "An unexpected error occurred during connection handshake.";
    let app = TestApp::with(|config| config.limits.hub_message_bytes = 1000).await;
    let long = format!(
        "{{\"protocol\":\"json\",\"version\":1,\"x\":\"{}\"}}{RS}",
        "x".repeat(100_000)
    );
    let endless = "x".repeat(1001);
    let cases = [
        (
            "{\"protocol\":\"xml\",\"version\":1}\u{1e}",
            "The protocol 'xml' is not supported.",
        ),
        (
            "{\"protocol\":\"\",\"version\":1}\u{1e}",
            "The protocol '' is not supported.",
        ),
        (
            "{\"protocol\":\"json\",\"version\":3}\u{1e}",
            "The server does not support version 3 of the 'json' protocol.",
        ),
        ("\u{1e}", MALFORMED),
        ("{\u{1e}", MALFORMED),
        ("{}\u{1e}", MALFORMED),
        ("[]\u{1e}", MALFORMED),
        ("null\u{1e}", MALFORMED),
        ("\"json\"\u{1e}", MALFORMED),
        ("{\"protocol\":\"json\"}\u{1e}", MALFORMED),
        ("{\"version\":1}\u{1e}", MALFORMED),
        ("{\"Protocol\":\"json\",\"version\":1}\u{1e}", MALFORMED),
        ("{\"protocol\":1,\"version\":1}\u{1e}", MALFORMED),
        ("{\"protocol\":\"json\",\"version\":\"1\"}\u{1e}", MALFORMED),
        ("{\"protocol\":\"json\",\"version\":1.5}\u{1e}", MALFORMED),
        (
            "{\"protocol\":\"json\",\"version\":99999999999999999999}\u{1e}",
            MALFORMED,
        ),
        (
            "{\"type\":1,\"target\":\"SendMessage\",\"arguments\":[\"bob\",\"x\"]}\u{1e}",
            MALFORMED,
        ),
        (endless.as_str(), "Handshake was canceled."),
        (long.as_str(), "Handshake was canceled."),
    ];
    for (handshake, error) in cases {
        let mut client = open(&app).await;
        client.send_raw(handshake).await;
        let shown = &handshake[..handshake.len().min(80)];
        assert_eq!(client.next_record().await, Some(json!({"error": error})), "{shown}");
        assert_eq!(client.is_sent_away().await, (None, Some(1000)), "{shown}");
    }
    for fine in [
        "{\"version\":1,\"protocol\":\"JSON\"}\u{1e}",
        "{\"protocol\":\"json\",\"version\":2,\"more\":{\"a\":[1]}}\u{1e}",
        "{\"protocol\":\"x\",\"protocol\":\"json\",\"version\":0}trailing\u{1e}",
        " {\"prot\\u006fcol\":\"json\",\"version\":-1}\u{1e}{\"type\":6}\u{1e}",
    ] {
        let mut client = open(&app).await;
        client.send_raw(fine).await;
        assert_eq!(client.next_record().await, Some(json!({})), "{fine}");
        client.catches_up().await;
    }
}

/// Row 36 of the security checklist: what is no message ends the connection, and only this one.
#[tokio::test]
async fn sec_36_malformed_records_end_their_connection_with_a_close() {
    let app = TestApp::start().await;
    let mut bystander = HubClient::connect(&app, "bob").await;
    let deep = |levels: usize| {
        let (open, close) = ("[".repeat(levels), "]".repeat(levels));
        format!(
            "{{\"type\":1,\"invocationId\":\"1\",\"target\":\"SendMessage\",\"arguments\":[\"bob\",{open}{close}]}}"
        )
    };
    let records = [
        "",
        " ",
        "x",
        "{",
        "[]",
        "1",
        "null",
        "\"x\"",
        "{}",
        "\u{feff}{\"type\":6}",
        "{\"type\":\"1\"}",
        "{\"type\":null}",
        "{\"type\":1.5}",
        "{\"type\":1e400}",
        "{\"type\":9999999999999999999999}",
        "{\"Type\":6}",
        "{\"type\":1}",
        "{\"type\":1,\"target\":\"SendMessage\"}",
        "{\"type\":1,\"target\":null,\"arguments\":[]}",
        "{\"type\":1,\"target\":1,\"arguments\":[]}",
        "{\"type\":1,\"target\":\"SendMessage\",\"arguments\":{}}",
        "{\"type\":1,\"target\":\"SendMessage\",\"arguments\":null}",
        "{\"type\":1,\"target\":\"SendMessage\",\"arguments\":[1,]}",
        "{\"type\":1,\"target\":\"SendMessage\",\"arguments\":[nul]}",
        "{\"type\":1,\"target\":\"SendMessage\",\"arguments\":[\"\u{1}\"]}",
        "{\"type\":1,\"target\":\"\\ud800\",\"arguments\":[]}",
        "{\"type\":1,\"target\":\"SendMessage\",\"arguments\":[],\"invocationId\":1}",
        "{\"type\":1,\"target\":\"SendMessage\",\"arguments\":[],\"streamIds\":1}",
        "{\"type\":1,\"target\":\"SendMessage\",\"arguments\":[],\"streamIds\":[null]}",
        "{\"type\":1,\"target\":\"SendMessage\",\"arguments\":[],\"headers\":{\"a\":1}}",
        "{\"type\":1,\"target\":\"SendMessage\",\"arguments\":[],\"headers\":[]}",
        "{\"type\":2,\"invocationId\":\"1\"}",
        "{\"type\":2,\"item\":1}",
        "{\"type\":3}",
        "{\"type\":3,\"invocationId\":\"1\",\"error\":1}",
        "{\"type\":3,\"invocationId\":\"1\",\"error\":\"x\",\"result\":1}",
        "{\"type\":4,\"target\":\"SendMessage\",\"arguments\":[]}",
        "{\"type\":5}",
        "{\"type\":7,\"allowReconnect\":1}",
        "{\"type\":8}",
        "{\"type\":9,\"sequenceId\":\"1\"}",
    ];
    // 64 levels are as deep as it goes; the object and its arguments are two of them.
    let deep = [63, 100, 1_000, 100_000].map(deep);
    for record in records.into_iter().chain(deep.iter().map(String::as_str)) {
        let mut client = HubClient::connect(&app, "ann").await;
        client.send_raw(&format!("{record}{RS}")).await;
        let (goodbye, code) = client.is_sent_away().await;
        let expected = json!({"type": 7, "error": "Connection closed with an error.", "allowReconnect": true});
        let shown = &record[..record.len().min(80)];
        assert_eq!((goodbye, code), (Some(expected), Some(1000)), "{shown}");
    }
    bystander.catches_up().await;
    assert!(bystander.heard("NewConversation").is_empty());
}

/// Rows 36 and 42 of the security checklist: what is odd but harmless is passed over, as ASP.NET Core does.
#[tokio::test]
async fn sec_42_odd_records_are_passed_over() {
    let app = TestApp::start().await;
    let mut ann = HubClient::connect(&app, "ann").await;
    for record in [
        "{\"type\":6}",
        "{\"type\":6} and more",
        " { \"type\" : 6 } ",
        "{\"type\":1,\"type\":6}",
        "{\"type\":99}",
        "{\"type\":-1}",
        "{\"type\":9007199254740992}",
        "{\"type\":0}",
        "{\"type\":5,\"invocationId\":\"none\"}",
        "{\"type\":2,\"invocationId\":\"none\",\"item\":1}",
        "{\"type\":3,\"invocationId\":\"none\"}",
        "{\"type\":3,\"invocationId\":\"none\",\"error\":\"x\"}",
        "{\"type\":8,\"sequenceId\":1}",
        "{\"type\":9,\"sequenceId\":-1}",
        "{\"type\":1,\"target\":\"Nothing\",\"arguments\":[]}",
        "{\"type\":1,\"target\":\"SendMessage\",\"arguments\":[1,2,3,4,5]}",
    ] {
        ann.send_raw(&format!("{record}{RS}")).await;
        ann.catches_up().await;
    }
    // Two calls with one id are two calls.
    for _ in 0..2 {
        let call = json!({"type": 1, "invocationId": "same", "target": "GetConversations", "arguments": []});
        ann.send_raw(&format!("{call}{RS}")).await;
    }
    for _ in 0..2 {
        ann.answer("same").await.unwrap();
    }
    let stream = json!({"type": 4, "invocationId": "s", "target": "SendMessage", "arguments": ["bob", "x"]});
    ann.send_raw(&format!("{stream}{RS}")).await;
    assert_eq!(
        ann.answer("s").await.unwrap_err(),
        "The client attempted to invoke the non-streaming 'SendMessage' method with a streaming invocation."
    );
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

/// Row 44 of the security checklist.
#[tokio::test]
async fn sec_44_ids_that_are_none_are_not_found() {
    let app = TestApp::start().await;
    let mut ann = HubClient::connect(&app, "ann").await;
    let message = ann.call("SendMessage", json!(["bob", "hi"])).await;
    let id = &message["conversationId"];
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
    for reference in &references {
        for (method, arguments) in [
            ("JoinConversation", json!([reference])),
            ("LeaveConversation", json!([reference])),
            ("SendMessage", json!([{"conversationId": reference, "content": "x"}])),
            ("SendTypingIndicator", json!([reference, true])),
            ("GetMessages", json!([reference])),
        ] {
            let sentence = ann.refused(method, arguments).await;
            assert_eq!(sentence, "not_found: Conversation not found", "{method} {reference}");
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
        for arguments in [json!([person, "x"]), json!([{"recipientId": person, "content": "x"}])] {
            assert_eq!(
                ann.refused("SendMessage", arguments).await,
                "not_found: User not found",
                "{person:?}"
            );
        }
    }
    let group = json!([{"name": "g", "memberIds": ["a\u{0}b", "\u{202e}nna", "bob", "x".repeat(129)]}]);
    let group = ann.call("CreateGroup", group).await;
    assert_eq!(group["skipped"].as_array().unwrap().len(), 3, "{group}");
    assert_eq!(group["members"].as_array().unwrap().len(), 2);
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

/// Row 33 of the security checklist.
#[tokio::test]
async fn sec_33_messages_end_at_the_limit() {
    const LIMIT: usize = 4096;
    let app = TestApp::with(|config| config.limits.hub_message_bytes = LIMIT as u64).await;
    let record = |bytes: usize| {
        let call = |padding: &str| json!({"type": 1, "invocationId": "1", "target": "SendMessage", "arguments": ["bob", padding]});
        let frame = call("").to_string().len() + 1;
        format!("{}{RS}", call(&"x".repeat(bytes - frame)))
    };
    for bytes in [LIMIT - 1, LIMIT] {
        let mut ann = HubClient::connect(&app, "ann").await;
        ann.send_raw(&record(bytes)).await;
        ann.answer("1").await.unwrap();
        // The limit is a message's, not a frame's.
        ann.send_raw(&record(bytes).repeat(3)).await;
        for _ in 0..3 {
            ann.answer("1").await.unwrap();
        }
    }
    let expected = json!({"type": 7, "error": "Connection closed with an error.", "allowReconnect": true});
    for bytes in [LIMIT + 1, 10 * LIMIT, 1_000_000] {
        let mut ann = HubClient::connect(&app, "ann").await;
        ann.send_raw(&record(bytes)).await;
        assert_eq!(
            ann.is_sent_away().await,
            (Some(expected.clone()), Some(1000)),
            "{bytes}"
        );
    }
    // What came whole before it is carried out, and a record without an end ends it as well.
    let mut ann = HubClient::connect(&app, "ann").await;
    ann.send_raw(&format!("{}{}", record(LIMIT), "x".repeat(LIMIT + 1)))
        .await;
    ann.answer("1").await.unwrap();
    assert_eq!(ann.is_sent_away().await.0, Some(expected));
    HubClient::connect(&app, "ann").await.catches_up().await;
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
