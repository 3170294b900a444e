//! The socket below tungstenite: it may read, but what it writes waits until no frame of ours is half written.
//!
//! It also counts what is read: frames that add up to nothing (empty ones, Pings, fragments of a byte) cost time and
//! never show above.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::Instant,
};

/// TCP directly where the upgrade came over plain HTTP/1.1, hyper's boxed I/O otherwise.
pub(crate) enum Io {
    Tcp(TcpStream),
    Hyper(Box<TokioIo<Upgraded>>),
}

pub(super) struct Gate {
    io: Io,
    control: Vec<u8>,
    /// Bytes read since the last message, or since `since`.
    idle: usize,
    since: Instant,
    /// How many of them are a flood when they come within [`Gate::WINDOW`].
    flood: usize,
}

impl Gate {
    /// Tungstenite keeps one answer to a Ping at a time and one Close: this is far more than they need.
    const CONTROL_BYTES: usize = 4 * 1024;

    /// A client that reads, and one that is merely idle for long, never comes near.
    const FLOOD_BYTES: usize = 256 * 1024;
    const WINDOW: Duration = Duration::from_secs(10);

    /// `largest` is the longest message that may arrive, in bytes.
    pub(super) fn new(io: Io, largest: Option<usize>) -> Self {
        Self {
            io,
            control: Vec::new(),
            idle: 0,
            since: Instant::now(),
            flood: largest.map_or(usize::MAX, |largest| largest.saturating_add(Self::FLOOD_BYTES)),
        }
    }

    /// A message has arrived: what was read made sense.
    pub(super) fn note_message(&mut self) {
        self.idle = 0;
    }

    /// Whether reading failed because far too much came that was no message.
    pub(super) fn is_flooded(&self) -> bool {
        self.idle > self.flood
    }

    pub(super) fn io(&mut self) -> &mut Io {
        &mut self.io
    }

    /// The control frames that wait, whole.
    pub(super) fn take_control(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.control)
    }
}

impl AsyncRead for Gate {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = match &mut self.io {
            Io::Tcp(io) => Pin::new(io).poll_read(cx, buffer),
            Io::Hyper(io) => Pin::new(io).poll_read(cx, buffer),
        };
        self.idle += buffer.filled().len() - before;
        if self.is_flooded() {
            if self.since.elapsed() < Self::WINDOW {
                return Poll::Ready(Err(io::ErrorKind::QuotaExceeded.into()));
            }
            (self.idle, self.since) = (0, Instant::now());
        }
        read
    }
}

impl AsyncWrite for Gate {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.control.len() + bytes.len() > Self::CONTROL_BYTES {
            // A client that sends Pings and never reads is not worth waiting for.
            return Poll::Ready(Err(io::ErrorKind::OutOfMemory.into()));
        }
        self.control.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Io {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(io) => Pin::new(io).poll_write(cx, bytes),
            Self::Hyper(io) => Pin::new(io).poll_write(cx, bytes),
        }
    }
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(io) => Pin::new(io).poll_flush(cx),
            Self::Hyper(io) => Pin::new(io).poll_flush(cx),
        }
    }
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(io) => Pin::new(io).poll_shutdown(cx),
            Self::Hyper(io) => Pin::new(io).poll_shutdown(cx),
        }
    }
}
