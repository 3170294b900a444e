//! How long events are kept: the old ones go in small portions, between everything else that is written.

use std::time::Duration;

use crate::clock::Clock;
use crate::log::writer::changes::{PRUNED_AT_ONCE, Prune};
use crate::log::{Error, Log};

/// How often it is looked for events that have become old.
const INTERVAL: Duration = Duration::from_secs(10 * 60);
/// Between two portions, for those who wait to write.
const PAUSE: Duration = Duration::from_millis(50);

impl Log {
    /// Forgets what is older than `kept` from now on, until the log is closed. Call it inside a runtime.
    pub fn keep_for(&self, kept: Duration, clock: &Clock) {
        let (log, clock) = (self.clone(), clock.clone());
        tokio::spawn(async move {
            let forever = log.forget_old(kept, &clock);
            tokio::select! {
                () = forever => {}
                () = log.writer.closed() => {}
            }
        });
    }

    async fn forget_old(&self, kept: Duration, clock: &Clock) {
        loop {
            let next = clock.elapsed() + INTERVAL;
            loop {
                match self.prune(kept, clock).await {
                    Ok(gone) if gone == PRUNED_AT_ONCE => tokio::time::sleep(PAUSE).await,
                    Ok(_) => break,
                    Err(error) => {
                        tracing::warn!("old events cannot be pruned: {error}");
                        break;
                    }
                }
            }
            clock.sleep_until(next).await;
        }
    }

    /// Forgets one portion of the events older than `kept`, and says how many they were. What a connection, living or
    /// lost, may go on from stays.
    pub async fn prune(&self, kept: Duration, clock: &Clock) -> Result<u64, Error> {
        let kept = i64::try_from(kept.as_millis()).unwrap_or(i64::MAX);
        let before = clock.now().saturating_sub(kept);
        self.writer.change(Prune { before }).await
    }
}
