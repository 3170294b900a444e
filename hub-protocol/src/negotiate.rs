//! What a client learns before it connects (`TransportProtocols.md#post-endpoint-basenegotiate-request`).

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;

use crate::codec::TransferFormat;

/// The newest negotiate version; newer requests are answered with it.
pub const VERSION: i32 = 1;

/// Reads the version that a client asks for, at least `minimum`; `None` is a query without one.
///
/// # Errors
///
/// The sentence that goes into the answer's `error`.
pub fn version(query: Option<&str>, minimum: i32) -> Result<i32, String> {
    let version = match query {
        None => 0,
        Some(text) => text
            .trim()
            .parse()
            .map_err(|_| "The client requested a non-integer protocol version.".to_owned())?,
    };
    if version < minimum {
        return Err(format!(
            "The client requested version '{version}', but the server does not support this version."
        ));
    }
    Ok(version.min(VERSION))
}

/// 128 random bits as 22 characters of base64url. It names a connection in public, or is the secret that opens it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId([u8; 22]);

impl ConnectionId {
    /// Spells out random bits.
    pub fn from_random(bits: [u8; 16]) -> Self {
        let mut text = [0; 22];
        let written = URL_SAFE_NO_PAD.encode_slice(bits, &mut text);
        debug_assert_eq!(written, Ok(22));
        Self(text)
    }

    /// Reads an id that a client sent; its case matters.
    pub fn parse(text: &str) -> Option<Self> {
        text.as_bytes()
            .try_into()
            .ok()
            .filter(|text: &[u8; 22]| text.is_ascii())
            .map(Self)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("ids are ASCII")
    }
}

impl AsRef<str> for ConnectionId {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl From<&ConnectionId> for String {
    fn from(id: &ConnectionId) -> Self {
        id.as_str().to_owned()
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ConnectionId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A way to carry a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportKind {
    /// RFC 6455.
    WebSockets,
    /// `text/event-stream` from the server, POST from the client. Text only.
    ServerSentEvents,
    /// One GET after another from the server, POST from the client.
    LongPolling,
}

impl TransportKind {
    /// Every transport, in the order of negotiate answers.
    pub const ALL: [Self; 3] = [Self::WebSockets, Self::ServerSentEvents, Self::LongPolling];

    /// The name in negotiate answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::WebSockets => "WebSockets",
            Self::ServerSentEvents => "ServerSentEvents",
            Self::LongPolling => "LongPolling",
        }
    }

    /// What it can carry.
    pub const fn transfer_formats(self) -> &'static [TransferFormat] {
        match self {
            Self::ServerSentEvents => &[TransferFormat::Text],
            Self::WebSockets | Self::LongPolling => &[TransferFormat::Text, TransferFormat::Binary],
        }
    }

    /// Whether its client is shown to live by the transport itself, so that no Ping is sent.
    pub const fn keeps_alive(self) -> bool {
        matches!(self, Self::LongPolling)
    }
}

/// A good answer, in the member order of ASP.NET Core. Version 0 has no token: there the id opens the connection.
/// Stateful reconnect is mentioned only to whoever asked for it and gets it.
pub fn answer(
    version: i32,
    id: &ConnectionId,
    token: &ConnectionId,
    stateful: bool,
    transports: &[TransportKind],
) -> String {
    let reconnect = if stateful { "\"useStatefulReconnect\":true," } else { "" };
    let mut answer = format!("{{{reconnect}\"negotiateVersion\":{version},\"connectionId\":\"{id}\"");
    if version > 0 {
        answer += &format!(",\"connectionToken\":\"{token}\"");
    }
    answer += ",\"availableTransports\":[";
    for (at, transport) in transports.iter().enumerate() {
        let separator = if at > 0 { "," } else { "" };
        let formats: Vec<String> = transport
            .transfer_formats()
            .iter()
            .map(|format| format!("\"{format:?}\""))
            .collect();
        let (name, formats) = (transport.name(), formats.join(","));
        answer += &format!("{separator}{{\"transport\":\"{name}\",\"transferFormats\":[{formats}]}}");
    }
    answer + "]}"
}

/// An answer that refuses, with status 200 like every other.
pub fn refusal(error: &str) -> String {
    format!("{{\"error\":{}}}", serde_json::Value::from(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_aspnet_reads_them() {
        for (query, expect) in [
            (None, 0),
            (Some("0"), 0),
            (Some("1"), 1),
            (Some("2"), 1),
            (Some("+1"), 1),
        ] {
            assert_eq!(version(query, 0), Ok(expect));
        }
        for query in ["abc", "", "1.0", "99999999999", "1,1", "++1"] {
            assert_eq!(
                version(Some(query), 0),
                Err("The client requested a non-integer protocol version.".to_owned())
            );
        }
        let refused = "The client requested version '-1', but the server does not support this version.";
        assert_eq!(version(Some("-1"), 0), Err(refused.to_owned()));
        let refused = "The client requested version '0', but the server does not support this version.";
        assert_eq!(version(None, 1), Err(refused.to_owned()));
    }

    #[test]
    fn the_answer_lists_what_works() {
        let (id, token) = (ConnectionId::from_random([0; 16]), ConnectionId::from_random([255; 16]));
        let transports = r#""availableTransports":[{"transport":"WebSockets","transferFormats":["Text","Binary"]}]}"#;
        let id_text = "AAAAAAAAAAAAAAAAAAAAAA";
        assert_eq!(
            answer(0, &id, &token, false, &[TransportKind::WebSockets]),
            format!(r#"{{"negotiateVersion":0,"connectionId":"{id_text}",{transports}"#)
        );
        assert_eq!(
            answer(1, &id, &token, true, &[TransportKind::WebSockets]),
            format!(
                r#"{{"useStatefulReconnect":true,"negotiateVersion":1,"connectionId":"{id_text}","connectionToken":"{token}",{transports}"#
            )
        );
        assert_eq!(ConnectionId::parse(id_text), Some(id));
        assert_eq!(ConnectionId::parse("short"), None);
    }
}
