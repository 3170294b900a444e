//! What carries a client's bytes to a hub, without a socket, and what comes back.

use std::{collections::BTreeMap, future::Future, time::Duration};

use axum::{Router, body::Body};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hub_protocol::{codec::Protocol, framing::RecordReader, message::HubMessage};
use hyper::{Request, StatusCode, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, duplex},
    task::yield_now,
};
use tower_service::Service;

use super::{Answers, hub, pieces};
use crate::frames::{self, BINARY, CONTINUATION, FIN, TEXT, frame, upgrade};

/// What was heard for each call, and how many have ended.
struct Heard {
    protocol: Protocol,
    records: RecordReader,
    has_shaken_hands: bool,
    answers: Answers,
    ended: usize,
}

impl Heard {
    fn new(protocol: Protocol) -> Self {
        Self {
            protocol,
            records: RecordReader::new(None),
            has_shaken_hands: false,
            answers: BTreeMap::new(),
            ended: 0,
        }
    }

    /// Whole records, as all carriers bring them.
    fn hear(&mut self, bytes: Bytes) {
        self.records.push(bytes);
        while let Some(record) = self.records.next_record().unwrap() {
            if !self.has_shaken_hands {
                assert_eq!(record, "{}");
                self.has_shaken_hands = true;
                self.records.switch(self.protocol.framing());
                continue;
            }
            let message = self.protocol.parse(&record).unwrap().unwrap();
            let id = match &message {
                HubMessage::StreamItem(item) => &item.invocation_id,
                HubMessage::Completion(completion) => {
                    self.ended += 1;
                    &completion.invocation_id
                }
                HubMessage::Ping => continue,
                other => panic!("{other:?}"),
            };
            self.answers.entry(id.clone()).or_default().push(message);
        }
        assert_eq!(self.records.buffered(), 0, "what arrives ends where a record ends");
    }

    fn has_all(&self, calls: usize) -> bool {
        self.has_shaken_hands && self.ended >= calls
    }
}

/// Runs to the end, by a clock that does not wait.
fn run<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    let done = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(10), work).await });
    done.expect("everything is answered at once")
}

/// The stream in WebSocket messages of these lengths, cut into fragments of those.
pub(super) fn frames(stream: &[u8], messages: &[usize], fragments: &[usize]) -> Vec<u8> {
    let mut octets = Vec::new();
    for message in pieces(stream, messages) {
        // A message that begins or ends within a character is no text.
        let kind = std::str::from_utf8(message).map_or(BINARY, |_| TEXT);
        let mut fragments = pieces(message, fragments).peekable();
        let mut first = kind;
        while let Some(fragment) = fragments.next() {
            let last = if fragments.peek().is_none() { FIN } else { 0 };
            octets.extend(frame(first | last, fragment));
            first = CONTINUATION;
        }
    }
    octets
}

/// Writes pieces of what follows the upgrade, and hears until so many calls have ended.
pub(super) fn websocket<'a>(protocol: Protocol, octets: impl Iterator<Item = &'a [u8]>, calls: usize) -> Answers {
    run(async {
        let (client, server) = duplex(4_096);
        let routes: Router = hub().endpoint().routes("/hub");
        let service = service_fn(move |request: Request<_>| routes.clone().call(request.map(Body::new)));
        let connection = http1::Builder::new().serve_connection(TokioIo::new(server), service);
        let serving = tokio::spawn(connection.with_upgrades());
        let (mut reads, mut writes) = tokio::io::split(client);
        writes.write_all(upgrade("/hub").as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(reads.read_u8().await.unwrap());
        }
        let mut heard = Heard::new(protocol);
        let hearing = async {
            let mut arrived = BytesMut::new();
            while !heard.has_all(calls) {
                assert!(
                    reads.read_buf(&mut arrived).await.unwrap() > 0,
                    "the connection goes on"
                );
                while let Some((first, payload)) = frames::take(&mut arrived) {
                    assert_eq!(first & FIN, FIN, "short messages are one frame");
                    heard.hear(payload);
                }
            }
        };
        let writing = async {
            for piece in octets {
                writes.write_all(piece).await.unwrap();
                // Read before more comes, or not: the hub decides.
                yield_now().await;
            }
        };
        tokio::join!(hearing, writing);
        serving.abort();
        heard.answers
    })
}

/// Posts each piece as a body, and polls until so many calls have ended.
pub(super) fn bodies<'a>(protocol: Protocol, bodies: impl Iterator<Item = &'a [u8]>, calls: usize) -> Answers {
    run(async {
        let routes: Router = hub().endpoint().routes("/hub");
        let negotiated = ask(&routes, "POST", "/hub/negotiate?negotiateVersion=1", &[]).await;
        let negotiated: serde_json::Value = serde_json::from_slice(&negotiated).unwrap();
        let path = format!("/hub?id={}", negotiated["connectionToken"].as_str().unwrap());
        assert_eq!(ask(&routes, "GET", &path, &[]).await, "");
        let mut heard = Heard::new(protocol);
        let hearing = async {
            while !heard.has_all(calls) {
                heard.hear(ask(&routes, "GET", &path, &[]).await);
            }
        };
        let posting = async {
            for body in bodies {
                assert_eq!(ask(&routes, "POST", &path, body).await, "");
            }
        };
        tokio::join!(hearing, posting);
        heard.answers
    })
}

async fn ask(routes: &Router, method: &str, path: &str, body: &[u8]) -> Bytes {
    let request = Request::builder().method(method).uri(path);
    let request = request.body(Body::from(body.to_vec())).unwrap();
    let answer = routes.clone().call(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    answer.into_body().collect().await.unwrap().to_bytes()
}
