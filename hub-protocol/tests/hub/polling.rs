//! Long polling and server-sent events over real sockets: what is said arrives, and what ends is forgotten.

use hub_protocol::{
    close::End,
    hub::{Context, Disconnected, Hub, HubOptions},
};
use hyper::StatusCode;
use tokio::sync::mpsc;

use crate::{
    http::Http,
    support::{serve, serve_endpoint, until},
};

/// A hub that tells how its connections end.
fn hub(options: HubOptions) -> (Hub, mpsc::Receiver<End>) {
    let (ended, endings) = mpsc::channel(8);
    let hub = Hub::builder("h")
        .options(options)
        .method("Echo", async |_: Context, text: String| Ok(text))
        .method("Long", async |_: Context, length: usize| Ok("x".repeat(length)))
        .on_disconnected(move |_, how: Disconnected| {
            let ended = ended.clone();
            async move { ended.send(how.end).await.unwrap() }
        })
        .build();
    (hub, endings)
}

fn echo(id: &str, text: &str) -> String {
    format!(r#"{{"type":1,"invocationId":"{id}","target":"Echo","arguments":["{text}"]}}"#)
}

#[tokio::test]
async fn who_polls_is_answered_and_takes_leave() {
    let (hub, mut endings) = hub(HubOptions::default());
    let server = serve(&hub).await;
    let client = Http::negotiate(&server).await;
    client.begin_polling().await;
    let polling = client.poll();
    let posting = async { client.post(&[&echo("1", "hello")]).await };
    let (answer, posted) = tokio::join!(polling, posting);
    assert_eq!(posted.status, StatusCode::OK);
    assert_eq!(
        answer.body,
        "{\"type\":3,\"invocationId\":\"1\",\"result\":\"hello\"}\u{1e}"
    );
    let (last, left) = tokio::join!(client.poll(), client.delete());
    assert_eq!(
        (last.status, left.status),
        (StatusCode::NO_CONTENT, StatusCode::ACCEPTED)
    );
    assert_eq!(endings.recv().await, Some(End::Closed));
    until("the connection is forgotten", || server.endpoint.is_empty()).await;
}

#[tokio::test]
async fn a_poll_that_is_given_up_loses_nothing() {
    let (hub, _endings) = hub(HubOptions::default());
    let server = serve(&hub).await;
    let client = Http::negotiate(&server).await;
    client.begin_polling().await;
    // Gone before anything was said.
    let given_up = tokio::time::timeout(std::time::Duration::from_millis(50), client.poll()).await;
    assert!(given_up.is_err());
    client.post(&[&echo("1", "kept")]).await;
    assert!(client.poll().await.body.contains("kept"));
}

#[tokio::test]
async fn a_hub_that_ends_says_so_in_a_poll_and_then_there_is_nothing() {
    let (hub, mut endings) = hub(HubOptions::default());
    let server = serve(&hub).await;
    let client = Http::negotiate(&server).await;
    client.begin_polling().await;
    client.post(&[r#"{"type":7}"#]).await;
    assert_eq!(client.poll().await.body, "{\"type\":7}\u{1e}");
    assert_eq!(endings.recv().await, Some(End::Closed));
    assert_eq!(client.poll().await.status, StatusCode::NO_CONTENT);
    assert_eq!(client.poll().await.status, StatusCode::NOT_FOUND);
    assert!(server.endpoint.is_empty());
}

#[tokio::test]
async fn a_message_over_the_limit_ends_a_polled_connection() {
    let (hub, _endings) = hub(HubOptions::default());
    let server = serve(&hub).await;
    let client = Http::negotiate(&server).await;
    client.begin_polling().await;
    // Far more than may wait: the POST is accepted all the same, since nobody reads it any more.
    let posted = client.post(&[&echo("1", &"x".repeat(1_000_000))]).await;
    assert_eq!(posted.status, StatusCode::OK);
    assert!(client.poll().await.body.contains("Connection closed with an error."));
}

#[tokio::test]
async fn events_come_as_they_are_said_and_a_client_that_goes_is_lost() {
    let (hub, mut endings) = hub(HubOptions::default());
    let server = serve(&hub).await;
    let client = Http::negotiate(&server).await;
    let mut events = client.begin_events().await;
    assert!(events.heard.starts_with(":\r\n"));
    client.post(&[&echo("1", "a"), &echo("2", "b")]).await;
    events.hear("\"b\"}\u{1e}\r\n\r\n").await;
    drop(events);
    assert_eq!(endings.recv().await, Some(End::Lost));
    until("the connection is forgotten", || server.endpoint.is_empty()).await;
    assert_eq!(client.post(&[&echo("3", "c")]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_event_stream_ends_with_its_hub() {
    let (hub, _endings) = hub(HubOptions::default());
    let server = serve(&hub).await;
    let client = Http::negotiate(&server).await;
    let events = client.begin_events().await;
    client.post(&[r#"{"type":7}"#]).await;
    assert!(events.ended().await.ends_with("data: {\"type\":7}\u{1e}\r\n\r\n"));
}

#[tokio::test]
async fn a_large_answer_comes_whole_over_events_that_take_a_part_at_a_time() {
    let (hub, _endings) = hub(HubOptions::default());
    let server = serve(&hub).await;
    let client = Http::negotiate(&server).await;
    let mut events = client.begin_events().await;
    for id in 0..20 {
        let call = format!(r#"{{"type":1,"invocationId":"{id}","target":"Long","arguments":[60000]}}"#);
        client.post(&[&call]).await;
    }
    let last = format!(r#""invocationId":"19","result":"{}""#, "x".repeat(60_000));
    events.hear(&last).await;
    assert_eq!(events.heard.matches(&"x".repeat(60_000)).count(), 20);
}

/// Row 23 of the security checklist.
#[tokio::test]
async fn sec_23_another_users_token_is_refused_on_every_request() {
    let (hub, _endings) = hub(HubOptions::default());
    let server = serve(&hub).await;
    let mut client = Http::negotiate_as(&server, "ann").await;
    client.begin_polling().await;
    for user in ["bob", ""] {
        client.user = user;
        for answer in [
            client.poll().await,
            client.post(&[&echo("1", "x")]).await,
            client.delete().await,
        ] {
            assert_eq!(answer.status, StatusCode::FORBIDDEN);
            assert_eq!(answer.body, "The user associated with this connection changed.");
        }
    }
    client.user = "ann";
    client.post(&[&echo("1", "mine")]).await;
    assert!(client.poll().await.body.contains("mine"));
}

/// Row 8 of the security checklist.
#[tokio::test]
async fn sec_08_other_methods_are_405_and_nothing_is_echoed() {
    let (hub, _endings) = hub(HubOptions::default());
    let server = serve(&hub).await;
    let client = Http::negotiate(&server).await;
    for method in ["TRACE", "PUT", "PATCH", "OPTIONS", "PROPFIND"] {
        for path in ["/hub?id=x", "/hub/negotiate"] {
            let answer = client
                .begin(method.parse().unwrap(), path, "*/*", "secret".into())
                .await;
            assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_policy_of_the_endpoint_is_asked_about_every_request() {
    let (hub, _endings) = hub(HubOptions::default());
    let endpoint = hub
        .endpoint()
        .authorize(|user| user.identifier.as_deref() == Some("ann"));
    let server = serve_endpoint(endpoint).await;
    let mut client = Http::negotiate_as(&server, "ann").await;
    client.begin_polling().await;
    for (user, status) in [("bob", StatusCode::FORBIDDEN), ("", StatusCode::UNAUTHORIZED)] {
        client.user = user;
        assert_eq!(client.poll().await.status, status);
        assert_eq!(client.post(&[&echo("1", "x")]).await.status, status);
    }
}

/// Row 21 of the security checklist: 128 bits each, and no two with a beginning in common.
#[tokio::test]
async fn sec_21_tokens_are_random() {
    let (hub, _endings) = hub(HubOptions::default());
    let server = serve(&hub).await;
    let mut tokens = Vec::new();
    for _ in 0..100 {
        tokens.push(Http::negotiate(&server).await.token);
    }
    tokens.sort();
    for pair in tokens.windows(2) {
        assert_eq!(pair[0].len(), 22, "128 bits in base64url");
        assert_ne!(pair[0][..8], pair[1][..8]);
    }
}
