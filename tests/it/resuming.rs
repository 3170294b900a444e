//! A client that comes back: it hears what it missed, once and in order, and need not do anything for it.

use serde_json::{Value, json};

use crate::{
    hub_client::HubClient,
    line::{CHAT, Carrier, Line},
    support::{Person, TestApp, eventually},
};

/// Ann, and the conversation with Bob, who was told its first message.
async fn ann_and_bob(app: &TestApp, bob: &mut HubClient) -> (Person, String) {
    let ann = app.person("ann");
    let conversation = ann.direct("bob").await;
    let before = ann.say(&conversation, "before").await;
    bob.hears_text("before").await;
    has_proven(bob, &ann, &before).await;
    (ann, conversation)
}

async fn say_all(person: &Person, conversation: &str, texts: &[&str]) {
    for text in texts {
        person.say(conversation, text).await;
    }
}

/// Hears a last message, and says what came with it.
async fn hears_up_to(client: &mut HubClient, last: &str) -> Vec<String> {
    let texts: Vec<_> = {
        client.hears_text(last).await;
        client.catches_up().await;
        client.heard_texts().into_iter().map(str::to_owned).collect()
    };
    texts
}

/// Reads on until a message is delivered to a client.
async fn has_proven(client: &mut HubClient, author: &Person, message: &Value) {
    let path = format!("/messages/{}", message["id"].as_str().unwrap());
    let is_delivered = eventually(async || author.get(&path).await.data()["status"] == "delivered");
    client.listens_while(is_delivered).await;
}

#[tokio::test]
async fn who_was_lost_hears_what_was_missed_once_and_in_order() {
    let app = TestApp::start().await;
    let mut bob = HubClient::connect(&app, "bob").await;
    let (ann, conversation) = ann_and_bob(&app, &mut bob).await;
    let cookie = bob.cookie.clone();
    drop(bob);
    say_all(&ann, &conversation, &["one", "two"]).await;
    let mut bob = HubClient::again(&app, "bob", &cookie).await;
    let three = ann.say(&conversation, "three").await;
    assert_eq!(hears_up_to(&mut bob, "three").await, ["one", "two"]);
    has_proven(&mut bob, &ann, &three).await;
    // The second time it begins where the first has ended.
    let cookie = bob.cookie.clone();
    drop(bob);
    ann.say(&conversation, "four").await;
    let mut bob = HubClient::again(&app, "bob", &cookie).await;
    assert_eq!(hears_up_to(&mut bob, "four").await, [""; 0]);
}

#[tokio::test]
async fn what_was_sent_and_not_proven_is_sent_again() {
    let app = TestApp::start().await;
    let mut bob = HubClient::connect(&app, "bob").await;
    let (ann, conversation) = ann_and_bob(&app, &mut bob).await;
    // Written to a socket that nobody reads: no Pong comes.
    say_all(&ann, &conversation, &["one", "two"]).await;
    let cookie = bob.cookie.clone();
    drop(bob);
    let mut bob = HubClient::again(&app, "bob", &cookie).await;
    assert_eq!(hears_up_to(&mut bob, "two").await, ["one"]);
}

#[tokio::test]
async fn a_page_that_was_left_hears_nothing_twice() {
    let app = TestApp::start().await;
    let mut bob = HubClient::connect(&app, "bob").await;
    let (ann, conversation) = ann_and_bob(&app, &mut bob).await;
    let cookie = bob.cookie.clone();
    bob.leave().await;
    ann.say(&conversation, "while nobody was there").await;
    let mut bob = HubClient::again(&app, "bob", &cookie).await;
    bob.catches_up().await;
    ann.say(&conversation, "after").await;
    assert_eq!(hears_up_to(&mut bob, "after").await, [""; 0]);
}

#[tokio::test]
async fn another_device_and_another_person_are_given_nothing() {
    let app = TestApp::start().await;
    let mut bob = HubClient::connect(&app, "bob").await;
    let (ann, conversation) = ann_and_bob(&app, &mut bob).await;
    let cookie = bob.cookie.clone();
    drop(bob);
    ann.say(&conversation, "missed").await;
    let mut elsewhere = HubClient::connect(&app, "bob").await;
    let mut own = HubClient::again(&app, "ann", &cookie).await;
    elsewhere.catches_up().await;
    own.catches_up().await;
    ann.say(&conversation, "after").await;
    assert_eq!(hears_up_to(&mut elsewhere, "after").await, [""; 0]);
    assert_eq!(hears_up_to(&mut own, "after").await, [""; 0]);
}

