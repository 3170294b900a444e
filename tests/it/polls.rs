//! Connections made of many requests: their places, their owners, what they prove and miss, and a server that stops.

use std::{sync::Arc, time::Duration};

use serde_json::json;

use crate::{
    hub_client::RS,
    hub_door::UPGRADE,
    line::{CHAT, Carrier, Line, ONLINE},
    support::{TestApp, eventually},
};

const EACH: [Carrier; 3] = [Carrier::WebSockets, Carrier::Events, Carrier::Polls];

async fn negotiates(app: &TestApp, hub: &str, user: &str) -> u16 {
    let path = format!("{hub}/negotiate?access_token={}", app.token(user));
    app.ask("POST", &path, &[], b"").await.status
}

/// Row 63 of the security checklist.
#[tokio::test]
async fn sec_63_a_connection_takes_one_place_however_many_requests_carry_it() {
    for carrier in EACH {
        let app = TestApp::with(|config| config.limits.connections_per_person = 2).await;
        let mut first = Line::open(&app, "ann", CHAT.over(carrier)).await;
        let mut second = Line::open(&app, "ann", CHAT.over(carrier)).await;
        for _ in 0..5 {
            first.call("GetConversations", json!([])).await;
            second.call("GetConversations", json!([])).await;
        }
        assert_eq!(negotiates(&app, "/hubs/chat", "ann").await, 429, "{carrier:?}");
        assert_eq!(
            negotiates(&app, "/hubs/chat-online", "ann").await,
            200,
            "each hub counts for itself"
        );
        first.leave().await;
        eventually(async || negotiates(&app, "/hubs/chat", "ann").await == 200).await;
        Line::open(&app, "ann", CHAT.over(carrier)).await;
    }
}

/// Row 23 of the security checklist.
#[tokio::test]
async fn sec_23_somebody_elses_connection_token_opens_and_ends_nothing() {
    let app = TestApp::start().await;
    for hub in [CHAT, ONLINE] {
        for carrier in EACH {
            let mut ann = Line::open(&app, "ann", hub.over(carrier)).await;
            let path = format!("{}&access_token={}", ann.wire.path, app.token("bob"));
            let call = format!("{{\"type\":1,\"target\":\"SendMessage\",\"arguments\":[\"bob\",\"stolen\"]}}{RS}");
            for (method, headers, body) in [
                ("GET", &[][..], ""),
                ("GET", &[("accept", "text/event-stream")], ""),
                ("GET", &UPGRADE, ""),
                ("POST", &[], &call),
                ("DELETE", &[], ""),
            ] {
                let answer = app.ask(method, &path, headers, body.as_bytes()).await;
                assert_eq!(answer.status, 403, "{carrier:?} {method}: {}", answer.text());
                assert!(answer.text().starts_with("The user associated"), "{}", answer.text());
            }
            let list = if hub.hub == CHAT.hub {
                "GetConversations"
            } else {
                "GetOnlineUsers"
            };
            assert_eq!(ann.call(list, json!([])).await, json!([]), "she is unaffected");
            ann.leave().await;
        }
    }
}

/// Row 14 of the security checklist.
#[tokio::test]
async fn sec_14_a_connection_ends_with_its_token_and_may_come_back_with_another() {
    let app = TestApp::start().await;
    for carrier in EACH {
        let token = app.token_for("ann", Duration::from_secs(2));
        let mut ann = Line::with_token(&app, &token, CHAT.over(carrier)).await;
        ann.call("GetConversations", json!([])).await;
        let exp = app.app.auth.verify(&token).unwrap().expires_at;
        let goodbye = ann.is_sent_away().await.unwrap();
        assert_eq!(goodbye["allowReconnect"], true, "{carrier:?}: {goodbye}");
        let late = app.app.clock.now() - exp;
        assert!((-50..=1000).contains(&late), "{carrier:?}: {late} ms");
    }
}

/// Row 14 of the security checklist: polls bring new tokens.
#[tokio::test]
async fn sec_14_a_poll_with_a_newer_token_keeps_the_connection() {
    let app = TestApp::start().await;
    let token = app.token_for("ann", Duration::from_secs(2));
    let mut ann = Line::with_token(&app, &token, CHAT.over(Carrier::Polls)).await;
    let exp = app.app.auth.verify(&token).unwrap().expires_at;
    ann.wire.renew(app.token("ann"));
    ann.call("GetConversations", json!([])).await;
    while app.app.clock.now() <= exp + 500 {
        ann.call("GetConversations", json!([])).await;
    }
}

