//! The same conversation over each transport and in each protocol.

use serde_json::{Value, json};

use crate::{
    line::{CHAT, Line, Spelling, Way},
    support::TestApp,
};

#[tokio::test]
async fn a_conversation_is_the_same_over_every_transport_and_protocol() {
    for way in CHAT.each() {
        converse(way).await;
    }
}

async fn converse(way: Way) {
    let app = TestApp::start().await;
    let mut ann = Line::open(&app, "ann", way).await;
    let mut bob = Line::open(&app, "bob", way).await;
    let sent = ann
        .call(
            "SendMessage",
            json!([{"recipientId": "bob", "content": "hi", "clientMessageId": "c1"}]),
        )
        .await;
    assert_eq!(sent["content"], "hi", "{way:?}");
    bob.hears("NewConversation").await;
    let heard = bob.hears("ReceiveMessage").await;
    assert_eq!(
        (&heard["id"], &heard["createdAt"]),
        (&sent["id"], &sent["createdAt"]),
        "{way:?}"
    );
    assert_eq!(heard.get("clientMessageId"), None);
    assert_eq!(ann.hears("ReceiveMessage").await, sent, "{way:?}");
    assert_eq!(ann.hears("MessageStatus").await["data"]["status"], "sent");
    let conversation = &heard["conversationId"];
    bob.call("SendTypingIndicatorAsync", json!([conversation, true])).await;
    assert_eq!(ann.hears("UserTyping").await["userId"], "bob");
    bob.call("SendMessage", json!([conversation, "hi yourself"])).await;
    assert_eq!(ann.hears("ReceiveMessage").await["content"], "hi yourself");
    let page = ann.call("GetMessages", json!([conversation, {"limit": 1}])).await;
    assert_eq!(page["messages"][0]["content"], "hi yourself", "{page}");
    assert_eq!(page["pagination"]["total"], 2);
    let joined = ann.call("joinconversation", json!([conversation])).await;
    assert_eq!(joined["participants"].as_array().unwrap().len(), 2, "{way:?}");
    let refusal = ann.ask("JoinConversation", json!(["nowhere"])).await.unwrap_err();
    assert!(refusal.contains("HubException: not_found: "), "{refusal}");
    ann.leave().await;
    bob.leave().await;
}

#[tokio::test]
async fn people_of_all_transports_and_protocols_are_in_one_conversation() {
    let app = TestApp::start().await;
    let names = ["a", "b", "c", "d", "e"];
    let mut lines = Vec::new();
    for (name, way) in names.into_iter().zip(CHAT.each()) {
        lines.push(Line::open(&app, name, way).await);
    }
    let group = json!([{"name": "all", "memberIds": &names[1..]}]);
    let group = lines[0].call("CreateGroup", group).await;
    for at in 0..lines.len() {
        let said = lines[at].call("SendMessage", json!([group["id"], names[at]])).await;
        for line in &mut lines {
            let heard = line.hears("ReceiveMessage").await;
            assert_eq!((&heard["id"], &heard["content"]), (&said["id"], &json!(names[at])));
        }
    }
}

#[tokio::test]
async fn messagepack_has_pascals_names_and_timestamps() {
    let app = TestApp::start().await;
    let way = Way {
        spelling: Spelling::MessagePack,
        ..CHAT
    };
    let mut ann = Line::open(&app, "ann", way).await;
    for (number, message) in [
        json!({"recipientId": "bob", "content": "camel", "tempId": 7, "metadata": {"myKey": [1, null, {"Deep": true}]}}),
        json!({"RecipientId": "bob", "Content": "pascal", "TempId": "7b", "Metadata": {"myKey": [1, null, {"Deep": true}]}}),
    ]
    .into_iter()
    .enumerate()
    {
        ann.call("SendMessage", json!([message])).await;
        ann.hears("ReceiveMessage").await;
        let raw = std::mem::take(&mut ann.raw);
        assert_eq!(raw["Content"], ["camel", "pascal"][number], "{raw}");
        assert_eq!(raw["TempId"], ["7", "7b"][number]);
        assert_eq!(raw["Status"], "sent");
        assert_eq!(raw["Type"], "text");
        assert_eq!(raw["Sender"]["Id"], "ann");
        assert_eq!(raw["Id"].as_str().map(str::len), Some(36));
        assert_eq!(raw["Metadata"], json!({"myKey": [1, null, {"Deep": true}]}), "as it was sent");
        assert!(raw["CreatedAt"]["timestamp"].is_u64(), "{raw}");
        assert_eq!((&raw["EditedAt"], &raw["Media"]), (&Value::Null, &Value::Null));
        ann.hears("MessageStatus").await;
        assert!(ann.raw["Data"]["Timestamp"]["timestamp"].is_u64(), "{}", ann.raw);
    }
    let conversation = ann.hears("NewConversation").await;
    let first = ann.call("GetMessages", json!([conversation["id"], {"Limit": 1}])).await;
    assert_eq!(first["messages"].as_array().unwrap().len(), 1, "{first}");
}

#[tokio::test]
async fn a_message_has_so_many_bytes_over_every_transport() {
    let app = TestApp::with(|config| config.limits.hub_message_bytes = 1000).await;
    for way in CHAT.each() {
        let mut ann = Line::open(&app, "ann", way).await;
        ann.call("SendMessage", json!(["bob", "x".repeat(500)])).await;
        let (text, is_binary) = match way.spelling {
            Spelling::Json => ("x".repeat(2000).into_bytes(), false),
            Spelling::MessagePack => ([&[0xd0, 0x0f][..], &[0; 2000]].concat(), true),
        };
        ann.wire.send(&text, is_binary).await;
        let goodbye = ann.is_sent_away().await.unwrap();
        assert_eq!(goodbye["error"], "Connection closed with an error.", "{way:?}");
    }
}
