//! The HTTP side of a WebSocket: is this a proper upgrade, and the 101 that grants it (RFC 6455 §4.2).

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header, request::Parts};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::{Io, WebSocket};
use crate::serve::Socket;

/// A request that may become a WebSocket.
pub(crate) struct Upgrade {
    /// What HTTP/1.1 proves with that it understood; HTTP/2 needs none.
    accept: Option<HeaderValue>,
    upgrade: OnUpgrade,
}

impl Upgrade {
    /// Whether a request asks for a WebSocket at all, properly or not: an upgrade of HTTP/1.1, or an extended
    /// CONNECT of HTTP/2 (RFC 8441).
    pub(crate) fn is_asked(parts: &Parts) -> bool {
        match parts.method {
            Method::GET => has_token(&parts.headers, header::UPGRADE, "websocket"),
            Method::CONNECT => is_extended_connect(parts),
            _ => false,
        }
    }

    /// Checks the request.
    ///
    /// # Errors
    ///
    /// The answer that refuses it: 426 for another version, 400 for everything else.
    #[expect(clippy::result_large_err, reason = "made once for a connection that is refused")]
    pub(crate) fn check(parts: &mut Parts) -> Result<Self, Response> {
        let headers = &parts.headers;
        if parts.method == Method::CONNECT {
            return Self::check_connect(parts);
        }
        if parts.version != Version::HTTP_11 || !has_token(headers, header::CONNECTION, "upgrade") {
            return Err((StatusCode::BAD_REQUEST, "not a WebSocket request").into_response());
        }
        if headers
            .get(header::SEC_WEBSOCKET_VERSION)
            .is_none_or(|version| version != "13")
        {
            return Err((StatusCode::UPGRADE_REQUIRED, [(header::SEC_WEBSOCKET_VERSION, "13")]).into_response());
        }
        let key = headers
            .get(header::SEC_WEBSOCKET_KEY)
            .filter(|key| is_key(key.as_bytes()));
        let accept = key.and_then(|key| HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok());
        match (accept, parts.extensions.remove::<OnUpgrade>()) {
            (Some(accept), Some(upgrade)) => Ok(Self {
                accept: Some(accept),
                upgrade,
            }),
            (None, _) => Err((StatusCode::BAD_REQUEST, "Sec-WebSocket-Key is missing or malformed").into_response()),
            (_, None) => Err((StatusCode::BAD_REQUEST, "this connection cannot be upgraded").into_response()),
        }
    }

    #[expect(clippy::result_large_err, reason = "made once for a connection that is refused")]
    fn check_connect(parts: &mut Parts) -> Result<Self, Response> {
        if parts
            .headers
            .get(header::SEC_WEBSOCKET_VERSION)
            .is_none_or(|version| version != "13")
        {
            return Err((StatusCode::BAD_REQUEST, [(header::SEC_WEBSOCKET_VERSION, "13")]).into_response());
        }
        match parts.extensions.remove::<OnUpgrade>() {
            Some(upgrade) => Ok(Self { accept: None, upgrade }),
            None => Err((StatusCode::BAD_REQUEST, "this connection cannot be upgraded").into_response()),
        }
    }

    /// What grants it: 101, or 200 on HTTP/2.
    pub(crate) fn response(&self) -> Response {
        let mut response = Response::new(Body::empty());
        let Some(accept) = &self.accept else {
            return response;
        };
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept.clone());
        response
    }

    /// Waits until the 101 is written and takes the socket out of hyper, whose read buffer goes.
    pub(crate) async fn socket(self, limit: Option<usize>) -> Option<Box<WebSocket>> {
        let upgraded = self.upgrade.await;
        let upgraded = upgraded
            .inspect_err(|error| tracing::debug!("upgrade failed: {error}"))
            .ok()?;
        let (io, read) = match tcp(upgraded) {
            Ok((socket, read)) => {
                let _ = socket.set_nodelay(true);
                (Io::Tcp(socket), read)
            }
            Err(upgraded) => (Io::Hyper(Box::new(TokioIo::new(upgraded))), Bytes::new()),
        };
        Some(Box::new(WebSocket::accept(io, read, limit).await))
    }
}

/// The TCP socket below an upgraded connection, with what was read from it too early, where it is one:
/// under [`serve`](crate::serve), under hyper's own HTTP/1.1 server, and under hyper-util's, which `axum::serve` runs.
fn tcp(upgraded: Upgraded) -> Result<(TcpStream, Bytes), Upgraded> {
    let upgraded = match upgraded.downcast::<TokioIo<Socket>>() {
        Ok(parts) => {
            let mut socket = parts.io.into_inner();
            socket.unread(&parts.read_buf);
            return Ok(socket.into_parts());
        }
        Err(upgraded) => upgraded,
    };
    let upgraded = match upgraded.downcast::<TokioIo<TcpStream>>() {
        Ok(parts) => return Ok((parts.io.into_inner(), parts.read_buf)),
        Err(upgraded) => upgraded,
    };
    let parts = hyper_util::server::conn::auto::upgrade::downcast::<TokioIo<TcpStream>>(upgraded)?;
    Ok((parts.io.into_inner(), parts.read_buf))
}

fn is_extended_connect(parts: &Parts) -> bool {
    parts
        .extensions
        .get::<hyper::ext::Protocol>()
        .is_some_and(|protocol| protocol.as_str().eq_ignore_ascii_case("websocket"))
}

fn has_token(headers: &HeaderMap, name: header::HeaderName, token: &str) -> bool {
    let values = headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .any(|value| value.trim().eq_ignore_ascii_case(token))
}

/// 16 bytes in base64.
fn is_key(key: &[u8]) -> bool {
    key.len() == 24 && key.ends_with(b"==")
}
