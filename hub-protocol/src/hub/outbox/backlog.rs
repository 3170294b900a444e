//! How much waits for a client, and how much may.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes. Changed under the lock of the outbox, and read without: the session asks before each message of its client.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Backlog {
    all: AtomicUsize,
    /// How many of them are this client's alone.
    own: AtomicUsize,
    bound: usize,
    /// How many times the bound may wait of what is shared with others.
    widest: AtomicUsize,
}

impl Backlog {
    pub(super) fn new(bound: usize) -> Self {
        Self {
            all: AtomicUsize::new(0),
            own: AtomicUsize::new(0),
            bound,
            widest: AtomicUsize::new(1),
        }
    }

    /// Makes room for so many times the bound of what is shared.
    pub(super) fn widen(&self, times: usize) {
        self.widest.store(times, Ordering::Relaxed);
    }

    fn all(&self) -> usize {
        self.all.load(Ordering::Relaxed)
    }

    pub(super) fn own(&self) -> usize {
        self.own.load(Ordering::Relaxed)
    }

    /// Under the lock: nobody else changes them meanwhile.
    pub(super) fn add(&self, all: usize, own: usize) {
        self.all.store(self.all() + all, Ordering::Relaxed);
        self.own.store(self.own() + own, Ordering::Relaxed);
    }

    /// As [`add`](Self::add).
    pub(super) fn subtract(&self, all: usize, own: usize) {
        self.all.store(self.all() - all, Ordering::Relaxed);
        self.own.store(self.own() - own, Ordering::Relaxed);
    }

    /// As [`add`](Self::add).
    pub(super) fn clear(&self) {
        self.subtract(self.all(), self.own());
    }

    /// Whether more waits than the bound, where so much waits elsewhere.
    pub(super) fn is_over(&self, elsewhere: usize) -> bool {
        self.own() + elsewhere > self.bound || self.all() > self.most(usize::MAX)
    }

    /// Whether senders who wait for room need not wait any longer.
    pub(super) fn is_low(&self) -> bool {
        self.own() <= self.bound / 2
    }

    /// As many hear it, so many times the bound may wait, in moderation.
    fn most(&self, hearers: usize) -> usize {
        let times = hearers.clamp(1, self.widest.load(Ordering::Relaxed));
        self.bound.saturating_mul(times)
    }

    /// A frame larger than the bound still goes out when nothing else waits.
    pub(super) fn has_shared_room(&self, size: usize, hearers: usize) -> bool {
        self.all() == 0 || self.all() + size <= self.most(hearers)
    }

    pub(super) fn has_room(&self, size: usize) -> bool {
        self.has_shared_room(size, usize::MAX) && (self.own() == 0 || self.own() + size <= self.bound)
    }
}
