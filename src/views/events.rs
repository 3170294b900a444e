//! What clients are told besides messages and conversations: one argument for each client method.

mod members;
mod messages;
mod receipts;

use entities::{
    ids::{ConversationId, MessageId},
    user_id::UserId,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Message, Time, words::UpdateReason};
use crate::services::{details::ConversationDetails, typing::TypingEvent};

pub use members::{GroupMembership, MemberChanged};
pub use messages::{MessageDeleted, MessagePinned, MessageReaction};
pub use receipts::{MessageRead, MessageStatus, MessagesRead, Status};

/// `ConversationUpdated`: something happened in a conversation that the connection does not hear, or to what it is to
/// its own user.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ConversationUpdated {
    pub conversation_id: ConversationId,
    #[schemars(with = "UpdateReason")]
    pub reason: &'static str,
    pub last_message: Option<Message>,
    pub unread_count: i64,
    pub updated_at: Time,
}

impl ConversationUpdated {
    /// The state of the conversation for `viewer`, and why they are told.
    pub fn new(conversation: &ConversationDetails, viewer: &UserId, reason: &'static str) -> Self {
        let last_message = conversation.last_message.as_ref();
        Self {
            conversation_id: conversation.id,
            reason,
            last_message: last_message.map(|message| Message::seen_by(message, viewer)),
            unread_count: conversation.unread_count,
            updated_at: Time(conversation.updated_at),
        }
    }
}

/// `ConversationDeleted`: it is no longer in one's list.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ConversationDeleted {
    pub conversation_id: ConversationId,
}

/// `UserTyping`: somebody else types, or stopped.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct UserTyping {
    pub conversation_id: ConversationId,
    pub chat_id: ConversationId,
    pub user_id: UserId,
    pub user_name: String,
    pub is_typing: bool,
    pub timestamp: Time,
}

impl From<&TypingEvent> for UserTyping {
    fn from(event: &TypingEvent) -> Self {
        Self {
            conversation_id: event.conversation_id,
            chat_id: event.conversation_id,
            user_id: event.person.id.clone(),
            user_name: event.person.full_name.clone(),
            is_typing: event.is_typing,
            timestamp: Time(event.at),
        }
    }
}
