//! `Sync` and `GET /api/Chat/sync`: what somebody missed is what a connection of theirs would have heard; and
//! `StreamHistory`: all there is.

use serde_json::{Value, json};

use crate::{
    hub_client::HubClient,
    support::{Person, TestApp},
};

async fn sync(person: &Person, cursor: &Value) -> Value {
    let since = cursor.as_str().unwrap_or_default();
    person.get(&format!("/sync?since={since}")).await.data()
}

/// The client events of an answer, by name and argument.
fn told(synced: &Value) -> Vec<(&str, &Value)> {
    let events = synced["events"].as_array().unwrap().iter();
    events
        .map(|event| (event["type"].as_str().unwrap(), &event["data"]))
        .collect()
}

fn texts(synced: &Value) -> Vec<&str> {
    let messages = told(synced).into_iter().filter(|(name, _)| *name == "ReceiveMessage");
    messages
        .map(|(_, message)| message["content"].as_str().unwrap())
        .collect()
}

fn has_nothing(synced: &Value, reset: bool) -> &Value {
    assert_eq!(
        (&synced["events"], &synced["hasMore"], &synced["reset"]),
        (&json!([]), &json!(false), &json!(reset))
    );
    &synced["cursor"]
}

#[tokio::test]
async fn what_was_missed_is_what_a_connection_heard_over_rest_and_the_hub_alike() {
    let app = TestApp::start().await;
    let [ann, bob] = app.people(["ann", "bob"]);
    let direct = ann.direct("bob").await;
    let mut hears = HubClient::connect(&app, "bob").await;
    hears.catches_up().await;
    let cursor = has_nothing(&hears.call("Sync", json!([null])).await, false).clone();
    let group = json!({"name": "g", "memberIds": ["bob"]});
    let group = ann.post("/groups", &group).await.data()["id"].clone();
    let first = ann.say(&direct, "first").await;
    let path = |rest: &str| format!("/messages/{}{rest}", first["id"].as_str().unwrap());
    bob.post("/messages", &json!({"conversationId": group, "content": "an answer"}))
        .await
        .data();
    ann.put(&path(""), &json!({"content": "first, edited"})).await.data();
    ann.post(&path("/reactions"), &json!({"emoji": "+1"})).await.data();
    ann.post(&path("/pin"), &json!({})).await.data();
    ann.post(
        "/messages",
        &json!({"conversationId": group, "content": "in the group"}),
    )
    .await
    .data();
    let third = json!({"userIds": ["carl"]});
    ann.post(&format!("/groups/{}/participants", group.as_str().unwrap()), &third)
        .await
        .data();
    let gone = ann.say(&direct, "gone soon").await;
    ann.delete(&format!("/messages/{}", gone["id"].as_str().unwrap()))
        .await
        .data();
    let last = ann.say(&direct, "last").await;
    bob.post(&format!("/messages/{}/read", last["id"].as_str().unwrap()), &json!({}))
        .await
        .data();
    hears.hears("UnreadCountUpdated").await;
    hears.catches_up().await;

    let synced = hears.call("Sync", json!([cursor])).await;
    // The text of what is deleted meanwhile is nowhere any more, and the read total was waited for.
    let comparable = |told: Vec<(&str, &Value)>| -> Vec<(String, Value)> {
        let is_deleted = |name, event: &Value| name == "ReceiveMessage" && event["id"] == gone["id"];
        let told = told.into_iter().filter(|(name, event)| !is_deleted(*name, event));
        let told = told.filter(|(name, _)| *name != "UnreadCountUpdated");
        // A conversation is shown as it is when it is asked for.
        told.map(|(name, event)| match name {
            "NewConversation" => (name.to_owned(), event["id"].clone()),
            _ => (name.to_owned(), event.clone()),
        })
        .collect()
    };
    let (known, heard) = (comparable(told(&synced)), comparable(hears.everything_heard()));
    assert!(known.len() >= 9, "{known:?}");
    assert_eq!(known, heard);
    assert!(!synced.to_string().contains("gone soon"), "{synced}");
    let over_rest = sync(&bob, &cursor).await;
    assert_eq!(comparable(told(&over_rest)), known);
    has_nothing(&sync(&bob, &synced["cursor"]).await, false);
}

