//! Traces reach a collector: a stand-in on this machine reads what a running program sends.

use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::{
    hub_client::{Door, HubClient},
    process::{Program, hubwire, read_all, token},
    support::ask,
};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Reads one request to its end, answers it, and returns its path and body.
async fn take(mut tcp: TcpStream) -> Option<(String, Vec<u8>)> {
    let mut read = Vec::new();
    loop {
        if tcp.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
        let Some(end) = read.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&read[..end]).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.unwrap().parse().unwrap();
        if read.len() >= end + 4 + length {
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            tcp.write_all(answer).await.ok()?;
            let path = head.split_whitespace().nth(1).unwrap().to_owned();
            return Some((path, read.split_off(end + 4)));
        }
    }
}

fn contains(body: &[u8], part: &[u8]) -> bool {
    body.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn requests_calls_and_commits_are_traced() {
    let collector = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", collector.local_addr().unwrap());
    let collecting = tokio::spawn(async move {
        let mut all = Vec::new();
        while let Ok((tcp, _)) = collector.accept().await {
            let Some((path, body)) = take(tcp).await else { break };
            assert_eq!(path, "/v1/traces");
            all.extend(body);
            if [b"commit".as_slice(), b"chat/SendMessage", b"GET /api/Chat/users/me"]
                .iter()
                .all(|name| contains(&all, name))
            {
                break;
            }
        }
        all
    });
    let folder = tempfile::tempdir().unwrap();
    let mut command = hubwire(folder.path());
    command.env("HUBWIRE_OTLP_ENDPOINT", &endpoint);
    let mut program = Program::spawn(command);
    let log = read_all(program.child.stderr.take());
    let ann = token(folder.path(), "ann");
    let authorization = format!("Bearer {ann}");
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let headers = [
        ("authorization", authorization.as_str()),
        ("traceparent", parent.as_str()),
    ];
    let answer = ask(program.address, "GET", "/api/Chat/users/me", &headers, b"").await;
    assert_eq!(answer.header("x-request-id"), Some(TRACE));
    let mut client = HubClient::enter(program.address, &ann, Door::default()).await;
    let draft = json!([{"recipientId": "bob", "content": "a-secret-of-mine"}]);
    client.call("SendMessage", draft).await;
    program.signal("-TERM");
    program.child.wait().unwrap();
    let sent = tokio::time::timeout(crate::support::DEADLINE, collecting)
        .await
        .expect("the collector is told before the program ends")
        .unwrap();
    let trace = u128::from_str_radix(TRACE, 16).unwrap().to_be_bytes();
    assert!(contains(&sent, &trace), "the request belongs to its caller's trace");
    for secret in ["a-secret-of-mine", ann.rsplit('.').next().unwrap()] {
        assert!(!contains(&sent, secret.as_bytes()), "{secret} was sent");
    }
    let log = log.join().unwrap();
    assert!(!log.contains("hubwire::span"), "spans are no lines of the log: {log}");
}
