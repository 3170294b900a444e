//! When people were last seen, on its way into the database: many at once, the newest of each, and nobody waits.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use entities::user_id::UserId;
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::RETRY;
use crate::log::Log;
use crate::log::cache::Cache;
use crate::log::writer::changes::LastSeen;

/// People of one change.
const PORTION: usize = 256;

/// People whose stored time is remembered, per generation of the cache.
const CAPACITY: usize = 1_024;

/// What is not stored yet, or was a moment ago.
#[derive(Debug)]
pub(super) struct Keeper {
    noted: Arc<Mutex<Noted>>,
    more: Arc<Notify>,
    log: Log,
}

#[derive(Debug)]
struct Noted {
    waiting: HashMap<UserId, i64>,
    /// For those who looked into the database before it was there.
    stored: Cache<UserId, i64>,
}

impl Keeper {
    pub(super) fn start(log: Log) -> Self {
        let noted = Noted {
            waiting: HashMap::new(),
            stored: Cache::new(CAPACITY),
        };
        let keeper = Self {
            noted: Arc::new(Mutex::new(noted)),
            more: Arc::default(),
            log: log.clone(),
        };
        tokio::spawn(keep(Arc::downgrade(&keeper.noted), Arc::clone(&keeper.more), log));
        keeper
    }

    /// Somebody was last seen then, in milliseconds since 1970, UTC.
    pub(super) fn note(&self, user: UserId, at: i64) {
        self.noted.lock().waiting.insert(user, at);
        self.more.notify_one();
    }

    /// What was noted of somebody and may not have been stored when the database was asked.
    pub(super) fn noted(&self, user: &UserId) -> Option<i64> {
        let mut noted = self.noted.lock();
        let waiting = noted.waiting.get(user).copied();
        waiting.or_else(|| noted.stored.find(user))
    }

    /// Stores what is noted, as far as the database takes it.
    pub(super) async fn flush(&self) {
        while let Some(portion) = portion(&self.noted) {
            if !store(&self.noted, &self.log, portion).await {
                return;
            }
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.more.notify_one();
    }
}

/// Stores what is noted, as soon as it is. Ends with the keeper.
async fn keep(noted: Weak<Mutex<Noted>>, more: Arc<Notify>, log: Log) {
    loop {
        let Some(noted) = noted.upgrade() else { return };
        match portion(&noted) {
            Some(portion) => {
                if !store(&noted, &log, portion).await {
                    drop(noted);
                    tokio::time::sleep(RETRY).await;
                }
            }
            None => {
                drop(noted);
                more.notified().await;
            }
        }
    }
}

fn portion(noted: &Mutex<Noted>) -> Option<Vec<(UserId, i64)>> {
    let noted = noted.lock();
    let portion: Vec<_> = noted
        .waiting
        .iter()
        .take(PORTION)
        .map(|(user, at)| (user.clone(), *at))
        .collect();
    (!portion.is_empty()).then_some(portion)
}

/// Whether it was stored. It counts as noted until then, so that who looks meanwhile sees it.
async fn store(noted: &Mutex<Noted>, log: &Log, portion: Vec<(UserId, i64)>) -> bool {
    if log.writer.change(LastSeen(portion.clone())).await.is_err() {
        return false;
    }
    let mut noted = noted.lock();
    for (user, at) in portion {
        if noted.waiting.get(&user) == Some(&at) {
            noted.waiting.remove(&user);
        }
        noted.stored.insert(user, at);
    }
    true
}
