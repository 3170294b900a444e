//! How much a person may do a minute, over all transports and servers.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use entities::user_id::UserId;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{NotUntil, Quota, RateLimiter};
use parking_lot::Mutex;

use crate::clock::Clock;
use crate::log::others::Others;
use crate::log::words::{Limited, Word};
use crate::services::{Error, Limits};

/// How often people whose allowance is whole again are forgotten.
const SWEEP: Duration = Duration::from_secs(60);

type Buckets = RateLimiter<UserId, DashMapStateStore<UserId>, Clock, NoOpMiddleware<Duration>>;

/// The allowances of everybody here. Other servers say what somebody did there, which counts here too: at once where the
/// allowance has it, else before what it has next.
#[derive(Clone, Debug)]
pub(crate) struct Allowances {
    pub(crate) messages: RateLimit,
    pub(crate) reactions: RateLimit,
    pub(crate) uploads: RateLimit,
}

impl Allowances {
    pub(crate) fn new(limits: &Limits, clock: &Clock, others: &Others) -> Self {
        let limit = |what, per_minute| RateLimit::new(what, per_minute, limits.burst, clock.clone(), others.clone());
        Self {
            messages: limit(Limited::Messages, limits.messages_per_minute),
            reactions: limit(Limited::Reactions, limits.reactions_per_minute),
            uploads: limit(Limited::Uploads, limits.uploads_per_minute),
        }
    }

    /// Another server says that somebody did one of these.
    pub(in crate::services) fn hear(&self, person: &UserId, what: Limited) {
        let limit = match what {
            Limited::Messages => &self.messages,
            Limited::Reactions => &self.reactions,
            Limited::Uploads => &self.uploads,
        };
        limit.owe(person);
    }
}

/// One allowance a person: `burst` at once, `per_minute` sustained. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct RateLimit {
    what: Limited,
    buckets: Option<Arc<Buckets>>,
    /// What was done on other servers while there was nothing left here.
    owed: Arc<DashMap<UserId, u32>>,
    others: Others,
    clock: Clock,
    per_minute: u32,
    swept: Arc<Mutex<Duration>>,
}

impl RateLimit {
    /// `per_minute` 0 is no limit; `burst` 0 is a whole minute's allowance at once.
    fn new(what: Limited, per_minute: u32, burst: u32, clock: Clock, others: Others) -> Self {
        let buckets = NonZeroU32::new(per_minute).map(|rate| {
            let quota = Quota::per_minute(rate).allow_burst(NonZeroU32::new(burst).unwrap_or(rate));
            Arc::new(RateLimiter::new(quota, DashMapStateStore::default(), clock.clone()))
        });
        Self {
            what,
            buckets,
            owed: Arc::default(),
            others,
            clock,
            per_minute,
            swept: Arc::default(),
        }
    }

    /// Takes one from the person's allowance.
    pub(crate) fn take(&self, person: &UserId) -> Result<(), Error> {
        let Some(buckets) = &self.buckets else { return Ok(()) };
        self.sweep(buckets);
        let take = |()| buckets.check_key(person).map_err(|refused| (refused, 0));
        self.pay(buckets, person)
            .and_then(take)
            .map_err(|(refused, owed)| Error::TooMany {
                limit: format!("{}: the limit is {} a minute", self.what.name(), self.per_minute),
                retry_after: refused.wait_time_from(governor::clock::Clock::now(&self.clock))
                    + Duration::from_secs(60) / self.per_minute * owed,
            })?;
        self.others.say(|| Word::Did(person.clone(), self.what));
        Ok(())
    }

    /// What was done elsewhere comes first. Says when the next of it is paid, and how much is owed.
    fn pay(&self, buckets: &Buckets, person: &UserId) -> Result<(), (NotUntil<Duration>, u32)> {
        let Some(mut owed) = self.owed.get_mut(person) else {
            return Ok(());
        };
        while *owed > 0 {
            buckets.check_key(person).map_err(|refused| (refused, *owed))?;
            *owed -= 1;
        }
        Ok(())
    }

    fn owe(&self, person: &UserId) {
        let Some(buckets) = &self.buckets else { return };
        self.sweep(buckets);
        if buckets.check_key(person).is_err() {
            let mut owed = self.owed.entry(person.clone()).or_default();
            *owed = owed.saturating_add(1).min(self.per_minute);
        }
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
        // Forgiven: what is owed is what several servers took at the same moment.
        self.owed.clear();
        buckets.retain_recent();
        buckets.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Limited, Others, RateLimit};
    use crate::clock::Clock;
    use crate::services::Error;

    fn limit(per_minute: u32, clock: &Clock) -> RateLimit {
        RateLimit::new(Limited::Messages, per_minute, 10, clock.clone(), Others::nobody())
    }

    #[test]
    fn burst_passes_then_the_sustained_rate_counts() {
        let clock = Clock::fixed(0);
        let limit = limit(30, &clock);
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
    fn what_is_done_elsewhere_counts_also_when_there_is_nothing_left() {
        let clock = Clock::fixed(0);
        let limit = limit(30, &clock);
        let ann = "ann".parse().unwrap();
        for _ in 0..8 {
            limit.owe(&ann);
        }
        for _ in 0..2 {
            limit.take(&ann).unwrap();
        }
        assert!(limit.take(&ann).is_err());
        limit.owe(&ann);
        limit.owe(&ann);
        clock.advance(Duration::from_secs(2));
        let Err(Error::TooMany { retry_after, .. }) = limit.take(&ann) else {
            panic!("this one was had elsewhere")
        };
        assert_eq!(retry_after, Duration::from_secs(4), "and so was the next");
        clock.advance(retry_after);
        limit.take(&ann).unwrap();
    }

    #[test]
    fn zero_is_no_limit() {
        let limit = limit(0, &Clock::fixed(0));
        let ann = "ann".parse().unwrap();
        assert!((0..1_000).all(|_| limit.take(&ann).is_ok()));
    }
}
