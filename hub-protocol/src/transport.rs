//! The border between a session and whatever carries its bytes.
//!
//! A transport knows no hub message and a session no socket: they exchange frames, probes and endings.
//! The session's task owns its transport and polls it; there is no queue between them.

pub(crate) mod connections;
mod frame;
pub(crate) mod pipe;
pub(crate) mod resumable;
pub(crate) mod websocket;

use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::time::Instant;

pub use self::frame::Frame;
use crate::{close::End, hub::User, negotiate::TransportKind};

/// What arrives from a transport.
#[derive(Debug)]
pub enum Incoming {
    /// The next bytes of the client's stream; their boundaries mean nothing.
    Bytes(Bytes),
    /// The client's transport answered the probe with this nonce: all that was sent before it has arrived.
    Proven(u64),
    /// The socket was cut, and another may take its place. What is sent meanwhile goes nowhere.
    Gap,
    /// Another socket has taken the place of the last.
    Resumed,
    /// A later request of the same connection (a poll) was authenticated anew.
    Authenticated(User),
    /// More came in one piece than the transport may buffer.
    TooLarge,
    /// There will be no more.
    End(End),
}

/// What a session hands to a transport.
#[derive(Clone, Debug)]
pub enum Outgoing {
    /// One or more whole records, framed and shared.
    Frames(Frame),
    /// A question that the client's transport answers by itself, where there is such a thing.
    Probe(u64),
    /// The end, at once and without a word.
    Abort,
}

/// The unwritten part of a transport's output was lost with the transport.
#[derive(Clone, Copy, Debug)]
pub struct Lost;

/// Carries one connection. All methods are called by one task.
pub trait Transport: Send {
    /// What it is.
    fn kind(&self) -> TransportKind;

    /// The next thing from the client. After [`Incoming::End`] it is not called again.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Incoming>;

    /// Since when the client has been gone, as far as one can tell without reading: for a session that does not read now.
    fn gone_since(&self) -> Option<Instant> {
        None
    }

    /// Lets go of what has arrived and will not be asked for, and of what nobody will take: the session is over, but a
    /// method of its client may go on for long.
    fn let_go(&mut self) {}

    /// Takes output without writing it; what was taken before a flush leaves in one write where it can.
    fn send(&mut self, outgoing: Outgoing);

    /// Writes what was taken. Ready means that nothing is left, so that the session may hand over more.
    ///
    /// # Errors
    ///
    /// The client is gone; [`poll_receive`](Self::poll_receive) will say how.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Lost>>;

    /// How many bytes have been written so far. Only whether it grows counts: while it does the client is alive,
    /// however slowly it reads.
    fn written(&self) -> u64;

    /// How many bytes were taken and are not written.
    fn unwritten(&self) -> usize;

    /// Says goodbye and waits for the client to do the same; the session bounds the wait.
    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<()>;
}
