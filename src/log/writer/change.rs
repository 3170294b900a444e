//! A change that is not a new message: carried out in a savepoint of its own, answered after the commit.

use std::fmt::Debug;

use entities::ids::ConversationNumber;
use futures_util::future::BoxFuture;
use sea_orm::{DatabaseTransaction, DbErr, TransactionTrait};

use super::command::Reply;
use super::work::Work;
use crate::log::Error;
use crate::log::error::is_outage;
use crate::log::members::{self, Membership};

/// What a change works in.
#[derive(Debug)]
pub(crate) struct Scope<'a> {
    /// The savepoint: what it reads is current, since the writer holds the lock.
    pub(super) transaction: &'a DatabaseTransaction,
    pub(super) work: &'a mut Work,
    /// Milliseconds since 1970, UTC.
    pub(super) now: i64,
}

impl Scope<'_> {
    /// Who belongs to a conversation, with what the batch has changed so far.
    pub(super) async fn membership(&self, conversation: ConversationNumber) -> Result<Option<Membership>, DbErr> {
        members::load(self.transaction, conversation).await
    }
}

/// What became of a change: its output, or why not.
pub(crate) type Outcome<T> = Result<T, Stop>;

/// Why a change is not carried out. What it did is undone.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It may not be, and this is the answer.
    Refused(Error),
    Failed(DbErr),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<DbErr> for Stop {
    fn from(error: DbErr) -> Self {
        Self::Failed(error)
    }
}

/// A change. It may be carried out more than once, when the batch it came in must be repeated; only the last time is
/// committed.
pub(crate) trait Change: Debug + Send + Sync + 'static {
    type Output: Debug + Send + Sync + 'static;

    /// Roughly what it costs to carry, in bytes.
    fn weight(&self) -> usize {
        512
    }

    fn apply(&self, scope: &mut Scope<'_>) -> impl Future<Output = Outcome<Self::Output>> + Send;
}

/// A change with whoever waits for its answer, whatever that is.
pub(crate) trait Asked: Debug + Send + Sync {
    fn weight(&self) -> usize;

    /// Carries it out in a savepoint and keeps the outcome. An error is an outage.
    fn attempt<'a>(
        &'a mut self,
        transaction: &'a DatabaseTransaction,
        work: &'a mut Work,
        now: i64,
    ) -> BoxFuture<'a, Result<(), DbErr>>;

    /// Answers with the outcome of the last attempt.
    fn answer(self: Box<Self>);

    fn refuse(self: Box<Self>, error: Error);
}

#[derive(Debug)]
struct Question<C: Change> {
    change: C,
    reply: Reply<C::Output>,
    outcome: Option<Result<C::Output, Error>>,
}

/// Joins a change and the way back to who asked for it.
pub(super) fn asked<C: Change>(change: C, reply: Reply<C::Output>) -> Box<dyn Asked> {
    Box::new(Question {
        change,
        reply,
        outcome: None,
    })
}

impl<C: Change> Question<C> {
    async fn carry_out(&mut self, transaction: &DatabaseTransaction, work: &mut Work, now: i64) -> Result<(), DbErr> {
        self.outcome = None;
        let mark = work.mark();
        let savepoint = transaction.begin().await?;
        let mut scope = Scope {
            transaction: &savepoint,
            work,
            now,
        };
        let stop = match self.change.apply(&mut scope).await {
            Ok(output) => {
                savepoint.commit().await?;
                self.outcome = Some(Ok(output));
                return Ok(());
            }
            Err(Stop::Failed(error)) if is_outage(&error) => return Err(error),
            Err(stop) => stop,
        };
        savepoint.rollback().await?;
        work.back_to(mark);
        match stop {
            Stop::Refused(error) => self.outcome = Some(Err(error)),
            // No outcome: it is answered as an internal error.
            Stop::Failed(error) => tracing::error!(error = %error, "a change could not be stored"),
        }
        Ok(())
    }
}

impl<C: Change> Asked for Question<C> {
    fn weight(&self) -> usize {
        self.change.weight()
    }

    fn attempt<'a>(
        &'a mut self,
        transaction: &'a DatabaseTransaction,
        work: &'a mut Work,
        now: i64,
    ) -> BoxFuture<'a, Result<(), DbErr>> {
        Box::pin(self.carry_out(transaction, work, now))
    }

    fn answer(self: Box<Self>) {
        // Who asked may have gone.
        let _ = self.reply.send(self.outcome.unwrap_or(Err(Error::Internal)));
    }

    fn refuse(self: Box<Self>, error: Error) {
        let _ = self.reply.send(Err(error));
    }
}
