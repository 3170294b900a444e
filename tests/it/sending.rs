//! `SendMessage` in every shape clients give it, and what is refused.

use hubwire::config::{Config, Limits};
use serde_json::{Value, json};

use crate::{hub_client::HubClient, support::TestApp};

#[tokio::test]
async fn objects_are_understood_in_every_spelling() {
    let app = TestApp::start().await;
    let mut ann = HubClient::connect(&app, "ann").await;
    let first = ann
        .call("SendMessage", json!([{"recipientId": "bob", "content": "first"}]))
        .await;
    let (id, parent) = (&first["conversationId"], &first["id"]);
    let drafts = [
        json!({"conversationId": id, "content": "x"}),
        json!({"ConversationId": id, "Content": "x", "Type": "Text"}),
        json!({"chatId": id, "message": "x", "messageType": "text"}),
        json!({"ChatId": id, "Message": "x", "MessageType": "TEXT"}),
        json!({"roomId": id, "body": "x", "type": null}),
        json!({"room_id": id, "text": "x"}),
        json!({"recipientId": "bob", "content": "x"}),
        json!({"RecipientId": "bob", "CONTENT": " x\u{0} "}),
        json!({"receiverId": "bob", "content": "x"}),
        json!({"conversationId": id, "recipientId": "cat", "content": "x"}),
        json!({"conversationId": null, "chatId": " ", "recipientId": "bob", "content": "", "text": "x"}),
        json!({"recipientId": "bob", "content": "x", "parentMessageId": parent}),
        json!({"recipientId": "bob", "content": "x", "replyToMessageId": parent}),
        json!({"recipientId": "bob", "content": "x", "parentMessageId": "", "ReplyToMessageId": parent}),
        json!({"recipientId": "bob", "content": "x", "attachmentIds": [], "metadata": {"a": [1, {"b": null}]}}),
        json!({"recipientId": "bob", "content": "x", "attachmentIds": null, "metadata": null, "unknown": {"a": 1}}),
    ];
    for (place, draft) in drafts.iter().enumerate() {
        let sent = ann.call("SendMessage", json!([draft])).await;
        assert_eq!(
            (&sent["conversationId"], &sent["content"], &sent["type"], &sent["seq"]),
            (id, &json!("x"), &json!("text"), &json!(place + 2)),
            "{draft}"
        );
        let answers = draft.to_string().contains(parent.as_str().unwrap());
        assert_eq!(sent["parentMessageId"] == *parent, answers, "{draft}");
        let metadata = draft.get("metadata").filter(|metadata| metadata.is_object());
        assert_eq!(
            sent["metadata"],
            metadata.cloned().unwrap_or_else(|| json!({})),
            "{draft}"
        );
    }
    for kind in ["image", "Video", "file", "audio", "location", "system", "encrypted"] {
        let draft = json!([{"recipientId": "bob", "content": "x", "type": kind}]);
        let sent = ann.call("SendMessage", draft).await;
        assert_eq!(sent["type"], kind.to_lowercase());
    }
}

#[tokio::test]
async fn positional_calls_name_a_conversation_of_ones_own_or_a_person() {
    let app = TestApp::start().await;
    let mut ann = HubClient::connect(&app, "ann").await;
    let first = ann.call("SendMessage", json!(["bob", "first"])).await;
    assert_eq!((&first["recipientId"], &first["seq"]), (&json!("bob"), &json!(1)));
    let id = first["conversationId"].as_str().unwrap();
    for arguments in [
        json!([id, "x"]),
        json!([id.to_uppercase(), "x", "text"]),
        json!([format!(" {id} "), "x", null]),
        json!(["bob", "x", "Text"]),
    ] {
        let sent = ann.call("SendMessage", arguments.clone()).await;
        assert_eq!(
            (&sent["conversationId"], &sent["content"]),
            (&json!(id), &json!("x")),
            "{arguments}"
        );
    }
    assert_eq!(ann.call("SendMessage", json!([id, 42, "image"])).await["content"], "42");
    // A number never means a conversation here, though it is one elsewhere.
    for person in [json!("1"), json!(1)] {
        let sent = ann.call("SendMessage", json!([person, "x"])).await;
        assert_eq!(sent["recipientId"], "1");
    }
    let by_number = ann
        .call("SendMessage", json!([{"conversationId": 1, "content": "x"}]))
        .await;
    assert_eq!(by_number["conversationId"], id);
    // Somebody else's conversation is not told apart from a person nobody has seen yet.
    let mut cat = HubClient::connect(&app, "cat").await;
    let sent = cat.call("SendMessage", json!([id, "x"])).await;
    assert_eq!(
        (&sent["recipientId"], sent["conversationId"] == id),
        (&json!(id), false)
    );
    // A group of one's own.
    let group = ann
        .call("CreateGroup", json!([{"name": "g", "memberIds": ["cat"]}]))
        .await;
    let sent = cat.call("SendMessage", json!([group["id"], "x"])).await;
    assert_eq!(
        (&sent["conversationId"], &sent["recipientId"]),
        (&group["id"], &Value::Null)
    );
}

