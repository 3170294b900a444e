//! What a hub counts since it was built: plain numbers, which a host reads when somebody asks for them.
//!
//! Counting is an addition in memory and no more: nothing is locked, named or looked up for it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread_local,
};

use crate::{close::CloseReason, codec::Protocol, negotiate::TransportKind};

const TRANSPORTS: usize = TransportKind::ALL.len();
const PROTOCOLS: usize = Protocol::ALL.len();

/// The counters of a hub.
#[derive(Default)]
pub(super) struct Meter {
    opened: [[AtomicU64; PROTOCOLS]; TRANSPORTS],
    closed: [[AtomicU64; PROTOCOLS]; TRANSPORTS],
    ended: [AtomicU64; CloseReason::NAMES.len()],
    pub(super) received: Busy,
    pub(super) sent: Busy,
    overflowed: AtomicU64,
    /// Calls of methods that there are none of.
    unknown: AtomicU64,
}

/// How a call went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Succeeded,
    Refused,
    Failed,
    Canceled,
}

/// The counters of one method, one for each [`Outcome`].
#[derive(Default)]
pub(super) struct MethodMeter([AtomicU64; 4]);

impl MethodMeter {
    pub(super) fn count(&self, outcome: Outcome) {
        self.0[outcome as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn read(&self, method: &Arc<str>) -> MethodCounts {
        let [succeeded, refused, failed, canceled] = &self.0;
        MethodCounts {
            method: Arc::clone(method),
            succeeded: load(succeeded),
            refused: load(refused),
            failed: load(failed),
            canceled: load(canceled),
        }
    }
}

/// A counter that every thread adds to with every frame: each on a cache line of its own.
#[derive(Default)]
pub(super) struct Busy([Line; 8]);

#[derive(Default)]
#[repr(align(128))]
struct Line(AtomicU64);

static THREADS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static THREAD: usize = THREADS.fetch_add(1, Ordering::Relaxed);
}

impl Busy {
    pub(super) fn add(&self, more: u64) {
        // A thread that is being torn down has no number any more.
        let thread = THREAD.try_with(|thread| *thread).unwrap_or(0);
        self.0[thread % self.0.len()].0.fetch_add(more, Ordering::Relaxed);
    }

    fn read(&self) -> u64 {
        self.0.iter().map(|line| load(&line.0)).sum()
    }
}

fn load(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

impl Meter {
    /// A client has shaken hands.
    pub(super) fn opened(&self, transport: TransportKind, protocol: Protocol) {
        self.opened[transport as usize][protocol as usize].fetch_add(1, Ordering::Release);
    }

    /// A client that had is gone.
    pub(super) fn closed(&self, transport: TransportKind, protocol: Protocol) {
        self.closed[transport as usize][protocol as usize].fetch_add(1, Ordering::Release);
    }

    pub(super) fn ended(&self, reason: &CloseReason) {
        let name = reason.name();
        if let Some(place) = CloseReason::NAMES.iter().position(|known| *known == name) {
            self.ended[place].fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn overflowed(&self) {
        self.overflowed.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn unknown(&self) {
        self.unknown.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn read(&self, methods: Vec<MethodCounts>) -> Counts {
        let mut connections = Vec::with_capacity(TRANSPORTS * PROTOCOLS);
        for transport in TransportKind::ALL {
            for protocol in Protocol::ALL.iter().copied() {
                // In this order: whoever has gone had come.
                let closed = self.closed[transport as usize][protocol as usize].load(Ordering::Acquire);
                let opened = self.opened[transport as usize][protocol as usize].load(Ordering::Acquire);
                connections.push(ConnectionCounts {
                    transport,
                    protocol,
                    opened,
                    open: opened.saturating_sub(closed),
                });
            }
        }
        let ended = CloseReason::NAMES.into_iter().zip(self.ended.iter().map(load));
        Counts {
            connections,
            ended: ended.collect(),
            methods,
            unknown_methods: load(&self.unknown),
            received: self.received.read(),
            sent: self.sent.read(),
            overflowed: load(&self.overflowed),
        }
    }
}

/// What a hub has counted since it was built, see [`Hub::counts`](super::Hub::counts).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Counts {
    /// Connections after their handshake, for every transport and protocol.
    pub connections: Vec<ConnectionCounts>,
    /// How connections ended, by [`CloseReason::name`]; those without a handshake too.
    pub ended: Vec<(&'static str, u64)>,
    /// The calls of every method, in the order of their names.
    pub methods: Vec<MethodCounts>,
    /// Calls of methods that there are none of.
    pub unknown_methods: u64,
    /// Messages that clients sent, without Pings and Acks.
    pub received: u64,
    /// Frames that were handed to transports, without Pings and Acks.
    pub sent: u64,
    /// How often [`Connection::deliver`](super::Connection::deliver) found an outbox full.
    pub overflowed: u64,
}

/// Connections of one transport and protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionCounts {
    /// What carries them.
    pub transport: TransportKind,
    /// What they speak.
    pub protocol: Protocol,
    /// How many have shaken hands, ever.
    pub opened: u64,
    /// How many of them are open.
    pub open: u64,
}

/// Calls of one method, counted when they are over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MethodCounts {
    /// As it was declared.
    pub method: Arc<str>,
    /// Answered by the method.
    pub succeeded: u64,
    /// Refused before they began, or with an error that is meant for the caller.
    pub refused: u64,
    /// Ended by an error that nobody foresaw, or a panic.
    pub failed: u64,
    /// Streams that their client, or the end of its connection, has canceled.
    pub canceled: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::End;

    #[test]
    fn every_end_is_counted_under_its_name() {
        let reasons = [
            CloseReason::ClientClosed(None),
            CloseReason::Transport(End::Closed),
            CloseReason::Transport(End::Lost),
            CloseReason::Aborted,
            CloseReason::Shutdown,
            CloseReason::Cut,
            CloseReason::HandshakeCanceled,
            CloseReason::HandshakeRefused,
            CloseReason::Malformed(String::new()),
            CloseReason::OutOfSequence,
            CloseReason::AuthenticationExpired,
            CloseReason::TooLarge(0),
            CloseReason::ClientTimeout,
            CloseReason::SlowConsumer,
            CloseReason::SendTimeout,
            CloseReason::ConnectFailed(String::new()),
            CloseReason::Superseded,
            CloseReason::Unmanaged,
            CloseReason::Unwritable(String::new()),
            CloseReason::Panicked,
        ];
        let meter = Meter::default();
        reasons.iter().for_each(|reason| meter.ended(reason));
        let ended = meter.read(Vec::new()).ended;
        assert_eq!(ended.len(), reasons.len());
        for (name, count) in ended {
            assert_eq!(count, 1, "{name}");
        }
    }

    #[test]
    fn what_many_threads_add_is_the_sum() {
        let busy = Busy::default();
        std::thread::scope(|scope| {
            for _ in 0..12 {
                scope.spawn(|| (0..1_000).for_each(|_| busy.add(2)));
            }
        });
        assert_eq!(busy.read(), 24_000);
    }
}
