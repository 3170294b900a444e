//! Who has read what, as answers.

use entities::{
    ids::{ConversationId, MessageId},
    user_id::UserId,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Sender, Time, message::status, words::MessageState};
use crate::services::messages;

/// Where the caller is after marking something.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Marked {
    pub conversation_id: ConversationId,
    pub last_read_message_id: Option<MessageId>,
    pub unread_count: i64,
}

impl From<messages::Marked> for Marked {
    fn from(marked: messages::Marked) -> Self {
        Self {
            conversation_id: marked.conversation_id,
            last_read_message_id: marked.last_read,
            unread_count: marked.unread_count,
        }
    }
}

/// Who received and read a message: read by `readCount` of `memberCount`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct MessageReceipts {
    pub message_id: MessageId,
    pub conversation_id: ConversationId,
    pub read_count: usize,
    pub delivered_count: usize,
    /// Without the sender.
    pub member_count: usize,
    /// Those who received it, the first readers first.
    pub receipts: Vec<PersonReceipt>,
}

/// One person who received a message.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct PersonReceipt {
    pub user_id: UserId,
    pub user_name: String,
    pub user: Sender,
    #[schemars(with = "MessageState")]
    pub status: &'static str,
    pub delivered_at: Option<Time>,
    pub read_at: Option<Time>,
}

impl From<&messages::MessageReceipts> for MessageReceipts {
    fn from(receipts: &messages::MessageReceipts) -> Self {
        Self {
            message_id: receipts.message,
            conversation_id: receipts.conversation_id,
            read_count: receipts.read_count,
            delivered_count: receipts.delivered_count,
            member_count: receipts.member_count,
            receipts: receipts.people.iter().map(PersonReceipt::from).collect(),
        }
    }
}

impl From<&messages::PersonReceipt> for PersonReceipt {
    fn from(one: &messages::PersonReceipt) -> Self {
        Self {
            user_id: one.person.id.clone(),
            user_name: one.person.full_name.clone(),
            user: Sender::from(&one.person),
            status: status(one.receipt.status),
            delivered_at: one.receipt.delivered_at.map(Time),
            read_at: one.receipt.read_at.map(Time),
        }
    }
}
