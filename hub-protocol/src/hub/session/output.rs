//! The way out: from the outbox and the feed to the transport, in as few writes as the socket allows.

use std::{
    task::{Context as Task, Poll},
    time::Instant,
};

use futures_util::FutureExt;

use super::{Session, Turn, now};
use crate::{
    codec::TransferFormat,
    hub::outbox::Taken,
    transport::{Frame, Outgoing, Transport},
};

/// How much is handed to a transport for one write.
const WRITE_BYTES: usize = 64 * 1024;

/// A transport that takes no more: since when, and how much it had taken by then.
#[derive(Clone, Copy)]
pub(super) struct Stalled {
    since: Instant,
    written: u64,
}

impl<T: Transport> Session<T> {
    /// Queues what the protocol itself has to say: the handshake's answer, Pings, a Close.
    pub(super) fn queue_own(&mut self) {
        while let Some(record) = self.core.poll_transmit() {
            let format = self
                .member
                .protocol
                .get()
                .map_or(TransferFormat::Text, |protocol| protocol.transfer_format());
            self.member
                .outbox
                .push_own(Outgoing::Frames(Frame::new(format, &record)));
        }
    }

    /// Writes what waits, in as few writes as the socket allows. Answers and Pings do not wait for a pull.
    pub(super) fn poll_output(&mut self, cx: &mut Task<'_>) -> Option<Turn> {
        loop {
            // Polled whatever the socket does: it may hold a connection to a database.
            if let Some(pulling) = &mut self.pulling
                && let Poll::Ready((feed, pulled)) = pulling.poll_unpin(cx)
            {
                self.pulling = None;
                return Some(Turn::Pulled(feed, pulled));
            }
            match self.transport.poll_flush(cx) {
                // Whoever receives learns how it ended; who does not receive now gives up in time.
                Poll::Pending | Poll::Ready(Err(_)) => {
                    self.note_stall();
                    return None;
                }
                Poll::Ready(Ok(())) => self.stalled = None,
            }
            match self
                .member
                .outbox
                .take(WRITE_BYTES, |outgoing| self.transport.send(outgoing))
            {
                Taken::Some => {}
                Taken::Nothing => return None,
                Taken::Pull(feed, after) => {
                    let protocol = *self.member.protocol.get().expect("feeds come after the handshake");
                    self.pulling = Some(feed.pull(after, protocol));
                }
            }
        }
    }

    /// A client that takes any byte at all is alive: its time begins anew.
    fn note_stall(&mut self) {
        let written = self.transport.written();
        if self.stalled.is_none_or(|stalled| stalled.written != written) {
            self.stalled = Some(Stalled { since: now(), written });
        }
    }

    /// When the client will have taken no byte for too long.
    pub(super) fn stalled_until(&self) -> Option<Instant> {
        self.stalled
            .map(|stalled| stalled.since + self.hub.0.options.send_timeout)
    }

    /// Writes what is queued and pulls nothing more.
    pub(super) fn poll_last_words(&mut self, cx: &mut Task<'_>) -> Poll<()> {
        loop {
            match self.transport.poll_flush(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Ready(Ok(())) => {}
            }
            let taken = self
                .member
                .outbox
                .take(WRITE_BYTES, |outgoing| self.transport.send(outgoing));
            if !matches!(taken, Taken::Some) {
                return Poll::Ready(());
            }
        }
    }
}
