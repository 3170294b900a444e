//! What one transaction gathers before it is stored: events, rows, numbers given out and outcomes.

use std::sync::Arc;

use entities::ids::{ConversationNumber, EventId, MessageNumber};
use entities::user_id::UserId;
use entities::{event as rows, log_head, message};
use sea_orm::{DatabaseTransaction, DbErr, TransactionTrait};

use super::batch::{Shared, Touched};
use super::command::{Command, GroupMade, Posted};
use super::rows as store;
use super::{creation, sign_in};
use crate::log::Error;
use crate::log::error::is_outage;
use crate::log::event::{Body, Event, MessageDetails, Person};
use crate::log::unproven::ContentHash;

/// What became of one command.
#[derive(Debug)]
pub(super) enum Outcome {
    Posted(Result<Posted, Error>),
    Direct(Result<ConversationNumber, Error>),
    Group(Result<GroupMade, Error>),
    SignedIn(Result<Person, Error>),
}

/// A transaction's work. Nothing of it is true before the commit.
#[derive(Debug)]
pub(super) struct Work {
    /// The numbers given out so far.
    pub(super) head: log_head::Model,
    /// By the place of the command in the batch.
    pub(super) outcomes: Vec<Option<Outcome>>,
    pub(super) events: Vec<Shared>,
    pub(super) messages: Vec<message::Model>,
    /// The newest places of the conversations concerned, as the work leaves them.
    pub(super) heads: Touched,
    /// Those that moved.
    pub(super) touched: Touched,
    pub(super) unproven: Vec<(ContentHash, Arc<MessageDetails>)>,
    rows: Vec<rows::Model>,
    signed_in: bool,
}

impl Work {
    pub(super) fn new(head: log_head::Model, commands: usize) -> Self {
        Self {
            head,
            outcomes: std::iter::repeat_with(|| None).take(commands).collect(),
            events: Vec::with_capacity(commands),
            messages: Vec::with_capacity(commands),
            heads: Touched::new(),
            touched: Touched::new(),
            unproven: Vec::new(),
            rows: Vec::with_capacity(commands),
            signed_in: false,
        }
    }

    /// The next event's id.
    pub(super) fn next_event(&self) -> EventId {
        self.head.event.next()
    }

    pub(super) fn take_message_number(&mut self) -> MessageNumber {
        self.head.message.0 += 1;
        self.head.message
    }

    pub(super) fn take_conversation_number(&mut self) -> ConversationNumber {
        self.head.conversation.0 += 1;
        self.head.conversation
    }

    /// Appends an event and returns its id.
    pub(super) fn record(
        &mut self,
        conversation: ConversationNumber,
        user: Option<UserId>,
        actor: &UserId,
        at: i64,
        body: Body,
    ) -> Result<EventId, DbErr> {
        let id = self.next_event();
        let mut event = Event {
            id,
            conversation: Some(conversation),
            user,
            actor: actor.clone(),
            at,
            body,
            weight: 0,
        };
        let row = event.to_row().map_err(|error| DbErr::Json(error.to_string()))?;
        event.weigh(&row);
        self.head.event = id;
        self.rows.push(row);
        self.events.push(Arc::new(event));
        Ok(id)
    }

    /// Carries out a command that is not a new message, in a savepoint of its own.
    pub(super) async fn apart(
        &mut self,
        transaction: &DatabaseTransaction,
        index: usize,
        command: &Command,
        now: i64,
    ) -> Result<(), DbErr> {
        if matches!(command, Command::Post(..) | Command::Close(_)) {
            return Ok(());
        }
        let head = self.head.clone();
        let events = self.events.len();
        let savepoint = transaction.begin().await?;
        let done = match command {
            Command::Direct(direct, _) => creation::direct(&savepoint, self, direct, now)
                .await
                .map(|made| (made.is_ok(), Outcome::Direct(made))),
            Command::Group(group, _) => creation::group(&savepoint, self, group, now)
                .await
                .map(|made| (made.is_ok(), Outcome::Group(made))),
            Command::SignIn(sign_in, _) => sign_in::sign_in(&savepoint, sign_in, now)
                .await
                .map(|person| (true, Outcome::SignedIn(Ok(person)))),
            Command::Post(..) | Command::Close(_) => return Ok(()),
        };
        match done {
            Ok((true, outcome)) => {
                savepoint.commit().await?;
                self.signed_in |= matches!(outcome, Outcome::SignedIn(_));
                self.outcomes[index] = Some(outcome);
            }
            Ok((false, outcome)) => {
                savepoint.rollback().await?;
                self.back_to(head, events);
                self.outcomes[index] = Some(outcome);
            }
            Err(error) if is_outage(&error) => return Err(error),
            Err(error) => {
                // No outcome: it is answered as an internal error.
                tracing::error!(error = %error, "a command could not be stored");
                savepoint.rollback().await?;
                self.back_to(head, events);
            }
        }
        Ok(())
    }

    fn back_to(&mut self, head: log_head::Model, events: usize) {
        self.head = head;
        self.events.truncate(events);
        self.rows.truncate(events);
    }

    /// Writes what was gathered: one statement a table, more only for the rest of a power of two.
    pub(super) async fn store(&mut self, transaction: &DatabaseTransaction) -> Result<(), DbErr> {
        if !self.messages.is_empty() {
            store::insert_messages(transaction, std::mem::take(&mut self.messages)).await?;
            store::update_conversations(transaction, &self.touched).await?;
        }
        if !self.rows.is_empty() {
            store::insert_events(transaction, &self.rows).await?;
            store::update_head(transaction, &self.head).await?;
        }
        Ok(())
    }

    /// Whether there is nothing to commit.
    pub(super) fn is_idle(&self) -> bool {
        self.rows.is_empty() && !self.signed_in
    }

    /// Whether a stored row is the last one of this work, and not another node's under the same number.
    pub(super) fn is_last_row(&self, row: &rows::Model) -> bool {
        self.rows.last() == Some(row)
    }
}
