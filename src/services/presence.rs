//! Who is connected, on whatever edge: online while any connection lives, and ten seconds longer.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::Duration;

use dashmap::{DashMap, Entry};
use entities::member;
use entities::user_id::UserId;
use parking_lot::Mutex;
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use tokio::sync::{Notify, broadcast};
use tokio::time::Instant;

use crate::database::Database;
use crate::services::{Error, Settings};

/// Changes a slow subscriber may be behind; then it loses the oldest.
const CAPACITY: usize = 1_024;

/// Somebody came or went. For connected people who share a conversation with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub user: UserId,
    pub is_online: bool,
}

/// Presence on this node. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Presence {
    database: Database,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// Everybody who is online.
    people: DashMap<UserId, Connections>,
    grace: Duration,
    /// Whose last connection ended, and when that counts: in order, since the grace is the same for all.
    leaving: Mutex<VecDeque<(Instant, UserId)>>,
    somebody_leaves: Arc<Notify>,
    changes: broadcast::Sender<Change>,
}

/// What somebody has who is online.
#[derive(Debug)]
struct Connections {
    count: usize,
    /// When they are gone, if none of the connections is left.
    gone_at: Option<Instant>,
}

/// One connection of somebody. Dropping it ends it.
#[derive(Debug)]
pub struct Online {
    shared: Arc<Shared>,
    user: UserId,
}

impl Presence {
    pub(crate) fn new(database: Database, settings: &Settings) -> Self {
        let shared = Arc::new(Shared {
            people: DashMap::new(),
            grace: settings.presence_grace,
            leaving: Mutex::default(),
            somebody_leaves: Arc::default(),
            changes: broadcast::Sender::new(CAPACITY),
        });
        tokio::spawn(see_out(Arc::downgrade(&shared), Arc::clone(&shared.somebody_leaves)));
        Self { database, shared }
    }

    /// Counts a connection of somebody.
    #[must_use]
    pub fn connect(&self, user: &UserId) -> Online {
        let is_new = match self.shared.people.entry(user.clone()) {
            Entry::Occupied(mut known) => {
                let connections = known.get_mut();
                connections.count += 1;
                connections.gone_at = None;
                false
            }
            Entry::Vacant(nobody) => {
                let gone_at = None;
                nobody.insert(Connections { count: 1, gone_at });
                true
            }
        };
        if is_new {
            self.shared.tell(user, true);
        }
        Online {
            shared: Arc::clone(&self.shared),
            user: user.clone(),
        }
    }

    /// Whether somebody is connected, or was moments ago.
    pub fn is_online(&self, user: &UserId) -> bool {
        self.shared.people.contains_key(user)
    }

    /// Everybody who shares a conversation with `user`, in no order, without `user`.
    pub async fn acquaintances(&self, user: &UserId) -> Result<Vec<UserId>, Error> {
        let theirs = Query::select()
            .column(member::Column::Conversation)
            .from(member::Entity)
            .and_where(member::Column::UserId.eq(user.clone()))
            .and_where(member::Column::UntilEvent.is_null())
            .to_owned();
        let users = member::Entity::find()
            .select_only()
            .column(member::Column::UserId)
            .distinct()
            .filter(member::Column::Conversation.in_subquery(theirs))
            .filter(member::Column::UntilEvent.is_null())
            .filter(member::Column::UserId.ne(user.clone()))
            .into_tuple()
            .all(&self.database.read)
            .await?;
        Ok(users)
    }

    /// Who of them is online.
    pub async fn online_acquaintances(&self, user: &UserId) -> Result<Vec<UserId>, Error> {
        let mut users = self.acquaintances(user).await?;
        users.retain(|user| self.is_online(user));
        users.sort();
        Ok(users)
    }

    /// The changes from now on. One who is more than 1,024 behind loses the oldest.
    #[must_use]
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.shared.changes.subscribe()
    }
}

impl Drop for Shared {
    /// The task looks once more, and ends.
    fn drop(&mut self) {
        self.somebody_leaves.notify_one();
    }
}

impl Shared {
    fn tell(&self, user: &UserId, is_online: bool) {
        // Nobody may be listening.
        let _ = self.changes.send(Change {
            user: user.clone(),
            is_online,
        });
    }
}

impl Drop for Online {
    fn drop(&mut self) {
        let Some(mut connections) = self.shared.people.get_mut(&self.user) else {
            return;
        };
        connections.count -= 1;
        if connections.count > 0 {
            return;
        }
        let due = Instant::now() + self.shared.grace;
        connections.gone_at = Some(due);
        drop(connections);
        self.shared.leaving.lock().push_back((due, self.user.clone()));
        self.shared.somebody_leaves.notify_one();
    }
}

/// Tells that people are gone who did not come back in time. Lives as long as the service.
async fn see_out(shared: Weak<Shared>, somebody_leaves: Arc<Notify>) {
    loop {
        let next = {
            let Some(shared) = shared.upgrade() else { return };
            let mut leaving = shared.leaving.lock();
            while let Some((due, _)) = leaving.front()
                && *due <= Instant::now()
            {
                let Some((due, user)) = leaving.pop_front() else { break };
                // Who came back is not gone; who left again has a later entry.
                let is_gone = |_: &UserId, connections: &Connections| connections.gone_at == Some(due);
                if shared.people.remove_if(&user, is_gone).is_some() {
                    shared.tell(&user, false);
                }
            }
            leaving.front().map(|(due, _)| *due)
        };
        match next {
            Some(due) => tokio::time::sleep_until(due).await,
            None => somebody_leaves.notified().await,
        }
    }
}
