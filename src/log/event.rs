//! What the log says: one event a durable change, with everything a view needs.

use std::sync::Arc;

use entities::conversation;
use entities::event::Model;
use entities::ids::{ConversationId, ConversationNumber, EventId, MessageId, MessageNumber, Seq};
use entities::member::Role;
use entities::message;
use entities::user_id::UserId;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A person as others see them. Names fall back to the id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub id: UserId,
    pub username: String,
    pub full_name: String,
    pub avatar: Option<String>,
}

impl Person {
    /// Somebody of whom only the id is known.
    #[must_use]
    pub fn placeholder(id: UserId) -> Self {
        Self {
            username: id.to_string(),
            full_name: id.to_string(),
            avatar: None,
            id,
        }
    }
}

impl From<entities::person::Model> for Person {
    fn from(row: entities::person::Model) -> Self {
        Self {
            id: row.id,
            username: row.username,
            full_name: row.full_name,
            avatar: row.avatar,
        }
    }
}

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
}

impl MessageDetails {
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
            client_message_id: row.client_message_id,
            temp_id: row.temp_id,
            created_at: row.created_at,
            edited_at: row.edited_at,
            deleted_at: row.deleted_at,
        }
    }
}

/// A conversation came to be. Carries what the fold of members needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationCreated {
    pub id: ConversationId,
    pub kind: conversation::Kind,
    pub name: Option<String>,
    pub members: Vec<Founder>,
}

/// A member from the first event on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Founder {
    pub user: UserId,
    pub role: Role,
}

/// Somebody belongs to a conversation now. Concerns that person alone; for the founders it follows
/// [`ConversationCreated`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberJoined {
    pub conversation_id: ConversationId,
    pub kind: conversation::Kind,
    pub name: Option<String>,
    pub role: Role,
    /// A member since the conversation exists.
    pub founding: bool,
}

/// The event itself.
#[derive(Clone, Debug)]
pub enum Body {
    /// To everybody who belongs to the conversation.
    MessagePosted(Arc<MessageDetails>),
    /// Concerns the conversation; what each member is told is [`Body::MemberJoined`].
    ConversationCreated(ConversationCreated),
    /// To the person who joined: `Event::user`.
    MemberJoined(MemberJoined),
}

impl Body {
    /// The name in the column `kind`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::MessagePosted(_) => "message_posted",
            Self::ConversationCreated(_) => "conversation_created",
            Self::MemberJoined(_) => "member_joined",
        }
    }

    fn to_json(&self) -> serde_json::Result<String> {
        match self {
            Self::MessagePosted(message) => serde_json::to_string(&**message),
            Self::ConversationCreated(created) => serde_json::to_string(created),
            Self::MemberJoined(joined) => serde_json::to_string(joined),
        }
    }

    fn parse(kind: &str, json: &str) -> serde_json::Result<Self> {
        match kind {
            "message_posted" => serde_json::from_str(json).map(|message| Self::MessagePosted(Arc::new(message))),
            "conversation_created" => serde_json::from_str(json).map(Self::ConversationCreated),
            "member_joined" => serde_json::from_str(json).map(Self::MemberJoined),
            other => Err(serde::de::Error::custom(format_args!("unknown event kind {other}"))),
        }
    }
}

/// One entry of the log. Nobody sees it before its transaction is committed.
#[derive(Clone, Debug)]
pub struct Event {
    pub id: EventId,
    /// The conversation it is about.
    pub conversation: Option<ConversationNumber>,
    /// With a person: it concerns them alone. Without: everybody who belonged to `conversation` at `id`.
    pub user: Option<UserId>,
    /// Who did it.
    pub actor: UserId,
    /// Milliseconds since 1970, UTC.
    pub at: i64,
    pub body: Body,
    /// Roughly what it costs to keep, in bytes.
    pub(crate) weight: usize,
}

impl Event {
    /// The row to insert.
    pub(crate) fn to_row(&self) -> serde_json::Result<Model> {
        Ok(Model {
            id: self.id,
            conversation: self.conversation,
            user_id: self.user.clone(),
            kind: self.body.kind().to_owned(),
            actor_id: self.actor.clone(),
            body: self.body.to_json()?,
            created_at: self.at,
        })
    }

    pub(crate) fn weigh(&mut self, row: &Model) {
        self.weight = row.body.len() + ROW_WEIGHT;
    }

    /// The event a row stands for.
    pub(crate) fn from_row(row: Model) -> serde_json::Result<Self> {
        Ok(Self {
            body: Body::parse(&row.kind, &row.body)?,
            weight: row.body.len() + ROW_WEIGHT,
            id: row.id,
            conversation: row.conversation,
            user: row.user_id,
            actor: row.actor_id,
            at: row.created_at,
        })
    }
}

/// What an event weighs besides its body.
const ROW_WEIGHT: usize = 256;
