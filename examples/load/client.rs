//! One SignalR connection over WebSockets with JSON: negotiate, handshake, calls that wait for their answer.

use anyhow::{Context as _, Result, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};

use crate::Server;

const RECORD_SEPARATOR: char = '\u{1e}';

/// A connection whose handshake is done. It answers WebSocket pings only while a call waits.
#[derive(Debug)]
pub(crate) struct Connection {
    socket: WebSocketStream<TcpStream>,
    calls: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Negotiated {
    connection_token: Option<String>,
    error: Option<String>,
}

/// What a call looks for in a record; an event of the server has another type or no id of ours.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(rename = "type")]
    kind: Option<u8>,
    invocation_id: Option<String>,
    error: Option<String>,
    result: Option<Value>,
}

impl Connection {
    /// Negotiates, opens the WebSocket and shakes hands, as `person`.
    pub(crate) async fn open(server: &Server, person: &str) -> Result<Self> {
        let token = server.token_of(person)?;
        let authority = authority(&server.url)?;
        let id = negotiate(authority, &server.hub, token.as_deref()).await?;
        let mut request = format!("ws://{authority}{}?id={id}", server.hub).into_client_request()?;
        if let Some(token) = token {
            request
                .headers_mut()
                .insert("authorization", HeaderValue::try_from(format!("Bearer {token}"))?);
        }
        // Small buffers: a thousand of these live in this process.
        let config = WebSocketConfig::default().read_buffer_size(4096).write_buffer_size(0);
        let stream = connect(authority).await?;
        let (mut socket, _) = tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await?;
        socket
            .send(Message::text(format!(
                "{{\"protocol\":\"json\",\"version\":1}}{RECORD_SEPARATOR}"
            )))
            .await?;
        let mut this = Self { socket, calls: 0 };
        let answer = this.frame().await?;
        match answer.split_once(RECORD_SEPARATOR) {
            Some(("{}", _)) => Ok(this),
            _ => bail!("the handshake was answered with {answer:?}"),
        }
    }

    /// Invokes a method and waits for its completion; events that come meanwhile are read and dropped.
    pub(crate) async fn invoke(&mut self, target: &str, argument: &Value) -> Result<Option<Value>> {
        self.calls += 1;
        let id = self.calls.to_string();
        let call = serde_json::json!({ "type": 1, "invocationId": id, "target": target, "arguments": [argument] });
        self.socket
            .send(Message::text(format!("{call}{RECORD_SEPARATOR}")))
            .await?;
        loop {
            let frame = self.frame().await?;
            // A completion is short of nothing but its type; the rest is not worth parsing.
            for record in frame
                .split(RECORD_SEPARATOR)
                .filter(|record| record.contains("\"type\":3"))
            {
                let answer: Answer = serde_json::from_str(record)?;
                if answer.kind != Some(3) || answer.invocation_id.as_deref() != Some(&id) {
                    continue;
                }
                if let Some(error) = answer.error {
                    bail!("{target} was refused: {error}");
                }
                return Ok(answer.result);
            }
        }
    }

    async fn frame(&mut self) -> Result<tungstenite::Utf8Bytes> {
        loop {
            match self.socket.next().await.context("the server closed the connection")?? {
                Message::Text(text) => return Ok(text),
                Message::Close(frame) => bail!("the server closed the connection: {frame:?}"),
                Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }
}

/// The connection token of a fresh negotiation. HTTP/1.0: the answer is whole and ends with the connection.
pub(crate) async fn negotiate(authority: &str, hub: &str, token: Option<&str>) -> Result<String> {
    let authorization = token
        .map(|token| format!("Authorization: Bearer {token}\r\n"))
        .unwrap_or_default();
    let request = format!(
        "POST {hub}/negotiate?negotiateVersion=1 HTTP/1.0\r\nHost: {authority}\r\nContent-Length: 0\r\n{authorization}\r\n"
    );
    let mut stream = connect(authority).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (head, body) = answer.split_once("\r\n\r\n").context("negotiate was not answered")?;
    let status = head.lines().next().unwrap_or_default();
    if !status.contains(" 200 ") {
        bail!("negotiate was answered with {status}: {body}");
    }
    let negotiated: Negotiated = serde_json::from_str(body)?;
    match (negotiated.connection_token, negotiated.error) {
        (Some(token), None) => Ok(token),
        (_, error) => bail!("negotiate was refused: {}", error.unwrap_or_default()),
    }
}

/// `127.0.0.1:5080` of `http://127.0.0.1:5080/`.
pub(crate) fn authority(url: &str) -> Result<&str> {
    Ok(url
        .strip_prefix("http://")
        .context("the URL begins with http://")?
        .trim_end_matches('/'))
}

async fn connect(authority: &str) -> Result<TcpStream> {
    let stream = TcpStream::connect(authority)
        .await
        .with_context(|| format!("cannot connect to {authority}"))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
