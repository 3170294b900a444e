//! A message as everybody sees it, and as its sender does.

use entities::{
    ids::{ConversationId, MessageId, Seq},
    user_id::UserId,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    Attachment, Pagination, Sender, Time,
    search::Highlight,
    words::{MessageState, MessageType},
};
use crate::services::details::{Forwarded, MessageDetails, Quoted, ReactionSummary, Status};

/// One message, the same in REST and on the hub.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Message {
    pub id: MessageId,
    pub message_id: MessageId,
    pub seq: Seq,
    pub conversation_id: ConversationId,
    pub chat_id: ConversationId,
    pub sender_id: UserId,
    pub sender_name: String,
    pub sender: Sender,
    /// The other one of a direct conversation; null in a group.
    pub recipient_id: Option<UserId>,
    /// Always text, `""` for a tombstone.
    pub content: String,
    #[serde(rename = "Type")]
    #[schemars(with = "MessageType")]
    pub kind: &'static str,
    /// The first attachment.
    pub media: Option<Attachment>,
    pub attachments: Vec<Attachment>,
    pub parent_message_id: Option<MessageId>,
    /// The answered message, where the viewer may see it.
    pub reply_to: Option<ReplyTo>,
    /// The origin of a forwarded message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forwarded_from: Option<ForwardedFrom>,
    #[schemars(with = "Map<String, Value>")]
    pub metadata: Value,
    #[schemars(with = "MessageState")]
    pub status: &'static str,
    pub is_edited: bool,
    pub is_deleted: bool,
    pub is_pinned: bool,
    pub reaction_summary: ReactionSummary,
    pub reply_count: i64,
    pub mentions: Vec<UserId>,
    /// For the sender's own eyes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_message_id: Option<String>,
    /// For the sender's own eyes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temp_id: Option<String>,
    /// In `MessageEdited` alone: the content again, under the name that listeners look for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_content: Option<String>,
    /// In `MessageEdited` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edited_by: Option<UserId>,
    /// In what a search found alone: where it matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub highlight: Option<Highlight>,
    pub created_at: Time,
    pub sent_at: Time,
    pub edited_at: Option<Time>,
    pub delivered_at: Option<Time>,
    pub read_at: Option<Time>,
}

impl Message {
    /// The message for `viewer`: its sender sees the client's own ids too.
    pub fn seen_by(message: &MessageDetails, viewer: &UserId) -> Self {
        if message.sender.id == *viewer {
            Self::for_sender(message)
        } else {
            Self::for_others(message)
        }
    }

    /// The message for everybody but its sender.
    pub fn for_others(message: &MessageDetails) -> Self {
        let is_deleted = message.deleted_at.is_some();
        Self {
            id: message.id,
            message_id: message.id,
            seq: message.seq,
            conversation_id: message.conversation_id,
            chat_id: message.conversation_id,
            sender_id: message.sender.id.clone(),
            sender_name: message.sender.full_name.clone(),
            sender: Sender::from(&message.sender),
            recipient_id: message.recipient.clone(),
            content: if is_deleted {
                String::new()
            } else {
                message.content.clone()
            },
            kind: message.kind.name(),
            media: message.attachments.first().map(Attachment::from),
            attachments: message.attachments.iter().map(Attachment::from).collect(),
            parent_message_id: message.parent,
            reply_to: message.quoted.as_deref().map(ReplyTo::from),
            forwarded_from: message.forwarded.as_deref().map(ForwardedFrom::from),
            metadata: metadata(message),
            status: status(message.receipt.status),
            is_edited: message.edited_at.is_some(),
            is_deleted,
            is_pinned: message.is_pinned,
            reaction_summary: message.reactions.clone(),
            reply_count: message.reply_count,
            mentions: message.mentions.clone(),
            client_message_id: None,
            temp_id: None,
            new_content: None,
            edited_by: None,
            highlight: None,
            created_at: Time(message.created_at),
            sent_at: Time(message.created_at),
            edited_at: message.edited_at.map(Time),
            delivered_at: message.receipt.delivered_at.map(Time),
            read_at: message.receipt.read_at.map(Time),
        }
    }

    /// The argument of `MessageEdited`.
    pub fn edited(message: &MessageDetails, by: &UserId) -> Self {
        Self {
            new_content: Some(message.content.clone()),
            edited_by: Some(by.clone()),
            ..Self::for_others(message)
        }
    }

    /// The message for its sender's connections.
    pub fn for_sender(message: &MessageDetails) -> Self {
        Self {
            client_message_id: message.client_message_id.clone(),
            temp_id: message.temp_id.clone(),
            ..Self::for_others(message)
        }
    }
}

/// The answered message, as it is shown above an answer.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ReplyTo {
    pub id: MessageId,
    pub message_id: MessageId,
    pub sender_id: UserId,
    pub sender_name: String,
    pub content: String,
    #[serde(rename = "Type")]
    #[schemars(with = "MessageType")]
    pub kind: &'static str,
    pub is_deleted: bool,
}

impl From<&Quoted> for ReplyTo {
    fn from(quoted: &Quoted) -> Self {
        Self {
            id: quoted.id,
            message_id: quoted.id,
            sender_id: quoted.sender.id.clone(),
            sender_name: quoted.sender.full_name.clone(),
            content: if quoted.is_deleted {
                String::new()
            } else {
                quoted.content.clone()
            },
            kind: quoted.kind.name(),
            is_deleted: quoted.is_deleted,
        }
    }
}

/// Who first wrote a forwarded message, and when; not where.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ForwardedFrom {
    pub message_id: MessageId,
    pub sender_id: UserId,
    pub sender_name: String,
    pub created_at: Time,
}

impl From<&Forwarded> for ForwardedFrom {
    fn from(forwarded: &Forwarded) -> Self {
        Self {
            message_id: forwarded.id,
            sender_id: forwarded.sender.id.clone(),
            sender_name: forwarded.sender.full_name.clone(),
            created_at: Time(forwarded.created_at),
        }
    }
}

pub(super) fn status(status: Status) -> &'static str {
    match status {
        Status::Sent => "sent",
        Status::Delivered => "delivered",
        Status::Read => "read",
    }
}

/// What the client attached; `{}` when it attached nothing.
fn metadata(message: &MessageDetails) -> Value {
    let stored = message
        .metadata
        .as_ref()
        .and_then(|json| serde_json::from_str(json.get()).ok());
    stored.unwrap_or_else(|| Value::Object(Map::new()))
}

/// A page of a conversation's history, as `GET /messages` and the hub's `GetMessages` answer.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct MessagePage {
    pub conversation_id: String,
    pub messages: Vec<Message>,
    pub pagination: Pagination,
}
