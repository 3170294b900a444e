//! A hub on a socket of its own, and a client that writes down what it hears.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::{SinkExt, StreamExt};
use hub_protocol::{
    endpoint::Endpoint,
    hub::{Hub, User},
};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest, protocol::CloseFrame},
};

/// How long anything may take before a test has failed.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

/// One moment for all tests of the state machine; they add to it.
pub(crate) fn epoch() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Serves a hub at `/hub`. `?user=NAME` signs in.
pub(crate) async fn serve(hub: &Hub) -> Server {
    serve_endpoint(hub.endpoint()).await
}

/// Serves whatever is behind an endpoint, in the same way.
pub(crate) async fn serve_endpoint(endpoint: Endpoint) -> Server {
    serve_on(TcpListener::bind("127.0.0.1:0").await.unwrap(), endpoint)
}

/// Serves whatever is behind an endpoint on a socket that listens already.
pub(crate) fn serve_on(listener: TcpListener, endpoint: Endpoint) -> Server {
    let routes = endpoint.clone().routes("/hub").layer(axum::middleware::from_fn(
        async |mut request: axum::extract::Request, next: axum::middleware::Next| {
            let query = request.uri().query().unwrap_or_default();
            if let Some(name) = query.split('&').find_map(|pair| pair.strip_prefix("user=")) {
                let user = User {
                    identifier: Some(name.to_owned()),
                    ..User::default()
                };
                request.extensions_mut().insert(user);
            }
            next.run(request).await
        },
    ));
    let address = listener.local_addr().unwrap();
    tokio::spawn(hub_protocol::serve::serve(listener, routes));
    Server { address, endpoint }
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) endpoint: Endpoint,
}

impl Server {
    /// A client that has shaken hands.
    pub(crate) async fn connect(&self) -> Client {
        self.connect_as("").await
    }

    pub(crate) async fn connect_as(&self, user: &str) -> Client {
        let mut client = self
            .open(if user.is_empty() {
                String::new()
            } else {
                format!("?user={user}")
            })
            .await;
        client.say(r#"{"protocol":"json","version":1}"#).await;
        assert_eq!(client.hear().await, "{}");
        client
    }

    /// A client that has said nothing yet.
    pub(crate) async fn open(&self, query: String) -> Client {
        let request = format!("ws://{}/hub{query}", self.address)
            .into_client_request()
            .unwrap();
        let (socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
        Client {
            socket,
            heard: Default::default(),
        }
    }
}

pub(crate) struct Client {
    pub(crate) socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    heard: std::collections::VecDeque<String>,
}

impl Client {
    pub(crate) async fn say(&mut self, record: &str) {
        self.socket
            .send(Message::text(format!("{record}\u{1e}")))
            .await
            .unwrap();
    }

    pub(crate) async fn call(&mut self, id: &str, target: &str, arguments: Value) {
        self.say(&format!(
            r#"{{"type":1,"invocationId":"{id}","target":"{target}","arguments":{arguments}}}"#
        ))
        .await;
    }

    /// Calls a method that answers with a stream, or one that takes streams of ours, or both.
    pub(crate) async fn call_with(&mut self, kind: u8, id: &str, target: &str, arguments: Value, streams: &[&str]) {
        let streams = json!(streams);
        self.say(&format!(
            r#"{{"type":{kind},"invocationId":"{id}","target":"{target}","arguments":{arguments},"streamIds":{streams}}}"#
        ))
        .await;
    }

    /// Calls a method that answers with a stream.
    pub(crate) async fn stream(&mut self, id: &str, target: &str, arguments: Value) {
        self.call_with(4, id, target, arguments, &[]).await;
    }

    pub(crate) async fn cancel(&mut self, id: &str) {
        self.say(&format!(r#"{{"type":5,"invocationId":"{id}"}}"#)).await;
    }

    /// One item of a stream of ours.
    pub(crate) async fn item(&mut self, stream: &str, item: Value) {
        self.say(&format!(r#"{{"type":2,"invocationId":"{stream}","item":{item}}}"#))
            .await;
    }

    /// The good end of a stream of ours.
    pub(crate) async fn end(&mut self, stream: &str) {
        self.say(&format!(r#"{{"type":3,"invocationId":"{stream}"}}"#)).await;
    }

    /// Answers what the server asked.
    pub(crate) async fn answer(&mut self, id: &str, result: Value) {
        self.say(&format!(r#"{{"type":3,"invocationId":"{id}","result":{result}}}"#))
            .await;
    }

    /// The id of the next record, which is a question.
    pub(crate) async fn asked(&mut self, target: &str) -> String {
        let record = self.hear().await;
        let question: Value = serde_json::from_str(&record).unwrap();
        assert_eq!((&question["type"], &question["target"]), (&json!(1), &json!(target)));
        question["invocationId"]
            .as_str()
            .expect("a question has an id")
            .to_owned()
    }

    /// Returns when everything said so far was read from the socket and acted on as far as it may be.
    ///
    /// The server answers a Ping when it comes to it, and reads nothing behind it before.
    pub(crate) async fn settled(&mut self) {
        self.socket.send(Message::Ping("settled".into())).await.unwrap();
        loop {
            match self.frame().await {
                Some(Message::Pong(_)) => return,
                Some(Message::Text(text)) => self.keep(&text),
                other => panic!("expected a Pong, got {other:?}"),
            }
        }
    }

    /// Whether a record was read and not looked at.
    pub(crate) fn has_heard(&self) -> bool {
        !self.heard.is_empty()
    }

    /// Expects these records, in this order.
    #[track_caller]
    pub(crate) fn hears<'a>(&'a mut self, records: &'a [&str]) -> impl Future<Output = ()> + 'a {
        let from = std::panic::Location::caller();
        async move {
            for record in records {
                assert_eq!(self.hear().await, *record, "at {from}");
            }
        }
    }

    fn keep(&mut self, text: &str) {
        let records = text.strip_suffix('\u{1e}').expect("frames end where records end");
        self.heard.extend(records.split('\u{1e}').map(str::to_owned));
    }

    /// The next record.
    pub(crate) async fn hear(&mut self) -> String {
        loop {
            if let Some(record) = self.heard.pop_front() {
                return record;
            }
            match self.frame().await {
                Some(Message::Text(text)) => self.keep(&text),
                Some(Message::Ping(_) | Message::Pong(_)) => {}
                other => panic!("expected a record, got {other:?}"),
            }
        }
    }

    /// The next frame, or none when the connection has ended.
    pub(crate) async fn frame(&mut self) -> Option<Message> {
        tokio::time::timeout(DEADLINE, self.socket.next())
            .await
            .expect("within the deadline")?
            .ok()
    }

    /// What the server says at the end.
    pub(crate) async fn closed(&mut self) -> Option<CloseFrame> {
        loop {
            match self.frame().await {
                Some(Message::Close(frame)) => return frame,
                Some(_) => {}
                None => return None,
            }
        }
    }
}

/// Counts what is alive by guards that go with it.
#[derive(Clone, Default)]
pub(crate) struct Alive(Arc<AtomicUsize>);

pub(crate) struct Guard(Arc<AtomicUsize>);

impl Alive {
    pub(crate) fn guard(&self) -> Guard {
        self.0.fetch_add(1, Ordering::SeqCst);
        Guard(Arc::clone(&self.0))
    }

    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, mut so: impl FnMut() -> bool) {
    let waiting = async {
        while !so() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, waiting)
        .await
        .unwrap_or_else(|_| panic!("never: {what}"));
}
