//! One's own list over REST: muted, archived, pinned, removed, found.

use serde_json::{Value, json};

use crate::{
    hub_client::HubClient,
    support::{Person, TestApp},
};

async fn state(person: &Person, method: &str, path: &str, body: &Value) -> Value {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    person.ask(method, path, &[], body.as_bytes()).await.data()
}

#[tokio::test]
async fn flags_are_set_and_cleared_by_every_spelling_and_never_toggled() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    let path = format!("/conversations/{}", ann.direct("bob").await);
    for (verb, flag, clear, names) in [
        ("mute", "isMuted", "unmute", ["muted", "mute", "isMuted"]),
        (
            "archive",
            "isArchived",
            "unarchive",
            ["archived", "archive", "isArchived"],
        ),
        ("pin", "isPinned", "unpin", ["pinned", "pin", "isPinned"]),
    ] {
        let (set, clear) = (format!("{path}/{verb}"), format!("{path}/{clear}"));
        for _ in 0..2 {
            assert_eq!(state(&ann, "POST", &set, &Value::Null).await[flag], true);
            assert_eq!(ann.get(&path).await.data()[flag], true);
        }
        for _ in 0..2 {
            assert_eq!(state(&ann, "DELETE", &set, &Value::Null).await[flag], false);
        }
        assert_eq!(state(&ann, "PUT", &set, &Value::Null).await[flag], true);
        assert_eq!(state(&ann, "POST", &clear, &Value::Null).await[flag], false);
        for name in names {
            for wanted in [true, false] {
                for (method, path, body) in [
                    ("POST", set.clone(), json!({name: wanted})),
                    ("PUT", format!("{set}?{name}={wanted}"), Value::Null),
                ] {
                    assert_eq!(
                        state(&ann, method, &path, &body).await[flag],
                        wanted,
                        "{method} {path} {body}"
                    );
                }
            }
            let refused = ann.ask("PUT", &format!("{set}?{name}=maybe"), &[], b"").await;
            assert_eq!(refused.refused(400, "validation_failed")["details"]["field"], name);
        }
    }
    for until in [json!("tomorrow"), json!(9_007_199_254_740_991_i64), json!(-1)] {
        let refused = ann.post(&format!("{path}/mute"), &json!({"until": until})).await;
        assert_eq!(refused.refused(400, "validation_failed")["details"]["field"], "until");
    }
}

#[tokio::test]
async fn mute_may_end_by_itself() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    let path = format!("/conversations/{}/mute", ann.direct("bob").await);
    for (until, shown) in [
        (json!("2100-01-01T00:00:00Z"), json!("2100-01-01T00:00:00.000Z")),
        (json!(4_102_444_800_000_i64), json!("2100-01-01T00:00:00.000Z")),
        (json!(4_102_444_800_i64), json!("2100-01-01T00:00:00.000Z")),
        (json!(null), Value::Null),
    ] {
        let muted = state(&ann, "POST", &path, &json!({"until": until})).await;
        assert_eq!((&muted["isMuted"], &muted["mutedUntil"]), (&json!(true), &shown));
    }
    let over = state(
        &ann,
        "PUT",
        &format!("{path}?muted=true&until=2020-01-01T00:00:00Z"),
        &Value::Null,
    )
    .await;
    assert_eq!((&over["isMuted"], &over["mutedUntil"]), (&json!(false), &Value::Null));
}

#[tokio::test]
async fn ones_own_connections_hear_of_ones_own_list_and_nobody_else_does() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    let id = ann.direct("bob").await;
    let [mut phone, mut bob] = [
        HubClient::connect(&app, "ann").await,
        HubClient::connect(&app, "bob").await,
    ];
    let path = format!("/conversations/{id}");
    state(&ann, "POST", &format!("{path}/mute"), &Value::Null).await;
    let updated = phone.hears("ConversationUpdated").await;
    assert_eq!(
        (&updated["conversationId"], &updated["reason"]),
        (&json!(id), &json!("muted"))
    );

    let gone = state(&ann, "DELETE", &path, &Value::Null).await;
    assert_eq!(gone["conversationId"], id.as_str());
    assert_eq!(phone.hears("ConversationDeleted").await, json!({"conversationId": id}));
    assert_eq!(ann.get("/conversations").await.data(), json!([]));
    bob.call(
        "SendMessage",
        json!([{"conversationId": id, "content": "still there?"}]),
    )
    .await;
    phone.hears_text("still there?").await;
    let listed = ann.get("/conversations").await.data();
    assert_eq!((&listed[0]["id"], &listed[0]["unreadCount"]), (&json!(id), &json!(1)));
    assert!(bob.heard("ConversationUpdated").is_empty() && bob.heard("ConversationDeleted").is_empty());
    let refused = ann.ask("DELETE", &format!("{path}?scope=everyone"), &[], b"").await;
    refused.refused(403, "forbidden");
}