#[tokio::test]
async fn every_positional_call_means_by_a_person_the_conversation_with_them_and_never_a_number() {
    let app = TestApp::start().await;
    let mut ann = HubClient::connect(&app, "ann").await;
    let mut bob = HubClient::connect(&app, "bob").await;
    let sent = ann.call("SendMessage", json!(["bob", "hello"])).await;
    let conversation = &sent["conversationId"];
    assert_eq!(bob.call("JoinConversation", json!(["ann"])).await["id"], *conversation);
    let page = bob.call("GetMessages", json!(["ann"])).await;
    assert_eq!(
        (&page["conversationId"], &page["messages"][0]["id"]),
        (conversation, &sent["id"])
    );
    ann.call("SendTypingIndicator", json!(["bob", true])).await;
    assert_eq!(bob.hears("UserTyping").await["conversationId"], *conversation);
    bob.call("ToggleReaction", json!(["ann", sent["id"], "👍"])).await;
    ann.call("EditMessage", json!(["bob", sent["id"], "hello!"])).await;
    assert_eq!(
        bob.call("MarkAsRead", json!(["ann"])).await["lastReadMessageId"],
        sent["id"]
    );
    bob.call("LeaveConversation", json!(["ann"])).await;
    // It is the first of all, and what is said there has numbers of its own.
    bob.call("SendMessage", json!(["2", "hello"])).await;
    let read = bob.call("MarkAsRead", json!(["2"])).await;
    assert_ne!(
        read["conversationId"], *conversation,
        "it is a person's before a message's"
    );
    for method in [
        "JoinConversation",
        "LeaveConversation",
        "GetMessages",
        "StartTyping",
        "LeaveGroup",
    ] {
        assert_eq!(
            ann.refused(method, json!([1])).await,
            "not_found: Conversation not found",
            "{method}"
        );
    }
}

#[tokio::test]
async fn method_names_ignore_case_and_a_trailing_async() {
    let app = TestApp::start().await;
    let mut ann = HubClient::connect(&app, "ann").await;
    for name in [
        "SendMessage",
        "sendMessage",
        "SENDMESSAGE",
        "SendMessageAsync",
        "sendmessageasync",
    ] {
        ann.call(name, json!(["bob", "x"])).await;
    }
    let id = ann.call("getconversations", json!([])).await[0]["id"].clone();
    for (name, arguments) in [
        ("joinConversation", json!([id])),
        ("LEAVECONVERSATIONASYNC", json!([id])),
        ("getMessagesAsync", json!([id, null])),
        ("GetConversationsAsync", json!([null])),
        ("sendTypingIndicatorAsync", json!([id, false])),
        ("createGroupAsync", json!([{"Name": "g", "ParticipantIds": "bob"}])),
    ] {
        ann.call(name, arguments).await;
    }
    for name in [
        "SendMessageAsyncAsync",
        "Async",
        "Send",
        "OnConnected",
        "SendMessage\u{0}",
    ] {
        let error = ann.ask(name, &json!(["bob", "x"])).await.unwrap_err();
        let expected =
            format!("Failed to invoke '{name}' due to an error on the server. HubException: Method does not exist.");
        assert_eq!(error, expected);
    }
}

#[tokio::test]
async fn ten_thousand_characters_of_any_script_pass_and_arrive_whole() {
    let app = TestApp::with(|config| {
        config.limits = Limits {
            messages_per_minute: 0,
            ..Config::default().limits
        };
    })
    .await;
    let [mut ann, mut bob] = [
        HubClient::connect(&app, "ann").await,
        HubClient::connect(&app, "bob").await,
    ];
    for letter in ["a", "é", "字", "\u{1F600}", "\"", "\u{85}x"] {
        let count = 10_000 / letter.chars().count();
        let text = letter.repeat(count);
        ann.call("SendMessage", json!(["bob", text])).await;
        let heard = bob.hears("ReceiveMessage").await;
        assert_eq!(heard["id"], heard["messageId"]);
        let expected: String = text.chars().filter(|character| !character.is_control()).collect();
        assert!(heard["content"] == expected.as_str(), "{letter}");
        let refused = ann.refused("SendMessage", json!(["bob", "a".repeat(10_001)])).await;
        assert!(refused.starts_with("validation_failed: "), "{refused}");
    }
}

