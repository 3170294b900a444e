//! Messages: post and read back.

use std::sync::Arc;

use entities::ids::{EventId, MessageId};
use entities::message;
use entities::user_id::UserId;
use sea_orm::EntityTrait;
use serde_json::Value;

use crate::log::members::Membership;
use crate::services::conversations::Conversations;
use crate::services::details::MessageDetails;
use crate::services::limits::Allowances;
use crate::services::paging::{Page, PageRequest};
use crate::services::reading::history;
use crate::services::typing::Typing;
use crate::services::{Error, Principal};

mod actions;
mod files;
mod forwarding;
mod preparing;
mod reactions;
mod receipts;

pub use self::actions::Former;
pub use self::files::{MOST_FILES, Upload};
pub use self::preparing::{Placed, Prepared};
pub use self::reactions::{Action, Reaction, Standing};
pub use self::receipts::{Mark, Marked, MessageReceipts, Named, PersonReceipt, Place};

/// Where a message goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A conversation by its UUID or number.
    Conversation(String),
    /// A person by their id; the direct conversation is made unless it is there.
    Person(String),
    /// A hub's first argument: the UUID of one of the caller's conversations is that one, anything else a person.
    Positional(String),
}

impl Target {
    /// As the client wrote it.
    fn text(&self) -> &str {
        let (Self::Conversation(text) | Self::Person(text) | Self::Positional(text)) = self;
        text
    }
}

/// Which edge a message came in by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// Its answer is unproven for 5 s, until [`Messages::proven`].
    Hub,
    Rest,
}

/// What a client wants to say.
#[derive(Clone, Debug)]
pub struct Draft {
    pub target: Target,
    pub content: String,
    /// The type's name in any case; text when absent.
    pub kind: Option<String>,
    /// Unique for ever per sender and conversation.
    pub client_message_id: Option<String>,
    /// Recognises a repeat of the same content for 60 s.
    pub temp_id: Option<String>,
    /// The message (UUID or number) of the same conversation that this one answers.
    pub parent: Option<String>,
    /// A JSON object.
    pub metadata: Option<Value>,
    /// Files of one's own that no message has yet.
    pub attachment_ids: Vec<String>,
    /// The same, about to be stored.
    pub uploads: Vec<Upload>,
    /// The message (UUID or number) to send on, with its origin: all that it says is its own.
    pub forward: Option<String>,
    pub via: Via,
}

impl Draft {
    /// Plain text, without a key.
    #[must_use]
    pub fn text(target: Target, content: impl Into<String>, via: Via) -> Self {
        Self {
            target,
            content: content.into(),
            kind: None,
            client_message_id: None,
            temp_id: None,
            parent: None,
            metadata: None,
            attachment_ids: Vec::new(),
            uploads: Vec::new(),
            forward: None,
            via,
        }
    }
}

/// A message that is committed.
#[derive(Clone, Debug)]
pub struct Posted {
    pub message: Arc<MessageDetails>,
    /// The event that told the others; `None` when this was a repeat.
    pub event: Option<EventId>,
    /// It was there already, and nobody was told anything.
    pub repeated: bool,
}

/// Messages. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Messages {
    conversations: Conversations,
    typing: Typing,
    allowances: Allowances,
}

impl Messages {
    pub(crate) fn new(conversations: Conversations, typing: Typing, allowances: Allowances) -> Self {
        Self {
            conversations,
            typing,
            allowances,
        }
    }

    /// Posts a message. The answer means that it is committed.
    pub async fn post(&self, principal: &Principal, draft: Draft) -> Result<Posted, Error> {
        let prepared = self.prepare(principal, draft).await?;
        self.store(self.place(principal, prepared).await?).await
    }

    /// Stores what was placed. The answer means that it is committed.
    pub async fn store(&self, Placed(post): Placed) -> Result<Posted, Error> {
        let (conversation, sender) = (post.conversation, post.sender.id.clone());
        let posted = self.conversations.log.writer.post(post).await?;
        let message = if posted.repeated {
            self.as_it_is(posted.message, &sender).await?
        } else {
            self.typing.sent(conversation, &sender);
            posted.message
        };
        Ok(Posted {
            message,
            event: posted.event,
            repeated: posted.repeated,
        })
    }

    /// A stored message with what has happened to it since.
    async fn as_it_is(&self, message: Arc<MessageDetails>, sender: &UserId) -> Result<Arc<MessageDetails>, Error> {
        let (read, members) = (&self.conversations.database.read, &self.conversations.log.members);
        let row = message::Entity::find_by_id(message.number).one(read).await?;
        let (Some(row), Some(membership)) = (row, members.of(message.conversation).await?) else {
            return Ok(message);
        };
        let visible_from = membership.visible_from(sender);
        let mut details = history::detailed(read, &membership, vec![row], visible_from).await?;
        Ok(details.pop().map_or(message, Arc::new))
    }

    /// The answer to a hub send has arrived: an equal REST send from now on is a message of its own.
    pub fn proven(&self, message: MessageId) {
        self.conversations.log.unproven.proven(message);
    }

    /// A page of a conversation, ascending in `seq` unless asked otherwise; see CONTRACT §2 for the direction.
    pub async fn page(
        &self,
        principal: &Principal,
        reference: &str,
        page: &PageRequest,
    ) -> Result<Page<MessageDetails>, Error> {
        let window = page.window()?;
        let membership = self.conversations.resolve(principal, reference).await?;
        let read = &self.conversations.database.read;
        page.arrange(history::page(read, &membership, &principal.user_id, &window).await?)
    }

    /// One message the caller may see, by UUID or number.
    pub async fn find(&self, principal: &Principal, reference: &str) -> Result<MessageDetails, Error> {
        let (row, membership) = self.reach(principal, None, reference).await?;
        let visible_from = membership.visible_from(&principal.user_id);
        let read = &self.conversations.database.read;
        let mut details = history::detailed(read, &membership, vec![row], visible_from).await?;
        details.pop().ok_or_else(Error::no_message)
    }

    /// A message the caller may see, and its conversation, which must be `conversation` where that is named.
    async fn reach(
        &self,
        principal: &Principal,
        conversation: Option<&str>,
        reference: &str,
    ) -> Result<(message::Model, Arc<Membership>), Error> {
        let row = history::message(&self.conversations.database.read, reference).await?;
        let row = row.ok_or_else(Error::no_message)?;
        let members = &self.conversations.log.members;
        let membership = members.of(row.conversation).await?.ok_or_else(Error::no_message)?;
        membership.admit_to(&principal.user_id, row.seq)?;
        if let Some(conversation) = conversation
            && self.conversations.resolve(principal, conversation).await?.number != membership.number
        {
            return Err(Error::no_message());
        }
        Ok((row, membership))
    }
}

#[cfg(test)]
mod tests;
