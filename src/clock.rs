//! The only reader of the wall clock; services and the log are given one.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// Where the time comes from: the machine, or a test.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System { origin: Instant },
    Fixed(Arc<Fixed>),
}

#[derive(Debug)]
struct Fixed {
    now: AtomicI64,
    /// Milliseconds since the clock was made.
    passed: AtomicU64,
    advanced: Notify,
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
        Self(Source::Fixed(Arc::new(Fixed {
            now: AtomicI64::new(milliseconds),
            passed: AtomicU64::new(0),
            advanced: Notify::new(),
        })))
    }

    /// Milliseconds since 1970, UTC. May jump when somebody sets the machine's clock.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn now(&self) -> i64 {
        match &self.0 {
            Source::System { .. } => chrono::Utc::now().timestamp_millis(),
            Source::Fixed(fixed) => fixed.now.load(Ordering::Acquire),
        }
    }

    /// The time since the clock was made; never goes back.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        match &self.0 {
            Source::System { origin } => origin.elapsed(),
            Source::Fixed(fixed) => Duration::from_millis(fixed.passed.load(Ordering::Acquire)),
        }
    }

    /// Waits until so much time has passed since the clock was made.
    pub async fn sleep_until(&self, elapsed: Duration) {
        match &self.0 {
            Source::System { origin } => tokio::time::sleep_until((*origin + elapsed).into()).await,
            Source::Fixed(fixed) => loop {
                let mut advanced = std::pin::pin!(fixed.advanced.notified());
                advanced.as_mut().enable();
                if self.elapsed() >= elapsed {
                    return;
                }
                advanced.await;
            },
        }
    }

    /// Moves a fixed clock on (and all its clones with it). The system's clock does not listen.
    pub fn advance(&self, by: Duration) {
        if let Source::Fixed(fixed) = &self.0 {
            let by = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
            fixed.now.fetch_add(by.cast_signed(), Ordering::AcqRel);
            fixed.passed.fetch_add(by, Ordering::AcqRel);
            fixed.advanced.notify_waiters();
        }
    }

    /// Somebody sets a fixed clock, forward or back by so many milliseconds: no time passes.
    pub fn set_by(&self, milliseconds: i64) {
        if let Source::Fixed(fixed) = &self.0 {
            fixed.now.fetch_add(milliseconds, Ordering::AcqRel);
        }
    }
}

/// Waits until the next thing is due, where there is one, or until there may be an earlier one.
pub(crate) async fn due(next: Option<tokio::time::Instant>, earlier: &Notify) {
    let wait = async {
        match next {
            Some(next) => tokio::time::sleep_until(next).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = wait => {}
        () = earlier.notified() => {}
    }
}

impl governor::clock::Clock for Clock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt as _;

    use super::Clock;

    #[test]
    fn who_sleeps_by_a_fixed_clock_wakes_when_it_is_advanced() {
        let clock = Clock::fixed(0);
        let mut asleep = Box::pin(clock.sleep_until(Duration::from_secs(2)));
        assert!(asleep.as_mut().now_or_never().is_none());
        clock.advance(Duration::from_secs(1));
        assert!(asleep.as_mut().now_or_never().is_none());
        clock.advance(Duration::from_secs(1));
        assert!(asleep.as_mut().now_or_never().is_some());
    }
}
