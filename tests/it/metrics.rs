//! The numbers of a server: who may read them, that they are true, and that nobody can make more of them.

use std::collections::HashMap;

use hubwire::config::MetricsAccess;
use serde_json::json;

use crate::{
    line::{CHAT, Line},
    support::{TestApp, eventually},
};

/// Every sample of the page, by name and labels as they are written.
async fn samples(app: &TestApp) -> HashMap<String, f64> {
    let answer = app.ask("GET", "/metrics", &[("host", "localhost")], b"").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let text = answer.text();
    let samples = text.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let (name, value) = line.rsplit_once(' ').unwrap();
        (name.to_owned(), value.parse().unwrap())
    });
    samples.collect()
}

#[tokio::test]
async fn by_default_this_machine_and_administrators_read_them() {
    let app = TestApp::start().await;
    let admin = format!("Bearer {}", app.admin("root").token);
    let ann = format!("Bearer {}", app.token("ann"));
    let local = ("host", "127.0.0.1:5080");
    let answer = app.ask("GET", "/metrics", &[local], b"").await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    // A proxy on this machine passes on what comes from anywhere.
    let elsewhere = [
        vec![("host", "chat.example.com")],
        vec![local, ("x-forwarded-for", "203.0.113.9")],
        vec![local, ("forwarded", "for=203.0.113.9")],
        vec![local, ("via", "1.1 proxy")],
    ];
    for headers in elsewhere {
        let with = |token: &str| {
            let mut all = headers.clone();
            all.push(("authorization", token));
            all.iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect::<Vec<_>>()
        };
        app.ask("GET", "/metrics", &headers, b"")
            .await
            .refused(401, "unauthorized");
        for (token, status) in [(&ann, 403), (&admin, 200)] {
            let headers = with(token);
            let headers: Vec<_> = headers
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            assert_eq!(app.ask("GET", "/metrics", &headers, b"").await.status, status);
        }
    }
}

#[tokio::test]
async fn behind_a_public_address_nobody_is_this_machine() {
    let app = TestApp::with(|config| config.public_url = Some("https://chat.example".to_owned())).await;
    app.ask("GET", "/metrics", &[("host", "localhost")], b"")
        .await
        .refused(401, "unauthorized");
}

#[tokio::test]
async fn the_setting_opens_and_closes_them() {
    let elsewhere = [("host", "chat.example.com")];
    let open = TestApp::with(|config| config.metrics = MetricsAccess::Open).await;
    assert_eq!(open.ask("GET", "/metrics", &elsewhere, b"").await.status, 200);
    let off = TestApp::with(|config| config.metrics = MetricsAccess::Off).await;
    off.ask("GET", "/metrics", &[("host", "localhost")], b"")
        .await
        .refused(404, "not_found");
}

#[tokio::test]
async fn what_happens_is_counted() {
    let app = TestApp::start().await;
    let mut line = Line::open(&app, "ann", CHAT).await;
    line.call("SendMessage", json!([{"recipientId": "bob", "content": "hi"}]))
        .await;
    line.ask("NoSuchMethod", json!([])).await.unwrap_err();
    line.ask("GetMessages", json!(["nowhere"])).await.unwrap_err();
    app.person("ann").get("/conversations").await.data();
    app.ask("GET", "/nothing/at/all", &[], b"").await;
    // The sender hears the message too, by the fan-out, and proves it, which is stored.
    let mut now = HashMap::new();
    eventually(async || {
        now = samples(&app).await;
        now["hubwire_fanout_queue"] == 0.0 && now["hubwire_writer_queue"] == 0.0
    })
    .await;
    let samples = now;
    let is = |name: &str, value: f64| assert_eq!(samples.get(name), Some(&value), "{name}");
    let at_least = |name: &str, value: f64| assert!(samples[name] >= value, "{name}: {}", samples[name]);
    is(
        r#"hubwire_hub_connections{hub="chat",transport="WebSockets",protocol="json"}"#,
        1.0,
    );
    is(
        r#"hubwire_hub_connections{hub="chat-online",transport="LongPolling",protocol="messagepack"}"#,
        0.0,
    );
    let calls = |method: &str, outcome: &str| {
        format!(r#"hubwire_hub_invocations_total{{hub="chat",method="{method}",outcome="{outcome}"}}"#)
    };
    is(&calls("SendMessage", "succeeded"), 1.0);
    is(&calls("GetMessages", "refused"), 1.0);
    is(&calls("other", "refused"), 1.0);
    is(r#"hubwire_hub_connections_closed_total{hub="chat",reason="lost"}"#, 0.0);
    at_least("hubwire_commit_duration_seconds_count", 1.0);
    assert_eq!(
        samples["hubwire_commit_duration_seconds_count"],
        samples["hubwire_commit_batch_size_count"]
    );
    at_least("hubwire_commit_batch_size_sum", 1.0);
    at_least("hubwire_delivery_duration_seconds_count", 1.0);
    at_least("hubwire_events_total", 2.0);
    is("hubwire_listeners", 1.0);
    is(
        r#"hubwire_http_requests_total{route="/api/Chat/conversations",method="GET",status="2xx"}"#,
        1.0,
    );
    is(
        r#"hubwire_http_requests_total{route="other",method="GET",status="4xx"}"#,
        1.0,
    );
    at_least(
        r#"hubwire_http_requests_total{route="/hubs/chat",method="GET",status="1xx"}"#,
        1.0,
    );
    #[cfg(target_os = "linux")]
    for name in ["process_open_fds", "process_max_fds", "process_resident_memory_bytes"] {
        at_least(name, 1.0);
    }
}

/// Whatever clients make up becomes no label.
#[tokio::test]
async fn strangers_make_no_labels() {
    let app = TestApp::start().await;
    let ask = async |turn: usize| {
        let made_up = format!("Made-up{turn}");
        app.ask("GET", &format!("/{made_up}"), &[], b"").await;
        app.ask(&format!("M{turn}"), &format!("/api/Chat/messages/{made_up}"), &[], b"")
            .await;
        let mut line = Line::open(&app, "ann", CHAT).await;
        line.ask(&made_up, json!([])).await.unwrap_err();
    };
    ask(0).await;
    // The first look is counted after it was answered.
    samples(&app).await;
    let before = samples(&app).await;
    for turn in 1..4 {
        ask(turn).await;
    }
    let after = samples(&app).await;
    let new: Vec<_> = after.keys().filter(|name| !before.contains_key(*name)).collect();
    assert!(new.is_empty(), "{new:#?}");
    assert!(after.keys().all(|name| !name.contains("Made-up")));
}
