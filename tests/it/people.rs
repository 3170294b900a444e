//! Who one is.

use std::time::Duration;

use hubwire::auth::NewToken;
use serde_json::json;

use crate::{hub_client::HubClient, support::TestApp};

#[tokio::test]
async fn person_has_every_name_of_the_token() {
    let app = TestApp::start().await;
    let me = async |name, username| {
        let token = NewToken {
            user: "ann",
            name,
            username,
            scope: None,
            lifetime: Duration::from_secs(60),
        };
        let token = app.app.auth.sign(&token).unwrap();
        app.ask("GET", &format!("/api/Chat/users/me?access_token={token}"), &[], b"")
            .await
            .data()
    };
    let person = |full_name: &str, username: &str| {
        json!({"id": "ann", "userId": "ann", "username": username, "fullName": full_name, "displayName": full_name,
            "avatar": null, "avatarUrl": null})
    };
    assert_eq!(me(None, None).await, person("ann", "ann"));
    assert_eq!(me(Some("Ann Lee"), Some("annlee")).await, person("Ann Lee", "annlee"));
    assert_eq!(
        me(Some("Ann Day"), None).await,
        person("Ann Day", "annlee"),
        "a changed name is taken over, a missing one left"
    );
}

#[tokio::test]
async fn a_profile_is_seen_by_anybody_who_is_signed_in() {
    let app = TestApp::start().await;
    let [ann, bob] = app.people(["ann", "bob"]);
    ann.get("/users/me").await.data();
    assert_eq!(bob.get("/users/ann").await.data()["fullName"], "ann");
    bob.get("/users/nobody").await.refused(404, "not_found");
    bob.get("/users/%00").await.refused(404, "not_found");
}

