//! Bodies that say more than they may: what only the server says is not taken from a client, wherever it stands.

use serde_json::{Value, json};

use crate::{
    hub_client::HubClient,
    support::{Person, TestApp},
};

const LONG_AGO: &str = "2000-01-01T00:00:00.000Z";

/// A body with everything that is not a client's to say.
fn claiming(mut body: Value) -> Value {
    let of_messages = json!({
        "seq": 99, "number": 1, "messageId": "x", "senderId": "bob", "senderName": "Bob", "sender": {"id": "bob"},
        "createdAt": LONG_AGO, "editedAt": LONG_AGO, "deletedAt": LONG_AGO, "readAt": LONG_AGO, "sentAt": LONG_AGO,
        "editedBy": "bob", "deletedBy": "bob", "pinnedBy": "bob", "by": "bob", "isEdited": false, "isDeleted": true,
        "count": 9, "reactionSummary": {"x": 9}, "replyCount": 9, "mentions": ["bob"], "status": "read", "via": "Hub",
    });
    let of_groups_and_people = json!({
        "updatedAt": LONG_AGO, "joinedAt": LONG_AGO, "deactivatedAt": LONG_AGO, "lastSeen": LONG_AGO, "isAdmin": true,
        "isOwner": true, "admin": true, "scope": "hubwire.admin", "roles": ["admin"], "adminId": "bob", "ownerId": "bob",
        "createdBy": "bob", "members": [{"id": "eve", "role": "owner"}], "participants": ["eve"], "unreadCount": 9,
        "lastSeq": 9, "visibleFromSeq": 99, "isPlaceholder": true, "claims": {}, "kind": "group",
        "__proto__": {"isAdmin": true}, "constructor": 1, "$type": "x",
    });
    let claims = [of_messages, of_groups_and_people];
    let claims = claims.iter().filter_map(Value::as_object).flatten();
    for (name, value) in claims {
        let said = body.as_object_mut().unwrap();
        said.entry(name.clone()).or_insert_with(|| value.clone());
    }
    body
}

/// Does the same with and without claims, each to one of two equal things, and expects the same of both.
async fn is_the_same(person: &Person, method: &str, paths: [&str; 2], body: Value) -> Value {
    let plain = person.write(method, paths[0], &body).await.data();
    let claimed = person.write(method, paths[1], &claiming(body)).await.data();
    assert_eq!(shown(&plain), shown(&claimed), "{method} {paths:?}");
    claimed
}

/// What is shown, without what no two things have in common.
fn shown(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(shown).collect(),
        Value::Object(members) => {
            let told = members.iter().filter(|(_, value)| value.as_str() != Some(LONG_AGO));
            assert_eq!(told.clone().count(), members.len(), "a claimed time: {value}");
            let is_own = |name: &str, value: &Value| match name {
                "conversationId" | "chatId" | "messageId" | "lastReadMessageId" => true,
                "id" => value.as_str().is_some_and(|id| id.len() == 36),
                _ => name.ends_with("At") && value.is_string(),
            };
            let told = told.filter(|(name, value)| !is_own(name, value));
            Value::Object(told.map(|(name, value)| (name.clone(), shown(value))).collect())
        }
        other => other.clone(),
    }
}

