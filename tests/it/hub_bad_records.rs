//! Bytes nobody should send to the hub: each gets its error, the server lives, and the connection too where
//! ASP.NET Core keeps it.

use serde_json::json;

use crate::{
    hub_client::{Door, HubClient, RS},
    support::TestApp,
};

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
