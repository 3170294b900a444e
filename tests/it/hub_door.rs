//! The hub's door: tokens, origins, names, numbers, methods, and what happens while the server stops.

use std::time::Duration;

use hubwire::auth::NewToken;
use serde_json::json;
use tokio::time::Instant;

use crate::{
    hub_client::{Door, HubClient},
    support::{Answer, TestApp},
};

pub(crate) const UPGRADE: [(&str, &str); 4] = [
    ("connection", "Upgrade"),
    ("upgrade", "websocket"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

/// Both ways in: negotiate, and a WebSocket that skips it.
async fn knock(app: &TestApp, query: &str, headers: &[(&str, &str)]) -> [Answer; 2] {
    let upgrade = [headers, &UPGRADE].concat();
    [
        app.ask("POST", &format!("/hubs/chat/negotiate?{query}"), headers, b"")
            .await,
        app.ask("GET", &format!("/hubs/chat?{query}"), &upgrade, b"").await,
    ]
}

/// Row 11 of the security checklist, for the hub.
#[tokio::test]
async fn sec_11_without_a_good_token_nobody_comes_in() {
    let app = TestApp::start().await;
    let good = app.token("ann");
    let (head, rest) = good.split_once('.').unwrap();
    let (claims, signature) = rest.split_once('.').unwrap();
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    let bad = [
        String::new(),
        "x".to_owned(),
        format!("{head}.{claims}."),
        format!("{head}.{claims}.{flipped}{}", &signature[1..]),
        // {"alg":"none"}
        format!("eyJhbGciOiJub25lIn0.{claims}."),
        format!("{good}.x"),
    ];
    for token in &bad {
        let bearer = format!("Bearer {token}");
        let query = format!("access_token={token}");
        for answer in knock(&app, &query, &[])
            .await
            .into_iter()
            .chain(knock(&app, "", &[("authorization", &bearer)]).await)
        {
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
            answer.refused(401, "unauthorized");
        }
    }
    for answer in knock(&app, "", &[]).await {
        answer.refused(401, "unauthorized");
    }
    let bearer = format!("Bearer {good}");
    let query = format!("access_token={good}");
    for [negotiated, upgraded] in [
        knock(&app, &query, &[]).await,
        knock(&app, "", &[("authorization", &bearer)]).await,
    ] {
        assert_eq!((negotiated.status, upgraded.status), (200, 101));
    }
}

#[tokio::test]
async fn the_user_id_of_the_query_is_the_tokens_or_nobodys() {
    let app = TestApp::start().await;
    let guid = "018f3c2a-7b1e-7c4d-9a2b-0123456789ab";
    let cases = [
        ("ann", "ann", true),
        ("ann", "", true),
        ("ann", "undefined", true),
        ("ann", "null", true),
        ("ann", "bob", false),
        ("ann", "Ann", false),
        ("ann", "ann%00", false),
        ("ann", "bob&userId=ann", false),
        ("ann", "ann&UserId=bob", false),
        (guid, "018F3C2A-7B1E-7C4D-9A2B-0123456789AB", true),
        (guid, "018f3c2a-7b1e-7c4d-9a2b-0123456789ac", false),
    ];
    for (user, given, passes) in cases {
        let query = format!("access_token={}&userId={given}", app.token(user));
        for answer in knock(&app, &query, &[]).await {
            if passes {
                assert!(matches!(answer.status, 200 | 101), "{user} {given}: {}", answer.status);
            } else {
                answer.refused(403, "forbidden");
            }
        }
    }
}

/// Rows 1 and 2 of the security checklist.
#[tokio::test]
async fn sec_01_sec_02_foreign_pages_and_lookalikes_are_refused_before_the_upgrade() {
    let app = TestApp::with(|config| config.cors_origins = vec!["https://app.test".to_owned()]).await;
    let query = format!("access_token={}", app.token("ann"));
    let (own, own_over_tls) = (format!("http://{}", app.address), format!("https://{}", app.address));
    let cases = [
        ("https://evil.test", false),
        ("null", false),
        ("", false),
        ("http://localhost:5173", false),
        ("https://app.test.evil.com", false),
        ("https://evilapp.test", false),
        ("http://app.test", false),
        ("https://app.test:444", false),
        ("https://app.test, https://evil.test", false),
        ("https://app.test", true),
        (own.as_str(), true),
        (own_over_tls.as_str(), true),
    ];
    for (origin, passes) in cases {
        for answer in knock(&app, &query, &[("origin", origin)]).await {
            if passes {
                assert!(matches!(answer.status, 200 | 101), "{origin}: {}", answer.status);
            } else {
                answer.refused(403, "forbidden");
            }
        }
    }
    let twice = [("origin", "https://app.test"), ("origin", "https://evil.test")];
    for answer in knock(&app, &query, &twice).await {
        answer.refused(403, "forbidden");
    }
}

/// Row 23 of the security checklist.
#[tokio::test]
async fn sec_23_a_token_that_leaked_opens_nobody_elses_connection() {
    let app = TestApp::start().await;
    let [ann, bob] = ["ann", "bob"].map(|user| app.token(user));
    let path = format!("/hubs/chat/negotiate?negotiateVersion=1&access_token={ann}");
    let negotiated = app.ask("POST", &path, &[], b"").await.json();
    let upgrade = async |token: &str, id: &str| {
        let path = format!("/hubs/chat?id={id}&access_token={token}");
        app.ask("GET", &path, &UPGRADE, b"").await.status
    };
    let (secret, public) = (
        negotiated["connectionToken"].as_str().unwrap(),
        negotiated["connectionId"].as_str().unwrap(),
    );
    assert_eq!(upgrade(&bob, secret).await, 403);
    assert_eq!(upgrade(&ann, public).await, 404, "the public id opens nothing");
    assert_eq!(upgrade(&ann, secret).await, 101);
    let used = upgrade(&bob, secret).await;
    assert!(matches!(used, 404 | 409), "used up, or over by now: {used}");
}

/// Row 63 of the security checklist.
#[tokio::test]
async fn sec_63_a_person_has_so_many_connections_and_is_told_when_to_come_back() {
    let app = TestApp::with(|config| config.limits.connections_per_person = 2).await;
    let mut first = HubClient::connect(&app, "ann").await;
    let mut second = HubClient::connect(&app, "ann").await;
    first.catches_up().await;
    second.catches_up().await;
    let query = format!("access_token={}", app.token("ann"));
    for answer in knock(&app, &query, &[]).await {
        assert_eq!((answer.status, answer.header("retry-after")), (429, Some("5")));
        assert!(answer.text().contains("at most 2 connections"), "{}", answer.text());
    }
    let mut bob = HubClient::connect(&app, "bob").await;
    bob.call("SendMessage", json!(["ann", "hi"])).await;
    first.hears_text("hi").await;
    second.leave().await;
    // The place is free once the server has seen it go.
    crate::support::eventually(async || {
        app.ask("POST", &format!("/hubs/chat/negotiate?{query}"), &[], b"")
            .await
            .status
            == 200
    })
    .await;
    HubClient::connect(&app, "ann").await.catches_up().await;
}

#[tokio::test]
async fn sec_63_what_was_negotiated_before_and_who_never_shakes_hands_counts_as_well() {
    let app = TestApp::with(|config| config.limits.connections_per_person = 2).await;
    let query = format!("access_token={}", app.token("ann"));
    let mut negotiated = Vec::new();
    for _ in 0..4 {
        let path = format!("/hubs/chat/negotiate?negotiateVersion=1&{query}");
        let answer = app.ask("POST", &path, &[], b"").await.json();
        negotiated.push(answer["connectionToken"].as_str().unwrap().to_owned());
    }
    let silent = HubClient::open(app.address, &app.token("ann"), Door::default()).await;
    let mut second = HubClient::connect(&app, "ann").await;
    second.catches_up().await;
    for id in &negotiated {
        let path = format!("/hubs/chat?id={id}&{query}");
        let answer = app.ask("GET", &path, &UPGRADE, b"").await;
        assert_eq!((answer.status, answer.header("retry-after")), (429, Some("5")));
    }
    // A request that opens nothing takes no place for longer than its answer.
    drop(silent);
    second.leave().await;
    for _ in 0..5 {
        let path = format!("/hubs/chat?id=AAAAAAAAAAAAAAAAAAAAAA&{query}");
        crate::support::eventually(async || app.ask("GET", &path, &UPGRADE, b"").await.status == 404).await;
    }
    HubClient::connect(&app, "ann").await.catches_up().await;
}

#[tokio::test]
async fn a_stopping_server_sends_its_clients_away_to_come_back() {
    let app = TestApp::start().await;
    let mut clients = Vec::new();
    for user in ["ann", "bob", "cat"] {
        let mut client = HubClient::connect(&app, user).await;
        client.catches_up().await;
        clients.push(client);
    }
    let draining = {
        let app = std::sync::Arc::clone(&app.app);
        tokio::spawn(async move { app.hubs.drain().await })
    };
    for client in &mut clients {
        let (goodbye, code) = client.is_sent_away().await;
        assert_eq!(goodbye, Some(json!({"type": 7, "allowReconnect": true})));
        assert_eq!(code, Some(1000));
    }
    draining.await.unwrap();
    let query = format!("access_token={}", app.token("ann"));
    for answer in knock(&app, &query, &[]).await {
        assert_eq!(answer.status, 503, "{}", answer.text());
        assert!(answer.header("retry-after").is_some());
    }
}

#[tokio::test]
async fn paths_ignore_case_and_a_slash_and_methods_are_those_of_the_protocol() {
    let app = TestApp::start().await;
    let query = format!("access_token={}", app.token("ann"));
    for path in ["/HUBS/Chat", "/hubs/chat/", "/Hubs/CHAT/"] {
        assert_eq!(
            app.ask("GET", &format!("{path}?{query}"), &UPGRADE, b"").await.status,
            101,
            "{path}"
        );
    }
    for path in ["/Hubs/Chat/Negotiate", "/hubs/chat/negotiate/", "/HUBS/CHAT/NEGOTIATE/"] {
        assert_eq!(
            app.ask("POST", &format!("{path}?{query}"), &[], b"").await.status,
            200,
            "{path}"
        );
    }
    // Row 8 of the security checklist too: no body comes back.
    for (method, path) in [
        ("GET", "/hubs/chat/negotiate"),
        ("PUT", "/hubs/chat/negotiate"),
        ("TRACE", "/hubs/chat/negotiate"),
        ("PUT", "/hubs/chat"),
        ("PATCH", "/hubs/chat"),
        ("TRACE", "/hubs/chat"),
    ] {
        let answer = app.ask(method, &format!("{path}?{query}"), &[], b"").await;
        assert_eq!(answer.status, 405, "{method} {path}");
        assert!(!answer.text().contains("access_token"), "{}", answer.text());
    }
    let unknown = "id=AAAAAAAAAAAAAAAAAAAAAA";
    for (method, id, headers, status, text) in [
        ("GET", unknown, &UPGRADE[..], 404, "No Connection with that ID"),
        ("GET", "id=x%00", &UPGRADE[..], 404, "No Connection with that ID"),
        ("GET", unknown, &[], 404, "No Connection with that ID"),
        ("POST", unknown, &[], 404, "No Connection with that ID"),
        ("DELETE", unknown, &[], 404, "No Connection with that ID"),
        (
            "GET",
            "",
            &[("accept", "text/event-stream")],
            400,
            "Connection ID required",
        ),
        ("POST", "", &[], 400, "Connection ID required"),
        ("DELETE", "", &[], 400, "Connection ID required"),
    ] {
        let answer = app.ask(method, &format!("/hubs/chat?{id}&{query}"), headers, b"").await;
        assert_eq!((answer.status, answer.text()), (status, text), "{method} {id}");
    }
    for version in ["x", "1.5", "99999999999", "-1", "%00"] {
        let path = format!("/hubs/chat/negotiate?negotiateVersion={version}&{query}");
        let answer = app.ask("POST", &path, &[], b"").await;
        assert!(
            answer.status == 200 && answer.json()["error"].is_string(),
            "{}",
            answer.text()
        );
    }
}

/// Row 14 of the security checklist: a socket ends with its token, and its client may come back with another.
#[tokio::test]
async fn sec_14_a_connection_ends_with_its_token() {
    let app = TestApp::start().await;
    let short = NewToken {
        user: "ann",
        name: None,
        username: None,
        scope: None,
        lifetime: Duration::from_secs(2),
    };
    for hub in ["/hubs/chat", "/hubs/chat-online"] {
        let token = app.app.auth.sign(&short).unwrap();
        let door = Door { hub, ..Door::default() };
        let mut ann = HubClient::enter(app.address, &token, door).await;
        let began = Instant::now();
        let (goodbye, code) = ann.is_sent_away().await;
        assert_eq!(goodbye, Some(json!({"type": 7, "allowReconnect": true})), "{hub}");
        assert_eq!(code, Some(1000));
        assert!(began.elapsed() <= Duration::from_secs(3), "{:?}", began.elapsed());
    }
}
