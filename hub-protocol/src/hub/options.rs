//! What an application may choose for a hub.

use std::time::Duration;

use crate::{connection, json::Naming};

/// What happens when a client reads more slowly than it is sent to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// The connection is closed; its client may come back.
    #[default]
    Close,
    /// Nothing more is queued. Once the socket has taken what waits, the connection's
    /// [`Feed`](super::Feed) takes over from the connection's position. Sends without a position are dropped
    /// meanwhile, and where there is no room for them. A connection begins like this, see
    /// [`Connection::follow`](super::Connection::follow).
    Behind,
}

/// The options of one hub. The defaults are ASP.NET Core's where it has the option.
#[derive(Clone, Debug)]
pub struct HubOptions {
    /// What bounds the protocol of each connection.
    pub connection: connection::Options,
    /// How members of structs are spelled in JSON: camelCase.
    pub naming: Naming,
    /// How many calls of one client may run at once: 1, so that they run one after another. Streams do not count, and
    /// neither does a call that waits for a client's result.
    pub maximum_parallel_invocations: usize,
    /// How many items of one stream from a client wait for the method that reads it: 10.
    pub stream_buffer_capacity: usize,
    /// How many streams of one client, in both directions together, may run at once: 100. More are refused with an
    /// error of that call. Each costs 2 KB and more while it runs. ASP.NET Core knows no limit.
    pub maximum_streams: usize,
    /// How many sent bytes are kept for a client that may come back on another socket, until it acknowledges
    /// them: 100,000. While more are, nothing is sent, and `overflow` decides when the outbox is full as well. Since
    /// clients acknowledge once a second, [`Overflow::Close`] then leaves them sixteen times `outbox_bytes`.
    pub stateful_reconnect_buffer_bytes: usize,
    /// How many bytes wait for one client before `overflow` decides: 64 KiB.
    pub outbox_bytes: usize,
    /// What happens then.
    pub overflow: Overflow,
    /// How many received bytes wait while a call runs before the socket is read no more: 64 KiB. As many may wait in all
    /// streams from the client together, where an item counts for 64 bytes more than it has; and calls that run side by
    /// side may have come with as many, else the last is refused.
    pub inbox_bytes: usize,
    /// How long a socket may take no bytes before its connection ends as lost: 10 s.
    pub send_timeout: Duration,
    /// How long the server waits for the client's half of the goodbye: 5 s.
    pub close_timeout: Duration,
    /// How long a poll waits for something to answer: 90 s.
    pub poll_timeout: Duration,
    /// How long a negotiated connection waits for its transport, a polled one for its next poll, and a client that may
    /// come back for its next socket: 15 s.
    pub disconnect_timeout: Duration,
}

impl Default for HubOptions {
    fn default() -> Self {
        Self {
            connection: connection::Options::default(),
            naming: Naming::CamelCase,
            maximum_parallel_invocations: 1,
            stream_buffer_capacity: 10,
            maximum_streams: 100,
            stateful_reconnect_buffer_bytes: 100_000,
            outbox_bytes: 64 * 1024,
            overflow: Overflow::Close,
            inbox_bytes: 64 * 1024,
            send_timeout: Duration::from_secs(10),
            close_timeout: Duration::from_secs(5),
            poll_timeout: Duration::from_secs(90),
            disconnect_timeout: Duration::from_secs(15),
        }
    }
}
