//! Messages inside events and answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use entities::ids::{ConversationId, ConversationNumber, FileId, MessageId, MessageNumber, Seq};
use entities::user_id::UserId;
use entities::{file, message};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::person::Person;

/// One message with its sender as they were called when it was read or sent. Times are milliseconds since 1970, UTC.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MessageDetails {
    pub number: MessageNumber,
    pub id: MessageId,
    pub conversation: ConversationNumber,
    pub conversation_id: ConversationId,
    pub seq: Seq,
    pub sender: Person,
    /// The other one of a direct conversation; nobody in a group.
    pub recipient: Option<UserId>,
    pub kind: message::Kind,
    pub content: String,
    /// The message of the same conversation this one answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<MessageId>,
    /// A JSON object as the client wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Box<RawValue>>,
    /// For the sender's own connections only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_message_id: Option<String>,
    /// For the sender's own connections only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temp_id: Option<String>,
    pub created_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<i64>,
    /// Its files, the first one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub is_pinned: bool,
    /// Who is mentioned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<UserId>,
    /// The answered message, where it may be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quoted: Option<Box<Quoted>>,
    /// Where a forwarded message came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forwarded: Option<Box<Forwarded>>,
    /// How often each emoji stands under it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reactions: ReactionSummary,
    /// Answers that are not deleted.
    #[serde(default, skip_serializing_if = "is_default")]
    pub reply_count: i64,
    #[serde(default, skip_serializing_if = "is_default")]
    pub receipt: Receipt,
}

/// A file of a message, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    pub id: FileId,
    pub name: String,
    /// The media type that its content has.
    pub mime: String,
    /// In bytes.
    pub size: i64,
    /// Of a picture, as it is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<i32>,
    /// Whether there is a small picture of it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub has_thumbnail: bool,
}

impl Attachment {
    pub(crate) fn of(row: &file::Model) -> Self {
        Self {
            id: row.id,
            name: row.name.clone(),
            mime: row.mime.clone(),
            size: row.size,
            width: row.width,
            height: row.height,
            has_thumbnail: row.thumbnail.is_some(),
        }
    }
}

/// How often each emoji stands under a message.
pub type ReactionSummary = BTreeMap<String, i64>;

/// How far a message has come: the other's state in a direct conversation, the lowest of the others' in a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub status: Status,
    /// When the last of them received it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<i64>,
    /// When the last of them read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_at: Option<i64>,
}

/// The steps of a message; the order is the order they are taken in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    #[default]
    Sent,
    Delivered,
    Read,
}

/// The answered message, as it is shown above an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quoted {
    pub number: MessageNumber,
    pub id: MessageId,
    pub seq: Seq,
    pub sender: Person,
    pub kind: message::Kind,
    pub content: String,
    pub is_deleted: bool,
}

impl Quoted {
    pub(crate) fn new(row: message::Model, sender: Person) -> Self {
        Self {
            number: row.number,
            id: row.id,
            seq: row.seq,
            sender,
            kind: row.kind,
            content: row.content,
            is_deleted: row.deleted_at.is_some(),
        }
    }
}

/// The origin of a forwarded message: who wrote it, and when, but not where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forwarded {
    pub id: MessageId,
    pub sender: Person,
    pub created_at: i64,
}

/// A message that something happened to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRef {
    pub number: MessageNumber,
    pub id: MessageId,
    pub conversation_id: ConversationId,
    pub seq: Seq,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl MessageRef {
    pub(crate) fn of(row: &message::Model, conversation_id: ConversationId) -> Self {
        Self {
            number: row.number,
            id: row.id,
            conversation_id,
            seq: row.seq,
        }
    }
}

impl MessageDetails {
    pub(crate) fn reference(&self) -> MessageRef {
        MessageRef {
            number: self.number,
            id: self.id,
            conversation_id: self.conversation_id,
            seq: self.seq,
        }
    }

    /// The message for somebody who may see others from `visible_from` on.
    pub(crate) fn seen_from(mut self, visible_from: Seq) -> Self {
        self.quoted = self.quoted.filter(|quoted| quoted.seq >= visible_from);
        self
    }

    /// The same without what the deleted message said, be it this one or the one it answers; `None` if it is neither.
    pub(crate) fn scrubbed(&self, deleted: MessageNumber) -> Option<Arc<Self>> {
        let quotes = self.quoted.as_ref().is_some_and(|quoted| quoted.number == deleted);
        if self.number != deleted && !quotes {
            return None;
        }
        let mut message = self.clone();
        if let Some(quoted) = message.quoted.as_mut().filter(|_| quotes) {
            quoted.content.clear();
            quoted.is_deleted = true;
        }
        if message.number == deleted {
            message.content.clear();
            message.metadata = None;
            message.mentions.clear();
            message.forwarded = None;
            message.attachments.clear();
            message.reactions.clear();
            message.is_pinned = false;
        }
        Some(Arc::new(message))
    }

    /// What a row says, with what it only refers to.
    pub(crate) fn from_row(
        row: message::Model,
        sender: Person,
        conversation_id: ConversationId,
        recipient: Option<UserId>,
    ) -> Self {
        Self {
            number: row.number,
            id: row.id,
            conversation: row.conversation,
            conversation_id,
            seq: row.seq,
            sender,
            recipient,
            kind: row.kind,
            content: row.content,
            parent: row.parent,
            metadata: row.metadata.and_then(|metadata| RawValue::from_string(metadata).ok()),
            // An older server leaves them in its tombstones.
            attachments: parsed(row.attachments.as_deref().filter(|_| row.deleted_at.is_none())).unwrap_or_default(),
            is_pinned: row.pinned_at.is_some(),
            mentions: parsed(row.mentions.as_deref()).unwrap_or_default(),
            quoted: None,
            forwarded: parsed(row.forwarded.as_deref()),
            reactions: ReactionSummary::new(),
            reply_count: 0,
            receipt: Receipt::default(),
            client_message_id: row.client_message_id,
            temp_id: row.temp_id,
            created_at: row.created_at,
            edited_at: row.edited_at,
            deleted_at: row.deleted_at,
        }
    }
}

/// A JSON column's value.
fn parsed<T: DeserializeOwned>(json: Option<&str>) -> Option<T> {
    json.and_then(|json| serde_json::from_str(json).ok())
}

/// What [`parsed`] reads; what is empty is null.
pub(crate) fn written<T: Default + PartialEq + Serialize>(value: &T) -> Option<String> {
    (!is_default(value))
        .then(|| serde_json::to_string(value).ok())
        .flatten()
}
