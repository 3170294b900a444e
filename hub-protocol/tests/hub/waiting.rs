//! Connections whose buffers are gone while they wait: what is said on them later is as if they were there.

use axum::{
    Router,
    extract::Request,
    middleware::{self, Next},
};
use hub_protocol::{
    hub::{Context, Hub},
    serve::serve_connection,
};
use hyper::server::conn::http1;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

use crate::{
    http::Http,
    support::{Alive, DEADLINE, Server, serve, until},
};

fn hub() -> Hub {
    Hub::builder("h")
        .method("Echo", async |_: Context, text: String| Ok(text))
        .build()
}

fn echo(text: &str) -> String {
    format!(r#"{{"type":1,"invocationId":"1","target":"Echo","arguments":["{text}"]}}"#)
}

/// The hub's routes, and how many requests they are answering.
fn counted() -> (Router, Alive) {
    let alive = Alive::default();
    let counted = alive.clone();
    let count = middleware::from_fn(move |request: Request, next: Next| {
        let guard = counted.guard();
        async move {
            let _guard = guard;
            next.run(request).await
        }
    });
    (hub().endpoint().routes("/hub").layer(count), alive)
}

/// A socket on which requests are written as they are.
struct Wire {
    socket: TcpStream,
    heard: String,
}

impl Wire {
    async fn open(server: &Server) -> Self {
        let socket = TcpStream::connect(server.address).await.unwrap();
        Self {
            socket,
            heard: String::new(),
        }
    }

    /// A request without a body, with these lines more in its head.
    async fn ask(&mut self, method: &str, path: &str, lines: &str) {
        let request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n");
        self.socket.write_all(request.as_bytes()).await.unwrap();
    }

    /// Reads until a text has come, and forgets everything up to its end, which is returned.
    async fn hear(&mut self, text: &str) -> String {
        let hearing = async {
            while !self.heard.contains(text) {
                assert!(self.read().await, "the connection ended after {:?}", self.heard);
            }
        };
        tokio::time::timeout(DEADLINE, hearing)
            .await
            .unwrap_or_else(|_| panic!("no {text:?} in {:?}", self.heard));
        let end = self.heard.find(text).unwrap() + text.len();
        self.heard.drain(..end).collect()
    }

    /// Everything until the connection ends.
    async fn rest(mut self) -> String {
        let reading = async { while self.read().await {} };
        tokio::time::timeout(DEADLINE, reading).await.expect("an end");
        self.heard
    }

    async fn read(&mut self) -> bool {
        let mut bytes = [0; 1024];
        let read = self.socket.read(&mut bytes).await.unwrap();
        self.heard.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
        read > 0
    }
}

fn path(client: &Http) -> String {
    format!("/hub?id={}", client.token)
}

const NEGOTIATE: &str = "/hub/negotiate?negotiateVersion=1";
const NO_BODY: &str = "Content-Length: 0\r\n";
const EVENTS: &str = "Accept: text/event-stream\r\n";

#[tokio::test]
async fn polls_follow_each_other_on_one_connection() {
    let server = serve(&hub()).await;
    let client = Http::negotiate(&server).await;
    client.begin_polling().await;
    let mut wire = Wire::open(&server).await;
    for text in ["first", "second", "third"] {
        wire.ask("GET", &path(&client), "Origin: http://localhost\r\n").await;
        client.post(&[&echo(text)]).await;
        let head = wire.hear("\r\n\r\n").await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert!(head.contains("content-type: application/octet-stream\r\n"), "{head}");
        assert!(head.contains("cache-control: no-cache, no-store\r\n"), "{head}");
        assert!(!head.contains("connection: close"), "{head}");
        wire.hear(&format!("\"result\":\"{text}\"}}\u{1e}")).await;
    }
}

#[tokio::test]
async fn a_poll_that_asks_to_close_is_answered_so() {
    let server = serve(&hub()).await;
    let client = Http::negotiate(&server).await;
    client.begin_polling().await;
    let mut wire = Wire::open(&server).await;
    wire.ask("GET", &path(&client), "Connection: close\r\n").await;
    client.post(&[&echo("last")]).await;
    let answer = wire.rest().await;
    assert!(answer.contains("connection: close\r\n"), "{answer}");
    assert!(answer.ends_with("\"result\":\"last\"}\u{1e}"), "{answer}");
}

#[tokio::test]
async fn requests_behind_a_poll_are_answered_after_it() {
    let server = serve(&hub()).await;
    let client = Http::negotiate(&server).await;
    client.begin_polling().await;
    // At once with the poll, and after it.
    let mut wire = Wire::open(&server).await;
    let request = format!("POST {NEGOTIATE} HTTP/1.1\r\nHost: localhost\r\n{NO_BODY}\r\n");
    let poll = format!("GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n", path(&client));
    wire.socket.write_all((poll + &request).as_bytes()).await.unwrap();
    wire.socket.write_all(request.as_bytes()).await.unwrap();
    client.post(&[&echo("before")]).await;
    wire.hear("\"before\"}\u{1e}HTTP/1.1 200 OK\r\n").await;
    wire.hear("connectionToken").await;
    wire.hear("connectionToken").await;
}

#[tokio::test]
async fn an_event_stream_ends_in_good_order_and_its_connection_goes_on() {
    let server = serve(&hub()).await;
    let client = Http::negotiate(&server).await;
    let mut wire = Wire::open(&server).await;
    wire.ask("GET", &path(&client), EVENTS).await;
    let head = wire.hear("\r\n\r\n").await;
    assert!(head.contains("transfer-encoding: chunked\r\n"), "{head}");
    assert!(head.contains("content-type: text/event-stream\r\n"), "{head}");
    wire.hear("3\r\n:\r\n\r\n").await;
    client.post(&[r#"{"protocol":"json","version":1}"#]).await;
    wire.hear("d\r\ndata: {}\u{1e}\r\n\r\n\r\n").await;
    client.post(&[r#"{"type":7}"#]).await;
    wire.hear("data: {\"type\":7}\u{1e}\r\n\r\n\r\n0\r\n\r\n").await;
    wire.ask("POST", NEGOTIATE, NO_BODY).await;
    assert!(wire.hear("connectionToken").await.starts_with("HTTP/1.1 200 OK\r\n"));
}

#[tokio::test]
async fn an_event_stream_that_asks_to_close_is_the_last() {
    let server = serve(&hub()).await;
    let client = Http::negotiate(&server).await;
    let mut wire = Wire::open(&server).await;
    wire.ask("GET", &path(&client), &format!("{EVENTS}Connection: close\r\n"))
        .await;
    client
        .post(&[r#"{"protocol":"json","version":1}"#, r#"{"type":7}"#])
        .await;
    assert!(wire.rest().await.ends_with("\r\n0\r\n\r\n"));
}

#[tokio::test]
async fn http_1_0_is_served_too() {
    let server = serve(&hub()).await;
    let client = Http::negotiate(&server).await;
    client.begin_polling().await;
    let mut wire = Wire::open(&server).await;
    let poll = format!("GET {} HTTP/1.0\r\n\r\n", path(&client));
    wire.socket.write_all(poll.as_bytes()).await.unwrap();
    client.post(&[&echo("old")]).await;
    let answer = wire.rest().await;
    assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("\"old\"}\u{1e}"), "{answer}");
}

#[tokio::test]
async fn a_client_that_goes_takes_its_waiting_request_along() {
    let (routes, alive) = counted();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(hub_protocol::serve::serve(listener, routes));
    let server = Server {
        address,
        endpoint: hub().endpoint(),
    };
    let client = Http::negotiate(&server).await;
    client.begin_polling().await;
    let mut wire = Wire::open(&server).await;
    wire.ask("GET", &path(&client), "").await;
    until("the poll waits", || alive.count() == 1).await;
    drop(wire);
    until("nobody waits", || alive.count() == 0).await;
}

#[tokio::test]
async fn a_connection_that_stops_answers_who_waits_and_nobody_else() {
    let (routes, alive) = counted();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server {
        address: listener.local_addr().unwrap(),
        endpoint: hub().endpoint(),
    };
    let (stop, mut stopped) = oneshot::channel::<()>();
    let serving = routes.clone();
    let waiting = tokio::spawn(async move {
        // The first connection is the one that is stopped.
        let (tcp, _) = listener.accept().await.unwrap();
        let others = tokio::spawn(hub_protocol::serve::serve(listener, serving.clone()));
        let stop = async {
            let _ = (&mut stopped).await;
        };
        serve_connection(http1::Builder::new(), tcp, serving, stop)
            .await
            .unwrap();
        others.abort();
    });
    let mut wire = Wire::open(&server).await;
    let client = Http::negotiate(&server).await;
    client.begin_polling().await;
    wire.ask("GET", &path(&client), "").await;
    until("the poll waits", || alive.count() == 1).await;
    stop.send(()).unwrap();
    client.post(&[&echo("goodbye")]).await;
    let answer = wire.rest().await;
    assert!(answer.contains("connection: close\r\n"), "{answer}");
    assert!(answer.ends_with("\"goodbye\"}\u{1e}"), "{answer}");
    tokio::time::timeout(DEADLINE, waiting).await.unwrap().unwrap();
}

#[tokio::test]
async fn axum_serves_the_same() {
    let hub = hub();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let routes = hub.endpoint().routes("/hub");
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let server = Server {
        address,
        endpoint: hub.endpoint(),
    };
    let polling = Http::negotiate(&server).await;
    polling.begin_polling().await;
    polling.post(&[&echo("polled")]).await;
    assert!(polling.poll().await.body.contains("polled"));
    let listening = Http::negotiate(&server).await;
    let mut events = listening.begin_events().await;
    listening.post(&[&echo("heard")]).await;
    events.hear("heard").await;
    let mut client = server.connect().await;
    client.call("1", "Echo", serde_json::json!(["said"])).await;
    assert!(client.hear().await.contains("said"));
}
