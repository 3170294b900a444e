//! The only reader of the wall clock; services and the log are given one.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

/// Where the time comes from: the machine, or a test.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System { origin: Instant },
    Fixed { start: i64, now: Arc<AtomicI64> },
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn system() -> Self {
        Self(Source::System { origin: Instant::now() })
    }

    /// A clock that stands at `milliseconds` since 1970 until it is [advanced](Self::advance).
    #[must_use]
    pub fn fixed(milliseconds: i64) -> Self {
        Self(Source::Fixed {
            start: milliseconds,
            now: Arc::new(AtomicI64::new(milliseconds)),
        })
    }

    /// Milliseconds since 1970, UTC. May jump when somebody sets the machine's clock.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn now(&self) -> i64 {
        match &self.0 {
            Source::System { .. } => chrono::Utc::now().timestamp_millis(),
            Source::Fixed { now, .. } => now.load(Ordering::Acquire),
        }
    }

    /// The time since the clock was made; never goes back.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        match &self.0 {
            Source::System { origin } => origin.elapsed(),
            Source::Fixed { start, now } => {
                Duration::from_millis(u64::try_from(now.load(Ordering::Acquire) - start).unwrap_or(0))
            }
        }
    }

    /// Moves a fixed clock on (and all its clones with it). The system's clock does not listen.
    pub fn advance(&self, by: Duration) {
        if let Source::Fixed { now, .. } = &self.0 {
            now.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::AcqRel);
        }
    }
}

impl governor::clock::Clock for Clock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.elapsed()
    }
}
