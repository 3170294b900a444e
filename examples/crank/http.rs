//! Just enough HTTP/1.1 to negotiate, to open each transport and to post.

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::Server;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Negotiated {
    connection_token: Option<String>,
    connection_id: Option<String>,
    error: Option<String>,
}

/// Where requests of one person go.
#[derive(Debug)]
pub(crate) struct Door {
    authority: String,
    hub: String,
    token: Option<String>,
    version: u8,
}

impl Door {
    pub(crate) fn of(server: &Server, person: &str) -> Result<Self> {
        Ok(Self {
            authority: authority(&server.url)?.to_owned(),
            hub: server.hub.clone(),
            token: server.token_of(person)?,
            version: server.negotiate_version,
        })
    }

    pub(crate) fn new(authority: &str, hub: &str, token: Option<&str>) -> Self {
        Self {
            authority: authority.to_owned(),
            hub: hub.to_owned(),
            token: token.map(str::to_owned),
            version: 1,
        }
    }

    pub(crate) async fn connect(&self) -> Result<TcpStream> {
        let stream = TcpStream::connect(&self.authority)
            .await
            .with_context(|| format!("cannot connect to {}", self.authority))?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// The same, and the system takes little for a client that does not read.
    pub(crate) async fn connect_narrowly(&self) -> Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(4 * 1024)?;
        let stream = socket
            .connect(self.authority.parse()?)
            .await
            .with_context(|| format!("cannot connect to {}", self.authority))?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// A request to the hub's path and `rest`, with these header lines and this body.
    pub(crate) fn request(&self, method: &str, rest: &str, headers: &str, body: &str) -> String {
        let Self {
            authority, hub, token, ..
        } = self;
        let authorization = token
            .as_ref()
            .map(|token| format!("Authorization: Bearer {token}\r\n"))
            .unwrap_or_default();
        let length = body.len();
        format!(
            "{method} {hub}{rest} HTTP/1.1\r\nHost: {authority}\r\nContent-Length: {length}\r\n{authorization}{headers}\r\n{body}"
        )
    }

    /// The connection token of a fresh negotiation.
    pub(crate) async fn negotiate(&self) -> Result<String> {
        self.negotiate_with("").await
    }

    /// The same, with more in the query.
    pub(crate) async fn negotiate_with(&self, query: &str) -> Result<String> {
        let mut stream = self.connect().await?;
        let path = format!("/negotiate?negotiateVersion={}{query}", self.version);
        let request = self.request("POST", &path, "Connection: close\r\n", "");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let (head, body) = answer.split_once("\r\n\r\n").context("negotiate was not answered")?;
        let status = head.lines().next().unwrap_or_default();
        if !status.contains(" 200 ") {
            bail!("negotiate was answered with {status}: {body}");
        }
        let negotiated: Negotiated = serde_json::from_str(body)?;
        // Of version 0 the id is all there is.
        let id = negotiated.connection_token.or(negotiated.connection_id);
        match (id, negotiated.error) {
            (Some(token), None) => Ok(token),
            (_, error) => bail!("negotiate was refused: {}", error.unwrap_or_default()),
        }
    }
}

/// Sends a request and reads the head of its answer, and of its body what came with it.
pub(crate) async fn exchange(stream: &mut TcpStream, request: &str) -> Result<(String, Vec<u8>)> {
    stream.write_all(request.as_bytes()).await?;
    let mut read = Vec::with_capacity(512);
    loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            let body = read.split_off(end + 4);
            return Ok((String::from_utf8(read)?, body));
        }
        if stream.read_buf(&mut read).await? == 0 {
            bail!("the server ended the connection instead of answering");
        }
    }
}

/// `127.0.0.1:5080` of `http://127.0.0.1:5080/`.
pub(crate) fn authority(url: &str) -> Result<&str> {
    Ok(url
        .strip_prefix("http://")
        .context("the URL begins with http://")?
        .trim_end_matches('/'))
}
