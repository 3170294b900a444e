//! What the log says: one event a durable change, with everything a view needs.

use std::sync::Arc;

use entities::event::Model;
use entities::ids::{ConversationNumber, EventId, MessageNumber, Seq};
use entities::user_id::UserId;

mod conversation;
mod message;
mod person;
mod reaction;

pub use self::conversation::{
    Blocked, ConversationCreated, Departure, Entry, Founder, GroupChanged, GroupProfile, MemberChange, MemberJoined,
    MemberLeft, OwnState, State, StateChanged,
};
pub(crate) use self::message::written;
pub use self::message::{Attachment, Forwarded, MessageDetails, MessageRef, Quoted, ReactionSummary, Receipt, Status};
pub use self::person::{Person, PersonChanged};
pub use self::reaction::{Arrival, Covered, Delivered, Moved, Pinned, PointerMoved, Reacted};

/// Declares the bodies with their names in the column `kind`: one list for writing and reading.
macro_rules! bodies {
    ($($(#[$doc:meta])* $variant:ident($body:ty) = $kind:literal,)*) => {
        /// The event itself.
        #[derive(Clone, Debug)]
        pub enum Body {
            $($(#[$doc])* $variant(Arc<$body>),)*
            /// What a newer server on the same database wrote: nothing that this one could tell.
            Unknown(Arc<Unknown>),
        }

        impl Body {
            /// The name in the column `kind`.
            #[must_use]
            pub fn kind(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $kind,)*
                    Self::Unknown(_) => "unknown",
                }
            }

            fn to_json(&self) -> serde_json::Result<String> {
                match self {
                    $(Self::$variant(body) => serde_json::to_string(&**body),)*
                    Self::Unknown(unknown) => Err(serde::ser::Error::custom(format_args!("{unknown:?} is not ours to write"))),
                }
            }

            fn parse(kind: &str, json: &str) -> serde_json::Result<Self> {
                match kind {
                    $($kind => serde_json::from_str(json).map(|body| Self::$variant(Arc::new(body))),)*
                    other => Ok(Self::Unknown(Arc::new(Unknown { kind: other.to_owned() }))),
                }
            }
        }
    };
}

bodies! {
    /// To everybody who belongs to the conversation.
    MessagePosted(MessageDetails) = "message_posted",
    /// The same; the message as it is now.
    MessageEdited(MessageDetails) = "message_edited",
    /// The same.
    MessageDeleted(MessageRef) = "message_deleted",
    /// The same.
    Reacted(Reacted) = "reacted",
    /// The same.
    MessagePinned(Pinned) = "message_pinned",
    /// The same, and to the authors of what was covered.
    Moved(Moved) = "moved",
    /// To the authors of what arrived.
    Delivered(Delivered) = "delivered",
    /// Concerns the conversation; what each member is told is [`Body::MemberJoined`].
    ConversationCreated(ConversationCreated) = "conversation_created",
    /// To the person who joined: `Event::user`.
    MemberJoined(MemberJoined) = "member_joined",
    /// To the person who left: `Event::user`.
    MemberLeft(MemberLeft) = "member_left",
    /// To everybody who belonged to the conversation before.
    MemberAdded(MemberChange) = "member_added",
    /// To everybody who still belongs to the conversation.
    MemberRemoved(MemberChange) = "member_removed",
    /// To everybody who belongs to the conversation.
    RoleChanged(MemberChange) = "role_changed",
    /// The same.
    GroupChanged(GroupChanged) = "group_changed",
    /// To the person whose list it is: `Event::user`.
    StateChanged(StateChanged) = "state_changed",
    /// To nobody; it is `Event::user` who has read so far.
    PointerMoved(PointerMoved) = "pointer_moved",
    /// To nobody; `Event::user` blocks or unblocks. In their direct conversation, where they have one.
    Blocked(Blocked) = "blocked",
    /// To nobody; it is about `Event::user`.
    PersonChanged(PersonChanged) = "person_changed",
}

/// An event of a kind that this version does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// What it is called in the column `kind`.
    pub kind: String,
}

impl Body {
    /// Whether it changes who belongs to its conversation, or what they may do. What is unknown might.
    pub(crate) fn changes_members(&self) -> bool {
        match self {
            Self::ConversationCreated(_)
            | Self::MemberJoined(_)
            | Self::MemberLeft(_)
            | Self::MemberAdded(_)
            | Self::MemberRemoved(_)
            | Self::RoleChanged(_)
            | Self::GroupChanged(_)
            | Self::Blocked(_)
            | Self::Unknown(_) => true,
            Self::StateChanged(state) => state.what == State::Hidden,
            Self::MessagePosted(_)
            | Self::MessageEdited(_)
            | Self::MessageDeleted(_)
            | Self::Reacted(_)
            | Self::MessagePinned(_)
            | Self::Moved(_)
            | Self::Delivered(_)
            | Self::PointerMoved(_)
            | Self::PersonChanged(_) => false,
        }
    }

    /// The message whose text is part of it.
    fn carries_text_of(&self) -> Option<MessageNumber> {
        match self {
            Self::MessagePosted(message) | Self::MessageEdited(message) => Some(message.number),
            _ => None,
        }
    }

    /// The message it is about: who may not see that one is not told.
    #[must_use]
    pub fn seq(&self) -> Option<Seq> {
        match self {
            Self::MessagePosted(message) | Self::MessageEdited(message) => Some(message.seq),
            Self::MessageDeleted(message) => Some(message.seq),
            Self::Reacted(reacted) => Some(reacted.message.seq),
            Self::MessagePinned(pinned) => Some(pinned.message.seq),
            Self::Moved(moved) => Some(moved.up_to_seq),
            _ => None,
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
            message: self.body.carries_text_of(),
        })
    }

    pub(crate) fn weigh(&mut self, row: &Model) {
        self.weight = row.body.len() + ROW_WEIGHT;
    }

    /// The same event without the text of a deleted message, be it its own or one that it answers; `None` when there is
    /// nothing of it in it.
    pub(crate) fn scrubbed(&self, deleted: MessageNumber) -> Option<Self> {
        let body = match &self.body {
            Body::MessagePosted(message) => Body::MessagePosted(message.scrubbed(deleted)?),
            Body::MessageEdited(message) => Body::MessageEdited(message.scrubbed(deleted)?),
            _ => return None,
        };
        // As heavy as before: it is lighter by a text at most.
        Some(Self { body, ..self.clone() })
    }

    /// The message that this event deletes.
    pub(crate) fn deletes(&self) -> Option<MessageNumber> {
        match &self.body {
            Body::MessageDeleted(message) => Some(message.number),
            _ => None,
        }
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
