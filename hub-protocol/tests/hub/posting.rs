//! What clients of server-sent events and long polling post.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body_util::BodyExt;
use hub_protocol::hub::{Context, Hub, HubError};
use hyper::{Request, service::Service};
use hyper_util::service::TowerToHyperService;

const PIECE: usize = 32 * 1024;

#[tokio::test(start_paused = true)]
async fn a_body_is_read_no_further_than_what_may_wait_behind_a_running_call() {
    let hub = Hub::builder("h")
        .method("Slow", async |_: Context| {
            std::future::pending::<Result<(), HubError>>().await
        })
        .build();
    let service = TowerToHyperService::new(hub.endpoint().routes::<()>("/h"));
    let ask = |method: &str, rest: &str, body: Body| {
        let request = Request::builder().method(method).uri(format!("/h{rest}"));
        let request = request.header("accept", "text/event-stream").body(body).unwrap();
        let answer = service.call(request);
        async { answer.await.unwrap() }
    };
    let negotiated: Response = ask("POST", "/negotiate?negotiateVersion=1", Body::empty()).await;
    let negotiated = negotiated.into_body().collect().await.unwrap().to_bytes();
    let negotiated: serde_json::Value = serde_json::from_slice(&negotiated).unwrap();
    let query = format!("?id={}", negotiated["connectionToken"].as_str().unwrap());
    let _events = ask("GET", &query, Body::empty()).await;
    let calls = "{\"protocol\":\"json\",\"version\":1}\u{1e}{\"type\":1,\"target\":\"Slow\",\"arguments\":[]}\u{1e}";
    assert_eq!(ask("POST", &query, Body::from(calls)).await.status(), 200);

    let read = Arc::new(AtomicUsize::new(0));
    let pieces = stream::repeat(Arc::clone(&read)).map(|read| {
        read.fetch_add(PIECE, Ordering::Relaxed);
        Ok::<_, Infallible>(Bytes::from(vec![b' '; PIECE]))
    });
    let posting = ask("POST", &query, Body::from_stream(pieces));
    let posted = tokio::time::timeout(Duration::from_secs(10), posting).await;
    assert!(posted.is_err(), "it waits for room");
    let read = read.load(Ordering::Relaxed);
    assert!((PIECE..=4 * PIECE).contains(&read), "{read}");
}
