//! The socket below tungstenite: it may read, but what it writes waits until no frame of ours is half written.
//!
//! It also counts what is read: frames that add up to nothing (empty ones, Pings, fragments of a byte) cost time and
//! never show above. And it reads far: tungstenite asks for a header and then for a payload, and each would be a call of
//! the system. What waits in the socket is read at once into a buffer that the thread's connections share, and only what
//! tungstenite has not asked for yet is kept.

use std::{
    cell::RefCell,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf, Bytes};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite, Interest, ReadBuf},
    net::TcpStream,
    task::coop,
    time::Instant,
};

/// TCP directly where the upgrade came over plain HTTP/1.1, hyper's boxed I/O otherwise.
pub(crate) enum Io {
    Tcp(TcpStream),
    Hyper(Box<TokioIo<Upgraded>>),
}

pub(super) struct Gate {
    io: Io,
    /// Read from the socket and not asked for yet; at most [`READ_BYTES`].
    ahead: Bytes,
    /// The last read found nothing, and the socket remembers who asked. It does not where the task had used up its turn
    /// (tokio's budget): then it is polled again at once, and must ask again.
    is_registered: bool,
    /// Nothing is handed out for now.
    is_shut: bool,
    control: Vec<u8>,
    /// Bytes read since the last message, or since `since`.
    idle: usize,
    since: Instant,
    /// How many of them are a flood when they come within [`Gate::WINDOW`].
    flood: usize,
}

/// How much is read from a socket at once.
const READ_BYTES: usize = 8 * 1024;

thread_local! {
    static READ: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES].into());
}

impl Gate {
    /// Tungstenite keeps one answer to a Ping at a time and one Close: this is far more than they need.
    const CONTROL_BYTES: usize = 4 * 1024;

    /// A client that reads, and one that is merely idle for long, never comes near.
    const FLOOD_BYTES: usize = 256 * 1024;
    const WINDOW: Duration = Duration::from_secs(10);

    /// `read` has been read from the socket already; `largest` is the longest message that may arrive, in bytes.
    pub(super) fn new(io: Io, read: Bytes, largest: Option<usize>) -> Self {
        Self {
            io,
            ahead: read,
            is_registered: false,
            is_shut: false,
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

    /// Whether there is nothing to read, as far as one can tell without asking the system, and whoever found nothing
    /// before will be woken.
    pub(super) fn is_quiet(&self) -> bool {
        match &self.io {
            Io::Tcp(io) => {
                self.is_registered && self.ahead.is_empty() && io.try_io(Interest::READABLE, || Ok(())).is_err()
            }
            Io::Hyper(_) => false,
        }
    }

    /// Whether the client has closed its side, whatever of it is not read yet.
    pub(super) fn has_gone(&self) -> bool {
        match &self.io {
            // Only this interest is not met by what waits to be read.
            #[cfg(any(target_os = "linux", target_os = "android"))]
            Io::Tcp(io) => io.try_io(Interest::PRIORITY, || Ok(())).is_ok(),
            #[cfg(not(any(target_os = "linux", target_os = "android")))]
            Io::Tcp(_) => false,
            Io::Hyper(_) => false,
        }
    }

    /// Whether nothing is handed out, as if nothing had arrived; nobody is woken for it.
    pub(super) fn shut(&mut self, is_shut: bool) {
        self.is_shut = is_shut;
    }

    pub(super) fn io(&mut self) -> &mut Io {
        &mut self.io
    }

    /// Gives what was read ahead, after more was read when there was nothing.
    fn poll_ahead(&mut self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.ahead.is_empty() {
            return READ.with_borrow_mut(|read| {
                let mut read = ReadBuf::new(read);
                let found = self.io.poll_read(cx, &mut read);
                self.is_registered = found.is_pending() && coop::has_budget_remaining();
                ready!(found)?;
                let (now, later) = read.filled().split_at(read.filled().len().min(buffer.remaining()));
                buffer.put_slice(now);
                self.ahead = Bytes::copy_from_slice(later);
                Poll::Ready(Ok(()))
            });
        }
        let now = self.ahead.len().min(buffer.remaining());
        buffer.put_slice(&self.ahead[..now]);
        self.ahead.advance(now);
        if self.ahead.is_empty() {
            // Its allocation goes with it: a client that waits holds nothing.
            self.ahead = Bytes::new();
        }
        Poll::Ready(Ok(()))
    }

    /// The control frames that wait, whole.
    pub(super) fn take_control(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.control)
    }
}

impl AsyncRead for Gate {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.is_shut {
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let read = self.poll_ahead(cx, buffer);
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

impl Io {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(io) => Pin::new(io).poll_read(cx, buffer),
            Self::Hyper(io) => Pin::new(io).poll_read(cx, buffer),
        }
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
