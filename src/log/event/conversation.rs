//! What happens to conversations and their members.

use entities::conversation::{self, History};
use entities::ids::{ConversationId, EventId, Seq};
use entities::member::{self, Role};
use entities::user_id::UserId;
use serde::{Deserialize, Serialize};

use super::person::Person;

/// A conversation came to be. Carries what the fold of members needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationCreated {
    pub id: ConversationId,
    pub kind: conversation::Kind,
    pub name: Option<String>,
    pub members: Vec<Founder>,
    /// What it shows besides its name. Events of older versions do not say it, here and below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<GroupProfile>,
}

/// What a conversation shows besides its name, and what newcomers see of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupProfile {
    pub description: Option<String>,
    pub avatar: Option<String>,
    pub history: History,
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
    /// Where they came in; nothing for founders, who see everything since [`ConversationCreated`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<Entry>,
}

/// Where a membership begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The first event they can see; of several who come together the first one's.
    pub from_event: EventId,
    /// The first message they may see.
    pub visible_from_seq: Seq,
    /// Everything up to here counts as read.
    pub read_seq: Seq,
}

/// Somebody belongs to a conversation no longer. Concerns that person alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberLeft {
    pub conversation_id: ConversationId,
    pub name: Option<String>,
    pub how: Departure,
    /// The first event they can no longer see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_event: Option<EventId>,
}

/// How somebody came to belong to a conversation no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Departure {
    /// By themselves.
    Left,
    /// By an admin or the owner.
    Removed,
    /// The conversation is gone for everybody.
    Deleted,
}

/// Something about one member that the others learn of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberChange {
    pub conversation_id: ConversationId,
    pub person: Person,
    /// Afterwards; of a former member, before.
    pub role: Role,
}

/// A group's name, description, avatar or history setting changed: this is what they are now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupChanged {
    pub conversation_id: ConversationId,
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<GroupProfile>,
}

/// What a conversation is to one person changed. Concerns that person alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateChanged {
    pub conversation_id: ConversationId,
    pub what: State,
    /// All of it, as it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<OwnState>,
}

/// What a conversation is to one of its members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnState {
    pub is_muted: bool,
    /// When `is_muted` ends by itself.
    pub muted_until: Option<i64>,
    pub is_archived: bool,
    pub is_pinned: bool,
    pub is_hidden: bool,
    /// The first message they may see.
    pub visible_from_seq: Seq,
    /// Everything up to here is read.
    pub read_seq: Seq,
}

impl From<&member::Model> for OwnState {
    fn from(row: &member::Model) -> Self {
        Self {
            is_muted: row.is_muted,
            muted_until: row.muted_until,
            is_archived: row.is_archived,
            is_pinned: row.is_pinned,
            is_hidden: row.is_hidden,
            visible_from_seq: row.visible_from_seq,
            read_seq: row.read_seq,
        }
    }
}

/// Which of one's own flags of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Muted,
    Archived,
    Pinned,
    /// Removed from one's own list, until the next message.
    Hidden,
}

/// Somebody wants to hear no more from somebody, or again. Concerns the one who blocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocked {
    pub other: UserId,
    pub is_blocked: bool,
}