#[tokio::test]
async fn each_refusal_is_a_code_and_a_sentence() {
    let app = TestApp::with(|config| {
        config.limits.text_characters = 10;
        config.limits.group_members = 3;
    })
    .await;
    let mut ann = HubClient::connect(&app, "ann").await;
    let mut bob = HubClient::connect(&app, "bob").await;
    let sent = ann.call("SendMessage", json!(["bob", "hi"])).await;
    let other = bob.call("SendMessage", json!(["cat", "psst"])).await;
    let (id, foreign) = (&sent["conversationId"], &other["conversationId"]);
    let cases = [
        (
            "SendMessage",
            json!([{"conversationId": foreign, "content": "x"}]),
            "not_found: Conversation not found",
        ),
        (
            "SendMessage",
            json!([{"conversationId": "x", "content": "x"}]),
            "not_found: Conversation not found",
        ),
        (
            "SendMessage",
            json!([{"recipientId": "a\nb", "content": "x"}]),
            "not_found: User not found",
        ),
        (
            "SendMessage",
            json!(["ann", "x"]),
            "validation_failed: recipientId: must be somebody else",
        ),
        (
            "SendMessage",
            json!([{"content": "x"}]),
            "validation_failed: conversationId: or recipientId is needed",
        ),
        (
            "SendMessage",
            json!([id, ""]),
            "validation_failed: content: must not be empty",
        ),
        (
            "SendMessage",
            json!([id, "12345678901"]),
            "validation_failed: content: must have at most 10 characters, not 11",
        ),
        (
            "SendMessage",
            json!([id, "x", "poem"]),
            "validation_failed: type: must be one of text, image, video, file, audio, location, system, encrypted",
        ),
        (
            "SendMessage",
            json!([{"conversationId": id, "content": "x", "parentMessageId": other["id"]}]),
            "validation_failed: parentMessageId: must be a message of this conversation",
        ),
        (
            "SendMessage",
            json!([{"conversationId": id, "content": "x", "attachmentIds": ["a"]}]),
            "validation_failed: attachmentIds: there is no attachment a",
        ),
        (
            "SendMessage",
            json!([{"conversationId": id, "content": "x", "clientMessageId": "x".repeat(201)}]),
            "validation_failed: clientMessageId: must have at most 200 characters",
        ),
        ("GetMessages", json!([foreign]), "not_found: Conversation not found"),
        (
            "GetMessages",
            json!([id, {"before": other["id"]}]),
            "not_found: Message not found",
        ),
        (
            "JoinConversation",
            json!([foreign]),
            "not_found: Conversation not found",
        ),
        (
            "SendTypingIndicator",
            json!([foreign, true]),
            "not_found: Conversation not found",
        ),
        (
            "CreateGroup",
            json!([{"memberIds": ["bob"]}]),
            "validation_failed: name: must not be empty",
        ),
        (
            "CreateGroup",
            json!([{"name": "g", "memberIds": ["bob", "cat", "dan"]}]),
            "group_full: A group has at most 3 members, and this one would have 4",
        ),
    ];
    for (method, arguments, expected) in cases {
        assert_eq!(
            ann.refused(method, arguments.clone()).await,
            expected,
            "{method} {arguments}"
        );
    }
    let list = ann.call("GetConversations", json!([])).await;
    assert_eq!(list.as_array().unwrap().len(), 1, "nothing of it was stored: {list}");
    assert_eq!(list[0]["lastMessage"]["id"], sent["id"]);
}

/// Row 66 of the security checklist: the limit is the person's, over all transports and connections.
#[tokio::test]
async fn sec_66_the_rate_limit_is_shared_by_rest_and_hub_and_named() {
    let app = TestApp::with(|config| {
        config.limits.messages_per_minute = 2;
        config.limits.burst = 3;
    })
    .await;
    let mut ann = HubClient::connect(&app, "ann").await;
    let mut other = HubClient::connect(&app, "ann").await;
    let mut bob = HubClient::connect(&app, "bob").await;
    let rest = app.person("ann");
    let draft = |content: &str| json!({"recipientId": "bob", "content": content});
    ann.call("SendMessage", json!([draft("1")])).await;
    other.call("SendMessage", json!([draft("2")])).await;
    rest.post("/messages", &draft("3")).await.data();
    for client in [&mut ann, &mut other] {
        let sentence = client.refused("SendMessage", json!([draft("4")])).await;
        let wait = sentence
            .strip_prefix("rate_limited: Too many messages: the limit is 2 a minute; try again in ")
            .and_then(|rest| rest.strip_suffix(" s"))
            .unwrap_or_else(|| panic!("{sentence}"));
        assert!((1..=30).contains(&wait.parse::<u32>().unwrap()), "{sentence}");
    }
    let answer = rest.post("/messages", &draft("4")).await;
    assert!(answer.header("retry-after").is_some());
    answer.refused(429, "rate_limited");
    // Everything else goes on, for her and for everybody.
    ann.call("GetConversations", json!([])).await;
    bob.call("SendMessage", json!(["ann", "hello"])).await;
    ann.hears_text("hello").await;
    for content in ["1", "2", "3"] {
        bob.hears_text(content).await;
    }
}

#[tokio::test]
async fn a_send_that_asks_for_no_answer_is_stored_and_heard() {
    let app = TestApp::start().await;
    let mut ann = HubClient::connect(&app, "ann").await;
    let mut bob = HubClient::connect(&app, "bob").await;
    for arguments in [json!(["bob", "one"]), json!(["bob", ""]), json!(["bob", "two"])] {
        let call = json!({"type": 1, "target": "SendMessage", "arguments": arguments});
        ann.send_raw(&format!("{call}\u{1e}")).await;
    }
    bob.hears_text("one").await;
    bob.hears_text("two").await;
    ann.catches_up().await;
}
