//! How much a person may do a minute, over all transports.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use entities::user_id::UserId;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use parking_lot::Mutex;

use crate::clock::Clock;
use crate::services::Error;

/// How often people whose allowance is whole again are forgotten.
const SWEEP: Duration = Duration::from_secs(60);

type Buckets = RateLimiter<UserId, DashMapStateStore<UserId>, Clock, NoOpMiddleware<Duration>>;

/// One allowance a person: `burst` at once, `per_minute` sustained. Cheap to clone.
#[derive(Clone, Debug)]
pub struct RateLimit {
    what: &'static str,
    buckets: Option<Arc<Buckets>>,
    clock: Clock,
    per_minute: u32,
    swept: Arc<Mutex<Duration>>,
}

impl RateLimit {
    /// `what` is limited, in the plural. `per_minute` 0 is no limit; `burst` 0 is a whole minute's allowance at once.
    pub(crate) fn new(what: &'static str, per_minute: u32, burst: u32, clock: Clock) -> Self {
        let buckets = NonZeroU32::new(per_minute).map(|rate| {
            let quota = Quota::per_minute(rate).allow_burst(NonZeroU32::new(burst).unwrap_or(rate));
            Arc::new(RateLimiter::new(quota, DashMapStateStore::default(), clock.clone()))
        });
        Self {
            what,
            buckets,
            clock,
            per_minute,
            swept: Arc::default(),
        }
    }

    /// Takes one from the person's allowance.
    pub(crate) fn take(&self, person: &UserId) -> Result<(), Error> {
        let Some(buckets) = &self.buckets else { return Ok(()) };
        self.sweep(buckets);
        buckets.check_key(person).map_err(|refused| Error::TooMany {
            limit: format!("{}: the limit is {} a minute", self.what, self.per_minute),
            retry_after: refused.wait_time_from(governor::clock::Clock::now(&self.clock)),
        })
    }

    /// The limiter remembers everybody it ever saw unless it is told to forget.
    fn sweep(&self, buckets: &Buckets) {
        let now = self.clock.elapsed();
        {
            let mut swept = self.swept.lock();
            if now < *swept + SWEEP {
                return;
            }
            *swept = now;
        }
        buckets.retain_recent();
        buckets.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::RateLimit;
    use crate::clock::Clock;
    use crate::services::Error;

    #[test]
    fn burst_passes_then_the_sustained_rate_counts() {
        let clock = Clock::fixed(0);
        let limit = RateLimit::new("messages", 30, 10, clock.clone());
        let (ann, bob) = ("ann".parse().unwrap(), "bob".parse().unwrap());
        for _ in 0..10 {
            limit.take(&ann).unwrap();
        }
        let Err(Error::TooMany { retry_after, .. }) = limit.take(&ann) else {
            panic!("the burst has no end")
        };
        assert_eq!(retry_after, Duration::from_secs(2));
        limit.take(&bob).unwrap();
        clock.advance(retry_after);
        limit.take(&ann).unwrap();
        assert!(limit.take(&ann).is_err());
    }

    #[test]
    fn zero_is_no_limit() {
        let limit = RateLimit::new("messages", 0, 10, Clock::fixed(0));
        let ann = "ann".parse().unwrap();
        assert!((0..1_000).all(|_| limit.take(&ann).is_ok()));
    }
}
