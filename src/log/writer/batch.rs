//! One transaction for a batch of commands, and what becomes of it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use entities::ids::{ConversationNumber, EventId};
use entities::{event as rows, log_head};
use sea_orm::{
    DatabaseTransaction, DbBackend, DbErr, EntityTrait, QuerySelect, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
use tokio::time::Instant;
use tracing::Instrument as _;

use super::command::{Command, Posted};
use super::posts::ConversationHead;
use super::work::Work;
use crate::clock::Clock;
use crate::database::Database;
use crate::log::cache::Cache;
use crate::log::error::is_outage;
use crate::log::horizon::Horizon;
use crate::log::members::Members;
use crate::log::meter::Meter;
use crate::log::others::Others;
use crate::log::tail::Tail;
use crate::log::unproven::Unproven;
use crate::log::{Error, stored_after};
use crate::telemetry::spans;

/// Conversations whose newest place is remembered, per generation of the cache.
const CAPACITY: usize = 8_192;
/// How long the fate of a commit is asked after.
const FATE_PATIENCE: Duration = Duration::from_secs(5);
/// How long PostgreSQL may take over a transaction. A network that swallows everything says nothing for minutes.
const DEADLINE: Duration = Duration::from_secs(10);
/// Foreign events read at once.
const FOREIGN_EVENTS: usize = 1_000;

/// What the writer knows between two transactions.
pub(crate) struct State {
    pub(super) database: Database,
    pub(super) clock: Clock,
    pub(super) tail: Tail,
    pub(super) members: Members,
    pub(super) unproven: Unproven,
    horizon: Horizon,
    others: Others,
    meter: Meter,
    pub(super) heads: Cache<ConversationNumber, ConversationHead>,
    /// Everything up to here is folded and in the tail.
    head: EventId,
    /// The last transaction failed: its connection is not to be trusted.
    is_stale: bool,
}

/// The database as a whole is in trouble.
#[derive(Debug)]
pub(crate) struct Outage;

/// Why a transaction did not happen.
#[derive(Debug)]
enum Failure {
    Outage,
    /// Something in the batch cannot be stored.
    Poisoned,
}

impl From<DbErr> for Failure {
    fn from(error: DbErr) -> Self {
        if is_outage(&error) {
            tracing::warn!(error = %error, "the database is unavailable, nothing was acknowledged");
            Self::Outage
        } else {
            tracing::error!(error = %error, "a batch could not be stored");
            Self::Poisoned
        }
    }
}

/// What is known of a commit that reported an error.
enum Fate {
    Committed,
    NotCommitted,
    Unknown,
}

impl State {
    pub(crate) fn new(database: &Database, clock: &Clock, memory: super::Memory, head: &log_head::Model) -> Self {
        Self {
            database: database.clone(),
            clock: clock.clone(),
            tail: memory.tail,
            members: memory.members,
            unproven: memory.unproven,
            horizon: memory.horizon,
            others: memory.others,
            meter: memory.meter,
            heads: Cache::new(CAPACITY),
            head: head.event,
            is_stale: false,
        }
    }

    /// Carries out a batch and answers every command. Together if possible; if something in it is poisoned, one by one,
    /// so that it fails alone.
    pub(crate) async fn write(&mut self, mut batch: Vec<Command>) -> Result<(), Outage> {
        if batch.is_empty() {
            return Ok(());
        }
        let (began, commands) = (Instant::now(), batch.len());
        let span = spans::commit(commands);
        match self.attempt(&mut batch).instrument(span).await {
            Ok(work) => {
                self.publish(work, batch);
                self.meter.committed(commands, began.elapsed());
            }
            Err(Failure::Outage) => {
                refuse(batch, Error::Unavailable);
                return Err(Outage);
            }
            Err(Failure::Poisoned) if batch.len() == 1 => refuse(batch, Error::Internal),
            Err(Failure::Poisoned) => {
                let mut rest = batch.into_iter();
                while let Some(command) = rest.next() {
                    let mut single = vec![command];
                    match self.attempt(&mut single).await {
                        Ok(work) => self.publish(work, single),
                        Err(Failure::Poisoned) => refuse(single, Error::Internal),
                        Err(Failure::Outage) => {
                            refuse(single, Error::Unavailable);
                            refuse(rest.collect(), Error::Unavailable);
                            return Err(Outage);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// One transaction, committed when this returns a work. After one that failed the next has a new connection.
    async fn attempt(&mut self, batch: &mut [Command]) -> Result<Work, Failure> {
        if self.is_stale {
            self.database.renew_writer().await?;
        }
        let work = match self.database.backend() {
            // A file answers, or fails.
            DbBackend::Sqlite => self.transact(batch).await,
            _ => match tokio::time::timeout(DEADLINE, self.transact(batch)).await {
                Ok(work) => work,
                Err(_) => Err(self.lose_sight("the database does not answer")),
            },
        };
        match &work {
            Ok(_) => {}
            Err(Failure::Outage) => self.meter.unavailable(),
            Err(Failure::Poisoned) => self.meter.poisoned(),
        }
        self.is_stale = work.is_err();
        work
    }

    /// Nobody knows whether the transaction was committed: what the next one finds is believed.
    fn lose_sight(&mut self, why: &str) -> Failure {
        tracing::error!("the fate of a commit is unknown: {why}");
        self.members.forget();
        self.heads.clear();
        Failure::Outage
    }

    async fn transact(&mut self, batch: &mut [Command]) -> Result<Work, Failure> {
        let options = TransactionOptions {
            // Otherwise the lock is taken at the first write, after what was read may have become stale.
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let transaction = self.database.write.begin_with_options(options).await?;
        let head = lock_head(&transaction).await?;
        self.catch_up(&transaction, &head).await?;
        let mut work = Work::new(head, batch.len());
        for command in batch.iter_mut() {
            if let Command::Change(change) = command {
                change.attempt(&transaction, &mut work, self.clock.now()).await?;
            }
        }
        self.post(&transaction, &mut work, batch).await?;
        work.store(&transaction).await?;
        if work.is_idle() {
            // Nothing to keep; a failed commit would tell nobody anything.
            transaction.rollback().await?;
            return Ok(work);
        }
        let wrote = !work.events.is_empty();
        self.others.tell(&transaction, wrote, &work.words).await?;
        let Err(error) = transaction.commit().await else {
            return Ok(work);
        };
        // Never asked on the connection itself, which may see what it did not commit.
        let fate = match self.database.renew_writer().await {
            Ok(()) => self.fate(&work).await,
            Err(_) => Fate::Unknown,
        };
        match fate {
            Fate::Committed => Ok(work),
            Fate::NotCommitted => Err(error.into()),
            Fate::Unknown => Err(self.lose_sight(&error.to_string())),
        }
    }

    /// Another node wrote, or a commit of unknown fate did happen after all: takes its events in before anything is
    /// checked.
    async fn catch_up(&mut self, transaction: &DatabaseTransaction, head: &log_head::Model) -> Result<(), Failure> {
        self.horizon.rise(head.horizon);
        let (head, horizon) = (head.event, head.horizon);
        if head == self.head {
            return Ok(());
        }
        self.heads.clear();
        if self.head < horizon {
            // It was away for so long that it cannot tell what changed.
            tracing::warn!("the events after {} are no longer kept, memory begins anew", self.head);
            self.members.forget();
            self.tail.begin_at(horizon);
            self.head = horizon;
        }
        while self.head < head {
            let events = stored_after(transaction, self.head, head, FOREIGN_EVENTS).await?;
            let Some(last) = events.last() else { break };
            self.head = last.id;
            for event in &events {
                self.members.fold(event);
            }
            self.tail.append(&events);
            self.scrub(&events);
        }
        self.tail.wake();
        Ok(())
    }

    /// After the commit: caches and tail, then the answers, then those who follow the log.
    fn publish(&mut self, work: Work, batch: Vec<Command>) {
        let head = work.head.event;
        self.horizon.rise(work.head.horizon);
        for event in &work.events {
            self.members.fold(event);
        }
        for (conversation, head) in work.heads {
            self.heads.insert(conversation, head);
        }
        for (hash, message) in &work.unproven {
            self.unproven.remember(*hash, message);
        }
        if head > self.head {
            self.head = head;
        }
        self.tail.append(&work.events);
        self.scrub(&work.events);
        for (command, posted) in batch.into_iter().zip(work.posted) {
            answer(command, posted);
        }
        self.tail.wake();
    }

    /// Takes what committed events delete out of everything in memory.
    fn scrub(&self, events: &[Shared]) {
        for deleted in events.iter().filter_map(|event| event.deletes()) {
            self.tail.scrub(deleted);
            self.unproven.scrub(deleted);
        }
    }

    /// Asks the database whether it has what was sent to it. A work without events leaves no trace and may be repeated.
    async fn fate(&self, work: &Work) -> Fate {
        let Some(last) = work.events.last() else {
            return Fate::NotCommitted;
        };
        let asked = async {
            loop {
                match rows::Entity::find_by_id(last.id).one(&self.database.write).await {
                    Ok(Some(row)) if work.is_last_row(&row) => return Fate::Committed,
                    Ok(_) => return Fate::NotCommitted,
                    Err(_) => tokio::time::sleep(FATE_PATIENCE / 25).await,
                }
            }
        };
        tokio::time::timeout(FATE_PATIENCE, asked)
            .await
            .unwrap_or(Fate::Unknown)
    }
}

/// Takes the lock that makes ids commit order; it is held until the transaction ends.
async fn lock_head(transaction: &DatabaseTransaction) -> Result<log_head::Model, DbErr> {
    log_head::Entity::find_by_id(log_head::ID)
        .lock_exclusive()
        .one(transaction)
        .await?
        .ok_or_else(|| DbErr::RecordNotFound("the log has no head".to_owned()))
}

fn refuse(batch: Vec<Command>, error: Error) {
    for command in batch {
        command.refuse(error);
    }
}

/// Sends an outcome to whoever asked; they may have gone.
fn answer(command: Command, posted: Option<Result<Posted, Error>>) {
    match (command, posted) {
        (Command::Post(_, reply), Some(result)) => drop(reply.send(result)),
        (Command::Change(change), _) => change.answer(),
        (command, None) | (command @ Command::Close(_), _) => command.refuse(Error::Internal),
    }
}

/// What the batch says about the newest place of the conversations it touched.
pub(super) type Touched = HashMap<ConversationNumber, ConversationHead>;

/// An event as everybody holds it.
pub(super) type Shared = Arc<crate::log::event::Event>;
