//! Tokens over the wire: which are let in, and that none of them shows up anywhere.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hubwire::clock::Clock;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::{
    hub_door::UPGRADE,
    line::{CHAT, Carrier, Line, ONLINE},
    support::{SECRET, TestApp},
};

const FAR: i64 = 4_000_000_000;
/// When the tests that stand still begin, in seconds.
const NOW: i64 = 1_700_000_000;

fn signed(claims: &Value, secret: &str) -> String {
    jsonwebtoken::encode(
        &Header::new(Algorithm::HS256),
        claims,
        &EncodingKey::from_secret(secret.as_bytes()),
    )
    .unwrap()
}

#[tokio::test]
async fn header_and_query_are_both_accepted() {
    let app = TestApp::start().await;
    let token = app.token("ann");
    let me = app
        .ask(
            "GET",
            "/api/Chat/users/me",
            &[("authorization", &format!("Bearer {token}"))],
            b"",
        )
        .await;
    assert_eq!(me.data()["userId"], "ann");
    let me = app
        .ask("GET", &format!("/api/chat/Users/Me/?access_token={token}"), &[], b"")
        .await;
    assert_eq!(me.data()["userId"], "ann");
}

#[tokio::test]
async fn bad_tokens_are_unauthorized_everywhere() {
    let app = TestApp::start().await;
    let good = app.token("ann");
    let claims = good.split('.').nth(1).unwrap();
    let none = format!("{}.{claims}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#));
    let tokens = [
        "x".to_owned(),
        "a.b.c".to_owned(),
        none,
        good[..good.len() - 2].to_owned(),
        signed(
            &json!({"sub": "ann", "exp": FAR}),
            "another secret of thirty-two bytes or more",
        ),
        signed(&json!({"sub": "ann", "exp": 1}), SECRET),
        signed(&json!({"sub": "ann"}), SECRET),
        signed(&json!({"sub": "ann", "exp": FAR, "nbf": FAR}), SECRET),
        signed(&json!({"exp": FAR}), SECRET),
        signed(&json!({"sub": " ", "exp": FAR}), SECRET),
        signed(&json!({"sub": "x".repeat(129), "exp": FAR}), SECRET),
    ];
    let routes = [
        ("GET", "/users/me"),
        ("PUT", "/users/me"),
        ("GET", "/users/bob"),
        ("PUT", "/users/bob"),
        ("PUT", "/users"),
        ("POST", "/users/bulk"),
        ("GET", "/users/search?query=b"),
        ("POST", "/users/bob/deactivate"),
        ("DELETE", "/users/bob/deactivate"),
        ("GET", "/presence"),
        ("GET", "/presence/bob"),
        ("PUT", "/presence/status"),
        ("POST", "/presence/users"),
        ("POST", "/presence/heartbeat"),
        ("GET", "/conversations"),
        ("GET", "/conversations/x"),
        ("GET", "/messages?chatId=x"),
        ("POST", "/messages"),
        ("POST", "/conversations/x/messages"),
        ("POST", "/conversations/direct/bob"),
        ("GET", "/groups"),
        ("POST", "/groups"),
        ("GET", "/groups/x"),
    ];
    for (method, route) in routes {
        let path = format!("/api/Chat{route}");
        let answer = app.ask(method, &path, &[], b"").await;
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        answer.refused(401, "unauthorized");
        for token in &tokens {
            let answer = app
                .ask(method, &path, &[("authorization", &format!("Bearer {token}"))], b"")
                .await;
            let body = answer.refused(401, "unauthorized");
            assert_eq!(body["error"], "The token is not valid", "{token}");
            assert!(!answer.text().contains(token.as_str()) || token.len() < 3);
        }
    }
    for header in ["Basic YTpi", "Bearer", "Bearer ", "bearer\u{a0}x"] {
        app.ask("GET", "/api/Chat/users/me", &[("authorization", header)], b"")
            .await
            .refused(401, "unauthorized");
    }
}

/// Nothing opens with this token: not REST, not negotiate, and no transport, be it new or negotiated by its owner.
async fn opens_nothing(app: &TestApp, token: &str, why: &Value) {
    let (bearer, good) = (format!("Bearer {token}"), format!("Bearer {}", app.token("ann")));
    let mut requests = vec![("GET", "/api/Chat/users/me".to_owned(), Vec::new())];
    for hub in ["/hubs/chat", "/hubs/chat-online"] {
        let negotiate = format!("{hub}/negotiate?negotiateVersion=1");
        let negotiated = app
            .ask("POST", &negotiate, &[("authorization", &good)], b"")
            .await
            .json();
        let id = format!("{hub}?id={}", negotiated["connectionToken"].as_str().unwrap());
        requests.extend([
            ("POST", negotiate, Vec::new()),
            ("GET", hub.to_owned(), UPGRADE.to_vec()),
            ("GET", id.clone(), UPGRADE.to_vec()),
            ("GET", id.clone(), vec![("accept", "text/event-stream")]),
            ("GET", id.clone(), Vec::new()),
            ("POST", id.clone(), Vec::new()),
            ("DELETE", id, Vec::new()),
        ]);
    }
    for (method, path, mut headers) in requests {
        let separator = if path.contains('?') { '&' } else { '?' };
        let asked = format!("{path}{separator}access_token={token}");
        let by_query = app.ask(method, &asked, &headers, b"").await;
        headers.push(("authorization", &bearer));
        for answer in [by_query, app.ask(method, &path, &headers, b"").await] {
            assert_eq!(answer.status, 401, "{method} {path} with {why}: {}", answer.text());
            let envelope = answer.refused(401, "unauthorized");
            assert_eq!(
                envelope["error"], "The token is not valid",
                "{method} {path} with {why}"
            );
        }
    }
}

/// REST answers, and every transport of both hubs carries a call.
async fn opens_everything(app: &TestApp, token: &str) {
    let me = format!("/api/Chat/users/me?access_token={token}");
    assert_eq!(app.ask("GET", &me, &[], b"").await.data()["id"], "ann");
    for way in [CHAT, ONLINE] {
        for carrier in [Carrier::WebSockets, Carrier::Events, Carrier::Polls] {
            let mut line = Line::with_token(app, token, way.over(carrier)).await;
            line.call("Ping", json!([])).await;
            line.leave().await;
        }
    }
}

/// Row 12 of the security checklist.
#[tokio::test]
async fn sec_12_a_token_opens_nothing_before_and_after_its_time_but_for_thirty_seconds() {
    let app = TestApp::by(Clock::fixed(NOW * 1000), |_| {}).await;
    let with = |mut claims: Value| {
        claims["sub"] = json!("ann");
        signed(&claims, SECRET)
    };
    for claims in [
        json!({"exp": NOW - 30}),
        json!({"exp": NOW - 3600}),
        json!({"exp": -1}),
        json!({"exp": "soon"}),
        json!({"exp": null}),
        json!({}),
        json!({"exp": FAR, "nbf": NOW + 31}),
        json!({"exp": FAR, "nbf": NOW + 3600}),
        json!({"exp": FAR, "nbf": "never"}),
        json!({"exp": FAR, "nbf": FAR}),
    ] {
        opens_nothing(&app, &with(claims.clone()), &claims).await;
    }
    for claims in [
        json!({"exp": NOW - 29}),
        json!({"exp": FAR, "nbf": NOW + 30}),
        json!({"exp": FAR, "nbf": null, "iat": NOW + 3600}),
    ] {
        opens_everything(&app, &with(claims)).await;
    }
    // The clock moves on by an hour: what was too early is in time, what was in time is over.
    let (early, late) = (json!({"exp": FAR, "nbf": NOW + 3600}), json!({"exp": NOW + 3600}));
    app.app.clock.advance(Duration::from_secs(3600 + 29));
    opens_everything(&app, &with(early)).await;
    opens_everything(&app, &with(late.clone())).await;
    app.app.clock.advance(Duration::from_secs(1));
    opens_nothing(&app, &with(late.clone()), &late).await;
}

/// Row 13 of the security checklist: what was signed for something else by the same key.
#[tokio::test]
async fn sec_13_a_token_for_something_else_opens_nothing() {
    let app = TestApp::with(|config| {
        config.jwt_audience = Some("chat".to_owned());
        config.jwt_issuer = Some("https://id.test".to_owned());
    })
    .await;
    let with = |mut claims: Value| {
        claims["sub"] = json!("ann");
        claims["exp"] = json!(FAR);
        signed(&claims, SECRET)
    };
    let issuer = "https://id.test";
    for claims in [
        json!({"iss": issuer}),
        json!({"iss": issuer, "aud": null}),
        json!({"iss": issuer, "aud": "refresh"}),
        json!({"iss": issuer, "aud": "CHAT"}),
        json!({"iss": issuer, "aud": "chat2"}),
        json!({"iss": issuer, "aud": "chat mail"}),
        json!({"iss": issuer, "aud": ["refresh", "mail"]}),
        json!({"iss": issuer, "aud": [["chat"]]}),
        json!({"iss": issuer, "aud": {"chat": true}}),
        json!({"aud": "chat"}),
        json!({"iss": "https://id.test/", "aud": "chat"}),
        json!({"iss": "https://evil.test", "aud": "chat"}),
        json!({"iss": [issuer], "aud": "chat"}),
    ] {
        opens_nothing(&app, &with(claims.clone()), &claims).await;
    }
    for audience in [json!("chat"), json!(["mail", "chat"])] {
        opens_everything(&app, &with(json!({"iss": issuer, "aud": audience}))).await;
    }
}
