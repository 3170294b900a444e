//! Requests nobody should send: each gets the envelope with its code, and the server goes on.

use serde_json::{Value, json};

use crate::{
    process::{Program, hubwire, read_all},
    support::{TestApp, ask, exchange, try_exchange},
};

#[tokio::test]
async fn unknown_routes_and_methods_are_answered_in_the_envelope() {
    let app = TestApp::start().await;
    for path in [
        "/nothing",
        "/api/Chat",
        "/api/Chat/messages/x/y/z",
        "/api/Chat/conversations/",
        "/api/chatter/messages",
        "/%ff",
        "/hubs",
    ] {
        if path == "/api/Chat/conversations/" {
            app.ask("GET", path, &[], b"").await.refused(401, "unauthorized");
            continue;
        }
        app.ask("GET", path, &[], b"").await.refused(404, "not_found");
    }
    for (method, path) in [
        ("DELETE", "/api/Chat/messages"),
        ("PUT", "/healthz"),
        ("POST", "/api/Chat/users/me"),
        ("TRACE", "/readyz"),
    ] {
        let answer = app.ask(method, path, &[], b"").await;
        assert!(
            answer.header("allow").is_some_and(|allow| allow.contains('T')),
            "{:?}",
            answer.headers
        );
        answer.refused(405, "method_not_allowed");
    }
}

/// Row 10 of the security checklist.
#[tokio::test]
async fn sec_10_no_error_tells_what_is_inside() {
    let app = TestApp::start().await;
    for (method, path, body) in [
        ("GET", "/nothing", ""),
        ("GET", "/%ff", ""),
        ("PUT", "/healthz", ""),
        ("PUT", "/hubs/chat", ""),
        ("GET", "/hubs/chat?id=unknown", ""),
        ("POST", "/hubs/chat/negotiate?negotiateVersion=x", ""),
        ("POST", "/api/Chat/messages", "{"),
    ] {
        let ann = format!("Bearer {}", app.token("ann"));
        let headers = [("authorization", ann.as_str()), ("content-type", "application/json")];
        let answer = app.ask(method, path, &headers, body.as_bytes()).await;
        let told = format!("{:?} {}", answer.headers, answer.text()).to_lowercase();
        for inside in [
            "panicked",
            ".rs",
            "/src",
            "hubwire/",
            "sqlx",
            "sea_orm",
            "axum",
            "hyper",
            env!("CARGO_PKG_VERSION"),
        ] {
            assert!(!told.contains(inside), "{method} {path} tells {inside}: {told}");
        }
    }
}

#[tokio::test]
async fn request_ids_are_taken_over_when_they_are_harmless() {
    let app = TestApp::start().await;
    let kept = app.ask("GET", "/nothing", &[("x-request-id", "abc-1.2")], b"").await;
    assert_eq!(kept.refused(404, "not_found")["traceId"], "abc-1.2");
    for odd in ["a b", "<x>", &"x".repeat(65)] {
        let answer = app.ask("GET", "/nothing", &[("x-request-id", odd)], b"").await;
        assert_ne!(answer.refused(404, "not_found")["traceId"], *odd);
    }
}

#[tokio::test]
async fn a_trace_of_the_caller_names_the_request_where_it_is_well_formed() {
    let app = TestApp::start().await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let good = format!("00-{trace}-00f067aa0ba902b7-01");
    let named = async |headers: &[(&str, &str)]| {
        let answer = app.ask("GET", "/nothing", headers, b"").await;
        answer.refused(404, "not_found")["traceId"].as_str().unwrap().to_owned()
    };
    assert_eq!(named(&[("traceparent", &good)]).await, trace);
    assert_eq!(named(&[("traceparent", &good), ("x-request-id", "mine")]).await, "mine");
    assert_ne!(named(&[("traceparent", &good[..54])]).await, trace);
}

#[tokio::test]
async fn what_is_logged_on_the_way_bears_the_id_that_the_client_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = hubwire(folder.path());
    command.envs([("HUBWIRE_LOG_LEVEL", "hubwire=debug"), ("HUBWIRE_LOG_FORMAT", "json")]);
    let mut program = Program::spawn(command);
    let log = read_all(program.child.stderr.take());
    let headers = [("x-request-id", "abc-1"), ("authorization", "Bearer x")];
    let answer = ask(program.address, "GET", "/api/Chat/users/me", &headers, b"").await;
    assert_eq!(answer.refused(401, "unauthorized")["traceId"], "abc-1");
    program.signal("-TERM");
    program.child.wait().unwrap();
    let log = log.join().unwrap();
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let reasons: Vec<Value> = lines
        .filter(|line| {
            line["message"]
                .as_str()
                .is_some_and(|text| text.starts_with("unauthorized: "))
        })
        .collect();
    assert_eq!(reasons.len(), 1, "{log}");
    assert_eq!(reasons[0]["span"]["trace_id"], "abc-1", "{log}");
}