#[tokio::test]
async fn who_comes_back_hears_what_was_heard_without_joining_again() {
    let app = TestApp::start().await;
    let mut bob = HubClient::connect(&app, "bob").await;
    let (ann, joined) = ann_and_bob(&app, &mut bob).await;
    let carl = app.person("carl");
    let other = carl.direct("bob").await;
    bob.call("JoinConversation", json!([joined])).await;
    let cookie = bob.cookie.clone();
    drop(bob);
    say_all(&carl, &other, &["not aloud"]).await;
    say_all(&ann, &joined, &["missed"]).await;
    let mut bob = HubClient::again(&app, "bob", &cookie).await;
    assert_eq!(hears_up_to(&mut bob, "missed").await, [""; 0]);
    say_all(&carl, &other, &["still not aloud"]).await;
    say_all(&ann, &joined, &["now"]).await;
    assert_eq!(hears_up_to(&mut bob, "now").await, [""; 0]);
    let told = bob.hears("ConversationUpdated").await;
    assert_eq!(told["conversationId"], json!(other));
}

#[tokio::test]
async fn a_connection_that_does_not_answer_is_taken_over() {
    let app = TestApp::start().await;
    let mut bob = HubClient::connect(&app, "bob").await;
    let (ann, conversation) = ann_and_bob(&app, &mut bob).await;
    // It is there and reads no more, as after a change of networks.
    say_all(&ann, &conversation, &["one", "two"]).await;
    let mut again = HubClient::again(&app, "bob", &bob.cookie).await;
    assert_eq!(hears_up_to(&mut again, "two").await, ["one"]);
    let (goodbye, _) = bob.is_sent_away().await;
    assert_eq!(
        goodbye, None,
        "nothing is said to it that would keep its client from coming back"
    );
}

#[tokio::test]
async fn a_connection_that_is_lost_before_it_begins_takes_nothing_and_leaves_nothing() {
    let app = TestApp::start().await;
    let mut bob = HubClient::connect(&app, "bob").await;
    let (ann, conversation) = ann_and_bob(&app, &mut bob).await;
    ann.say(&conversation, "one").await;
    let two = ann.say(&conversation, "two").await;
    // It waits for the other to show itself, which reads no more.
    drop(HubClient::again(&app, "bob", &bob.cookie).await);
    let mut again = HubClient::again(&app, "bob", &bob.cookie).await;
    assert_eq!(hears_up_to(&mut again, "two").await, ["one"]);
    has_proven(&mut again, &ann, &two).await;
    let cookie = again.cookie.clone();
    drop(again);
    ann.say(&conversation, "three").await;
    let mut again = HubClient::again(&app, "bob", &cookie).await;
    assert_eq!(hears_up_to(&mut again, "three").await, [""; 0]);
}

#[tokio::test]
async fn where_nobody_can_say_whether_a_connection_lives_its_device_misses_nothing() {
    let app = TestApp::start().await;
    let mut events = Line::open(&app, "bob", CHAT.over(Carrier::Events)).await;
    let ann = app.person("ann");
    let conversation = ann.direct("bob").await;
    ann.say(&conversation, "before").await;
    events.hears("ReceiveMessage").await;
    // It is there and reads no more, and an event stream says nothing back.
    ann.say(&conversation, "one").await;
    let mut again = HubClient::again(&app, "bob", &events.wire.cookie).await;
    ann.say(&conversation, "two").await;
    assert_eq!(hears_up_to(&mut again, "two").await, ["before", "one"]);
    // It is not taken over: it may be another page.
    events.call("Heartbeat", json!([])).await;
}

#[tokio::test]
async fn a_connection_that_answers_is_left_alone() {
    let app = TestApp::start().await;
    let mut bob = HubClient::connect(&app, "bob").await;
    let (ann, conversation) = ann_and_bob(&app, &mut bob).await;
    let cookie = bob.cookie.clone();
    let second = async {
        let mut second = HubClient::again(&app, "bob", &cookie).await;
        second.catches_up().await;
        ann.say(&conversation, "to both").await;
        assert_eq!(hears_up_to(&mut second, "to both").await, [""; 0]);
    };
    tokio::join!(second, bob.hears_text("to both"));
    bob.catches_up().await;
}

#[tokio::test]
async fn two_that_were_lost_together_both_miss_nothing() {
    let app = TestApp::start().await;
    let mut one = HubClient::connect(&app, "bob").await;
    let (ann, conversation) = ann_and_bob(&app, &mut one).await;
    let cookie = one.cookie.clone();
    let mut other = one.listens_while(HubClient::again(&app, "bob", &cookie)).await;
    one.listens_while(other.catches_up()).await;
    drop((one, other));
    ann.say(&conversation, "missed").await;
    let mut one = HubClient::again(&app, "bob", &cookie).await;
    hears_up_to(&mut one, "missed").await;
    let mut other = one.listens_while(HubClient::again(&app, "bob", &cookie)).await;
    hears_up_to(&mut other, "missed").await;
}

