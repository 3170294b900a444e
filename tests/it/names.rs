//! The names and paths that frontends are used to, besides the contract's own.

use serde_json::{Value, json};

use crate::{
    hub_client::{Door, HubClient},
    support::TestApp,
};

const CHAT: &[&str] = &["/hubs/chat", "/chatHub", "/chathub", "/hub/chat", "/hubs/messages"];
const ONLINE: &[&str] = &["/hubs/chat-online", "/hubs/presence", "/presenceHub", "/PresenceHub"];

async fn enter(app: &TestApp, user: &str, hub: &str, query: &str) -> HubClient {
    let door = Door {
        hub,
        query,
        ..Door::default()
    };
    HubClient::enter(app.address, &app.token(user), door).await
}

#[tokio::test]
async fn hubs_answer_under_every_path_that_frontends_know() {
    let app = TestApp::start().await;
    let group = app
        .person("ann")
        .post("/groups", &json!({"name": "Team", "memberIds": ["bob"]}))
        .await
        .data();
    for path in CHAT {
        let mut client = enter(&app, "ann", path, "").await;
        client
            .call("SendMessage", json!([{"conversationId": group["id"], "content": path}]))
            .await;
        client.hears_text(path).await;
    }
    for path in ONLINE {
        let mut client = enter(&app, "bob", path, "").await;
        assert!(client.hears("GetOnlineUsers").await.is_array(), "{path}");
        let refused = client.ask("GetConversations", &json!([])).await.unwrap_err();
        assert!(refused.contains("Method does not exist"), "{path}: {refused}");
    }
    for path in CHAT.iter().chain(ONLINE) {
        let path = format!("{path}/negotiate?negotiateVersion=1");
        app.ask("POST", &path, &[], b"").await.refused(401, "unauthorized");
    }
}

#[tokio::test]
async fn another_persons_id_is_refused_on_the_contracts_paths_and_means_the_partner_on_messages() {
    let app = TestApp::start().await;
    let token = app.token("ann");
    let paths = CHAT.iter().chain(ONLINE);
    for path in paths {
        let path = format!("{path}/negotiate?negotiateVersion=1&userId=bob&access_token={token}");
        let answer = app.ask("POST", &path, &[], b"").await;
        if path.starts_with("/hubs/chat") {
            answer.refused(403, "forbidden");
        } else {
            assert_eq!(answer.status, 200, "{path}");
        }
    }
}

#[tokio::test]
async fn a_page_of_messages_with_somebody_is_given_the_thread_and_hears_no_other() {
    let app = TestApp::start().await;
    let [ann, bob, cat] = app.people(["ann", "bob", "cat"]);
    let (with_bob, with_cat) = (ann.direct("bob").await, ann.direct("cat").await);
    ann.say(&with_bob, "one").await;
    bob.say(&with_bob, "two").await;
    cat.say(&with_cat, "not here").await;

    let mut page = enter(&app, "ann", "/hubs/messages", "userId=bob").await;
    let thread = page.hears("ReceiveMessageThread").await;
    let texts: Vec<_> = thread
        .as_array()
        .unwrap()
        .iter()
        .map(|message| &message["content"])
        .collect();
    assert_eq!(texts, ["one", "two"]);
    assert_eq!(thread[0]["senderId"], "ann");
    cat.say(&with_cat, "nor here").await;
    bob.say(&with_bob, "three").await;
    page.hears_text("three").await;
    assert_eq!(page.heard_texts(), [""; 0]);

    // With a stranger nothing is made, and the beginning is heard.
    let mut page = enter(&app, "ann", "/hubs/messages", "userId=dora").await;
    assert_eq!(page.hears("ReceiveMessageThread").await, json!([]));
    assert_eq!(app.person("dora").get("/conversations").await.data(), json!([]));
    app.person("dora")
        .post("/messages", &json!({"recipientId": "ann", "content": "hello"}))
        .await
        .data();
    page.hears_text("hello").await;
    for nobody in ["", "userId=", "userId=undefined"] {
        let mut page = enter(&app, "ann", "/hubs/messages", nobody).await;
        page.call("Ping", json!([])).await;
        assert!(page.heard("ReceiveMessageThread").is_empty(), "{nobody}");
    }
    for nobody in ["userId=ann", "userId=%00"] {
        let mut page = enter(&app, "ann", "/hubs/messages", nobody).await;
        assert_eq!(page.hears("ReceiveMessageThread").await, json!([]), "{nobody}");
    }
}