#[tokio::test]
async fn much_that_was_missed_comes_in_pages_each_thing_once() {
    let app = TestApp::start().await;
    let [ann, bob] = app.people(["ann", "bob"]);
    let direct = ann.direct("bob").await;
    let mut cursor = sync(&bob, &Value::Null).await["cursor"].clone();
    let all: Vec<String> = (0..450).map(|number| number.to_string()).collect();
    for text in &all {
        ann.say(&direct, text).await;
    }
    let (mut heard, mut pages) = (Vec::new(), 0);
    loop {
        let synced = sync(&bob, &cursor).await;
        heard.extend(texts(&synced).into_iter().map(str::to_owned));
        cursor = synced["cursor"].clone();
        pages += 1;
        if synced["hasMore"] == false {
            break;
        }
    }
    assert_eq!(heard, all);
    assert!(pages > 1);
}

#[tokio::test]
async fn only_members_are_told_and_only_what_they_may_see() {
    let app = TestApp::start().await;
    let [ann, bob, carl] = app.people(["ann", "bob", "carl"]);
    let group = json!({"name": "g", "memberIds": ["bob"], "historyVisibility": "from_join"});
    let group = ann.post("/groups", &group).await.data()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let members = format!("/groups/{group}/participants");
    let (of_bob, of_carl) = (sync(&bob, &Value::Null).await, sync(&carl, &Value::Null).await);
    ann.say(&group, "before").await;
    ann.post(&members, &json!({"userIds": ["carl"]})).await.data();
    ann.say(&group, "to all three").await;
    ann.delete(&format!("{members}/bob")).await.data();
    ann.say(&group, "after").await;
    let (of_bob, of_carl) = (
        sync(&bob, &of_bob["cursor"]).await,
        sync(&carl, &of_carl["cursor"]).await,
    );
    assert_eq!(texts(&of_bob), ["before", "to all three"]);
    assert_eq!(texts(&of_carl), ["to all three", "after"]);
    let last = told(&of_bob)
        .last_chunk()
        .map(|[(removed, _), (unread, _)]| [*removed, *unread]);
    assert_eq!(last, Some(["RemovedFromGroup", "UnreadCountUpdated"]));
    assert_eq!(told(&of_carl)[0].0, "AddedToGroup");
}

#[tokio::test]
async fn a_cursor_of_no_use_says_so_and_is_replaced() {
    let app = TestApp::start().await;
    let [ann, bob] = app.people(["ann", "bob"]);
    let direct = ann.direct("bob").await;
    let good = sync(&bob, &Value::Null).await["cursor"].as_str().unwrap().to_owned();
    let (epoch, place) = good.split_once('.').unwrap();
    let beyond = format!("{epoch}.{}", place.parse::<i64>().unwrap() + 1);
    let of_another = format!("{}.{place}", "0".repeat(epoch.len()));
    for bad in [
        beyond,
        of_another,
        format!("{epoch}.-1"),
        "7".to_owned(),
        "%00".to_owned(),
    ] {
        let synced = sync(&bob, &json!(bad)).await;
        let cursor = has_nothing(&synced, true).clone();
        let text = format!("after {bad}");
        ann.say(&direct, &text).await;
        assert_eq!(texts(&sync(&bob, &cursor).await), [text]);
    }
}

#[tokio::test]
async fn a_whole_history_is_streamed_from_the_beginning_or_from_a_message_on() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    let direct = ann.direct("bob").await;
    let mut client = HubClient::connect(&app, "bob").await;
    assert_eq!(client.call("StreamHistory", json!([direct])).await, json!([]));
    let mut sent = Vec::new();
    for number in 0..230 {
        sent.push(ann.say(&direct, &number.to_string()).await["id"].clone());
    }
    let ids = |messages: &Value| -> Vec<Value> {
        let messages = messages.as_array().unwrap().iter();
        messages.map(|message| message["id"].clone()).collect()
    };
    let all = client.call("StreamHistory", json!([direct])).await;
    assert_eq!(ids(&all), sent);
    let rest = client.call("StreamHistory", json!([direct, {"after": sent[99]}])).await;
    assert_eq!(ids(&rest), sent[100..]);
    let none = client
        .call("StreamHistory", json!([direct, {"after": sent[229]}]))
        .await;
    assert_eq!(none, json!([]));
}
