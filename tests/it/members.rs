//! Members of groups over REST and the hub: every spelling, and who hears which frame.

use serde_json::{Value, json};

use crate::{
    hub_client::HubClient,
    support::{Person, TestApp},
};

/// A group of these and its id.
async fn group(owner: &Person, members: &[&str]) -> String {
    let made = owner
        .post("/groups", &json!({"name": "Team", "memberIds": members}))
        .await;
    made.data()["id"].as_str().unwrap().to_owned()
}

async fn ask(person: &Person, method: &str, path: &str, body: &Value) -> crate::support::Answer {
    let json = [("content-type", "application/json")];
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    person.ask(method, path, &json, body.as_bytes()).await
}

/// The members' ids, `+` behind those who show as admins.
fn members(group: &Value) -> Vec<String> {
    let members = group["members"].as_array().unwrap().iter();
    members
        .map(|member| {
            let sign = if member["role"] == "admin" { "+" } else { "" };
            format!("{}{sign}", member["id"].as_str().unwrap())
        })
        .collect()
}

#[tokio::test]
async fn members_are_added_by_every_spelling_on_both_paths() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    let id = group(&ann, &[]).await;
    for (path, body, user) in [
        (
            format!("/groups/{id}/participants"),
            json!({"memberIds": ["bob"]}),
            "bob",
        ),
        (
            format!("/groups/{id}/participants"),
            json!({"participantIds": ["cat"]}),
            "cat",
        ),
        (
            format!("/conversations/{id}/participants"),
            json!({"userIds": ["dan"]}),
            "dan",
        ),
        (
            format!("/conversations/{id}/participants"),
            json!({"userId": "eve"}),
            "eve",
        ),
        (format!("/groups/{id}/participants/fay"), Value::Null, "fay"),
        (
            format!("/conversations/{id}/participants?memberIds=gus"),
            Value::Null,
            "gus",
        ),
    ] {
        let written = ask(&ann, "POST", &path, &body).await.data();
        assert!(members(&written).contains(&user.to_owned()), "{path} {body}");
        assert_eq!((&written["id"], &written["skipped"]), (&json!(id), &json!([])));
    }
    let body = json!({"memberIds": ["bob", ""]});
    let written = ask(&ann, "POST", &format!("/groups/{id}/participants"), &body).await;
    let skipped = json!([{"userId": "", "reason": "malformed_id"}, {"userId": "bob", "reason": "already_member"}]);
    assert_eq!(written.data()["skipped"], skipped);
    for body in [
        Value::Null,
        json!({"memberIds": []}),
        json!({"memberIds": {}}),
        json!({}),
    ] {
        let refused = ask(&ann, "POST", &format!("/groups/{id}/participants"), &body).await;
        let refused = refused.refused(400, "validation_failed");
        assert_eq!(refused["details"]["field"], "memberIds", "{body}");
    }
}

#[tokio::test]
async fn members_are_removed_by_every_spelling_and_leave_by_none() {
    let app = TestApp::start().await;
    let [ann, bob, gus] = app.people(["ann", "bob", "gus"]);
    let id = group(&ann, &["bob", "cat", "dan", "eve", "fay", "gus", "hal"]).await;
    let participants = format!("/groups/{id}/participants");
    for (path, body) in [
        (participants.clone(), json!({"memberIds": ["cat"]})),
        (participants.clone(), json!({"userId": "dan"})),
        (format!("{participants}?userId=eve"), Value::Null),
        (format!("/conversations/{id}/participants/fay"), Value::Null),
    ] {
        let written = ask(&ann, "DELETE", &path, &body).await.data();
        assert_eq!(written["skipped"], json!([]), "{path} {body}");
    }
    for path in [format!("{participants}/hal"), format!("{participants}?userId=ann")] {
        ask(&bob, "DELETE", &path, &Value::Null).await.refused(403, "forbidden");
    }
    let asked = ask(&ann, "DELETE", &participants, &Value::Null).await;
    assert_eq!(asked.refused(400, "validation_failed")["details"]["field"], "memberIds");
    let left = ask(&bob, "DELETE", &participants, &Value::Null).await.data();
    assert_eq!((&left["conversationId"], &left["skipped"]), (&json!(id), &json!([])));
    ask(&gus, "DELETE", &format!("{participants}?userId=gus"), &Value::Null)
        .await
        .data();
    assert_eq!(
        members(&ann.get(&format!("/groups/{id}")).await.data()),
        ["ann+", "hal"]
    );
    for path in [
        format!("/groups/{id}"),
        format!("/conversations/{id}"),
        format!("/conversations/{id}/messages"),
    ] {
        bob.get(&path).await.refused(403, "not_a_participant");
    }
    assert_eq!(bob.get("/conversations").await.data(), json!([]));
}

