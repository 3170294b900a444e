//! What happened to a message after it was posted.

use entities::{ids::ConversationId, user_id::UserId};
use schemars::JsonSchema;
use serde::Serialize;

use super::{MessageId, Time};
use crate::services::details::{MessageRef, Pinned, Reacted, ReactionSummary};
use crate::views::words::ReactionAction;

/// `MessageDeleted`: only its place is left.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct MessageDeleted {
    pub message_id: MessageId,
    pub conversation_id: ConversationId,
    pub chat_id: ConversationId,
    pub deleted_by: UserId,
    pub deleted_at: Time,
}

impl MessageDeleted {
    /// `by` deleted it at `at`.
    pub fn new(message: &MessageRef, by: &UserId, at: i64) -> Self {
        Self {
            message_id: message.id,
            conversation_id: message.conversation_id,
            chat_id: message.conversation_id,
            deleted_by: by.clone(),
            deleted_at: Time(at),
        }
    }
}

/// `MessageReaction`: somebody reacted, or took it back.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct MessageReaction {
    pub message_id: MessageId,
    pub conversation_id: ConversationId,
    pub user_id: UserId,
    pub user_name: String,
    /// What stands there now of this person: null after a removal.
    pub reaction: Option<String>,
    /// What came or went.
    pub emoji: String,
    #[schemars(with = "ReactionAction")]
    pub action: &'static str,
    pub reaction_summary: ReactionSummary,
}

impl From<&Reacted> for MessageReaction {
    fn from(reacted: &Reacted) -> Self {
        Self {
            message_id: reacted.message.id,
            conversation_id: reacted.message.conversation_id,
            user_id: reacted.person.id.clone(),
            user_name: reacted.person.full_name.clone(),
            reaction: reacted.added.then(|| reacted.emoji.clone()),
            emoji: reacted.emoji.clone(),
            action: if reacted.added { "added" } else { "removed" },
            reaction_summary: reacted.summary.clone(),
        }
    }
}

/// `MessagePinned`: pinned, or no longer.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct MessagePinned {
    pub message_id: MessageId,
    pub conversation_id: ConversationId,
    pub is_pinned: bool,
    pub pinned_by: UserId,
    pub timestamp: Time,
}

impl MessagePinned {
    /// `by` did it at `at`.
    pub fn new(pinned: &Pinned, by: &UserId, at: i64) -> Self {
        Self {
            message_id: pinned.message.id,
            conversation_id: pinned.message.conversation_id,
            is_pinned: pinned.is_pinned,
            pinned_by: by.clone(),
            timestamp: Time(at),
        }
    }
}
