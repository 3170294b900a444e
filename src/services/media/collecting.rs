//! What no message has any more, or never took, is removed: first from the storage, then from the table.

use std::time::Duration;

use super::Media;
use crate::log::writer::changes::{COLLECTED_AT_ONCE, CollectFiles, ForgetFiles};
use crate::services::Error;

/// How often it is looked for files that nobody said are gone.
const INTERVAL: Duration = Duration::from_secs(10 * 60);

impl Media {
    /// Collects until the log is closed.
    pub(super) fn collect(&self) {
        let media = self.clone();
        tokio::spawn(async move {
            let forever = media.collect_forever();
            tokio::select! {
                () = forever => {}
                () = media.log.writer.closed() => {}
            }
        });
    }

    async fn collect_forever(&self) {
        loop {
            let next = self.clock.elapsed() + INTERVAL;
            self.collect_now().await;
            tokio::select! {
                () = self.clock.sleep_until(next) => {}
                () = self.services.conversations.files_gone.notified() => {}
            }
        }
    }

    /// Removes all that have expired, a portion at a time.
    async fn collect_now(&self) {
        loop {
            match self.collect_some().await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!("files that nothing has cannot be removed yet: {error}");
                    return;
                }
            }
        }
    }

    /// Says whether there may be more.
    async fn collect_some(&self) -> Result<bool, Error> {
        let expired = self.log.writer.change(CollectFiles).await?;
        let is_full = expired.len() == COLLECTED_AT_ONCE;
        let mut removed = Vec::with_capacity(expired.len());
        for id in expired {
            match self.storage.remove(id.0).await {
                Ok(()) => removed.push(id),
                Err(error) => tracing::warn!("a file cannot be removed: {error}"),
            }
        }
        let is_moving = !removed.is_empty();
        if is_moving {
            self.log.writer.change(ForgetFiles(removed)).await?;
        }
        Ok(is_full && is_moving)
    }
}
