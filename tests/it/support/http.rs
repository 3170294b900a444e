//! A client of HTTP/1.1 that does what it is told, wrong things too.

use std::{net::SocketAddr, time::Duration};

use hyper::{
    HeaderMap,
    header::{HeaderName, HeaderValue},
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// Everything in a test answers within this, or the test fails.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// What the server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// One request on a connection of its own.
pub(crate) async fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let mut request = format!("{method} {path} HTTP/1.1\r\n");
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        request.push_str(&format!("host: {address}\r\n"));
    }
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("connection")) {
        request.push_str("connection: close\r\n");
    }
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() || method == "POST" {
        request.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    request.push_str("\r\n");
    let mut bytes = request.into_bytes();
    bytes.extend_from_slice(body);
    exchange(address, &bytes).await
}

/// Sends bytes as they are and reads one answer.
pub(crate) async fn exchange(address: SocketAddr, bytes: &[u8]) -> Answer {
    try_exchange(address, bytes).await.expect("an answer")
}

/// The same; `None` when the connection ended without an answer (a reset may overtake one).
pub(crate) async fn try_exchange(address: SocketAddr, bytes: &[u8]) -> Option<Answer> {
    tokio::time::timeout(DEADLINE, async {
        let mut socket = TcpStream::connect(address).await.unwrap();
        // The server may answer and close before it has read everything.
        drop(socket.write_all(bytes).await);
        let mut received = Vec::new();
        let mut chunk = [0; 4096];
        loop {
            if let Some(answer) = parse(&received, false) {
                return Some(answer);
            }
            match socket.read(&mut chunk).await {
                Ok(0) | Err(_) => return parse(&received, true),
                Ok(count) => received.extend_from_slice(&chunk[..count]),
            }
        }
    })
    .await
    .expect("an answer in time")
}

fn parse(received: &[u8], is_all: bool) -> Option<Answer> {
    let end = received.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&received[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status: u16 = lines.next()?.split(' ').nth(1)?.parse().unwrap();
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':').unwrap();
        headers.append(
            HeaderName::try_from(name).unwrap(),
            HeaderValue::from_str(value.trim()).unwrap(),
        );
    }
    let body = &received[end + 4..];
    let length = headers
        .get("content-length")
        .map(|length| length.to_str().unwrap().parse::<usize>().unwrap());
    let whole = match length {
        Some(length) => body.len() >= length,
        None => matches!(status, 101 | 204 | 304),
    };
    (whole || is_all).then(|| Answer {
        status,
        headers,
        body: body.to_vec(),
    })
}

impl Answer {
    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => panic!("{error}: {} {:?}", self.status, self.text()),
        }
    }

    /// `data` of a success.
    #[track_caller]
    pub(crate) fn data(&self) -> Value {
        let mut body = self.json();
        assert_eq!((self.status, &body["success"]), (200, &Value::Bool(true)), "{body}");
        body["data"].take()
    }

    /// Checks a refusal: its status, its code and the shape of the envelope. Returns the envelope.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) -> Value {
        let body = self.json();
        assert_eq!((self.status, body["code"].as_str()), (status, Some(code)), "{body}");
        assert_eq!(
            (&body["success"], &body["data"]),
            (&Value::Bool(false), &Value::Null),
            "{body}"
        );
        assert!(
            body["error"].as_str().is_some_and(|sentence| !sentence.is_empty()),
            "{body}"
        );
        assert_eq!(body["traceId"].as_str(), self.header("x-request-id"), "{body}");
        body
    }
}