#[tokio::test]
async fn bad_bodies_get_their_code_and_field() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    let deep = format!("{{\"metadata\":{}1{}}}", "[".repeat(2000), "]".repeat(2000));
    let cases: &[(&[u8], Option<&str>)] = &[
        (b"", None),
        (b"{", None),
        (b"[]", None),
        (b"null", None),
        (b"\"hi\"", None),
        (b"{} {}", None),
        (b"{\"content\":\"\xff\"}", None),
        (b"{\"content\":\"\\ud800\"}", None),
        (b"{\"content\":1e999}", None),
        (deep.as_bytes(), None),
        (b"{\"content\":\"a\",\"content\":\"b\"}", Some("content")),
        (b"{\"content\":\"a\",\"Content\":\"b\"}", Some("Content")),
        (b"{\"content\":\"a\"}", Some("conversationId")),
        (b"{\"content\":{\"a\":1},\"recipientId\":\"bob\"}", Some("content")),
        (b"{\"content\":[\"a\"],\"recipientId\":\"bob\"}", Some("content")),
        (b"{\"content\":true,\"recipientId\":\"bob\"}", Some("content")),
        (b"{\"content\":\"\",\"recipientId\":\"bob\"}", Some("content")),
        (b"{\"content\":\" \\u0000 \",\"recipientId\":\"bob\"}", Some("content")),
        (b"{\"recipientId\":\"bob\"}", Some("content")),
        (b"{\"content\":\"a\",\"recipientId\":{}}", Some("recipientId")),
        (b"{\"content\":\"a\",\"recipientId\":1.5}", Some("recipientId")),
        (
            b"{\"content\":\"a\",\"recipientId\":\"bob\",\"type\":\"poem\"}",
            Some("type"),
        ),
        (b"{\"content\":\"a\",\"recipientId\":\"bob\",\"type\":[]}", Some("type")),
        (
            b"{\"content\":\"a\",\"recipientId\":\"bob\",\"metadata\":3}",
            Some("metadata"),
        ),
        (
            b"{\"content\":\"a\",\"recipientId\":\"bob\",\"attachmentIds\":[{}]}",
            Some("attachmentIds"),
        ),
    ];
    for (body, field) in cases {
        let answer = ann
            .ask("POST", "/messages", &[("content-type", "application/json")], body)
            .await;
        let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        assert_eq!(answer.status, 400, "{shown}: {}", answer.text());
        let envelope = answer.refused(400, "validation_failed");
        assert_eq!(envelope["details"]["field"].as_str(), *field, "{shown}: {envelope}");
    }
    assert_eq!(
        ann.get("/conversations").await.data(),
        json!([]),
        "nothing of it was stored"
    );
}

#[tokio::test]
async fn content_types_other_than_json_are_refused_and_none_is_json() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    let body = json!({"recipientId": "bob", "content": "hi"}).to_string();
    for odd in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "jsonp",
    ] {
        ann.ask("POST", "/messages", &[("content-type", odd)], body.as_bytes())
            .await
            .refused(415, "unsupported_media");
    }
    for fine in [
        "application/json",
        "APPLICATION/JSON; charset=utf-8",
        "application/problem+json",
    ] {
        ann.ask("POST", "/messages", &[("content-type", fine)], body.as_bytes())
            .await
            .data();
    }
    ann.ask("POST", "/messages", &[], body.as_bytes()).await.data();
}

#[tokio::test]
async fn bodies_end_at_one_megabyte() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    let body = |bytes: usize| {
        let frame = json!({"recipientId": "bob", "content": "hi", "padding": ""})
            .to_string()
            .len();
        json!({"recipientId": "bob", "content": "hi", "padding": "x".repeat(bytes - frame)}).to_string()
    };
    ann.ask("POST", "/messages", &[], body(1024 * 1024).as_bytes())
        .await
        .data();
    let envelope = ann
        .ask("POST", "/messages", &[], body(1024 * 1024 + 1).as_bytes())
        .await
        .refused(413, "too_large");
    assert_eq!(envelope["error"], "The body may have at most 1048576 bytes");
}

/// Row 5 of the security checklist.
#[tokio::test]
async fn sec_05_bad_heads_are_refused_by_the_socket() {
    let app = TestApp::start().await;
    let big = format!("GET / HTTP/1.1\r\nhost: x\r\nx-big: {}\r\n\r\n", "x".repeat(70_000));
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    assert!(
        try_exchange(app.address, preface).await.is_none(),
        "HTTP/2 is not spoken"
    );
    let answer = try_exchange(app.address, big.as_bytes()).await;
    assert!(answer.is_none_or(|answer| answer.status == 431));
    let cases = [
        "GARBAGE\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\nfolded: a\r\n b\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n",
        "POST /api/Chat/messages HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n0\r\n\r\n",
        "GET / HTTP/9.9\r\nhost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nhost : x\r\n\r\n",
        "POST /api/Chat/messages HTTP/1.1\r\nhost: x\r\ncontent-length: abc\r\n\r\n",
        "POST /api/Chat/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
    ];
    for head in cases {
        assert_eq!(exchange(app.address, head.as_bytes()).await.status, 400, "{head:?}");
    }
    for head in [
        "CONNECT chat.test:443 HTTP/1.1\r\nhost: chat.test:443\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n",
    ] {
        exchange(app.address, head.as_bytes()).await.refused(404, "not_found");
    }
    let absolute = "GET http://x/HEALTHZ HTTP/1.1\r\nhost: x\r\n\r\n";
    assert_eq!(exchange(app.address, absolute.as_bytes()).await.status, 200);
    assert_eq!(app.ask("GET", "/healthz", &[], b"").await.status, 200);
}

#[tokio::test]
async fn paths_ignore_case_and_a_trailing_slash_but_ids_do_not() {
    let app = TestApp::start().await;
    let ann = app.person("Ann");
    let token = &ann.token;
    for path in ["/api/chat/users/me", "/API/CHAT/USERS/ME/", "/Api/Chat/Users/Me"] {
        let answer = app.ask("GET", &format!("{path}?access_token={token}"), &[], b"").await;
        assert_eq!(answer.data()["id"], "Ann", "{path}");
    }
    let made = app
        .ask(
            "POST",
            &format!("/api/chat/CONVERSATIONS/Direct/BoB/?access_token={token}"),
            &[],
            b"",
        )
        .await
        .data();
    let ids: Vec<_> = made["participants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|person| person["id"].clone())
        .collect();
    assert!(ids.contains(&json!("BoB")), "{ids:?}");
}
