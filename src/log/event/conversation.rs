//! What happens to conversations and their members.

use entities::conversation;
use entities::ids::ConversationId;
use entities::member::Role;
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

/// Somebody belongs to a conversation no longer. Concerns that person alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberLeft {
    pub conversation_id: ConversationId,
    pub name: Option<String>,
    pub how: Departure,
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

/// A group's name, description, avatar or history setting changed: whoever is told reads what it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupChanged {
    pub conversation_id: ConversationId,
    pub name: Option<String>,
}

/// What a conversation is to one person changed. Concerns that person alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateChanged {
    pub conversation_id: ConversationId,
    pub what: State,
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
