//! The way out: from the outbox and the feed to the transport, in as few writes as the socket allows.

use std::{
    task::{Context as Task, Poll},
    time::Instant,
};

use futures_util::FutureExt;

use super::{Session, Turn};
use crate::{
    codec::TransferFormat,
    connection::Unacknowledged,
    hub::outbox::Taken,
    message::{HubMessage, Sequence},
    transport::{Frame, Outgoing, Transport},
};

/// How much is handed to a transport for one write, at least; what a client does not take then waits there, joined.
const WRITE_BYTES: usize = 32 * 1024;

/// A client that takes no more: since when, and how much it had taken by then.
#[derive(Clone, Copy)]
pub(super) struct Stalled {
    since: Instant,
    taken: u64,
}

impl<T: Transport> Session<T> {
    /// Sends what the protocol itself has to say. The last words come behind what waits; Pings and Acks do not
    /// wait for a client to acknowledge, nor does anything precede the answer to the handshake.
    pub(super) fn queue_own(&mut self) {
        while let Some(record) = self.core.poll_transmit() {
            let protocol = self.member.protocol.get();
            let format = protocol.map_or(TransferFormat::Text, |protocol| protocol.transfer_format());
            let frame = Outgoing::Frames(Frame::new(format, &record));
            if self.member.outbox.is_closed() {
                self.member.outbox.push_own(frame);
            } else {
                self.transport.send(frame);
            }
        }
    }

    /// Hands over what waited, and keeps what the client may want again.
    pub(super) fn hand_over(&mut self, outgoing: Outgoing) {
        let size = match &outgoing {
            Outgoing::Frames(frame) => frame.size_alone(),
            Outgoing::Probe(_) | Outgoing::Abort => 0,
        };
        hand_over(&mut *self.transport, self.sent.as_deref_mut(), outgoing, size);
    }

    /// Says with which message it goes on, and goes on with what the client may not have.
    pub(super) fn send_again(&mut self) {
        if let (Some(sent), Some(protocol)) = (&self.sent, self.member.protocol.get()) {
            let sequence_id = sent.first();
            let sequence = HubMessage::Sequence(Sequence { sequence_id });
            self.transport.send(Outgoing::Frames(Frame::of(*protocol, &sequence)));
            sent.iter()
                .for_each(|frame| self.transport.send(Outgoing::Frames(frame.clone())));
        }
    }

    /// Whether so many answers wait that no further call should be begun. What is being written counts too, and what the
    /// client has not acknowledged: all is kept for it.
    pub(super) fn is_clogged(&self) -> bool {
        let outbox = &self.member.outbox;
        // Nothing is kept for a client that has gone.
        self.left.is_none()
            && (outbox.is_over(self.transport.unwritten())
                || self.sent.as_ref().is_some_and(|sent| sent.room() <= outbox.own_bytes()))
    }

    /// A client that must acknowledge before anything is sent does so behind its calls, none of which may be begun.
    pub(super) fn read_acknowledgements(&mut self) {
        if let Some(sent) = &mut self.sent
            && sent.is_full()
            && let Some(number) = self.core.poll_acknowledged()
        {
            sent.acknowledge(number);
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
                    self.note_stall(self.transport.written());
                    return None;
                }
                Poll::Ready(Ok(())) => {}
            }
            match self.sent.as_ref().filter(|sent| sent.is_full()) {
                // Nobody acknowledges while away; the time to come back is bounded elsewhere.
                Some(_) if self.away => return None,
                Some(sent) => {
                    self.note_stall(sent.first().unsigned_abs());
                    return None;
                }
                None => self.stalled = None,
            }
            let room = self.sent.as_ref().map_or(WRITE_BYTES, |sent| sent.room());
            match self.take_waiting(room.min(WRITE_BYTES)) {
                Taken::Some => {}
                Taken::Nothing => return None,
                Taken::Pull(feed, after) => {
                    let protocol = *self.member.protocol.get().expect("feeds come after the handshake");
                    self.pulling = Some(feed.pull(after, protocol));
                }
            }
        }
    }

    /// A client that takes any byte at all, or acknowledges anything, is alive: its time begins anew.
    fn note_stall(&mut self, taken: u64) {
        if self.stalled.is_none_or(|stalled| stalled.taken != taken) {
            self.stalled = Some(Stalled { since: self.now, taken });
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
            if !matches!(self.take_waiting(WRITE_BYTES), Taken::Some) {
                return Poll::Ready(());
            }
        }
    }

    fn take_waiting(&mut self, most: usize) -> Taken {
        let Self {
            hub,
            member,
            transport,
            sent,
            ..
        } = self;
        let mut frames = 0;
        let taken = member.outbox.take(most, |outgoing, size| {
            frames += u64::from(matches!(outgoing, Outgoing::Frames(_)));
            hand_over(&mut **transport, sent.as_deref_mut(), outgoing, size);
        });
        if frames > 0 {
            hub.0.meter.sent.add(frames);
        }
        taken
    }
}

fn hand_over<T: Transport>(
    transport: &mut T,
    sent: Option<&mut Unacknowledged<Frame>>,
    outgoing: Outgoing,
    size: usize,
) {
    if let (Some(sent), Outgoing::Frames(frame)) = (sent, &outgoing)
        && frame.is_counted()
    {
        sent.push(frame.clone(), size);
    }
    transport.send(outgoing);
}
