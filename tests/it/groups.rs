//! Groups over REST.

use serde_json::{Value, json};

use crate::support::TestApp;

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
