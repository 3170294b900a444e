//! Whose turn it is to search: one at a time, so that everything else hardly notices.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::services::Error;

/// Searches at once.
const AT_ONCE: usize = 1;
/// How long one waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest rest after a turn.
const LONGEST_REST: Duration = Duration::from_millis(50);

/// The turns there are. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Turns {
    permits: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
}

/// A turn for as long as it is held. When others wait the next one begins after a rest as long as this one was, so that
/// searches never have more than half of a core.
#[derive(Debug)]
pub(super) struct Turn {
    permit: Option<OwnedSemaphorePermit>,
    began: Instant,
    waiting: Arc<AtomicUsize>,
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            permits: Arc::new(Semaphore::new(AT_ONCE)),
            waiting: Arc::default(),
        }
    }
}

impl Turns {
    /// A turn; `Unavailable` for who waited in vain.
    pub(super) async fn take(&self) -> Result<Turn, Error> {
        let waits = Waits::new(&self.waiting);
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.permits).acquire_owned()).await;
        drop(waits);
        let permit = turn.map_err(|_| Error::Unavailable)?.map_err(|_| Error::Unavailable)?;
        Ok(Turn {
            permit: Some(permit),
            began: Instant::now(),
            waiting: Arc::clone(&self.waiting),
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let rest = Ord::min(self.began.elapsed(), LONGEST_REST);
        let (Some(permit), Ok(runtime)) = (self.permit.take(), tokio::runtime::Handle::try_current()) else {
            return;
        };
        if self.waiting.load(Ordering::Relaxed) > 0 && !rest.is_zero() {
            runtime.spawn(async move {
                tokio::time::sleep(rest).await;
                drop(permit);
            });
        }
    }
}

/// Counts who waits, also when they go away.
struct Waits<'a>(&'a AtomicUsize);

impl<'a> Waits<'a> {
    fn new(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Self(waiting)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt as _;
    use tokio::time::Instant;

    use super::{AT_ONCE, PATIENCE, Turns};
    use crate::services::Error;

    /// Row 48 of the security checklist.
    #[tokio::test(start_paused = true)]
    async fn sec_48_who_finds_no_turn_waits_and_then_is_refused() {
        let turns = Turns::default();
        let mut taken = Vec::new();
        for _ in 0..AT_ONCE {
            taken.push(turns.take().now_or_never().unwrap().unwrap());
        }
        let began = Instant::now();
        assert_eq!(turns.take().await.err(), Some(Error::Unavailable));
        assert_eq!(began.elapsed(), PATIENCE);
        // Those who wait are served in the order they came, and who gave up is not among them.
        let (mut third, mut fourth) = (Box::pin(turns.take()), Box::pin(turns.take()));
        assert!(third.as_mut().now_or_never().is_none() && fourth.as_mut().now_or_never().is_none());
        taken.pop();
        let held = third.await.unwrap();
        assert!(fourth.as_mut().now_or_never().is_none());
        drop(held);
        assert!(fourth.now_or_never().unwrap().is_ok());
    }
    #[tokio::test(start_paused = true)]
    async fn a_turn_that_others_wait_for_is_followed_by_a_rest() {
        let turns = Turns::default();
        let first = turns.take().await.unwrap();
        tokio::time::advance(Duration::from_millis(20)).await;
        let next = tokio::spawn({
            let turns = turns.clone();
            async move { turns.take().await }
        });
        tokio::task::yield_now().await;
        let ended = Instant::now();
        drop(first);
        let second = next.await.unwrap().unwrap();
        assert!(ended.elapsed() >= Duration::from_millis(20));
        // Nobody waits: no rest.
        tokio::time::advance(Duration::from_millis(20)).await;
        drop(second);
        assert!(turns.take().now_or_never().unwrap().is_ok());
    }
}
