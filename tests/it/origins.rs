//! Which pages may call: CORS, preflights, and the origin of WebSockets.

use hubwire::config::Environment;

use crate::support::TestApp;

const PREFLIGHT: [(&str, &str); 2] = [
    ("access-control-request-method", "POST"),
    ("access-control-request-headers", "authorization,x-signalr-user-agent"),
];

#[tokio::test]
async fn preflight_is_answered_before_anybody_asks_for_a_token() {
    let app = TestApp::start().await;
    for path in [
        "/api/Chat/messages",
        "/api/chat/Conversations/x/messages/",
        "/hubs/chat/negotiate",
        "/nothing",
    ] {
        let mut headers = vec![("origin", "http://localhost:5173")];
        headers.extend(PREFLIGHT);
        let answer = app.ask("OPTIONS", path, &headers, b"").await;
        assert_eq!((answer.status, answer.text()), (204, ""), "{path}");
        assert_eq!(
            answer.header("access-control-allow-origin"),
            Some("http://localhost:5173")
        );
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
        assert_eq!(
            answer.header("access-control-allow-headers"),
            Some("authorization,x-signalr-user-agent")
        );
        assert!(answer.header("access-control-allow-methods").unwrap().contains("POST"));
        assert!(answer.headers.get_all("vary").iter().any(|vary| vary == "Origin"));
    }
}

#[tokio::test]
async fn foreign_origins_get_no_permission() {
    let app = TestApp::start().await;
    for origin in [
        "https://evil.test",
        "null",
        "http://localhost.evil.test",
        "https://localhost:5173",
    ] {
        let mut headers = vec![("origin", origin)];
        headers.extend(PREFLIGHT);
        let answer = app.ask("OPTIONS", "/api/Chat/messages", &headers, b"").await;
        assert_eq!(
            (answer.status, answer.header("access-control-allow-origin")),
            (204, None),
            "{origin}"
        );
        let answer = app.ask("GET", "/healthz", &[("origin", origin)], b"").await;
        assert_eq!(
            (answer.status, answer.header("access-control-allow-origin")),
            (200, None),
            "{origin}"
        );
        assert_eq!(answer.header("vary"), Some("Origin"));
    }
}

#[tokio::test]
async fn errors_carry_the_headers_too() {
    let app = TestApp::start().await;
    let origin = [("origin", "http://127.0.0.1:3000")];
    for (method, path, status) in [
        ("GET", "/api/Chat/users/me", 401),
        ("GET", "/nothing", 404),
        ("DELETE", "/healthz", 405),
    ] {
        let answer = app.ask(method, path, &origin, b"").await;
        assert_eq!(
            (answer.status, answer.header("access-control-allow-origin")),
            (status, Some("http://127.0.0.1:3000"))
        );
    }
}

#[tokio::test]
async fn production_knows_only_the_listed_origins() {
    let app = TestApp::with(|config| {
        config.env = Environment::Production;
        config.cors_origins = vec!["https://app.test".to_owned()];
    })
    .await;
    let allowed = async |origin: &str| {
        let answer = app.ask("GET", "/healthz", &[("origin", origin)], b"").await;
        answer.header("access-control-allow-origin").is_some()
    };
    assert!(allowed("https://app.test").await);
    for origin in [
        "http://localhost:5173",
        "https://app.test.evil.com",
        "https://evilapp.test",
        "http://app.test",
        "https://app.test:444",
    ] {
        assert!(!allowed(origin).await, "{origin}");
    }
}

const UPGRADE: [(&str, &str); 4] = [
    ("connection", "Upgrade"),
    ("upgrade", "websocket"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

#[tokio::test]
async fn hubs_refuse_foreign_pages() {
    let app = TestApp::start().await;
    let token = app.token("ann");
    let own = format!("http://{}", app.address);
    let origins = [
        ("https://evil.test", true),
        ("null", true),
        (own.as_str(), false),
        ("http://localhost:1", false),
    ];
    for (origin, refused) in origins {
        let mut headers = vec![("origin", origin)];
        headers.extend(UPGRADE);
        for path in ["/hubs/chat", "/Hubs/CHAT/"] {
            let answer = app
                .ask("GET", &format!("{path}?access_token={token}"), &headers, b"")
                .await;
            assert_eq!(answer.status == 403, refused, "{origin} {}", answer.status);
        }
    }
}

#[tokio::test]
async fn hubs_need_a_token_and_ones_own_name() {
    let app = TestApp::start().await;
    let token = app.token("ann");
    for path in [
        "/hubs/chat/negotiate?negotiateVersion=1",
        "/hubs/Chat/Negotiate/?access_token=x",
    ] {
        app.ask("POST", path, &[], b"").await.refused(401, "unauthorized");
    }
    app.ask("GET", "/hubs/chat", &UPGRADE, b"")
        .await
        .refused(401, "unauthorized");
    for (user, refused) in [("bob", true), ("ann", false), ("undefined", false), ("", false)] {
        let path = format!("/hubs/chat/negotiate?negotiateVersion=1&userId={user}&access_token={token}");
        let answer = app.ask("POST", &path, &[], b"").await;
        assert_eq!(answer.status == 403, refused, "{user} {}", answer.status);
    }
}
