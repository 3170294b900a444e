//! Conversations over REST.

use serde_json::{Value, json};

use crate::support::TestApp;

fn ids(list: &Value) -> Vec<String> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn direct_conversation_is_one_for_both() {
    let app = TestApp::start().await;
    let [ann, bob] = app.people(["ann", "bob"]);
    let id = ann.direct("bob").await;
    assert_eq!(bob.direct("ann").await, id);
    assert_eq!(ann.direct("bob").await, id);
    let seen = bob.get(&format!("/conversations/{id}")).await.data();
    for name in ["id", "conversationId", "chatId"] {
        assert_eq!(seen[name], id.as_str());
    }
    assert_eq!(
        (&seen["type"], &seen["lastMessage"], &seen["unreadCount"]),
        (&json!("direct"), &Value::Null, &json!(0))
    );
    let mut people = ids(&seen["participants"]);
    people.sort();
    assert_eq!(people, ["ann", "bob"]);
}

#[tokio::test]
async fn conversation_has_every_member_of_the_contract() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    let id = ann.direct("bob").await;
    ann.say(&id, "hi").await;
    let seen = ann.get(&format!("/conversations/{id}")).await.data();
    let mut members: Vec<_> = seen.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    let expected = [
        "avatar",
        "chatId",
        "conversationId",
        "createdAt",
        "description",
        "id",
        "isArchived",
        "isMuted",
        "isPinned",
        "lastMessage",
        "name",
        "participants",
        "type",
        "unreadCount",
        "updatedAt",
    ];
    assert_eq!(members, expected);
    let mut participant: Vec<_> = seen["participants"][0]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    participant.sort_unstable();
    let expected = [
        "avatar",
        "avatarUrl",
        "displayName",
        "fullName",
        "id",
        "isOwner",
        "role",
        "userId",
        "username",
    ];
    assert_eq!(participant, expected);
}

#[tokio::test]
async fn list_begins_with_the_latest_activity_and_pages() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    let mut made = Vec::new();
    for friend in ["bob", "cat", "dan"] {
        let id = ann.direct(friend).await;
        ann.say(&id, friend).await;
        made.insert(0, id);
    }
    let answer = ann.get("/conversations?skip=0&take=50&includeArchived=false").await;
    assert_eq!(ids(&answer.data()), made);
    let pagination = answer.json()["pagination"].clone();
    assert_eq!(
        (&pagination["page"], &pagination["limit"], &pagination["total"]),
        (&json!(1), &json!(50), &json!(3))
    );
    assert_eq!(
        (&pagination["totalPages"], &pagination["hasMore"]),
        (&json!(1), &json!(false))
    );
    for query in [
        "?page=2&limit=1",
        "?skip=1&take=1",
        "?offset=1&limit=1",
        "?pageNumber=2&pageSize=1",
        "?PAGE=2&Limit=1&skip=",
    ] {
        let answer = ann.get(&format!("/conversations{query}")).await;
        assert_eq!(ids(&answer.data()), made[1..2], "{query}");
        assert_eq!(answer.json()["pagination"]["page"], 2, "{query}");
    }
}

#[tokio::test]
async fn bad_parameters_are_named() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    let id = ann.direct("bob").await;
    for (query, field) in [
        ("take=many", "take"),
        ("page=1.5", "page"),
        ("limit=x", "limit"),
        ("skip=0x1", "skip"),
        ("includeArchived=maybe", "includeArchived"),
    ] {
        let envelope = ann
            .get(&format!("/conversations?{query}"))
            .await
            .refused(400, "validation_failed");
        assert_eq!(envelope["details"]["field"], field, "{query}");
    }
    for (query, field) in [
        ("before=yesterday", "before"),
        ("after=2024-13-45", "after"),
        ("pageSize=-", "pageSize"),
    ] {
        let envelope = ann
            .get(&format!("/conversations/{id}/messages?{query}"))
            .await
            .refused(400, "validation_failed");
        assert_eq!(envelope["details"]["field"], field, "{query}");
    }
    for query in [
        "take=0",
        "take=-5",
        "take=100000",
        "page=0",
        "page=99999999999999999999",
        "skip=99999999999999999999",
        "take=",
    ] {
        assert_eq!(ann.get(&format!("/conversations?{query}")).await.status, 200, "{query}");
    }
}

