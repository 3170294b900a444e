//! Bytes that reach a hub through its endpoint, without a socket: WebSocket frames, posted bodies, a negotiation's query.

use std::{cell::RefCell, future::Future, time::Duration};

use axum::{Router, body::Body};
use bytes::Bytes;
use http_body_util::BodyExt;
use hub_protocol::hub::{Context, Hub, Upload};
use hyper::{Request, Response, StatusCode, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tower_service::Service;

/// Nothing that comes in may hold a connection for longer, by the clock of the runtime, which does not wait.
const PATIENCE: Duration = Duration::from_secs(600);

fn routes() -> Router {
    let hub = Hub::builder("Fuzz")
        .method("Echo", async |_: Context, text: String| Ok(text))
        .method("Count", async |_: Context, items: Upload<i32>| {
            drop(items);
            Ok(0)
        })
        .build();
    Router::new().merge(hub.endpoint().allow_stateful_reconnect().routes("/hub"))
}

/// Runs to the end; time passes by itself when nothing else happens.
fn run<T>(work: impl Future<Output = T>) -> T {
    thread_local! {
        static RUNTIME: RefCell<tokio::runtime::Runtime> = RefCell::new(
            tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .expect("a runtime without threads"),
        );
    }
    RUNTIME.with_borrow(|runtime| {
        let done = runtime.block_on(async { tokio::time::timeout(PATIENCE, work).await });
        done.expect("everything ends")
    })
}

/// What a client writes after the upgrade.
pub fn websocket(bytes: &[u8]) {
    run(async {
        let (client, server) = duplex(64 * 1024);
        let routes = routes();
        let service =
            service_fn(move |request: Request<hyper::body::Incoming>| routes.clone().call(request.map(Body::new)));
        let connection = http1::Builder::new()
            .serve_connection(TokioIo::new(server), service)
            .with_upgrades();
        let serving = tokio::spawn(connection);
        let (mut reads, mut writes) = tokio::io::split(client);
        let upgrade = b"GET /hub HTTP/1.1\r\nHost: fuzz\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        writes.write_all(upgrade).await.expect("a request can be written");
        let mut heard = Vec::new();
        while !heard.ends_with(b"\r\n\r\n") {
            heard.push(reads.read_u8().await.expect("a proper upgrade is answered"));
        }
        assert!(heard.starts_with(b"HTTP/1.1 101"));
        let writing = async move {
            // The server may have closed before it read everything.
            let _ = writes.write_all(bytes).await;
            let _ = writes.shutdown().await;
        };
        // However it ends, it does.
        let _ = tokio::join!(reads.read_to_end(&mut heard), writing);
        serving.abort();
    });
}

/// Bodies that a client which polls posts, one after another: 0xFF, which is in no text, ends each.
pub fn bodies(bytes: &[u8]) {
    run(async {
        let mut routes = routes();
        let answer = ask(&mut routes, "POST", "/hub/negotiate?negotiateVersion=1", &[]).await;
        let negotiated: serde_json::Value = serde_json::from_slice(&answer.1).expect("negotiation is answered in JSON");
        let id = negotiated["connectionToken"].as_str().expect("a token");
        let hub = format!("/hub?id={id}");
        let (first, _) = ask(&mut routes, "GET", &hub, &[]).await;
        assert_eq!(first, StatusCode::OK);
        for body in bytes.split(|byte| *byte == 0xFF) {
            let (posted, _) = ask(&mut routes, "POST", &hub, body).await;
            assert!(matches!(posted, StatusCode::OK | StatusCode::NOT_FOUND), "{posted}");
        }
        let (status, _) = ask(&mut routes, "DELETE", &hub, &[]).await;
        assert!(
            matches!(status, StatusCode::ACCEPTED | StatusCode::NOT_FOUND),
            "{status}"
        );
    });
}

/// A negotiation is always answered, in JSON where its query was one at all.
pub(super) fn negotiate(query: &str) {
    let Ok(request) = Request::post(format!("/hub/negotiate?{query}")).body(Body::empty()) else {
        return;
    };
    run(async {
        let answer = routes().call(request).await.unwrap_or_else(|never| match never {});
        let (status, body) = whole(answer).await;
        assert_eq!(status, StatusCode::OK);
        assert!(serde_json::from_slice::<serde_json::Value>(&body).is_ok());
    });
}

async fn ask(routes: &mut Router, method: &str, path: &str, body: &[u8]) -> (StatusCode, Bytes) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .body(Body::from(body.to_vec()));
    let request = request.expect("a proper request");
    let answer = routes.call(request).await.unwrap_or_else(|never| match never {});
    whole(answer).await
}

async fn whole(answer: Response<Body>) -> (StatusCode, Bytes) {
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.expect("an answer is whole").to_bytes();
    (parts.status, body)
}
