//! Who is here and what they show of it: people come with their connections and go some time after the last of them.
//!
//! Any edge says that a connection came by [`Presence::arrive`] and that it went by dropping what that returned; those
//! who have none say so by [`Presence::heartbeat`]. Those who share a conversation with somebody (or everybody, if so set),
//! and neither of whom blocked the other, may see them and are told through [`Presence::subscribe`]. To others everybody
//! is offline.

mod elsewhere;
mod keeping;
mod looking;
mod meeting;
mod nodes;
mod parting;
mod said;
mod table;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use entities::ids::EventId;
use entities::person::Status;
use entities::user_id::UserId;
use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc};

use self::keeping::Keeper;
use self::nodes::Nodes;
use self::table::{Next, Table, Times};
use crate::clock::Clock;
use crate::database::Database;
use crate::log::Log;
use crate::log::writer::changes::SetStatus;
use crate::services::people::People;
use crate::services::{Error, PresenceScope, Principal, Settings};

pub use self::looking::Sight;

/// Changes that wait for one subscriber. While there are so many the next ones wait in the table, where those that
/// cancel out vanish.
const CAPACITY: usize = 256;
/// What waits to be told of those who part or come together; then whoever parts or brings together more of them waits.
const TURNS: usize = 256;
/// How long to wait when the database cannot be read.
const RETRY: Duration = Duration::from_secs(1);

/// Somebody came or went or shows something else, as far as the others are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresenceChange {
    pub sight: Sight,
    /// Whether it matters to those who know only here and gone.
    pub comes_or_goes: bool,
    /// Those who are here and may see them. Never they themselves.
    pub audience: Arc<[UserId]>,
}

/// Who is here, by this server or another on the same database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Presence {
    people: People,
    database: Database,
    log: Log,
    shared: Arc<Shared>,
    turns: mpsc::Sender<Turn>,
    /// Held while somebody chooses what they show, so that memory and database end up equal.
    showing: Arc<tokio::sync::Mutex<()>>,
}

/// Who may see each other from now on, or may not.
#[derive(Debug)]
enum Turn {
    /// One blocked the other, or no longer does.
    Block(UserId, UserId),
    /// Somebody came, at this event, to share a conversation more with these.
    Met(UserId, Vec<UserId>, EventId),
    /// They share a conversation less.
    Left(UserId, Vec<UserId>),
}

#[derive(Debug)]
struct Shared {
    clock: Clock,
    scope: PresenceScope,
    table: Mutex<Table>,
    /// Grows when two may see each other, or may not: who was looked up before may be missing, or too many.
    generation: AtomicU64,
    keeper: Keeper,
    subscribers: Mutex<Vec<mpsc::Sender<PresenceChange>>>,
    /// Tells the task that something is due earlier than it thinks.
    earlier: Arc<Notify>,
    nodes: tokio::sync::Mutex<Nodes>,
    /// There is something that other servers must be told.
    news: Arc<Notify>,
}

/// One connection of somebody. They are here at least until it is dropped.
#[derive(Debug)]
pub struct Present {
    shared: Arc<Shared>,
    user: UserId,
}

impl Drop for Present {
    fn drop(&mut self) {
        self.shared.change(|table, now| table.leave(&self.user, now));
    }
}

impl Presence {
    pub(crate) fn new(people: People, database: Database, log: Log, clock: Clock, settings: &Settings) -> Self {
        let times = Times {
            grace: settings.presence_grace,
            interval: settings.presence_interval,
            heartbeat: settings.presence_heartbeat,
        };
        let shared = Arc::new(Shared {
            clock: clock.clone(),
            scope: settings.presence_scope,
            table: Mutex::new(Table::new(times, log.others.may_be())),
            generation: AtomicU64::new(0),
            keeper: Keeper::start(log.clone()),
            subscribers: Mutex::default(),
            earlier: Arc::default(),
            nodes: tokio::sync::Mutex::default(),
            news: Arc::default(),
        });
        let earlier = Arc::clone(&shared.earlier);
        let (turns, arrivals) = mpsc::channel(TURNS);
        elsewhere::start(&shared, &database, &log, &clock);
        if settings.presence_scope == PresenceScope::Conversations {
            tokio::spawn(meeting::follow(Arc::downgrade(&shared), log.clone(), turns.clone()));
        }
        tokio::spawn(tell(
            Arc::downgrade(&shared),
            earlier,
            arrivals,
            clock,
            database.clone(),
        ));
        Self {
            people,
            database,
            log,
            shared,
            turns,
            showing: Arc::default(),
        }
    }

    /// A connection of somebody came.
    #[must_use = "they are gone again when it is dropped"]
    pub fn arrive(&self, user: &UserId) -> Present {
        self.shared.change(|table, now| table.arrive(user, now));
        Present {
            shared: Arc::clone(&self.shared),
            user: user.clone(),
        }
    }

    /// A sign of life of somebody who has no connection: they are here for a while. It says nothing new of somebody who
    /// has one, and is forgotten when that ends.
    pub async fn heartbeat(&self, principal: &Principal) -> Result<Sight, Error> {
        self.people.shared(principal).await?;
        self.shared.change(|table, now| table.beat(&principal.user_id, now));
        self.own(&principal.user_id).await
    }