#[tokio::test]
async fn how_things_stand_is_told_once_to_who_comes_back() {
    let app = TestApp::start().await;
    let mut bob = HubClient::connect(&app, "bob").await;
    let (ann, conversation) = ann_and_bob(&app, &mut bob).await;
    let reads = app.person("bob");
    let cookie = bob.cookie.clone();
    drop(bob);
    for text in ["one", "two", "three"] {
        let message = ann.say(&conversation, text).await;
        let path = format!("/messages/{}/read", message["id"].as_str().unwrap());
        reads.post(&path, &json!({})).await.data();
    }
    ann.say(&conversation, "four").await;
    let mut bob = HubClient::again(&app, "bob", &cookie).await;
    assert_eq!(hears_up_to(&mut bob, "four").await, ["one", "two", "three"]);
    assert_eq!(bob.heard("MessagesRead").len() + bob.heard("MessageRead").len(), 3);
    assert_eq!(bob.heard("UnreadCountUpdated"), [&json!(1)]);
}

#[tokio::test]
async fn messages_are_delivered_when_a_device_has_them_and_not_before() {
    let app = TestApp::start().await;
    let mut ann = HubClient::connect(&app, "ann").await;
    let mut bob = HubClient::connect(&app, "bob").await;
    let sent = ann.call("SendMessage", json!(["bob", "first"])).await;
    assert_eq!(sent["status"], "sent");
    // Sent to a socket that nobody reads yet.
    let id = sent["id"].as_str().unwrap().to_owned();
    let status = async || app.person("ann").get(&format!("/messages/{id}")).await.data()["status"].clone();
    assert_eq!(status().await, "sent");
    bob.hears_text("first").await;
    let is_delivered = |status: &Value| status["type"] == "message.delivered";
    let told = bob.listens_while(ann.hears_where("MessageStatus", is_delivered)).await;
    assert_eq!(
        (
            &told["data"]["messageId"],
            &told["data"]["userId"],
            &told["data"]["status"]
        ),
        (&json!(id), &json!("bob"), &json!("delivered"))
    );
    assert_eq!(status().await, "delivered");
}

#[tokio::test]
async fn deliveries_in_a_group_are_told_to_each_author() {
    let app = TestApp::start().await;
    let mut ann = HubClient::connect(&app, "ann").await;
    let mut bob = HubClient::connect(&app, "bob").await;
    let group = app
        .person("ann")
        .post("/groups", &json!({"name": "g", "memberIds": ["bob", "carl"]}))
        .await
        .data();
    let id = group["id"].as_str().unwrap();
    let sent = ann.call("SendMessage", json!([id, "from ann"])).await;
    bob.hears_text("from ann").await;
    let answer = bob.call("SendMessage", json!([id, "from bob"])).await;
    let delivered = |status: &Value| status["type"] == "message.delivered";
    // Both go on reading: what nobody reads is not proven.
    let to_ann = bob.listens_while(ann.hears_where("MessageStatus", delivered)).await;
    let to_bob = ann.listens_while(bob.hears_where("MessageStatus", delivered)).await;
    assert_eq!(
        (&to_ann["data"]["messageId"], &to_ann["data"]["userId"]),
        (&sent["id"], &json!("bob"))
    );
    assert_eq!(
        (&to_bob["data"]["messageId"], &to_bob["data"]["userId"]),
        (&answer["id"], &json!("ann"))
    );
    let path = format!("/messages/{}", sent["id"].as_str().unwrap());
    let message = app.person("ann").get(&path).await.data();
    assert_eq!(message["status"], "sent", "Carl has not received it");
}

#[tokio::test]
async fn sec_24_the_device_cookie_is_set_once_and_is_for_the_server_alone() {
    let app = TestApp::start().await;
    let bearer = format!("Bearer {}", app.token("ann"));
    let negotiate = "/hubs/chat/negotiate?negotiateVersion=1";
    let first = app.ask("POST", negotiate, &[("authorization", &bearer)], b"").await;
    let cookie = first.header("set-cookie").unwrap();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
    let brought = cookie.split(';').next().unwrap();
    let headers = [("authorization", bearer.as_str()), ("cookie", brought)];
    let second = app.ask("POST", negotiate, &headers, b"").await;
    assert_eq!((second.status, second.header("set-cookie")), (200, None));
    let refused = app.ask("POST", negotiate, &[], b"").await;
    assert_eq!((refused.status, refused.header("set-cookie")), (401, None));
}

#[tokio::test]
async fn sec_04_in_production_without_https_no_cookie_is_set() {
    let negotiate = async |public_url: Option<&str>| {
        let app = TestApp::with(|config| {
            config.env = hubwire::config::Environment::Production;
            config.public_url = public_url.map(str::to_owned);
        })
        .await;
        let bearer = format!("Bearer {}", app.token("ann"));
        let answer = app
            .ask("POST", "/hubs/chat/negotiate", &[("authorization", &bearer)], b"")
            .await;
        assert_eq!(answer.status, 200);
        answer.header("set-cookie").map(str::to_owned)
    };
    assert_eq!(negotiate(None).await, None);
    let secure = negotiate(Some("https://chat.example")).await.unwrap();
    assert!(secure.contains("; Secure; SameSite=None"), "{secure}");
}
