//! The session's end of a pipe.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use tokio::time::Instant;

use super::{
    super::{Incoming, Lost, Outgoing, Transport},
    Pipe,
};
use crate::negotiate::TransportKind;

/// Carries one client over HTTP requests.
pub(crate) struct Half {
    pipe: Arc<Pipe>,
    kind: TransportKind,
}

impl Half {
    pub(crate) fn new(pipe: Arc<Pipe>, kind: TransportKind) -> Self {
        Self { pipe, kind }
    }
}

impl Drop for Half {
    /// However the session ends, whoever waits for it is answered.
    fn drop(&mut self) {
        let mut state = self.pipe.state.lock();
        state.closed = true;
        state.drop_unfetched();
        drop(state);
        self.pipe.output.wake();
        self.pipe.room.notify_waiters();
    }
}

impl Transport for Half {
    fn kind(&self) -> TransportKind {
        self.kind
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Incoming> {
        self.pipe.session.register(cx.waker());
        let mut state = self.pipe.state.lock();
        if let Some(user) = state.user.take() {
            return Poll::Ready(Incoming::Authenticated(user));
        }
        let Some(incoming) = state.inbound.pop_front() else {
            if !std::mem::replace(&mut state.wanted, true) {
                drop(state);
                self.pipe.room.notify_waiters();
            }
            return Poll::Pending;
        };
        if state.inbound.is_empty() {
            state.inbound = Default::default();
        }
        Poll::Ready(incoming)
    }

    fn gone_since(&self) -> Option<Instant> {
        self.pipe.state.lock().ended
    }

    fn let_go(&mut self) {
        let mut state = self.pipe.state.lock();
        state.deaf = true;
        state.inbound = Default::default();
        state.drop_unfetched();
        drop(state);
        self.pipe.room.notify_waiters();
    }

    fn send(&mut self, outgoing: Outgoing) {
        let mut state = self.pipe.state.lock();
        match outgoing {
            Outgoing::Frames(frame) => {
                let records = frame.records();
                state.outbound_bytes += records.len();
                state.outbound_full |= state.outbound_bytes > self.pipe.outbound_bound;
                state.outbound.push_back(records);
            }
            Outgoing::Probe(nonce) => state.asked.push(nonce),
            Outgoing::Abort => {
                state.outbound.clear();
                state.closed = true;
            }
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Lost>> {
        self.pipe.session.register(cx.waker());
        self.pipe.output.wake();
        if self.pipe.state.lock().outbound_full {
            Poll::Pending
        } else {
            Poll::Ready(Ok(()))
        }
    }

    fn written(&self) -> u64 {
        self.pipe.state.lock().taken
    }

    fn unwritten(&self) -> usize {
        let state = self.pipe.state.lock();
        state.outbound_bytes + state.leaving
    }

    fn poll_close(&mut self, _: &mut Context<'_>) -> Poll<()> {
        // What waits is fetched from the pipe when the session is long gone.
        Poll::Ready(())
    }
}