#[tokio::test]
async fn roles_and_ownership_change_by_every_spelling() {
    let app = TestApp::start().await;
    let [ann, bob] = app.people(["ann", "bob"]);
    let id = group(&ann, &["bob"]).await;
    let participants = format!("/groups/{id}/participants");
    for (path, body, bob_is) in [
        (participants.clone(), json!({"role": "admin"}), "bob+"),
        (format!("{participants}/bob"), json!({"role": "member"}), "bob"),
        (format!("{participants}/bob?role=admin"), Value::Null, "bob+"),
        (participants.clone(), json!({"userId": "bob", "role": "MEMBER"}), "bob"),
        (
            format!("/conversations/{id}/participants?userId=bob"),
            json!({"role": "admin"}),
            "bob+",
        ),
    ] {
        let written = ask(&ann, "PUT", &path, &body).await.data();
        assert_eq!(members(&written), ["ann+", bob_is], "{path} {body}");
    }
    ask(&ann, "POST", &format!("{participants}/cat"), &Value::Null)
        .await
        .data();
    for (body, field) in [
        (json!({"role": "admin"}), "memberIds"),
        (json!({"userId": "cat"}), "role"),
        (json!({"userId": "cat", "role": "owner"}), "role"),
    ] {
        let refused = ask(&ann, "PUT", &participants, &body)
            .await
            .refused(400, "validation_failed");
        assert_eq!(refused["details"]["field"], field, "{body}");
    }
    let refused = ask(&bob, "PUT", &format!("{participants}/cat"), &json!({"role": "admin"})).await;
    refused.refused(403, "forbidden");
    let transfer = format!("/groups/{id}/transfer");
    for body in [json!({}), json!({"userId": "dan"}), json!({"userIds": ["bob", "cat"]})] {
        let refused = ask(&ann, "POST", &transfer, &body)
            .await
            .refused(400, "validation_failed");
        assert_eq!(refused["details"]["field"], "userId", "{body}");
    }
    let after = ask(&ann, "POST", &transfer, &json!({"userId": "bob"})).await.data();
    assert_eq!(
        (&after["adminId"], members(&after)[0].as_str()),
        (&json!("bob"), "bob+")
    );
    ask(&ann, "POST", &transfer, &json!({"userId": "ann"}))
        .await
        .refused(403, "forbidden");
}

#[tokio::test]
async fn everybody_hears_of_members_what_concerns_them() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    let id = group(&ann, &["bob"]).await;
    let [mut bob, mut cat] = [
        HubClient::connect(&app, "bob").await,
        HubClient::connect(&app, "cat").await,
    ];
    let cat_in = format!("/groups/{id}/participants/cat");

    ask(&ann, "POST", &cat_in, &Value::Null).await.data();
    let added = bob.hears("MemberAdded").await;
    assert_eq!(
        (&added["conversationId"], &added["userId"]),
        (&json!(id), &json!("cat"))
    );
    assert_eq!((&added["by"], &added["member"]["id"]), (&json!("ann"), &json!("cat")));
    let group = json!({"groupId": id, "conversationId": id, "groupName": "Team"});
    assert_eq!(cat.hears("AddedToGroup").await, group);
    ann.say(&id, "hello").await;
    cat.hears_text("hello").await;

    ask(&ann, "PUT", &cat_in, &json!({"role": "admin"})).await.data();
    for client in [&mut bob, &mut cat] {
        let changed = client.hears("MemberRoleChanged").await;
        assert_eq!((&changed["userId"], &changed["role"]), (&json!("cat"), &json!("admin")));
    }
    ask(&ann, "PUT", &format!("/groups/{id}"), &json!({"name": "Club"}))
        .await
        .data();
    for client in [&mut bob, &mut cat] {
        assert_eq!(client.hears("GroupUpdated").await["name"], "Club");
    }

    ask(&ann, "DELETE", &cat_in, &Value::Null).await.data();
    ann.say(&id, "without cat").await;
    bob.hears_text("without cat").await;
    assert_eq!(bob.hears("MemberRemoved").await["userId"], "cat");
    assert_eq!(cat.hears("RemovedFromGroup").await["groupName"], "Club");
    cat.catches_up().await;
    assert!(cat.heard("MemberRemoved").is_empty() && cat.heard("MemberAdded").is_empty());
    assert!(cat.heard_texts().is_empty(), "nothing after the removal");

    let refused = cat
        .refused("SendMessage", json!([{"conversationId": id, "content": "hi"}]))
        .await;
    assert!(refused.starts_with("not_a_participant: "), "{refused}");
}

