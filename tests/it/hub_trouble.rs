//! A database in trouble, seen from the hub: `unavailable`, nothing acknowledged, and it recovers by itself.

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection};
use serde_json::json;

use crate::{
    database::TestDatabase,
    hub_client::HubClient,
    support::{SECRET, TestApp},
};

const UNAVAILABLE: &str = "unavailable: The service is unavailable at the moment; try again";

/// A second connection to the server's database.
async fn beside(app: &TestApp) -> DatabaseConnection {
    let mut options = ConnectOptions::new(app.app.config.database());
    options.max_connections(1);
    Database::connect(options).await.unwrap()
}

/// Rows 69 and 70 of the security checklist, as far as a lock goes: not acknowledged means not stored.
#[tokio::test]
async fn sec_69_a_locked_database_is_unavailable_and_recovers() {
    let app = TestApp::start().await;
    let mut ann = HubClient::connect(&app, "ann").await;
    let mut bob = HubClient::connect(&app, "bob").await;
    let first = ann.call("SendMessage", json!(["bob", "before"])).await;
    let conversation = &first["conversationId"];
    bob.hears_text("before").await;
    let other = beside(&app).await;
    let is_sqlite = app.app.config.database().starts_with("sqlite:");
    let lock: &[&str] = if is_sqlite {
        &["BEGIN EXCLUSIVE"]
    } else {
        &["BEGIN", "LOCK TABLE log_heads IN ACCESS EXCLUSIVE MODE"]
    };
    for sql in lock {
        other.execute_unprepared(sql).await.unwrap();
    }
    let keyed = json!([{"conversationId": conversation, "content": "during", "clientMessageId": "k"}]);
    // Asked together, refused together: nobody waits behind somebody else's patience.
    let (by_hub, group, by_rest) = tokio::join!(
        ann.refused("SendMessage", keyed.clone()),
        bob.refused("CreateGroup", json!([{"name": "g", "memberIds": ["cat"]}])),
        async {
            let body = json!({"conversationId": conversation, "content": "during", "clientMessageId": "k"});
            app.person("ann").post("/messages", &body).await
        },
    );
    assert_eq!((by_hub.as_str(), group.as_str()), (UNAVAILABLE, UNAVAILABLE));
    by_rest.refused(503, "unavailable");
    // What is stored is still read.
    let page = ann.call("GetMessages", json!([conversation])).await;
    assert_eq!(page["messages"], json!([first]));
    other.execute_unprepared("ROLLBACK").await.unwrap();

    let sent = ann.call("SendMessage", keyed).await;
    assert_eq!(sent["seq"], 2, "nothing of the refused ones was stored");
    assert_eq!(bob.hears("ReceiveMessage").await["id"], sent["id"]);
    assert!(bob.heard("NewConversation").len() <= 1, "no group");
    other.close().await.unwrap();
}

/// Row 71 of the security checklist is `hub-protocol`'s; this is a failure in the middle of the chat.
#[tokio::test]
async fn what_cannot_be_stored_is_an_error_without_a_cause_and_the_rest_goes_on() {
    let app = TestApp::start().await;
    let mut ann = HubClient::connect(&app, "ann").await;
    let mut bob = HubClient::connect(&app, "bob").await;
    ann.call("SendMessage", json!(["bob", "before"])).await;
    let other = beside(&app).await;
    let trap: &[&str] = if app.app.config.database().starts_with("sqlite:") {
        &[
            "CREATE TRIGGER trap BEFORE INSERT ON messages WHEN new.content = 'trap' BEGIN SELECT RAISE(ABORT, 'sprung'); END",
        ]
    } else {
        &[
            "CREATE FUNCTION trap() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'sprung'; END $$ LANGUAGE plpgsql",
            "CREATE TRIGGER trap BEFORE INSERT ON messages FOR EACH ROW WHEN (new.content = 'trap') EXECUTE FUNCTION trap()",
        ]
    };
    for sql in trap {
        other.execute_unprepared(sql).await.unwrap();
    }
    let trapped = json!(["bob", "trap"]);
    let (trapped, fine) = tokio::join!(
        ann.ask("SendMessage", &trapped),
        bob.call("SendMessage", json!(["ann", "fine"])),
    );
    let generic = "An unexpected error occurred invoking 'SendMessage' on the server.";
    assert_eq!(trapped.unwrap_err(), generic);
    let sent = ann.call("SendMessage", json!(["bob", "after"])).await;
    assert_eq!((&fine["seq"], &sent["seq"]), (&json!(2), &json!(3)), "no gap");
    bob.hears_text("after").await;
    other.close().await.unwrap();
}

#[tokio::test]
async fn a_former_member_is_told_so_and_hears_nothing_after_the_end() {
    let database = TestDatabase::each().await.pop().unwrap();
    let over_it = |url: String| {
        move |config: &mut hubwire::config::Config| {
            config.database_url = Some(hubwire::config::Secret::new(url));
            config.jwt_secret = Some(hubwire::config::Secret::new(SECRET));
        }
    };
    let app = TestApp::with(over_it(database.url.clone())).await;
    let mut ann = HubClient::connect(&app, "ann").await;
    let group = ann
        .call("CreateGroup", json!([{"name": "g", "memberIds": ["bob", "cat"]}]))
        .await;
    let id = &group["id"];
    ann.call("SendMessage", json!([{"conversationId": id, "content": "before"}]))
        .await;
    drop(ann);
    drop(app);
    // Nothing removes members yet, so the test does.
    let direct = Database::connect(&database.url).await.unwrap();
    let sql = "UPDATE members SET until_event = (SELECT event FROM log_heads) WHERE user_id = 'bob'";
    direct.execute_unprepared(sql).await.unwrap();
    direct.close().await.unwrap();

    let app = TestApp::with(over_it(database.url.clone())).await;
    let mut bob = HubClient::connect(&app, "bob").await;
    for (method, arguments) in [
        ("JoinConversation", json!([id])),
        ("SendMessage", json!([{"conversationId": id, "content": "x"}])),
        ("SendMessage", json!([id, "x"])),
        ("SendTypingIndicator", json!([id, true])),
        ("GetMessages", json!([id])),
    ] {
        let sentence = bob.refused(method, arguments).await;
        assert_eq!(
            sentence, "not_a_participant: You are not a participant in this conversation",
            "{method}"
        );
    }
    bob.call("LeaveConversation", json!([id])).await;
    let mut cat = HubClient::connect(&app, "cat").await;
    let mut ann = HubClient::connect(&app, "ann").await;
    ann.call("SendMessage", json!([{"conversationId": id, "content": "after"}]))
        .await;
    cat.hears_text("after").await;
    ann.call("SendMessage", json!(["bob", "hello"])).await;
    bob.hears_text("hello").await;
    assert!(!bob.heard_texts().contains(&"after"));
    assert_eq!(
        bob.call("GetConversations", json!([])).await.as_array().unwrap().len(),
        1
    );
}