/// Row 3 of the security checklist.
#[tokio::test]
async fn sec_03_preflights_of_hub_paths_are_answered_before_anybody_signs_in() {
    let app = TestApp::with(|config| config.cors_origins = vec!["https://app.test".to_owned()]).await;
    for path in [
        "/hubs/chat",
        "/hubs/chat/negotiate",
        "/hubs/chat-online",
        "/hubs/chat-online/negotiate",
    ] {
        for (method, origin, is_allowed) in [
            ("POST", "https://app.test", true),
            ("DELETE", "https://app.test", true),
            ("POST", "https://evil.test", false),
        ] {
            let headers = [
                ("origin", origin),
                ("access-control-request-method", method),
                (
                    "access-control-request-headers",
                    "authorization,x-requested-with,x-signalr-user-agent",
                ),
            ];
            let answer = app.ask("OPTIONS", path, &headers, b"").await;
            assert_eq!(answer.status, 204);
            assert_eq!(
                answer.header("access-control-allow-origin"),
                is_allowed.then_some(origin)
            );
            assert_eq!(
                answer.header("access-control-allow-credentials"),
                is_allowed.then_some("true")
            );
            let methods = answer.header("access-control-allow-methods").unwrap_or_default();
            assert_eq!(methods.contains(method), is_allowed);
        }
    }
    let bearer = format!("Bearer {}", app.token("ann"));
    let headers = [("origin", "https://app.test"), ("authorization", &bearer)];
    let answer = app
        .ask("GET", "/hubs/chat?id=AAAAAAAAAAAAAAAAAAAAAA", &headers, b"")
        .await;
    assert_eq!(answer.status, 404);
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some("https://app.test"),
        "on errors too"
    );
}

/// Row 8 of the security checklist.
#[tokio::test]
async fn sec_08_other_methods_are_refused_without_an_echo() {
    let app = TestApp::start().await;
    let query = format!("access_token={}", app.token("ann"));
    for path in [
        "/hubs/chat",
        "/hubs/chat/negotiate",
        "/hubs/chat-online",
        "/hubs/chat-online/negotiate",
    ] {
        for method in ["PUT", "PATCH", "TRACE"] {
            let answer = app.ask(method, &format!("{path}?{query}"), &[], b"echo").await;
            assert_eq!((answer.status, answer.text()), (405, ""), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_server_that_stops_tells_those_who_poll_and_takes_no_more() {
    let app = TestApp::start().await;
    let mut lines = Vec::new();
    for carrier in EACH {
        for way in [CHAT, ONLINE] {
            lines.push(Line::open(&app, "ann", way.over(carrier)).await);
        }
    }
    let path = format!(
        "/hubs/chat/negotiate?negotiateVersion=1&access_token={}",
        app.token("ann")
    );
    let unopened = app.ask("POST", &path, &[], b"").await.json();
    let draining = {
        let app = Arc::clone(&app.app);
        tokio::spawn(async move { app.hubs.drain().await })
    };
    eventually(async || negotiates(&app, "/hubs/chat", "ann").await == 503).await;
    eventually(async || negotiates(&app, "/hubs/chat-online", "ann").await == 503).await;
    for line in &mut lines {
        let goodbye = line.is_sent_away().await.expect("a goodbye");
        assert_eq!(goodbye["allowReconnect"], true);
    }
    let path = format!(
        "/hubs/chat?id={}&access_token={}",
        unopened["connectionToken"].as_str().unwrap(),
        app.token("ann")
    );
    for headers in [&[][..], &[("accept", "text/event-stream")], &UPGRADE] {
        assert_eq!(app.ask("GET", &path, headers, b"").await.status, 503);
    }
    draining.await.unwrap();
}

#[tokio::test]
async fn the_next_poll_proves_an_answer_and_events_prove_none() {
    let app = TestApp::start().await;
    let rest = app.person("ann");
    for (carrier, is_proven) in [(Carrier::Polls, true), (Carrier::Events, false)] {
        let mut ann = Line::open(&app, "ann", CHAT.over(carrier)).await;
        let draft = json!({"recipientId": "bob", "content": format!("{carrier:?}")});
        let sent = ann.call("SendMessage", json!([draft])).await;
        ann.call("GetConversations", json!([])).await;
        let again = rest.post("/messages", &draft).await.data();
        assert_eq!(
            again["id"] != sent["id"],
            is_proven,
            "a retry, or another message like it"
        );
    }
}

#[tokio::test]
async fn who_polls_late_or_reads_late_misses_nothing() {
    let app = TestApp::start().await;
    let bob = app.person("bob");
    let conversation = bob.direct("ann").await;
    let mut lines = Vec::new();
    for way in CHAT.each() {
        lines.push(Line::open(&app, "ann", way).await);
    }
    // More than an outbox holds, so that the log feeds them, in the protocol of each.
    let text = "x".repeat(9_000);
    for number in 0..40 {
        bob.say(&conversation, &format!("{number} {text}")).await;
    }
    for line in &mut lines {
        for number in 0..40 {
            let heard = line.hears("ReceiveMessage").await;
            assert_eq!(heard["content"], format!("{number} {text}"));
        }
    }
}
