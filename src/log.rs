//! The event log: one order of everything that durably happened.
//!
//! The writer appends, the tail keeps the newest part in memory, `read_after` reaches back further. Services write,
//! edges follow.

use std::sync::Arc;

use entities::event as rows;
use entities::ids::EventId;
use entities::log_head;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use uuid::Uuid;

use crate::clock::Clock;
use crate::database::Database;
use crate::log::event::Event;
use crate::log::horizon::Horizon;
use crate::log::members::Members;
use crate::log::meter::Meter;
use crate::log::others::Others;
use crate::log::tail::Tail;
use crate::log::unproven::Unproven;
use crate::log::writer::{Memory, Writer};

pub(crate) mod cache;
mod concerning;
pub(crate) mod details;
pub mod error;
pub mod event;
pub(crate) mod gathered;
pub(crate) mod horizon;
pub mod members;
mod meter;
pub(crate) mod others;
pub(crate) mod receipts;
mod retention;
pub mod tail;
pub mod unproven;
pub(crate) mod values;
pub(crate) mod words;
pub mod writer;

pub use self::error::{Error, ReadError};

/// The log of one database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Log {
    /// The newest events, and the wake-up of those who follow.
    pub tail: Tail,
    /// Who belongs where.
    pub members: Members,
    /// The only one who writes.
    pub writer: Writer,
    /// Hub sends whose answer nobody has proven yet.
    pub unproven: Unproven,
    /// The other servers on the same database.
    pub(crate) others: Others,
    database: Database,
    epoch: Arc<str>,
    horizon: Horizon,
    meter: Meter,
}

impl Log {
    /// Opens the log of a migrated database and starts its writer. Call it inside a runtime.
    pub async fn open(database: &Database, clock: &Clock) -> Result<Self, DbErr> {
        let head = head(database).await?;
        let tail = Tail::new(head.event);
        let members = Members::new(database.read.clone());
        let unproven = Unproven::new(clock.clone());
        let horizon = Horizon::new(head.horizon);
        let others = Others::of(database, &head.epoch);
        let meter = Meter::default();
        let memory = Memory {
            tail: tail.clone(),
            members: members.clone(),
            unproven: unproven.clone(),
            horizon: horizon.clone(),
            others: others.clone(),
            meter: meter.clone(),
        };
        let writer = Writer::start(database, clock, memory, &head);
        let log = Self {
            tail,
            members,
            writer,
            unproven,
            others,
            database: database.clone(),
            epoch: head.epoch.into(),
            horizon,
            meter,
        };
        others::follow(&log);
        Ok(log)
    }

    /// Identifies this log among all: made with the database.
    #[must_use]
    pub fn epoch(&self) -> &str {
        &self.epoch
    }

    /// The lowest position from which everything that followed is still there; 0 while nothing was pruned. Who is at a
    /// lower one is too old and has to begin anew.
    #[must_use]
    pub fn horizon(&self) -> EventId {
        self.horizon.get()
    }

    /// Up to `limit` events after `position`, in order: from memory, or from the database when that is too far back.
    /// Empty when there are none yet. Nothing is skipped: where the next event is no longer kept, it is
    /// [`ReadError::TooOld`].
    pub async fn read_after(&self, position: EventId, limit: usize) -> Result<Vec<Arc<Event>>, ReadError> {
        if let Some(events) = self.tail.after(position, limit) {
            return Ok(events);
        }
        // Nothing beyond the tail's head: what is newer was not announced yet.
        let head = self.tail.head();
        let events = stored_after(&self.database.read, position, head, limit).await?;
        // Ids have no gaps, so that what is missing was pruned, be it by another server a moment ago.
        let begins = events.first().map_or(head, |event| EventId(event.id.0 - 1));
        if position < begins {
            return Err(ReadError::TooOld { horizon: begins });
        }
        Ok(events)
    }

    /// The same, but waits until there is one. Empty when there will be none any more.
    pub(crate) async fn next_after(&self, position: EventId, limit: usize) -> Result<Vec<Arc<Event>>, ReadError> {
        let mut changed = self.tail.changed();
        loop {
            changed.mark_unchanged();
            let events = self.read_after(position, limit).await?;
            if !events.is_empty() || changed.changed().await.is_err() {
                return Ok(events);
            }
        }
    }

    /// The horizon as the database says, another server's pruning included.
    async fn stored_horizon(&self) -> Result<EventId, DbErr> {
        let stored: Option<EventId> = log_head::Entity::find_by_id(log_head::ID)
            .select_only()
            .column(log_head::Column::Horizon)
            .into_tuple()
            .one(&self.database.read)
            .await?;
        let horizon = stored.ok_or_else(|| DbErr::RecordNotFound("the log has no head".to_owned()))?;
        self.horizon.rise(horizon);
        Ok(horizon)
    }

    /// Stops the writer after it has carried out what it accepted. Later commands are `Unavailable`.
    pub async fn close(&self) {
        self.writer.close().await;
    }
}

/// Events of the database in `(position, up_to]`, in order.
async fn stored_after<C: ConnectionTrait>(
    connection: &C,
    position: EventId,
    up_to: EventId,
    limit: usize,
) -> Result<Vec<Arc<Event>>, DbErr> {
    let stored = rows::Entity::find()
        .filter(rows::Column::Id.gt(position))
        .filter(rows::Column::Id.lte(up_to))
        .order_by_asc(rows::Column::Id)
        .limit(limit as u64)
        .all(connection)
        .await?;
    read(stored)
}

fn read(stored: Vec<rows::Model>) -> Result<Vec<Arc<Event>>, DbErr> {
    stored
        .into_iter()
        .map(|row| {
            let id = row.id;
            Event::from_row(row)
                .map(Arc::new)
                .map_err(|error| DbErr::Custom(format!("event {id}: {error}")))
        })
        .collect()
}

/// The head of the log; a new database gets one, with an epoch of its own.
async fn head(database: &Database) -> Result<log_head::Model, DbErr> {
    let first = log_head::ActiveModel {
        id: Set(log_head::ID),
        epoch: Set(Uuid::new_v4().to_string()),
        event: Set(EventId(0)),
        message: Set(entities::ids::MessageNumber(0)),
        conversation: Set(entities::ids::ConversationNumber(0)),
        horizon: Set(EventId(0)),
    };
    log_head::Entity::insert(first)
        .on_conflict_do_nothing_on([log_head::Column::Id])
        .exec_without_returning(&database.write)
        .await?;
    log_head::Entity::find_by_id(log_head::ID)
        .one(&database.write)
        .await?
        .ok_or_else(|| DbErr::RecordNotFound("the log has no head".to_owned()))
}