    /// What somebody shows from now on, also after they were gone; it is a sign of life too.
    pub async fn set_status(&self, principal: &Principal, status: &str) -> Result<Sight, Error> {
        let status = looking::status(status)?;
        self.people.shared(principal).await?;
        let id = principal.user_id.clone();
        let showing = self.showing.lock().await;
        self.log.writer.change(SetStatus { id, status }).await?;
        self.shared.change(|table, now| {
            let earlier = table.beat(&principal.user_id, now);
            table.show(&principal.user_id, status, now) || earlier
        });
        drop(showing);
        self.own(&principal.user_id).await
    }

    /// Somebody may not come in any more: their heartbeats count no longer.
    pub fn silence(&self, user: &UserId) {
        self.shared.change(|table, now| table.silence(user, now));
    }

    /// Two may see each other from now on, or may not: they are told what they see now.
    pub(super) async fn reconsider(&self, one: UserId, other: UserId) {
        self.shared.generation.fetch_add(1, Ordering::SeqCst);
        // An error means that the server stops.
        let _ = self.turns.send(Turn::Block(one, other)).await;
        self.shared.earlier.notify_one();
    }

    /// Grows whenever what [`acquaintances`](Self::acquaintances) said of anybody may be out of date.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.shared.generation.load(Ordering::SeqCst)
    }

    /// The changes from now on. Whoever stops reading holds up everybody, and nothing is lost meanwhile: changes wait
    /// where they cancel out.
    #[must_use]
    pub fn subscribe(&self) -> mpsc::Receiver<PresenceChange> {
        let (sender, receiver) = mpsc::channel(CAPACITY);
        self.shared.subscribers.lock().push(sender);
        receiver
    }

    /// The server's time, in milliseconds since 1970, UTC.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.shared.clock.now()
    }

    /// Stores when those who are here were last seen: now, since the server stops.
    pub async fn close(&self) {
        let here = self.shared.table.lock().everybody(self.shared.clock.elapsed());
        let now = self.shared.clock.now();
        for user in here {
            self.shared.keeper.note(user, now);
        }
        self.shared.keeper.flush().await;
    }
}

impl Shared {
    /// Changes the table and wakes the task if it must look.
    fn change(&self, change: impl FnOnce(&mut Table, Duration) -> bool) {
        let now = self.clock.elapsed();
        let (is_due, is_news) = {
            let mut table = self.table.lock();
            (change(&mut table, now), table.take_news())
        };
        if is_due {
            self.earlier.notify_one();
        }
        if is_news {
            self.news.notify_one();
        }
    }

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
        self.news.notify_one();
    }
}

/// The one task that tells of changes when they are due. Ends with the service. Being one, it tells nothing that it
/// looked up before two parted after it told them so.
async fn tell(
    shared: Weak<Shared>,
    earlier: Arc<Notify>,
    mut turns: mpsc::Receiver<Turn>,
    clock: Clock,
    database: Database,
) {
    let mut waiting = None;
    loop {
        let Some(shared) = shared.upgrade() else { return };
        waiting = waiting.or_else(|| turns.try_recv().ok());
        if let Some(turn) = &waiting {
            match parting::tell(&shared, &database, turn).await {
                Ok(()) => waiting = None,
                Err(error) => {
                    tracing::warn!("whether two may see each other cannot be read: {error}");
                    drop(shared);
                    tokio::time::sleep(RETRY).await;
                }
            }
            continue;
        }
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
    let learnt = async {
        if shared.table.lock().is_unknown(&user) {
            let status = looking::stored_status(database, &user).await?;
            shared.table.lock().learn(&user, status, shared.clock.elapsed());
        }
        Ok(())
    };
    let known =
        tokio::try_join!(looking::acquaintances(database, shared.scope, &user), learnt).map(|(known, ())| known);
    let change = {
        let now = shared.clock.elapsed();
        let mut table = shared.table.lock();
        match known {
            // While the database was asked it may have cancelled out.
            Ok(known) => table.settle(&user, now).and_then(|told| {
                let ago = i64::try_from(told.last_seen.as_millis()).unwrap_or(0);
                let last_seen = shared.clock.now() - ago;
                if told.now == Status::Offline && told.is_ours {
                    // While the table is held: who sees that they are gone sees since when.
                    shared.keeper.note(user.clone(), last_seen);
                }
                told.is_for_others().then(|| {
                    let audience = known.into_iter().map(|known| known.user);
                    PresenceChange {
                        sight: Sight {
                            user,
                            status: told.now,
                            last_seen: Some(last_seen),
                        },
                        comes_or_goes: (told.before == Status::Offline) != (told.now == Status::Offline),
                        audience: audience.filter(|user| table.is_connected(user)).collect(),
                    }
                })
            }),
            Err(error) => {
                tracing::warn!("who shares a conversation cannot be read: {error}");
                table.postpone(&user, now + RETRY);
                None
            }
        }
    };
    let Some(change) = change else { return };
    if !change.audience.is_empty() {
        shared.publish(change).await;
    }
}
