//! Groups over REST.

use serde_json::{Value, json};

use crate::{hub_client::HubClient, support::TestApp};

#[tokio::test]
async fn group_has_its_owner_and_members() {
    let app = TestApp::start().await;
    let [ann, bob, dan] = app.people(["ann", "bob", "dan"]);
    let body = json!({"name": "Team", "description": "All of us", "memberIds": ["bob", "cat", "bob"], "avatar": "https://a.test/x.png"});
    let made = ann.post("/groups", &body).await.data();
    assert_eq!(
        (&made["name"], &made["description"], &made["adminId"]),
        (&json!("Team"), &json!("All of us"), &json!("ann"))
    );
    assert_eq!((&made["id"], &made["skipped"]), (&made["conversationId"], &json!([])));
    let members: Vec<_> = made["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| (&member["id"], &member["role"], &member["isOwner"]))
        .collect();
    assert_eq!(members[0], (&json!("ann"), &json!("admin"), &json!(true)));
    assert_eq!(members.len(), 3);
    assert!(members.contains(&(&json!("bob"), &json!("member"), &json!(false))));
    let id = made["id"].as_str().unwrap();
    assert_eq!(bob.get(&format!("/groups/{id}")).await.data()["id"], id);
    assert_eq!(bob.get("/groups").await.data()[0]["id"], id);
    let seen = bob.get(&format!("/conversations/{id}")).await.data();
    assert_eq!((&seen["type"], &seen["name"]), (&json!("group"), &json!("Team")));
    dan.get(&format!("/groups/{id}")).await.refused(404, "not_found");
    assert_eq!(dan.get("/groups").await.data(), json!([]));
}

#[tokio::test]
async fn member_ids_have_three_names_and_two_types() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    for members in [
        json!({"MemberIds": [7, "bob"]}),
        json!({"participantIds": ["7", "bob"]}),
        json!({"userIds": ["7", "bob"], "memberIds": null}),
    ] {
        let mut body = members;
        body["Name"] = json!("Team");
        let made = ann.post("/groups", &body).await.data();
        assert_eq!(made["members"].as_array().unwrap().len(), 3, "{body}");
    }
}

#[tokio::test]
async fn a_list_in_the_query_may_be_one_name_many_times() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    let group = ann
        .post("/groups", &json!({"name": "Team", "memberIds": ["bob", "cat", "dan"]}))
        .await
        .data();
    let path = format!("/groups/{}/participants", group["id"].as_str().unwrap());
    let left = ann.delete(&format!("{path}?memberIds=bob&memberIds=cat")).await.data();
    let members: Vec<_> = left["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| &member["id"])
        .collect();
    assert_eq!(members, ["ann", "dan"]);
}

#[tokio::test]
async fn only_groups_are_deleted_as_groups() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    let direct = ann.direct("bob").await;
    ann.say(&direct, "stays").await;
    ann.delete(&format!("/groups/{direct}")).await.refused(404, "not_found");
    assert_eq!(ann.get("/conversations").await.data()[0]["id"], direct);
}

#[tokio::test]
async fn groups_are_limited_and_need_a_name() {
    let app = TestApp::with(|config| config.limits.group_members = 3).await;
    let ann = app.person("ann");
    let cases = [
        (json!({"memberIds": ["bob"]}), 400, "validation_failed", "name"),
        (
            json!({"name": " ", "memberIds": ["bob"]}),
            400,
            "validation_failed",
            "name",
        ),
        (
            json!({"name": {}, "memberIds": ["bob"]}),
            400,
            "validation_failed",
            "name",
        ),
        (
            json!({"name": "Team", "memberIds": {"bob": true}}),
            400,
            "validation_failed",
            "memberIds",
        ),
        (
            json!({"name": "Team", "memberIds": [null]}),
            400,
            "validation_failed",
            "memberIds",
        ),
        (
            json!({"name": "Team", "memberIds": ["bob", "cat", "dan"]}),
            409,
            "group_full",
            "",
        ),
    ];
    for (body, status, code, field) in cases {
        let envelope = ann.post("/groups", &body).await.refused(status, code);
        assert_eq!(envelope["details"]["field"].as_str().unwrap_or(""), field, "{body}");
    }
    let made = ann
        .post("/groups", &json!({"name": "Team", "memberIds": ["bob", "", "a\u{0}b"]}))
        .await
        .data();
    assert_eq!(made["members"].as_array().unwrap().len(), 2);
    assert!(
        made["skipped"].as_array().is_some_and(|skipped| !skipped.is_empty()),
        "{made}"
    );
    assert_ne!(made["skipped"][0]["reason"], Value::Null);
}

/// Row 32 of the security checklist: a write is whole or not at all. Ids of nobody are no reason to refuse one (they are
/// in `skipped`); what is no id, and one member too many, are.
#[tokio::test]
async fn sec_32_where_the_last_member_is_refused_nothing_is_done() {
    let app = TestApp::with(|config| config.limits.group_members = 4).await;
    let ann = app.person("ann");
    let group = ann
        .post("/groups", &json!({"name": "Team", "memberIds": ["bob", "cat"]}))
        .await
        .data();
    let participants = format!("/groups/{}/participants", group["id"].as_str().unwrap());
    let head = app.app.log.tail.head();
    let no_list = |value: Value| (json!(["new", value]), 400, "validation_failed");
    let last = [
        no_list(json!(null)),
        no_list(json!({"id": "dan"})),
        no_list(json!(["dan"])),
        no_list(json!(true)),
        no_list(json!(1.5)),
        (json!(["new", "dan", "eve", "fay"]), 409, "group_full"),
    ];
    for (members, status, code) in &last {
        for path in ["/groups", "/conversations"] {
            let body = json!({"name": "x", "memberIds": members});
            ann.post(path, &body).await.refused(*status, code);
        }
        let body = json!({ "memberIds": members });
        ann.post(&participants, &body).await.refused(*status, code);
        let mut hub = HubClient::connect(&app, "ann").await;
        let refused = hub
            .refused("CreateGroup", json!([{"name": "x", "memberIds": members}]))
            .await;
        assert!(refused.starts_with(code), "{members}: {refused}");
    }
    // What is written of several people ends with the one it may not be written of.
    for (method, members) in [("PUT", json!(["bob", "cat", "ann"])), ("PUT", json!(["bob", 1.5]))] {
        let body = json!({"userIds": members, "role": "admin"});
        ann.write(method, &participants, &body)
            .await
            .refused(400, "validation_failed");
    }
    let admin = json!({"userId": "bob", "role": "admin"});
    ann.put(&participants, &admin).await.data();
    let promoted = app.app.log.tail.head();
    let body = json!({"memberIds": ["cat", "ann"]});
    app.person("bob")
        .write("DELETE", &participants, &body)
        .await
        .refused(403, "forbidden");

    assert_eq!(app.app.log.tail.head(), promoted, "nothing happened");
    assert_eq!(promoted.0, head.0 + 1, "but that bob became an admin");
    for nobody in ["new", "dan", "eve", "fay"] {
        ann.get(&format!("/users/{nobody}")).await.refused(404, "not_found");
    }
    let listed = ann.get("/conversations").await.data();
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
    let members = listed[0]["participants"].as_array().unwrap().iter();
    let members: Vec<_> = members.map(|member| member["id"].as_str().unwrap()).collect();
    assert_eq!(members, ["ann", "bob", "cat"]);
}
