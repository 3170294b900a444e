//! Files with their messages: sent on, answered, found, told, deleted.

use entities::message;
use sea_orm::{EntityTrait as _, sea_query::Expr};
use serde_json::json;

use super::{Form, below, follow, in_the_end_there_is, png, there_is};
use crate::{
    hub_client::{Door, HubClient},
    line::{CHAT, Line, Spelling, Way},
    support::{Person, TestApp},
};

async fn picture(person: &Person, conversation: &str, caption: &str) -> serde_json::Value {
    let form = Form::new()
        .text("conversationId", conversation)
        .text("content", caption);
    form.file("a.png", &png(4, 4)).post(person, "/upload").await.data()
}

#[tokio::test]
async fn a_deleted_message_takes_its_files_with_it_unless_another_has_them() {
    let app = TestApp::start().await;
    let [ann, bob] = app.people(["ann", "bob"]);
    let conversation = ann.direct("bob").await;
    let sent = picture(&ann, &conversation, "").await;
    let (id, link) = (sent["id"].as_str().unwrap(), &sent["media"]["url"]);
    let forwarded = bob
        .post(&format!("/messages/{id}/forward"), &json!({"recipientId": "carol"}))
        .await
        .data();
    assert_eq!(
        (&forwarded["media"]["id"], &forwarded["type"]),
        (&sent["media"]["id"], &json!("image"))
    );
    assert_eq!(there_is(&app).await, (1, 2, 2, 0));
    let tombstone = ann.delete(&format!("/messages/{id}")).await.data();
    assert_eq!(
        (&tombstone["media"], &tombstone["attachments"]),
        (&json!(null), &json!([]))
    );
    assert_eq!(there_is(&app).await, (1, 1, 2, 0));
    assert_eq!(follow(&app, link, &[]).await.status, 200);
    bob.delete(&format!("/messages/{}", forwarded["id"].as_str().unwrap()))
        .await
        .data();
    follow(&app, link, &[]).await.refused(404, "not_found");
    ann.get(&format!("/media/{}", sent["media"]["id"].as_str().unwrap()))
        .await
        .refused(404, "not_found");
    in_the_end_there_is(&app, (0, 0, 0, 0)).await;
}

#[tokio::test]
async fn a_first_message_with_a_file_of_another_leaves_no_conversation() {
    let app = TestApp::start().await;
    let [ann, carol] = app.people(["ann", "carol"]);
    let conversation = ann.direct("bob").await;
    let sent = picture(&ann, &conversation, "").await;
    let draft = json!({"recipientId": "carol", "content": "again", "attachmentIds": [sent["media"]["id"]]});
    let refused = ann.post("/messages", &draft).await;
    assert_eq!(
        refused.refused(400, "validation_failed")["details"]["field"],
        "attachmentIds"
    );
    assert_eq!(carol.get("/conversations").await.data(), json!([]));
}

/// One that knows no files leaves them where they are.
#[tokio::test]
async fn a_tombstone_of_an_older_server_shows_no_files() {
    let app = TestApp::start().await;
    let [ann, bob] = app.people(["ann", "bob"]);
    let conversation = ann.direct("bob").await;
    let sent = picture(&ann, &conversation, "").await;
    let path = format!("/media/{}", sent["media"]["id"].as_str().unwrap());
    assert_eq!(bob.get(&path).await.status, 200);
    message::Entity::update_many()
        .col_expr(message::Column::DeletedAt, Expr::value(1_700_000_000_000_i64))
        .exec(&app.app.database.write)
        .await
        .unwrap();
    bob.get(&path).await.refused(404, "not_found");
    let listed = bob.get(&format!("/conversations/{conversation}/messages")).await.data();
    assert_eq!(listed["messages"][0]["attachments"], json!([]));
    let files = bob
        .get(&format!("/conversations/{conversation}/attachments"))
        .await
        .json();
    assert_eq!((&files["data"], &files["pagination"]["total"]), (&json!([]), &json!(0)));
}

#[tokio::test]
async fn a_group_that_is_ended_takes_its_files_with_it() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    let group = ann
        .post("/groups", &json!({"name": "lobby", "memberIds": ["bob"]}))
        .await
        .data();
    let group = group["id"].as_str().unwrap();
    picture(&ann, group, "").await;
    ann.delete(&format!("/groups/{group}?scope=everyone")).await.data();
    in_the_end_there_is(&app, (0, 0, 0, 0)).await;
}

#[tokio::test]
async fn everything_that_shows_a_message_shows_its_files() {
    let app = TestApp::start().await;
    let [ann, bob] = app.people(["ann", "bob"]);
    let conversation = ann.direct("bob").await;
    let cursor = bob.get("/sync").await.data()["cursor"].as_str().unwrap().to_owned();
    ann.say(&conversation, "before").await;
    let sent = picture(&ann, &conversation, "lighthouse").await;
    let media = &sent["media"];
    let listed = bob.get(&format!("/conversations/{conversation}/messages")).await.data();
    assert_eq!(listed["messages"][1]["media"], *media);
    let found = bob.get("/messages/search?q=lighthouse").await.data();
    assert_eq!(found[0]["media"], *media);
    let conversations = bob.get("/conversations").await.data();
    assert_eq!(conversations[0]["lastMessage"]["media"], *media);
    let synced = bob.get(&format!("/sync?since={cursor}")).await.data();
    let mut posted = synced["events"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["type"] == "ReceiveMessage");
    assert_eq!(posted.next_back().unwrap()["data"]["attachments"], json!([media]));
    let answer = json!({"conversationId": conversation, "content": "where?", "replyToMessageId": sent["id"]});
    assert_eq!(bob.post("/messages", &answer).await.data()["replyTo"]["type"], "image");
    let path = format!("/messages/{}", sent["id"].as_str().unwrap());
    let edited = ann.put(&path, &json!({"content": "tower"})).await.data();
    assert_eq!(edited["media"], *media);
    assert_eq!(ann.put(&path, &json!({"content": " "})).await.data()["content"], "");
    let said = ann.say(&conversation, "something").await;
    let path = format!("/messages/{}", said["id"].as_str().unwrap());
    let empty = ann.put(&path, &json!({"content": " "})).await;
    assert_eq!(empty.refused(400, "validation_failed")["details"]["field"], "content");
}

