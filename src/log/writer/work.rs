//! What one transaction gathers before it is stored: events, rows, numbers given out and outcomes.

use std::sync::Arc;

use entities::ids::{ConversationNumber, EventId, MessageNumber};
use entities::user_id::UserId;
use entities::{attachment, event as rows, log_head, message};
use sea_orm::{DatabaseTransaction, DbErr};

use super::batch::{Shared, Touched};
use super::command::Posted;
use super::files;
use super::rows as store;
use crate::log::Error;
use crate::log::event::{Body, Event, MessageDetails};
use crate::log::unproven::ContentHash;
use crate::log::words::Word;

/// A place in a work, see [`Work::mark`].
#[derive(Debug)]
pub(crate) struct Mark {
    head: log_head::Model,
    events: usize,
    words: usize,
}

/// A transaction's work. Nothing of it is true before the commit.
#[derive(Debug)]
pub(crate) struct Work {
    /// The numbers given out so far.
    pub(super) head: log_head::Model,
    /// What became of the new messages, by their place in the batch.
    pub(super) posted: Vec<Option<Result<Posted, Error>>>,
    pub(super) events: Vec<Shared>,
    pub(super) messages: Vec<message::Model>,
    /// Their files.
    pub(super) attachments: Vec<attachment::Model>,
    /// The newest places of the conversations concerned, as the work leaves them.
    pub(super) heads: Touched,
    /// Those that moved.
    pub(super) touched: Touched,
    pub(super) unproven: Vec<(ContentHash, Arc<MessageDetails>)>,
    /// For other servers, besides the events.
    pub(super) words: Vec<Word>,
    rows: Vec<rows::Model>,
    is_kept: bool,
}

impl Work {
    pub(super) fn new(head: log_head::Model, commands: usize) -> Self {
        Self {
            head,
            posted: std::iter::repeat_with(|| None).take(commands).collect(),
            events: Vec::with_capacity(commands),
            messages: Vec::with_capacity(commands),
            attachments: Vec::new(),
            heads: Touched::new(),
            touched: Touched::new(),
            unproven: Vec::new(),
            words: Vec::new(),
            rows: Vec::with_capacity(commands),
            is_kept: false,
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
        self.append(Some(conversation), user, actor, at, body)
    }

    /// The same about a person, whatever they belong to.
    pub(super) fn record_of(&mut self, user: UserId, actor: &UserId, at: i64, body: Body) -> Result<EventId, DbErr> {
        self.append(None, Some(user), actor, at, body)
    }

    fn append(
        &mut self,
        conversation: Option<ConversationNumber>,
        user: Option<UserId>,
        actor: &UserId,
        at: i64,
        body: Body,
    ) -> Result<EventId, DbErr> {
        let id = self.next_event();
        let mut event = Event {
            id,
            conversation,
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

    /// Takes the text of a deleted message out of the events gathered so far. Nothing brings it back, so nothing that can
    /// be refused may follow in the same change.
    pub(super) fn scrub(&mut self, deleted: MessageNumber) -> Result<(), DbErr> {
        for (event, row) in self.events.iter_mut().zip(&mut self.rows) {
            if let Some(scrubbed) = event.scrubbed(deleted) {
                *row = scrubbed.to_row().map_err(|error| DbErr::Json(error.to_string()))?;
                *event = Arc::new(scrubbed);
            }
        }
        Ok(())
    }

    /// Where the work stands, to come back to.
    pub(super) fn mark(&self) -> Mark {
        Mark {
            head: self.head.clone(),
            events: self.events.len(),
            words: self.words.len(),
        }
    }

    /// Forgets what was gathered since.
    pub(super) fn back_to(&mut self, mark: Mark) {
        self.head = mark.head;
        self.events.truncate(mark.events);
        self.rows.truncate(mark.events);
        self.words.truncate(mark.words);
    }

    /// Other servers are told, if there are any.
    pub(super) fn say(&mut self, word: Word) {
        self.words.push(word);
    }

    /// Rows were written that no event tells of.
    pub(super) fn keep(&mut self) {
        self.is_kept = true;
    }

    /// Whether the work so far changes who belongs to a conversation: what is cached of it is old.
    pub(super) fn changes_members_of(&self, conversation: ConversationNumber) -> bool {
        let concerned = |event: &Shared| event.conversation == Some(conversation) && event.body.changes_members();
        self.events.iter().any(concerned)
    }

    /// Writes what was gathered: one statement a table, more only for the rest of a power of two.
    pub(super) async fn store(&mut self, transaction: &DatabaseTransaction) -> Result<(), DbErr> {
        if !self.messages.is_empty() {
            store::insert_messages(transaction, std::mem::take(&mut self.messages)).await?;
            store::update_conversations(transaction, &self.touched).await?;
            files::attach(transaction, std::mem::take(&mut self.attachments)).await?;
        }
        if !self.rows.is_empty() {
            store::insert_events(transaction, &self.rows).await?;
            store::update_head(transaction, &self.head).await?;
        }
        Ok(())
    }

    /// Whether there is nothing to commit.
    pub(super) fn is_idle(&self) -> bool {
        self.rows.is_empty() && !self.is_kept
    }

    /// Whether a stored row is the last one of this work, and not another node's under the same number.
    pub(super) fn is_last_row(&self, row: &rows::Model) -> bool {
        self.rows.last() == Some(row)
    }
}
