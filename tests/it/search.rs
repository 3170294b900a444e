//! Search in messages over REST and on the hub.

use serde_json::{Value, json};

use crate::{hub_client::HubClient, support::TestApp};

fn contents(messages: &Value) -> Vec<&str> {
    let messages = messages.as_array().unwrap().iter();
    messages.map(|message| message["content"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn every_spelling_of_a_search_finds_the_same() {
    let app = TestApp::start().await;
    let [ann, bob] = app.people(["ann", "bob"]);
    let id = ann.direct("bob").await;
    let sent = ann.say(&id, "Hello, wide world").await;
    bob.say(&id, "nothing").await;
    ann.say(&ann.direct("cat").await, "hello cat").await;
    let mut expected = sent.clone();
    expected["highlight"] = json!({"text": "Hello, wide world", "ranges": [[0, 5], [12, 5]]});
    for path in [
        format!("/messages/search?chatId={id}&searchTerm=hello+wor"),
        format!("/messages/search?conversationId={id}&q=hello%20wor"),
        "/messages/search?query=WORLD+hello".to_owned(),
        "/messages/search?SearchTerm=world+hello&skip=0&take=10".to_owned(),
        format!("/conversations/{id}/messages/search?query=hello+wor"),
        format!("/conversations/{id}/messages/search?q=hello+wor&chatId=x&page=1&limit=5"),
    ] {
        let answer = ann.get(&path).await;
        assert_eq!(answer.data(), json!([expected]), "{path}");
        let whole = answer.json();
        assert_eq!(
            (&whole["pagination"]["total"], &whole["pagination"]["hasMore"]),
            (&json!(1), &json!(false))
        );
        assert_eq!(whole["search"], json!({"isLimited": false, "skippedEncrypted": false}));
    }
    let everywhere = ann.get("/messages/search?q=hello").await.data();
    assert_eq!(everywhere.as_array().unwrap().len(), 2);
    let page = ann.get("/messages/search?q=hello&skip=1&take=1").await.json();
    assert_eq!(page["data"].as_array().unwrap().len(), 1);
    assert_eq!(
        page["pagination"],
        json!({"page": 2, "limit": 1, "total": 2, "totalPages": 2, "hasMore": false, "nextCursor": null, "prevCursor": null})
    );
    let seen = bob.get("/messages/search?q=hello").await.data();
    assert_eq!(contents(&seen), ["Hello, wide world"]);
    assert_eq!(seen[0].get("clientMessageId"), None);
}

#[tokio::test]
async fn search_without_a_term_names_the_accepted_ones() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    let id = ann.direct("bob").await;
    for path in [
        "/messages/search".to_owned(),
        "/messages/search?searchTerm=&q=%20".to_owned(),
        format!("/conversations/{id}/messages/search"),
    ] {
        let refusal = ann.get(&path).await.refused(400, "validation_failed");
        assert_eq!(refusal["details"]["field"], "searchTerm");
        let sentence = refusal["error"].as_str().unwrap();
        assert!(
            ["searchTerm", "q", "query"].iter().all(|name| sentence.contains(name)),
            "{sentence}"
        );
    }
    ann.get("/messages/search?q=x&take=soon")
        .await
        .refused(400, "validation_failed");
    app.ask("GET", "/api/Chat/messages/search?q=x", &[], b"")
        .await
        .refused(401, "unauthorized");
}

#[tokio::test]
async fn strangers_search_nothing() {
    let app = TestApp::start().await;
    let [ann, cat] = app.people(["ann", "cat"]);
    let id = ann.direct("bob").await;
    ann.say(&id, "secret").await;
    for path in [
        format!("/messages/search?q=secret&chatId={id}"),
        format!("/conversations/{id}/messages/search?q=secret"),
        "/conversations/nonsense/messages/search?q=secret".to_owned(),
    ] {
        cat.get(&path).await.refused(404, "not_found");
    }
    assert_eq!(cat.get("/messages/search?q=secret").await.data(), json!([]));
}

#[tokio::test]
async fn sec_47_search_shows_no_error_of_a_database() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    ann.say(&ann.direct("bob").await, "hello").await;
    for term in [
        "%22+OR+1%3D1--",
        "%27+OR+1%3D1--",
        "%25",
        "_",
        "%5C",
        "NEAR(",
        "%5E+*+:",
        "*",
        "%00",
        "%EF%BF%BF",
        "%F0%9F%98%80",
        "%22%22%22",
        "hello%27%3B+SELECT+pg_sleep(9)--",
    ] {
        let found = ann.get(&format!("/messages/search?q={term}")).await;
        assert_eq!(found.data(), json!([]), "{term}");
    }
    let quotes = "%22".repeat(2_000);
    let refusal = ann
        .get(&format!("/messages/search?q={quotes}"))
        .await
        .refused(400, "validation_failed");
    assert_eq!(refusal["error"], "searchTerm: must have at most 200 characters");
}

#[tokio::test]
async fn hub_searches_too() {
    let app = TestApp::start().await;
    let mut ann = HubClient::connect(&app, "ann").await;
    let sent = ann.call("SendMessage", json!(["bob", "good morning"])).await;
    ann.call("SendMessage", json!(["cat", "good night"])).await;
    let found = ann.call("SearchMessages", json!(["good"])).await;
    assert_eq!(found["pagination"]["total"], 2);
    let options = json!({"conversationId": sent["conversationId"], "skip": 0, "take": 10});
    let found = ann.call("SearchMessages", json!(["good", options])).await;
    assert_eq!(contents(&found["messages"]), ["good morning"]);
    assert_eq!(
        found["messages"][0]["highlight"],
        json!({"text": "good morning", "ranges": [[0, 4]]})
    );
    assert_eq!(found["search"], json!({"isLimited": false, "skippedEncrypted": false}));
    for (arguments, expected) in [
        (json!([" "]), "searchTerm: is needed"),
        (json!(["x".repeat(201)]), "searchTerm: must have at most 200 characters"),
        (json!(["x", {"conversationId": "nonsense"}]), "Conversation not found"),
        (json!(["x", 7]), "options: must be an object"),
        (json!(["x", {"take": true}]), "take: must be text"),
    ] {
        let error = ann.ask("SearchMessages", &arguments).await.unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}