#[tokio::test]
async fn hub_adds_removes_and_leaves_too() {
    let app = TestApp::start().await;
    let [mut ann, mut bob] = [
        HubClient::connect(&app, "ann").await,
        HubClient::connect(&app, "bob").await,
    ];
    let made = ann
        .call("CreateGroup", json!([{"name": "Team", "memberIds": ["bob"]}]))
        .await;
    let id = made["id"].as_str().unwrap();
    let refused = bob.refused("AddMember", json!([id, "cat"])).await;
    assert!(refused.starts_with("forbidden: "), "{refused}");
    let written = ann.call("AddMember", json!([id, "cat"])).await;
    assert_eq!(members(&written), ["ann+", "bob", "cat"]);
    let written = ann.call("RemoveMemberAsync", json!([id, "cat"])).await;
    assert_eq!(members(&written), ["ann+", "bob"]);
    let mut other = HubClient::connect(&app, "bob").await;
    assert_eq!(bob.call("LeaveGroup", json!([id])).await["conversationId"], id);
    assert_eq!(other.hears("ConversationDeleted").await, json!({"conversationId": id}));
    ann.hears_where("MemberRemoved", |removed| removed["userId"] == "bob")
        .await;
    let refused = bob.refused("LeaveGroup", json!([id])).await;
    assert!(refused.starts_with("not_a_participant: "), "{refused}");
    let direct = ann
        .call("SendMessage", json!([{"recipientId": "bob", "content": "hi"}]))
        .await;
    let refused = ann.refused("LeaveGroup", json!([direct["conversationId"]])).await;
    assert!(refused.starts_with("not_found: "), "{refused}");
}

#[tokio::test]
async fn deleting_a_group_leaves_it_and_only_its_owner_ends_it_for_everybody() {
    let app = TestApp::start().await;
    let [ann, bob, cat] = app.people(["ann", "bob", "cat"]);
    let id = group(&ann, &["bob", "cat"]).await;
    let mut hearer = HubClient::connect(&app, "cat").await;
    let path = format!("/conversations/{id}");
    ask(&ann, "DELETE", &format!("{path}?scope=all"), &Value::Null)
        .await
        .refused(400, "validation_failed");
    ask(&bob, "DELETE", &format!("{path}?scope=everyone"), &Value::Null)
        .await
        .refused(403, "forbidden");
    ask(&ann, "DELETE", &format!("/groups/{id}"), &Value::Null).await.data();
    assert_eq!(hearer.hears("MemberRemoved").await["userId"], "ann");
    assert_eq!(
        members(&bob.get(&format!("/groups/{id}")).await.data()),
        ["bob+", "cat"]
    );
    ask(&bob, "DELETE", &format!("{path}?scope=everyone"), &Value::Null)
        .await
        .data();
    assert_eq!(hearer.hears("ConversationDeleted").await, json!({"conversationId": id}));
    cat.get(&path).await.refused(403, "not_a_participant");
}

#[tokio::test]
async fn conversations_are_made_as_groups_or_direct_ones() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    let flags = json!({"name": "Team", "participantIds": ["bob"], "allowReactions": true, "allowReplies": false});
    let made = ann.post("/conversations", &flags).await.data();
    assert_eq!((&made["type"], &made["name"]), (&json!("group"), &json!("Team")));
    let direct = ann.direct("bob").await;
    for body in [
        json!({"participantIds": ["bob"]}),
        json!({"type": "DIRECT", "userId": "bob"}),
        json!({"type": "direct", "name": "us", "memberIds": ["bob"]}),
    ] {
        assert_eq!(
            ann.post("/conversations", &body).await.data()["id"],
            direct.as_str(),
            "{body}"
        );
    }
    for (body, field) in [
        (json!({"participantIds": ["bob", "cat"]}), "name"),
        (json!({"type": "direct", "participantIds": ["bob", "cat"]}), "userId"),
        (json!({"type": "channel", "name": "x"}), "type"),
        (json!({"name": "x", "history": "some"}), "history"),
    ] {
        let refused = ann
            .post("/conversations", &body)
            .await
            .refused(400, "validation_failed");
        assert_eq!(refused["details"]["field"], field, "{body}");
    }
}
