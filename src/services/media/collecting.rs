//! What no message has any more, or never took, is removed: first from the storage, then from the table.

use std::time::Duration;

use entities::ids::FileId;

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
        let mut behind = None;
        loop {
            let next = self.clock.elapsed() + INTERVAL;
            self.collect_now(&mut behind).await;
            tokio::select! {
                () = self.clock.sleep_until(next) => {}
                () = self.services.conversations.files_gone.notified() => {}
            }
        }
    }

    /// Removes all that have expired, a portion at a time, by their ids. One that cannot be removed ends it, since the
    /// others may have to wait for the same; the next time begins behind it, since they may not.
    async fn collect_now(&self, behind: &mut Option<FileId>) {
        loop {
            match self.collect_some(behind).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!("files that nothing has cannot be removed yet: {error}");
                    return;
                }
            }
        }
    }

    /// Says whether there may be more: further on, or before where it began.
    async fn collect_some(&self, behind: &mut Option<FileId>) -> Result<bool, Error> {
        let began_inside = behind.is_some();
        let expired = self.log.writer.change(CollectFiles { behind: *behind }).await?;
        let is_full = expired.len() == COLLECTED_AT_ONCE;
        let (mut removed, mut failed) = (Vec::with_capacity(expired.len()), false);
        for id in expired {
            *behind = Some(id);
            if let Err(error) = self.storage.remove(id.0).await {
                tracing::warn!("a file cannot be removed: {error}");
                failed = true;
                break;
            }
            removed.push(id);
        }
        if !removed.is_empty() {
            self.log.writer.change(ForgetFiles(removed)).await?;
        }
        if failed {
            return Ok(false);
        }
        if !is_full {
            *behind = None;
        }
        Ok(is_full || began_inside)
    }
}