#[tokio::test]
async fn archived_ones_are_listed_only_where_they_are_asked_for() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    let (archived, other) = (ann.direct("bob").await, ann.direct("cat").await);
    ann.post(&format!("/conversations/{archived}/archive"), &json!({}))
        .await
        .data();
    for query in ["", "?includeArchived=false", "?includeArchived="] {
        let answer = ann.get(&format!("/conversations{query}")).await;
        assert_eq!(ids(&answer.data()), [other.as_str()], "{query}");
        assert_eq!(
            answer.json()["pagination"]["limit"],
            50,
            "{query}: fifty unless somebody says"
        );
    }
    let mut all = ids(&ann.get("/conversations?includeArchived=true").await.data());
    all.sort_unstable();
    let mut both = [archived, other];
    both.sort_unstable();
    assert_eq!(all, both);
}

#[tokio::test]
async fn conversations_and_messages_are_named_by_uuid_in_any_case_or_by_number() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    let id = ann.direct("bob").await;
    let sent = ann.say(&id, "hi").await;
    let message = sent["id"].as_str().unwrap();
    // The first of their kinds in a new database.
    for reference in [id.as_str(), &id.to_uppercase(), "1"] {
        let found = ann.get(&format!("/conversations/{reference}")).await.data();
        assert_eq!(found["id"], id.as_str(), "{reference}");
        let listed = ann.get(&format!("/messages?chatId={reference}")).await.data();
        assert_eq!(listed["messages"][0]["id"], message, "{reference}");
        let sent = ann.say(reference, "more").await;
        assert_eq!(sent["conversationId"], id.as_str(), "emitted as a UUID");
    }
    for reference in [message, &message.to_uppercase(), "1"] {
        let found = ann.get(&format!("/messages/{reference}")).await.data();
        assert_eq!(found["id"], message, "{reference}");
        let answer = json!({"conversationId": id, "content": "yes", "parentMessageId": reference});
        assert_eq!(ann.post("/messages", &answer).await.data()["parentMessageId"], message);
    }
}

#[tokio::test]
async fn strangers_and_malformed_ids_find_nothing() {
    let app = TestApp::start().await;
    let [ann, cat] = app.people(["ann", "cat"]);
    let id = ann.direct("bob").await;
    let long = "9".repeat(300);
    for reference in [
        id.as_str(),
        "nothing",
        "0",
        "-1",
        "%00",
        "%ff",
        "018f3c2a-7b1e-7c4d-9a2b-0123456789ab",
        "..",
        "%2e%2e%2f",
        &long,
    ] {
        for path in [
            format!("/conversations/{reference}"),
            format!("/conversations/{reference}/messages"),
            format!("/groups/{reference}"),
        ] {
            cat.get(&path).await.refused(404, "not_found");
        }
    }
    cat.post(&format!("/conversations/{id}/messages"), &json!({"content": "hi"}))
        .await
        .refused(404, "not_found");
    cat.get(&format!("/messages?chatId={id}"))
        .await
        .refused(404, "not_found");
    ann.get(&format!("/groups/{id}")).await.refused(404, "not_found");
}

#[tokio::test]
async fn direct_needs_somebody_else() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    for (with, status) in [("ann", 400), ("%00", 404), ("%20", 404)] {
        let answer = ann
            .ask("POST", &format!("/conversations/direct/{with}"), &[], b"")
            .await;
        assert!(
            answer.status == status || answer.status == 400,
            "{with}: {} {}",
            answer.status,
            answer.text()
        );
    }
    let long = "x".repeat(129);
    assert!(
        ann.ask("POST", &format!("/conversations/direct/{long}"), &[], b"")
            .await
            .status
            >= 400
    );
}