/// Two groups of `ann`, `bob` and `cat` that are alike, and a message of `ann`'s in each.
async fn twins(ann: &Person) -> [(String, String); 2] {
    let mut twins = Vec::new();
    for _ in 0..2 {
        let group = json!({"name": "twin", "memberIds": ["bob", "cat"]});
        let group = ann.post("/groups", &group).await.data()["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let message = ann.say(&group, "hi").await["id"].as_str().unwrap().to_owned();
        twins.push((group, message));
    }
    twins.try_into().unwrap()
}

/// Row 27 of the security checklist, for messages and what is done to them.
#[tokio::test]
async fn sec_27_what_is_done_to_a_message_says_nothing_else_of_it() {
    let app = TestApp::start().await;
    let [ann, bob] = app.people(["ann", "bob"]);
    let twins = twins(&ann).await;
    for (person, method, tail, body) in [
        (&ann, "PUT", "", json!({"content": "two"})),
        (&bob, "POST", "/reactions", json!({"emoji": "🎉"})),
        (&bob, "POST", "/reactions/toggle", json!({"emoji": "x"})),
        (&bob, "POST", "/read", json!({})),
        (&ann, "POST", "/pin", json!({})),
    ] {
        let paths = [0, 1].map(|twin: usize| format!("/messages/{}{tail}", twins[twin].1));
        is_the_same(person, method, [&paths[0], &paths[1]], body).await;
    }
    let paths = [0, 1].map(|twin: usize| format!("/conversations/{}/messages", twins[twin].0));
    is_the_same(&bob, "POST", [&paths[0], &paths[1]], json!({"content": "answer"})).await;
    // What the hub is told besides is no more than what REST is told.
    let mut hub = HubClient::connect(&app, "bob").await;
    let mut answers = Vec::new();
    for (twin, (group, _)) in twins.iter().enumerate() {
        let said = |body: Value| json!([if twin == 0 { body } else { claiming(body) }]);
        let sent = hub.call(
            "SendMessage",
            said(json!({"conversationId": group, "content": "by hub", "clientMessageId": "h"})),
        );
        let sent = sent.await;
        let read = hub
            .call(
                "MarkAsRead",
                said(json!({"conversationId": group, "messageId": sent["id"]})),
            )
            .await;
        answers.push((shown(&sent), shown(&read)));
    }
    assert_eq!(answers[0], answers[1]);
    let mut seen = Vec::new();
    for (group, message) in &twins {
        let mut known = vec![ann.get(&format!("/conversations/{group}/messages")).await.data()];
        for part in ["", "/edits", "/reactions", "/read-receipts"] {
            known.push(ann.get(&format!("/messages/{message}{part}")).await.data());
        }
        seen.push(shown(&json!(known)));
    }
    // The claimed client's id is a client's to say; the rest is not.
    let claimed = seen[1].to_string();
    assert!(
        !claimed.contains(LONG_AGO) && !claimed.contains("\"seq\":99"),
        "{claimed}"
    );
    assert_eq!(seen[0], seen[1]);
}

/// Row 27 of the security checklist, for groups, their members and one's own flags.
#[tokio::test]
async fn sec_27_who_writes_to_a_group_gives_nobody_power() {
    let app = TestApp::start().await;
    let [ann, bob] = app.people(["ann", "bob"]);
    let twins = twins(&ann).await;
    for (person, method, tail, body) in [
        (&ann, "PUT", "", json!({"description": "d"})),
        (
            &ann,
            "POST",
            "/participants",
            json!({"memberIds": ["dan"], "role": "owner"}),
        ),
        (&ann, "POST", "/participants/fay", json!({"role": "admin"})),
        (&ann, "PUT", "/participants", json!({"userId": "cat", "role": "admin"})),
        (&ann, "DELETE", "/participants", json!({"memberIds": ["cat"]})),
        (&bob, "POST", "/mute", json!({"muted": true})),
        (&bob, "POST", "/archive", json!({"archived": true})),
        (&bob, "PUT", "/pin", json!({"pinned": true})),
        (&bob, "POST", "/read", json!({})),
    ] {
        let paths = [0, 1].map(|twin: usize| format!("/conversations/{}{tail}", twins[twin].0));
        is_the_same(person, method, [&paths[0], &paths[1]], body).await;
    }
    for (group, _) in &twins {
        let group = ann.get(&format!("/groups/{group}")).await.data();
        let members = group["members"].as_array().unwrap();
        let members: Vec<_> = members
            .iter()
            .map(|member| (member["id"].as_str().unwrap(), member["role"].as_str().unwrap()))
            .collect();
        assert_eq!(
            members,
            [
                ("ann", "admin"),
                ("bob", "member"),
                ("dan", "member"),
                ("fay", "member")
            ]
        );
        assert_eq!((&group["adminId"], &group["name"]), (&json!("ann"), &json!("twin")));
    }
    for path in twins.iter().map(|(group, _)| format!("/groups/{group}")) {
        bob.put(&path, &claiming(json!({"name": "mine"})))
            .await
            .refused(403, "forbidden");
    }
}

/// Row 27 of the security checklist, for people.
#[tokio::test]
async fn sec_27_a_profile_makes_nobody_an_administrator() {
    let app = TestApp::start().await;
    let [ann, bob] = app.people(["ann", "bob"]);
    ann.direct("bob").await;
    let mut profiles = Vec::new();
    for person in [&ann, &bob] {
        let body = json!({"fullName": "Somebody", "avatar": "https://a.test/a.png"});
        let body = if profiles.is_empty() { body } else { claiming(body) };
        profiles.push(person.put("/users/me", &body).await.data());
    }
    let names = |profile: &Value| -> Vec<String> { profile.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(names(&profiles[0]), names(&profiles[1]));
    for name in ["fullName", "avatar", "displayName"] {
        assert_eq!(profiles[0][name], profiles[1][name]);
    }
    assert_eq!(bob.get("/users/me").await.data(), profiles[1]);
    for (method, path) in [
        ("PUT", "/users/ann"),
        ("PUT", "/users"),
        ("POST", "/users/ann/deactivate"),
    ] {
        let body = claiming(json!({"fullName": "x", "users": []}));
        bob.write(method, path, &body).await.refused(403, "forbidden");
    }
    let others = bob.put("/users/me", &json!({"id": "ann", "fullName": "x"})).await;
    assert_eq!(others.refused(400, "validation_failed")["details"]["field"], "id");
    bob.put("/presence/status", &claiming(json!({"status": "away"})))
        .await
        .data();
    let seen = ann.get("/presence/bob").await.data();
    assert_ne!(seen["lastSeen"], LONG_AGO, "{seen}");
    let me = bob.get("/users/me").await.data();
    assert_eq!((&me["id"], &me["fullName"]), (&json!("bob"), &json!("Somebody")));
}
