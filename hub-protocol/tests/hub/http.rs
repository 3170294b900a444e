//! Plain HTTP requests for the transports that are made of them.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, Response, StatusCode, body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::support::{DEADLINE, Server};

/// A client of one connection, without the transport that it will take.
pub(crate) struct Http {
    address: SocketAddr,
    pub(crate) token: String,
    pub(crate) user: &'static str,
}

/// What came back, whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: String,
}

impl Http {
    /// Negotiates.
    pub(crate) async fn negotiate(server: &Server) -> Self {
        Self::negotiate_as(server, "").await
    }

    pub(crate) async fn negotiate_as(server: &Server, user: &'static str) -> Self {
        let mut client = Self {
            address: server.address,
            token: String::new(),
            user,
        };
        let path = format!("/hub/negotiate?negotiateVersion=1&{}", client.sign());
        let answer = client.ask(Method::POST, &path, "", "").await;
        assert_eq!(answer.status, StatusCode::OK);
        let answer: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        client.token = answer["connectionToken"].as_str().unwrap().to_owned();
        client
    }

    fn sign(&self) -> String {
        if self.user.is_empty() {
            String::new()
        } else {
            format!("user={}", self.user)
        }
    }

    fn path(&self) -> String {
        format!("/hub?id={}&{}", self.token, self.sign())
    }

    /// Sends a request and reads the head of the answer.
    pub(crate) async fn begin(&self, method: Method, path: &str, accept: &str, body: Bytes) -> Response<Incoming> {
        let socket = TcpStream::connect(self.address).await.unwrap();
        let (mut sender, connection) = http1::handshake(TokioIo::new(socket)).await.unwrap();
        tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost")
            .header("accept", accept)
            .body(Full::new(body))
            .unwrap();
        sender.send_request(request).await.unwrap()
    }

    async fn ask(&self, method: Method, path: &str, accept: &str, body: &str) -> Answer {
        let asking = async {
            let answer = self.begin(method, path, accept, Bytes::from(body.to_owned())).await;
            let status = answer.status();
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            let body = String::from_utf8(body.to_vec()).unwrap();
            Answer { status, body }
        };
        tokio::time::timeout(DEADLINE, asking)
            .await
            .expect("within the deadline")
    }

    /// One poll.
    pub(crate) async fn poll(&self) -> Answer {
        self.ask(Method::GET, &self.path(), "*/*", "").await
    }

    /// Records, each with its separator.
    pub(crate) async fn post(&self, records: &[&str]) -> Answer {
        let body: String = records.iter().map(|record| format!("{record}\u{1e}")).collect();
        self.ask(Method::POST, &self.path(), "", &body).await
    }

    pub(crate) async fn delete(&self) -> Answer {
        self.ask(Method::DELETE, &self.path(), "", "").await
    }

    /// Polls for the first time and shakes hands.
    pub(crate) async fn begin_polling(&self) {
        assert_eq!(self.poll().await.body, "");
        self.post(&[r#"{"protocol":"json","version":1}"#]).await;
        assert_eq!(self.poll().await.body, "{}\u{1e}");
    }

    /// Opens the event stream and shakes hands.
    pub(crate) async fn begin_events(&self) -> Events {
        let answer = self
            .begin(Method::GET, &self.path(), "text/event-stream", Bytes::new())
            .await;
        assert_eq!(answer.status(), StatusCode::OK);
        let mut events = Events {
            body: answer.into_body(),
            heard: String::new(),
        };
        self.post(&[r#"{"protocol":"json","version":1}"#]).await;
        events.hear("{}\u{1e}\r\n\r\n").await;
        events
    }
}

/// An open event stream.
pub(crate) struct Events {
    body: Incoming,
    pub(crate) heard: String,
}

impl Events {
    /// Reads until what was heard contains a text.
    pub(crate) async fn hear(&mut self, text: &str) {
        let hearing = async {
            while !self.heard.contains(text) {
                let frame = self.body.frame().await.expect("the stream goes on").unwrap();
                let data = frame.into_data().unwrap();
                self.heard.push_str(std::str::from_utf8(&data).unwrap());
            }
        };
        tokio::time::timeout(DEADLINE, hearing)
            .await
            .expect("within the deadline");
    }

    /// Reads to the end.
    pub(crate) async fn ended(mut self) -> String {
        let ending = async {
            while let Some(frame) = self.body.frame().await {
                let data = frame.unwrap().into_data().unwrap();
                self.heard.push_str(std::str::from_utf8(&data).unwrap());
            }
        };
        tokio::time::timeout(DEADLINE, ending)
            .await
            .expect("within the deadline");
        self.heard
    }
}
