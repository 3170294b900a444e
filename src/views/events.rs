//! What clients are told besides messages and conversations: one argument for each client method.

use entities::{
    ids::{ConversationId, MessageId},
    user_id::UserId,
};
use serde::Serialize;

use super::{Message, Time};
use crate::services::{
    details::{ConversationDetails, MessageDetails},
    typing::TypingEvent,
};

/// `MessageStatus`: how far a message of the reader's own has come.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct MessageStatus {
    #[serde(rename = "Type")]
    pub kind: &'static str,
    pub data: Status,
}

/// The body of a [`MessageStatus`].
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Status {
    pub message_id: MessageId,
    pub conversation_id: ConversationId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_message_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temp_id: Option<String>,
    pub status: &'static str,
    pub timestamp: Time,
}

impl MessageStatus {
    /// The message is committed.
    pub fn sent(message: &MessageDetails) -> Self {
        let data = Status {
            message_id: message.id,
            conversation_id: message.conversation_id,
            client_message_id: message.client_message_id.clone(),
            temp_id: message.temp_id.clone(),
            status: "sent",
            timestamp: Time(message.created_at),
        };
        Self {
            kind: "message.sent",
            data,
        }
    }
}

/// `ConversationUpdated`: something happened in a conversation that the connection does not hear.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ConversationUpdated {
    pub conversation_id: ConversationId,
    pub reason: &'static str,
    pub last_message: Option<Message>,
    pub unread_count: i64,
    pub updated_at: Time,
}

impl ConversationUpdated {
    /// A message was posted.
    pub fn message(conversation: &ConversationDetails, viewer: &UserId) -> Self {
        let last_message = conversation.last_message.as_ref();
        Self {
            conversation_id: conversation.id,
            reason: "message",
            last_message: last_message.map(|message| Message::seen_by(message, viewer)),
            unread_count: conversation.unread_count,
            updated_at: Time(conversation.updated_at),
        }
    }
}

/// `UserTyping`: somebody else types, or stopped.
#[derive(Clone, Debug, Serialize)]
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