#[tokio::test]
async fn the_files_of_a_conversation_are_listed_newest_first() {
    let app = TestApp::start().await;
    let [ann, bob] = app.people(["ann", "bob"]);
    let conversation = ann.direct("bob").await;
    for caption in ["one", "two", "three"] {
        picture(&ann, &conversation, caption).await;
        ann.say(&conversation, "between").await;
    }
    let form = Form::new()
        .text("conversationId", &conversation)
        .file("a.pdf", b"%PDF-1.7");
    form.post(&ann, "/upload").await.data();
    let path = format!("/conversations/{conversation}/attachments");
    let page = bob.get(&format!("{path}?take=2&skip=1")).await;
    let contents: Vec<_> = page
        .data()
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["content"].clone())
        .collect();
    assert_eq!(contents, ["three", "two"]);
    let pagination = &page.json()["pagination"];
    assert_eq!(
        (&pagination["total"], &pagination["hasMore"]),
        (&json!(4), &json!(true))
    );
    assert_eq!(
        bob.get(&format!("{path}?type=image")).await.json()["pagination"]["total"],
        3
    );
    bob.get(&format!("{path}?type=odd"))
        .await
        .refused(400, "validation_failed");
}

#[tokio::test]
async fn hubs_tell_and_answer_with_links_that_begin_as_each_came() {
    let app = TestApp::start().await;
    let [ann, bob] = app.people(["ann", "bob"]);
    let conversation = ann.direct("bob").await;
    let elsewhere = Door {
        host: Some("chat.example:8080"),
        ..Door::default()
    };
    let mut by_address = HubClient::connect(&app, "bob").await;
    let mut by_name = HubClient::enter(app.address, &app.token("bob"), elsewhere).await;
    let packed = Way {
        spelling: Spelling::MessagePack,
        ..CHAT
    };
    let mut packed = Line::open(&app, "bob", packed).await;
    let sent = picture(&ann, &conversation, "").await;
    let here = format!("http://{}/api/Chat/media/", app.address);
    let there = "http://chat.example:8080/api/Chat/media/";
    for (line, origin) in [(&mut by_address, here.as_str()), (&mut by_name, there)] {
        let told = line.hears("ReceiveMessage").await;
        let link = told["media"]["url"].as_str().unwrap();
        assert!(link.starts_with(origin), "{link}");
        assert_eq!(below(&told["media"]["url"]), below(&sent["media"]["url"]));
        let page = line.ask("GetMessages", &json!([conversation])).await.unwrap();
        let link = page["messages"][0]["attachments"][0]["thumbnail"].as_str().unwrap();
        assert!(link.starts_with(origin), "{link}");
    }
    assert_eq!(packed.hears("ReceiveMessage").await["media"], sent["media"]);
    let history = packed.ask("GetMessages", json!([conversation])).await.unwrap();
    assert_eq!(history["messages"][0]["media"], sent["media"]);
    let file = Form::new()
        .file("b.pdf", b"%PDF-1.7")
        .post(&bob, "/upload")
        .await
        .data();
    let message = json!([{"conversationId": conversation, "content": "", "attachmentIds": [file["id"]]}]);
    let answer = by_name.ask("SendMessage", &message).await.unwrap();
    assert_eq!(
        (&answer["type"], &answer["media"]["name"]),
        (&json!("file"), &json!("b.pdf"))
    );
    assert!(answer["media"]["url"].as_str().unwrap().starts_with(there));
}

#[tokio::test]
async fn hearers_by_many_addresses_get_links_that_begin_as_each_came() {
    let app = TestApp::start().await;
    let [ann, _] = app.people(["ann", "bob"]);
    let conversation = ann.direct("bob").await;
    let hosts = [
        "a.example",
        "b.example",
        "c.example",
        "d.example",
        "e.example",
        "f.example",
        "g.example",
        "h.example",
        "i.example",
        "j.example",
    ];
    let mut lines = Vec::new();
    for host in hosts {
        let door = Door {
            host: Some(host),
            ..Door::default()
        };
        lines.push(HubClient::enter(app.address, &app.token("bob"), door).await);
    }
    let sent = picture(&ann, &conversation, "").await;
    for (line, host) in lines.iter_mut().zip(hosts) {
        let told = line.hears("ReceiveMessage").await;
        let link = told["media"]["url"].as_str().unwrap();
        assert!(link.starts_with(&format!("http://{host}/")), "{link}");
        assert_eq!(below(&told["media"]["url"]), below(&sent["media"]["url"]));
    }
}
