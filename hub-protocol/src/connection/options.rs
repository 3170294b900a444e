//! What bounds one connection.

use std::time::Duration;

use crate::codec::Protocol;

/// What bounds one connection. The defaults are ASP.NET Core's.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long the handshake may take from [`Connection::accept`](super::Connection::accept): 15 s.
    pub handshake_timeout: Duration,
    /// A Ping is sent each time this much has passed, whatever else was sent: 15 s.
    pub keep_alive_interval: Duration,
    /// How long a client that once sent a Ping may be silent: 30 s.
    pub client_timeout: Duration,
    /// The longest record in bytes, its frame included: 32,768. `None` is no limit.
    pub maximum_receive_message_size: Option<usize>,
    /// Tell clients what went wrong inside: no.
    pub detailed_errors: bool,
    /// What the handshake may choose from: every protocol that is compiled in.
    pub protocols: &'static [Protocol],
}

impl Default for Options {
    fn default() -> Self {
        Self {
            handshake_timeout: Duration::from_secs(15),
            keep_alive_interval: Duration::from_secs(15),
            client_timeout: Duration::from_secs(30),
            maximum_receive_message_size: Some(32 * 1024),
            detailed_errors: false,
            protocols: Protocol::ALL,
        }
    }
}