#[tokio::test]
async fn who_removes_a_conversation_hears_what_is_left_unread() {
    let app = TestApp::start().await;
    let [ann, bob] = app.people(["ann", "bob"]);
    let direct = bob.direct("ann").await;
    let made = bob
        .post("/groups", &json!({"name": "Team", "memberIds": ["ann"]}))
        .await;
    let group = made.data()["id"].as_str().unwrap().to_owned();
    bob.say(&direct, "one").await;
    bob.say(&direct, "two").await;
    bob.say(&group, "three").await;
    let [mut phone, mut of_bob] = [
        HubClient::connect(&app, "ann").await,
        HubClient::connect(&app, "bob").await,
    ];
    assert_eq!(phone.call("GetUnreadCount", json!([])).await, 3);
    for (id, left) in [(&direct, 1), (&group, 0)] {
        state(&ann, "DELETE", &format!("/conversations/{id}"), &Value::Null).await;
        assert_eq!(phone.hears("ConversationDeleted").await, json!({"conversationId": id}));
        assert_eq!(phone.hears("UnreadCountUpdated").await, left);
    }
    of_bob.hears("MemberRemoved").await;
    assert!(of_bob.heard("UnreadCountUpdated").is_empty(), "nobody else's business");
}

#[tokio::test]
async fn pinned_unread_and_search_are_lists_of_their_own() {
    let app = TestApp::start().await;
    let [ann, bob, eve] = app.people(["ann", "bob", "eve"]);
    let made = ann
        .post("/groups", &json!({"name": "Straße & Café", "memberIds": ["bob"]}))
        .await;
    let id = made.data()["id"].as_str().unwrap().to_owned();
    bob.say(&id, "one").await;
    let direct = ann.direct("bob").await;
    state(
        &ann,
        "PUT",
        &format!("/conversations/{direct}/pin?pinned=true"),
        &Value::Null,
    )
    .await;

    let pinned = ann.get("/conversations/pinned").await;
    assert_eq!(pinned.data()[0]["id"], direct.as_str());
    assert_eq!(pinned.json()["pagination"]["total"], 1);
    let unread = ann.get("/conversations/unread").await.data();
    let expected = json!({"total": 1, "conversations": [{"conversationId": id, "unreadCount": 1}]});
    assert_eq!(unread, expected);
    let found = ann.get("/Conversations/Search/?query=cafe&take=1").await;
    assert_eq!(
        (&found.data()[0]["id"], &found.json()["pagination"]["total"]),
        (&json!(id), &json!(1))
    );
    assert_eq!(
        ann.get("/conversations/search?q=BOB").await.data()[0]["id"],
        direct.as_str()
    );
    assert_eq!(eve.get("/conversations/search?query=cafe").await.data(), json!([]));
    let refused = ann
        .get("/conversations/search?query=")
        .await
        .refused(400, "validation_failed");
    assert_eq!(refused["details"]["field"], "query");
}

#[tokio::test]
async fn group_is_changed_by_its_owner_on_both_paths() {
    let app = TestApp::start().await;
    let [ann, bob] = app.people(["ann", "bob"]);
    let made = ann
        .post(
            "/groups",
            &json!({"name": "Team", "memberIds": ["bob"], "history": "from_join"}),
        )
        .await
        .data();
    assert_eq!(made["history"], "from_join");
    let id = made["id"].as_str().unwrap();
    let json = [("content-type", "application/json")];
    let change = json!({"name": "Club", "description": "All of us", "avatar": null, "history": "all"}).to_string();
    let changed = ann
        .ask("PUT", &format!("/groups/{id}"), &json, change.as_bytes())
        .await
        .data();
    assert_eq!(
        (
            &changed["name"],
            &changed["description"],
            &changed["history"],
            &changed["skipped"]
        ),
        (&json!("Club"), &json!("All of us"), &json!("all"), &json!([]))
    );
    let path = format!("/conversations/{id}");
    let changed = ann.ask("PUT", &path, &json, br#"{"Description": ""}"#).await.data();
    assert_eq!(
        (&changed["type"], &changed["name"], &changed["description"]),
        (&json!("group"), &json!("Club"), &Value::Null)
    );
    for (body, field) in [
        (r#"{"name": " "}"#, "name"),
        (r#"{"history": "most"}"#, "history"),
        (r#"{"avatar": []}"#, "avatar"),
    ] {
        let refused = ann
            .ask("PUT", &path, &json, body.as_bytes())
            .await
            .refused(400, "validation_failed");
        assert_eq!(refused["details"]["field"], field);
    }
    let refused = bob.ask("PUT", &path, &json, change.as_bytes()).await;
    refused.refused(403, "forbidden");
}
