//! How far messages have come.

use entities::{
    ids::{ConversationId, MessageId},
    moves,
    user_id::UserId,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::Time;
use crate::services::details::{Covered, Delivered, MessageDetails, Moved};
use crate::views::words::{MessageState, MessageStatusType};

/// `MessageStatus`: how far a message of the reader's own has come.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct MessageStatus {
    #[serde(rename = "Type")]
    #[schemars(with = "MessageStatusType")]
    pub kind: &'static str,
    pub data: Status,
}

/// The body of a [`MessageStatus`].
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Status {
    pub message_id: MessageId,
    pub conversation_id: ConversationId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_message_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temp_id: Option<String>,
    /// Who received or read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    #[schemars(with = "MessageState")]
    pub status: &'static str,
    /// When it was sent or delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Time>,
    /// When it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_at: Option<Time>,
}

impl MessageStatus {
    /// The message is committed.
    pub fn sent(message: &MessageDetails) -> Self {
        let data = Status {
            message_id: message.id,
            conversation_id: message.conversation_id,
            client_message_id: message.client_message_id.clone(),
            temp_id: message.temp_id.clone(),
            user_id: None,
            status: "sent",
            timestamp: Some(Time(message.created_at)),
            read_at: None,
        };
        Self {
            kind: "message.sent",
            data,
        }
    }

    /// It arrived at a device of somebody.
    pub fn delivered(delivered: &Delivered, to: &UserId, message: &Covered, at: i64) -> Self {
        Self::reached(delivered.conversation_id, to, message, false, at)
    }

    /// Somebody received or read it.
    pub fn moved(moved: &Moved, message: &Covered, at: i64) -> Self {
        let is_read = moved.kind == moves::Kind::Read;
        Self::reached(moved.conversation_id, &moved.person.id, message, is_read, at)
    }

    fn reached(conversation_id: ConversationId, who: &UserId, message: &Covered, is_read: bool, at: i64) -> Self {
        let data = Status {
            message_id: message.id,
            conversation_id,
            client_message_id: message.client_message_id.clone(),
            temp_id: message.temp_id.clone(),
            user_id: Some(who.clone()),
            status: if is_read { "read" } else { "delivered" },
            timestamp: (!is_read).then_some(Time(at)),
            read_at: is_read.then_some(Time(at)),
        };
        Self {
            kind: if is_read { "message.read" } else { "message.delivered" },
            data,
        }
    }
}

/// `MessageRead`: somebody read one message.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct MessageRead {
    pub conversation_id: ConversationId,
    pub message_id: MessageId,
    pub user_id: UserId,
    pub read_by: UserId,
    pub read_at: Time,
}

impl MessageRead {
    /// The one message that the move covered.
    pub fn new(moved: &Moved, message: &Covered, at: i64) -> Self {
        Self {
            conversation_id: moved.conversation_id,
            message_id: message.id,
            user_id: moved.person.id.clone(),
            read_by: moved.person.id.clone(),
            read_at: Time(at),
        }
    }
}

/// `MessagesRead`: somebody read several.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct MessagesRead {
    pub conversation_id: ConversationId,
    pub user_id: UserId,
    pub read_by: UserId,
    /// The newest 100 of those that were not read before.
    pub message_ids: Vec<MessageId>,
    pub last_read_message_id: MessageId,
    pub read_at: Time,
}

impl MessagesRead {
    /// Those that the move covered.
    pub fn new(moved: &Moved, messages: &[Covered], at: i64) -> Self {
        Self {
            conversation_id: moved.conversation_id,
            user_id: moved.person.id.clone(),
            read_by: moved.person.id.clone(),
            message_ids: messages.iter().map(|message| message.id).collect(),
            last_read_message_id: moved.last,
            read_at: Time(at),
        }
    }
}
