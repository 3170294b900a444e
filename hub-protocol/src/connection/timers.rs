//! When a connection must be looked at again, as data.

use std::time::Instant;

/// What a connection waits for besides bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    /// The handshake must be there by then.
    Handshake,
    /// A Ping is due.
    KeepAlive,
    /// The client has been silent for too long.
    ClientTimeout,
    /// The client should hear what has arrived.
    Acknowledge,
    /// A client whose socket was cut has not come back.
    Resume,
    /// The user's token ends.
    Authentication,
}

/// At most one deadline for each timer.
#[derive(Debug, Default)]
pub(super) struct Timers([Option<Instant>; 6]);

impl Timers {
    const ALL: [Timer; 6] = [
        Timer::Handshake,
        Timer::KeepAlive,
        Timer::ClientTimeout,
        Timer::Acknowledge,
        Timer::Resume,
        Timer::Authentication,
    ];

    pub(super) fn set(&mut self, timer: Timer, at: Instant) {
        self.0[timer as usize] = Some(at);
    }

    pub(super) fn stop(&mut self, timer: Timer) {
        self.0[timer as usize] = None;
    }

    pub(super) fn is_set(&self, timer: Timer) -> bool {
        self.0[timer as usize].is_some()
    }

    /// Takes one timer that is due.
    pub(super) fn expire(&mut self, now: Instant) -> Option<Timer> {
        let due = |timer: &Timer| self.0[*timer as usize].is_some_and(|at| at <= now);
        let timer = Self::ALL.into_iter().find(due)?;
        self.stop(timer);
        Some(timer)
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.0.iter().flatten().min().copied()
    }
}
