//! Tokens over the wire: which are let in, and that none of them shows up anywhere.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::support::{SECRET, TestApp};

const FAR: i64 = 4_000_000_000;

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
