//! Whose turn it is to search: few at once, so that the other connections stay free for everything else.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::services::Error;

/// Searches at once.
const AT_ONCE: usize = 2;
/// How long one waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// The turns there are. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Turns(Arc<Semaphore>);

impl Default for Turns {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Turns {
    /// A turn for as long as it is held; `Unavailable` for who waited in vain.
    pub(super) async fn take(&self) -> Result<SemaphorePermit<'_>, Error> {
        let turn = tokio::time::timeout(PATIENCE, self.0.acquire()).await;
        turn.map_err(|_| Error::Unavailable)?.map_err(|_| Error::Unavailable)
    }
}

#[cfg(test)]
mod tests {
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
}
