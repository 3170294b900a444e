//! Who is here: people come with their connections and go some time after the last of them.
//!
//! Any edge says that a connection came by [`Presence::arrive`] and that it went by dropping what that returned. Those
//! who share a conversation with somebody are told through [`Presence::subscribe`].

mod table;

use std::sync::{Arc, Weak};
use std::time::Duration;

use entities::member;
use entities::user_id::UserId;
use parking_lot::Mutex;
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio::sync::{Notify, mpsc};

use self::table::{Next, Table};
use crate::clock::Clock;
use crate::database::Database;
use crate::services::{Error, Settings};

/// Changes that wait for one subscriber. While there are so many the next ones wait in the table, where those that
/// cancel out vanish.
const CAPACITY: usize = 256;
/// How long to wait when the database cannot be read.
const RETRY: Duration = Duration::from_secs(1);

/// Somebody came or went, as far as the others are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresenceChange {
    pub user: UserId,
    pub is_online: bool,
    /// Those who are here and share a conversation with them. Never they themselves.
    pub audience: Arc<[UserId]>,
}

/// Who is here on this node. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Presence {
    database: Database,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    clock: Clock,
    table: Mutex<Table>,
    subscribers: Mutex<Vec<mpsc::Sender<PresenceChange>>>,
    /// Tells the task that something is due earlier than it thinks.
    earlier: Arc<Notify>,
}

/// One connection of somebody. They are here at least until it is dropped.
#[derive(Debug)]
pub struct Present {
    shared: Arc<Shared>,
    user: UserId,
}

impl Drop for Present {
    fn drop(&mut self) {
        let now = self.shared.clock.elapsed();
        if self.shared.table.lock().leave(&self.user, now) {
            self.shared.earlier.notify_one();
        }
    }
}

impl Presence {
    pub(crate) fn new(database: Database, clock: Clock, settings: &Settings) -> Self {
        let table = Table::new(settings.presence_grace, settings.presence_interval);
        let shared = Arc::new(Shared {
            clock: clock.clone(),
            table: Mutex::new(table),
            subscribers: Mutex::default(),
            earlier: Arc::default(),
        });
        let earlier = Arc::clone(&shared.earlier);
        tokio::spawn(tell(Arc::downgrade(&shared), earlier, clock, database.clone()));
        Self { database, shared }
    }

    /// A connection of somebody came.
    #[must_use = "they are gone again when it is dropped"]
    pub fn arrive(&self, user: &UserId) -> Present {
        let now = self.shared.clock.elapsed();
        if self.shared.table.lock().arrive(user, now) {
            self.shared.earlier.notify_one();
        }
        Present {
            shared: Arc::clone(&self.shared),
            user: user.clone(),
        }
    }

    /// Everybody who shares a conversation with somebody, here or not, by id.
    pub async fn acquaintances(&self, user: &UserId) -> Result<Vec<UserId>, Error> {
        acquaintances(&self.database, user).await
    }

    /// Those of them who are here.
    #[must_use]
    pub fn online(&self, mut people: Vec<UserId>) -> Vec<UserId> {
        let now = self.shared.clock.elapsed();
        let table = self.shared.table.lock();
        people.retain(|user| table.is_online(user, now));
        people
    }

    /// The changes from now on. Whoever stops reading holds up everybody, and nothing is lost meanwhile: changes wait
    /// where they cancel out.
    #[must_use]
    pub fn subscribe(&self) -> mpsc::Receiver<PresenceChange> {
        let (sender, receiver) = mpsc::channel(CAPACITY);
        self.shared.subscribers.lock().push(sender);
        receiver
    }
}

impl Shared {
    async fn publish(&self, change: PresenceChange) {
        let subscribers = self.subscribers.lock().clone();
        for subscriber in &subscribers {
            // An error means that nobody listens there any more.
            let _ = subscriber.send(change.clone()).await;
        }
        self.subscribers.lock().retain(|subscriber| !subscriber.is_closed());
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.earlier.notify_one();
    }
}

/// The one task that tells of changes when they are due. Ends with the service.
async fn tell(shared: Weak<Shared>, earlier: Arc<Notify>, clock: Clock, database: Database) {
    loop {
        let Some(shared) = shared.upgrade() else { return };
        let next = shared.table.lock().next(clock.elapsed());
        match next {
            Next::Due(user) => tell_of(&shared, &database, user).await,
            Next::At(due) => {
                drop(shared);
                tokio::select! {
                    () = clock.sleep_until(due) => {}
                    () = earlier.notified() => {}
                }
            }
            Next::Never => {
                drop(shared);
                earlier.notified().await;
            }
        }
    }
}

async fn tell_of(shared: &Shared, database: &Database, user: UserId) {
    let audience = acquaintances(database, &user).await;
    let change = {
        let now = shared.clock.elapsed();
        let mut table = shared.table.lock();
        match audience {
            // While the database was asked it may have cancelled out.
            Ok(mut audience) => table.settle(&user, now).map(|is_online| {
                audience.retain(|user| table.is_connected(user));
                PresenceChange {
                    user,
                    is_online,
                    audience: audience.into(),
                }
            }),
            Err(error) => {
                tracing::warn!("who shares a conversation cannot be read: {error}");
                table.postpone(&user, now + RETRY);
                None
            }
        }
    };
    if let Some(change) = change
        && !change.audience.is_empty()
    {
        shared.publish(change).await;
    }
}

async fn acquaintances(database: &Database, user: &UserId) -> Result<Vec<UserId>, Error> {
    let mut own = Query::select();
    own.column(member::Column::Conversation)
        .from(member::Entity)
        .and_where(member::Column::UserId.eq(user))
        .and_where(member::Column::UntilEvent.is_null());
    let users = member::Entity::find()
        .select_only()
        .column(member::Column::UserId)
        .distinct()
        .filter(member::Column::Conversation.in_subquery(own))
        .filter(member::Column::UntilEvent.is_null())
        .filter(member::Column::UserId.ne(user))
        .order_by_asc(member::Column::UserId)
        .into_tuple()
        .all(&database.read)
        .await?;
    Ok(users)
}
