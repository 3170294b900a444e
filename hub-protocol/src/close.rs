//! Every way a connection ends: what the client is told, and what the end means.

use crate::message::Close;

/// How a connection ended, as seen from the border between session and transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// The client said goodbye: a hub Close, or WebSocket code 1001 of a page that was left.
    Closed,
    /// The client vanished, or its transport ended in any other way. It may come back.
    Lost,
    /// The server ended it.
    Server,
}

/// Why a connection ends. At most one Close is sent, none after a failed handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseReason {
    /// The client sent a Close, perhaps with an error.
    ClientClosed(Option<String>),
    /// The transport ended.
    Transport(End),
    /// A hub method or the application ended it.
    Aborted,
    /// The server is stopping; clients shall come back.
    Shutdown,
    /// The same, of a client with stateful reconnect: it comes back by itself when its socket is cut, and a Close would
    /// tell it that this connection is over for good.
    Cut,
    /// No handshake within the time, or one too long.
    HandshakeCanceled,
    /// A handshake that was refused; the client was told why.
    HandshakeRefused,
    /// Bytes that are no hub message, with .NET's text.
    Malformed(String),
    /// A Sequence that skips messages, or is the number of none.
    OutOfSequence,
    /// The user's token has ended.
    AuthenticationExpired,
    /// A message over the limit in bytes.
    TooLarge(usize),
    /// The client sent nothing for the client time-out after it had once sent a Ping.
    ClientTimeout,
    /// The outbox was full and the policy is to close.
    SlowConsumer,
    /// The socket took no bytes for the send time-out.
    SendTimeout,
    /// The hub's connect handler failed, with the error's kind and text if there was one.
    ConnectFailed(String),
    /// The hub's lifetime manager failed; the client is told nothing.
    Unmanaged,
    /// The client came back on another connection and this one did not answer.
    Superseded,
    /// A result that could not be written.
    Unwritable(String),
    /// Code of the application panicked outside of a call: a feed, or what hears of proofs.
    Panicked,
}

impl CloseReason {
    /// The Close to send, if one is due. With `detailed` its error says what went wrong.
    pub fn message(&self, detailed: bool) -> Option<Close> {
        let failed = |detail: &str, allow_reconnect| {
            let mut error = "Connection closed with an error.".to_owned();
            if detailed && !detail.is_empty() {
                error = format!("{error} {detail}");
            }
            Some(Close {
                error: Some(error),
                allow_reconnect,
            })
        };
        match self {
            Self::Cut | Self::HandshakeCanceled | Self::HandshakeRefused | Self::Unmanaged | Self::Superseded => None,
            Self::ClientClosed(_) | Self::Aborted => Some(Close::default()),
            Self::Transport(_) | Self::Shutdown | Self::AuthenticationExpired => Some(Close {
                error: None,
                allow_reconnect: true,
            }),
            Self::Malformed(text) => failed(&format!("InvalidDataException: {text}"), true),
            Self::OutOfSequence => failed(
                "InvalidOperationException: Sequence ID greater than amount of messages we've received.",
                true,
            ),
            Self::TooLarge(limit) => {
                let text = crate::framing::TooLarge { limit: *limit }.to_string();
                failed(&format!("InvalidDataException: {text}"), true)
            }
            Self::ClientTimeout => failed(
                "OperationCanceledException: Client hasn't sent a message/ping within the configured ClientTimeoutInterval.",
                true,
            ),
            Self::SlowConsumer => failed("IOException: The client reads too slowly.", true),
            Self::SendTimeout => failed("OperationCanceledException: The client takes no bytes.", true),
            Self::ConnectFailed(detail) => failed(detail, false),
            Self::Unwritable(detail) => failed(detail, true),
            Self::Panicked => failed("", true),
        }
    }

    /// What the end means for whoever keeps what the connection has not received.
    pub fn end(&self) -> End {
        match self {
            Self::ClientClosed(_) => End::Closed,
            Self::Transport(end) => *end,
            Self::ClientTimeout | Self::SendTimeout | Self::SlowConsumer | Self::Superseded => End::Lost,
            Self::Aborted
            | Self::Shutdown
            | Self::Cut
            | Self::HandshakeCanceled
            | Self::HandshakeRefused
            | Self::Malformed(_)
            | Self::OutOfSequence
            | Self::AuthenticationExpired
            | Self::TooLarge(_)
            | Self::ConnectFailed(_)
            | Self::Unmanaged
            | Self::Unwritable(_)
            | Self::Panicked => End::Server,
        }
    }

    /// Every [`name`](Self::name), for counters that are there before anything has ended.
    pub const NAMES: [&'static str; 20] = [
        "client_closed",
        "left",
        "lost",
        "aborted",
        "shutdown",
        "cut",
        "handshake_canceled",
        "handshake_refused",
        "malformed",
        "out_of_sequence",
        "authentication_expired",
        "too_large",
        "client_timeout",
        "slow_consumer",
        "send_timeout",
        "connect_failed",
        "superseded",
        "unmanaged",
        "unwritable",
        "panicked",
    ];

    /// A short name for logs and counters.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ClientClosed(_) => "client_closed",
            Self::Transport(End::Closed) => "left",
            Self::Transport(_) => "lost",
            Self::Aborted => "aborted",
            Self::Shutdown => "shutdown",
            Self::Cut => "cut",
            Self::HandshakeCanceled => "handshake_canceled",
            Self::HandshakeRefused => "handshake_refused",
            Self::Malformed(_) => "malformed",
            Self::OutOfSequence => "out_of_sequence",
            Self::AuthenticationExpired => "authentication_expired",
            Self::TooLarge(_) => "too_large",
            Self::ClientTimeout => "client_timeout",
            Self::SlowConsumer => "slow_consumer",
            Self::SendTimeout => "send_timeout",
            Self::ConnectFailed(_) => "connect_failed",
            Self::Superseded => "superseded",
            Self::Unmanaged => "unmanaged",
            Self::Unwritable(_) => "unwritable",
            Self::Panicked => "panicked",
        }
    }
}