#[tokio::test]
async fn an_own_name_stays_until_the_token_says_something_new() {
    let app = TestApp::start().await;
    let token = |name| {
        let token = NewToken {
            user: "ann",
            name: Some(name),
            lifetime: Duration::from_secs(60),
            ..NewToken::default()
        };
        app.app.auth.sign(&token).unwrap()
    };
    let as_ann = async |method: &str, name, body: &str| {
        let bearer = format!("Bearer {}", token(name));
        let headers = [("authorization", bearer.as_str())];
        app.ask(method, "/api/Chat/users/me", &headers, body.as_bytes()).await
    };
    let changed = as_ann(
        "PUT",
        "Ann Lee",
        r#"{"displayName": " Ann\nthe Great ", "avatarUrl": "https://a.test/1"}"#,
    );
    let changed = changed.await.data();
    assert_eq!(
        (&changed["fullName"], &changed["avatar"]),
        (&json!("Ann the Great"), &json!("https://a.test/1"))
    );
    assert_eq!(
        as_ann("GET", "Ann Lee", "").await.data(),
        changed,
        "the same token brings the old name not back"
    );
    let same = as_ann("PUT", "Ann Lee", &changed.to_string()).await.data();
    assert_eq!(same, changed, "the whole person may be sent back");
    let bare = as_ann("PUT", "Ann Lee", r#"{"avatar": ""}"#).await.data();
    assert_eq!(
        (&bare["avatar"], &bare["fullName"]),
        (&json!(null), &changed["fullName"])
    );
    assert_eq!(as_ann("GET", "Ann Day", "").await.data()["fullName"], "Ann Day");
    for (body, field) in [
        (r#"{"username": "root"}"#, "username"),
        (r#"{"id": "bob", "fullName": "x"}"#, "id"),
        (r#"{"fullName": 1.5}"#, "fullName"),
    ] {
        let refusal = as_ann("PUT", "Ann Day", body).await.refused(400, "validation_failed");
        assert_eq!(refusal["details"]["field"], field, "{refusal}");
    }
    let long = json!({"fullName": "x".repeat(201)}).to_string();
    as_ann("PUT", "Ann Day", &long).await.refused(400, "validation_failed");
    assert_eq!(as_ann("GET", "Ann Day", "").await.data()["fullName"], "Ann Day");
}

#[tokio::test]
async fn administrators_write_profiles_one_by_one_and_many_at_once() {
    let app = TestApp::start().await;
    let (admin, ann) = (app.admin("root"), app.person("ann"));
    let bob = json!({"username": "bob", "fullName": "Bob Ray"});
    ann.put("/users/bob", &bob).await.refused(403, "forbidden");
    ann.put("/users", &json!({"users": [bob]}))
        .await
        .refused(403, "forbidden");
    assert_eq!(admin.put("/users/bob", &bob).await.data()["fullName"], "Bob Ray");
    assert_eq!(ann.get("/users/bob").await.data()["username"], "bob");
    let many = json!({"users": [
        {"userId": "bob", "fullName": "Bob Day"},
        {"id": "", "fullName": "x"},
        {"id": "a\u{0}", "fullName": "x"},
        {"id": "cat", "fullName": "x".repeat(300)},
        {"id": "dan", "avatar": 1.5},
        {"id": "eve"},
    ]});
    let outcome = admin.post("/users/bulk", &many).await.data();
    let ids = |list: &str, member: &str| {
        outcome[list]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one[member].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids("users", "id"), ["bob", "eve"]);
    assert_eq!(ids("errors", "index"), [1, 2, 3, 4]);
    assert_eq!(ids("errors", "code"), ["validation_failed"; 4]);
    assert_eq!(ann.get("/users/bob").await.data()["fullName"], "Bob Day");
    ann.get("/users/cat").await.refused(404, "not_found");
    let person = |number: usize| json!({"id": format!("p{number}"), "fullName": format!("Person {number}")});
    let thousand: Vec<_> = (0..1_000).map(person).collect();
    let outcome = admin.put("/users", &json!({"users": thousand})).await.data();
    assert_eq!(outcome["users"].as_array().unwrap().len(), 1_000);
    let more: Vec<_> = (0..1_001).map(person).collect();
    admin
        .put("/users", &json!({"users": more}))
        .await
        .refused(400, "validation_failed");
    admin.put("/users", &json!({})).await.refused(400, "validation_failed");
}

#[tokio::test]
async fn people_are_found_by_the_beginning_of_any_of_their_names() {
    let app = TestApp::start().await;
    let (admin, ann) = (app.admin("root"), app.person("ann"));
    let people = [
        ("u1", "JosÉ", "Ann Lee"),
        ("u2", "b_b", "Bob de la Leer"),
        ("u3", "100%", "Zoe Annis"),
    ];
    let people = people.map(|(id, username, name)| json!({"id": id, "username": username, "fullName": name}));
    admin.put("/users", &json!({"users": people})).await.data();
    ann.direct("annabel").await;
    let found = async |query: &str| {
        let answer = ann.get(&format!("/users/search?query={query}")).await;
        let found: Vec<_> = answer
            .data()
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["id"].clone())
            .collect();
        found
    };
    assert_eq!(found("LEE").await, ["u1", "u2"]);
    assert_eq!(
        found("ann").await,
        ["u1", "u3", "ann"],
        "a name that nobody has signed in with is nobody's"
    );
    assert_eq!(found("ann%20l").await, ["u1"]);
    assert_eq!(found("JOS%C3%A9").await, ["u1"]);
    assert_eq!(found("b_").await, ["u2"], "no pattern");
    assert_eq!(found("%25").await, [""; 0]);
    assert_eq!(found("100%25").await, ["u3"]);
    let page = ann.get("/users/search?q=ann&page=2&limit=2").await;
    let pagination = page.json()["pagination"].clone();
    assert_eq!(
        (pagination["total"].clone(), pagination["hasMore"].clone()),
        (json!(3), json!(false))
    );
    assert_eq!(page.data().as_array().unwrap().len(), 1);
    ann.get("/users/search?query=%20")
        .await
        .refused(400, "validation_failed");
}

/// Row 52 of the security checklist: names that end, that show all of themselves, and that turn no text around them.
#[tokio::test]
async fn sec_52_names_have_bounds_and_nothing_in_them_that_is_not_seen() {
    let app = TestApp::start().await;
    let (ann, root) = (app.person("ann"), app.admin("root"));
    let group = ann.post("/groups", &json!({"name": "Team"})).await.data();
    let group = format!("/groups/{}", group["id"].as_str().unwrap());
    let marks = format!("a{}", "\u{301}".repeat(10_000));
    let hidden = "must not contain control characters or others that are not seen";
    let long = "must have at most 200 characters";
    let blind = "must have a character that is seen";
    for (name, reason) in [
        ("a\u{0}b", hidden),
        ("a\u{1b}[31mb", hidden),
        ("a\u{7f}", hidden),
        ("\u{202e}nna", hidden),
        ("ann\u{202c}", hidden),
        ("\u{2066}ann\u{2069}", hidden),
        ("a\u{200b}nn", hidden),
        ("a\u{2060}nn", hidden),
        ("a\u{ad}nn", hidden),
        ("\u{feff}ann", hidden),
        ("\u{200d}\u{200d}", blind),
        ("\u{3164}", blind),
        ("\u{fe0f}\u{200e}", blind),
        (&marks, long),
        (&"😀".repeat(201), long),
    ] {
        for (person, method, path, field) in [
            (&ann, "POST", "/groups", "name"),
            (&ann, "POST", "/conversations", "name"),
            (&ann, "PUT", group.as_str(), "name"),
            (&ann, "PUT", "/users/me", "fullName"),
            (&root, "PUT", "/users/bob", "fullName"),
            (&root, "PUT", "/users/bob", "username"),
        ] {
            let refused = person.write(method, path, &json!({ field: name })).await;
            let refused = refused.refused(400, "validation_failed");
            assert_eq!(refused["details"]["field"], field, "{name:?}: {refused}");
            assert_eq!(
                refused["error"],
                format!("{field}: {reason}"),
                "{method} {path} {name:?}"
            );
        }
    }
    let mut hub = HubClient::connect(&app, "ann").await;
    let refused = hub.refused("CreateGroup", json!([{"name": "\u{202e}xcod.exe"}])).await;
    assert_eq!(refused, format!("validation_failed: name: {hidden}"));
    // What languages and emoji need is kept; blanks of any kind are one.
    for (name, kept) in [
        ("می\u{200c}خواهم", "می\u{200c}خواهم"),
        ("👩\u{200d}🚀 ❤\u{fe0f}", "👩\u{200d}🚀 ❤\u{fe0f}"),
        (" Ann\u{a0}\t\r\nLee ", "Ann Lee"),
        (&"😀".repeat(200), &"😀".repeat(200)),
    ] {
        assert_eq!(ann.put(&group, &json!({"name": name})).await.data()["name"], kept);
        assert_eq!(
            ann.put("/users/me", &json!({"fullName": name})).await.data()["fullName"],
            kept
        );
    }
}

/// Row 52 of the security checklist: a token cannot be refused for its names, so they are freed of what is not seen.
#[tokio::test]
async fn sec_52_names_of_tokens_lose_what_is_not_seen_and_lookalikes_are_others() {
    let app = TestApp::start().await;
    let me = async |user: &str, name: &str| {
        let token = NewToken {
            user,
            name: Some(name),
            lifetime: Duration::from_secs(60),
            ..NewToken::default()
        };
        let token = app.app.auth.sign(&token).unwrap();
        let path = format!("/api/Chat/users/me?access_token={token}");
        app.ask("GET", &path, &[], b"").await
    };
    for (name, shown) in [
        ("\u{202e}Ann\u{0}\r\nLee\u{202c}", "Ann Lee"),
        ("A\u{200b}n\u{2060}n", "Ann"),
        ("\u{200b}", "Ann"),
        ("\u{3164}\u{200d}", "Ann"),
    ] {
        assert_eq!(me("ann", name).await.data()["fullName"], shown, "{name:?}");
    }
    let long = me("ann", &format!("a{}", "\u{301}".repeat(4_000))).await.data();
    assert!(long["fullName"].as_str().unwrap().chars().count() <= 2_000);
    // A Cyrillic а is another letter: another person, who gets nothing of the first one's, and shows another id.
    let (ann, other) = (app.person("ann"), app.person("\u{430}nn"));
    ann.direct("bob").await;
    assert_eq!(me("\u{430}nn", "Ann").await.data()["id"], "\u{430}nn");
    assert_eq!(other.get("/conversations").await.data(), json!([]));
    me("\u{202e}nna", "Ann").await.refused(401, "unauthorized");
    me("a\u{0}nn", "Ann").await.refused(401, "unauthorized");
}

/// Row 52 of the security checklist: what is said is kept as it is, within its bounds.
#[tokio::test]
async fn sec_52_messages_keep_every_character_up_to_their_limit() {
    let app = TestApp::with(|config| config.limits.text_characters = 10_000).await;
    let (ann, mut hub) = (app.person("ann"), HubClient::connect(&app, "ann").await);
    let id = ann.direct("bob").await;
    let marks = |count: usize| format!("a{}", "\u{301}".repeat(count - 1));
    for content in [
        &marks(10_000),
        "\u{202e}txet\u{202c}",
        "a\u{200b}b",
        &"\u{10ffff}".repeat(10_000),
    ] {
        let sent = json!([{"conversationId": id, "content": content}]);
        assert_eq!(hub.call("SendMessage", sent).await["content"], content);
        assert_eq!(ann.say(&id, content).await["content"], content);
    }
    let long = json!({"conversationId": id, "content": marks(10_001)});
    let told = "content: must have at most 10000 characters, not 10001";
    assert_eq!(
        ann.post("/messages", &long).await.refused(400, "validation_failed")["error"],
        told
    );
    assert_eq!(
        hub.refused("SendMessage", json!([long])).await,
        format!("validation_failed: {told}")
    );
    let emoji = json!({"emoji": format!("x{}", "\u{301}".repeat(32))});
    let message = ann.say(&id, "x").await;
    let path = format!("/messages/{}/reactions", message["id"].as_str().unwrap());
    assert_eq!(
        ann.post(&path, &emoji).await.refused(400, "validation_failed")["details"]["field"],
        "emoji"
    );
    let turned = json!({"emoji": "\u{202e}x"});
    assert_eq!(
        ann.post(&path, &turned).await.refused(400, "validation_failed")["details"]["field"],
        "emoji"
    );
}
