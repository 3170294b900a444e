//! A WebSocket that another may replace (stateful reconnect).
//!
//! The session sees one transport; the sockets come through a [`Line`], on which the endpoint puts them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::{Incoming, Lost, Outgoing, Transport, websocket::WebSocket};
use crate::{close::End, negotiate::TransportKind};

/// Where the endpoint hands over a new socket.
#[derive(Default)]
pub(crate) struct Line {
    next: Mutex<Newest<Box<WebSocket>>>,
    session: AtomicWaker,
    open: AtomicBool,
    turns: AtomicU64,
}

/// What waits, and the highest turn that has come.
struct Newest<T> {
    turn: u64,
    waits: Option<T>,
}

impl<T> Default for Newest<T> {
    fn default() -> Self {
        Self { turn: 0, waits: None }
    }
}

impl<T> Newest<T> {
    /// Takes in what is newer than all that came; the rest has been given up already.
    fn put(&mut self, turn: u64, value: T) {
        if turn > self.turn {
            self.turn = turn;
            self.waits = Some(value);
        }
    }
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line")
            .field("open", &self.is_open())
            .finish_non_exhaustive()
    }
}

impl Line {
    /// Whether a new socket may take over: the handshake agreed on it, and the connection is not ending.
    pub(crate) fn is_open(&self) -> bool {
        self.open.load(Ordering::Acquire)
    }

    /// Lets new sockets take over, or no longer.
    pub(crate) fn set_open(&self, open: bool) {
        self.open.store(open, Ordering::Release);
        if !open {
            drop(self.next.lock().waits.take());
        }
    }

    /// The turn of a request. Its socket is ready only later, when that of a later request may be there already.
    pub(crate) fn take_turn(&self) -> u64 {
        self.turns.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Hands over the socket of the request with this turn. One of an earlier request that waits already, or comes after
    /// it, is dropped: its client has given it up.
    pub(crate) fn put(&self, turn: u64, socket: Box<WebSocket>) {
        let mut next = self.next.lock();
        if self.is_open() {
            next.put(turn, socket);
            drop(next);
            self.session.wake();
        }
    }
}

/// A connection that outlives its sockets.
pub(crate) struct Resumable {
    socket: Option<Box<WebSocket>>,
    line: Arc<Line>,
    /// How long a socket that was taken over from may take to say goodbye.
    close_timeout: Duration,
    written: u64,
}

impl Resumable {
    pub(crate) fn new(socket: Box<WebSocket>, line: Arc<Line>, close_timeout: Duration) -> Self {
        Self {
            socket: Some(socket),
            line,
            close_timeout,
            written: 0,
        }
    }

    fn replace(&mut self, socket: Box<WebSocket>) {
        self.written = self.written();
        if let Some(mut old) = self.socket.replace(socket) {
            // It may be half-open and is not waited for.
            let patience = self.close_timeout;
            tokio::spawn(async move {
                let closed = std::future::poll_fn(|cx| old.poll_close(cx));
                let _ = tokio::time::timeout(patience, closed).await;
            });
        }
    }
}

impl Transport for Resumable {
    fn kind(&self) -> TransportKind {
        TransportKind::WebSockets
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Incoming> {
        self.line.session.register(cx.waker());
        let next = self.line.next.lock().waits.take();
        if let Some(next) = next {
            self.replace(next);
            return Poll::Ready(Incoming::Resumed);
        }
        let Some(socket) = &mut self.socket else {
            return Poll::Pending;
        };
        match socket.poll_receive(cx) {
            // Cut, not closed: the client may come back.
            Poll::Ready(Incoming::End(End::Lost)) if socket.is_cut() && self.line.is_open() => {
                self.written = self.written();
                self.socket = None;
                Poll::Ready(Incoming::Gap)
            }
            other => other,
        }
    }

    fn gone_since(&self) -> Option<Instant> {
        let nobody_waits = self.line.next.lock().waits.is_none();
        self.socket.as_ref().filter(|_| nobody_waits)?.gone_since()
    }

    fn let_go(&mut self) {
        if let Some(socket) = &mut self.socket {
            socket.let_go();
        }
    }

    fn send(&mut self, outgoing: Outgoing) {
        if let Some(socket) = &mut self.socket {
            socket.send(outgoing);
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Lost>> {
        match &mut self.socket {
            Some(socket) => socket.poll_flush(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    fn written(&self) -> u64 {
        self.written + self.socket.as_ref().map_or(0, |socket| socket.written())
    }

    fn unwritten(&self) -> usize {
        self.socket.as_ref().map_or(0, |socket| socket.unwritten())
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.socket {
            Some(socket) => socket.poll_close(cx),
            None => Poll::Ready(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Newest;

    #[test]
    fn the_socket_of_the_last_request_counts_whichever_is_ready_first() {
        let mut next = Newest::default();
        next.put(2, "second");
        next.put(3, "third");
        assert_eq!(next.waits.take(), Some("third"));
        next.put(2, "second, late");
        assert_eq!(next.waits, None);
        next.put(5, "fifth");
        next.put(4, "fourth, late");
        assert_eq!(next.waits, Some("fifth"));
    }
}