#[tokio::test]
async fn every_method_has_the_names_that_frontends_call_it_by() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    let group = ann
        .post("/groups", &json!({"name": "Team", "memberIds": ["bob"]}))
        .await
        .data();
    let conversation = &group["id"];
    let mut client = HubClient::connect(&app, "ann").await;
    for (names, arguments) in [
        ("SendMessage SendPrivateMessage SendText", json!([conversation, "x"])),
        (
            "SendTypingIndicator SendTyping SendTypingStatus NotifyTyping",
            json!([conversation, true]),
        ),
        ("Typing StartTyping StopTyping", json!([conversation])),
        (
            "MarkAsRead MarkMessageAsRead MarkMessagesAsRead MarkRead AcknowledgeRead",
            json!(["{message}"]),
        ),
        (
            "MessageDelivered ConfirmDelivery MarkMessageDelivered AcknowledgeDelivery",
            json!(["{message}"]),
        ),
        ("EditMessage", json!(["{message}", "y"])),
        ("EditMessage", json!([conversation, "{message}", "z"])),
        ("DeleteMessage UnsendMessage", json!(["{message}"])),
        ("DeleteMessage UnsendMessage", json!([conversation, "{message}"])),
        (
            "AddReaction ReactToMessage RemoveReaction ToggleReaction",
            json!(["{message}", "👍"]),
        ),
        (
            "AddReaction ReactToMessage RemoveReaction ToggleReaction",
            json!([conversation, "{message}", "👍"]),
        ),
        ("PinMessage UnpinMessage", json!(["{message}"])),
        ("PinMessage", json!(["{message}", true])),
        ("SetStatus UpdateStatus", json!(["away"])),
        ("GetOnlineUsers", json!([])),
        (
            "GetOnlineStatus GetPresenceStates SubscribeToPresence",
            json!([["bob"]]),
        ),
        ("IsUserOnline", json!(["bob"])),
        ("Heartbeat KeepAlive TouchServer Ping", json!([])),
        ("GetUnreadCount", json!([])),
        ("AddMember", json!([conversation, "cat"])),
        ("RemoveMember", json!([conversation, "cat"])),
        ("LeaveGroup", json!([conversation])),
    ] {
        for name in names.split(' ') {
            for name in [name.to_owned(), format!("{name}Async"), name.to_ascii_lowercase()] {
                let called = match arguments.to_string().contains("{message}") {
                    true => {
                        let message = ann.say(conversation.as_str().unwrap(), "hi").await;
                        let filled = arguments
                            .to_string()
                            .replace("{message}", message["id"].as_str().unwrap());
                        serde_json::from_str::<Value>(&filled).unwrap()
                    }
                    false => arguments.clone(),
                };
                let answer = client.ask(&name, &called).await;
                if name.starts_with("LeaveGroup") && answer.is_err() {
                    continue;
                }
                assert!(answer.is_ok(), "{name}{called}: {answer:?}");
                if name.starts_with("LeaveGroup") {
                    return;
                }
            }
        }
    }
}

#[tokio::test]
async fn a_conversation_is_named_in_every_way_wherever_it_is_named() {
    let app = TestApp::start().await;
    let [ann, bob] = app.people(["ann", "bob"]);
    let id = ann.direct("bob").await;
    let mut client = HubClient::connect(&app, "ann").await;
    for name in [
        "conversationId",
        "chatId",
        "roomId",
        "room_id",
        "ConversationId",
        "ChatId",
    ] {
        bob.say(&id, "needle").await;
        let found = ann.get(&format!("/messages/search?q=needle&{name}={id}")).await;
        assert_eq!(found.data()[0]["conversationId"], id.as_str(), "{name}");
        let listed = ann.get(&format!("/messages?{name}={id}")).await.data();
        assert_eq!(listed["conversationId"], id.as_str(), "{name}");
        let found = client.call("SearchMessages", json!(["needle", {name: id}])).await;
        assert_eq!(found["messages"][0]["conversationId"], id.as_str(), "{name}");
        let marked = client.call("MarkAsRead", json!([{name: id}])).await;
        assert_eq!(marked["conversationId"], id.as_str(), "{name}");
        assert_eq!(marked["unreadCount"], 0, "{name}");
    }
}
