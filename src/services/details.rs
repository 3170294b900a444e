//! What the services answer with: typed values, no JSON.

use entities::conversation::{History, Kind};
use entities::ids::{ConversationId, ConversationNumber};
use entities::member::Role;
use entities::user_id::UserId;

pub use crate::log::event::{
    Attachment, Covered, Delivered, Forwarded, MemberChange, MessageDetails, MessageRef, Moved, Person, Pinned, Quoted,
    Reacted, ReactionSummary, Receipt, Status,
};

/// A conversation as one of its members sees it. Times are milliseconds since 1970, UTC.
#[derive(Clone, Debug)]
pub struct ConversationDetails {
    pub number: ConversationNumber,
    pub id: ConversationId,
    pub kind: Kind,
    pub name: Option<String>,
    pub description: Option<String>,
    pub avatar: Option<String>,
    pub history: History,
    pub created_by: UserId,
    /// All current members, the caller included: owner, admins, members, each in the order they came.
    pub participants: Vec<Participant>,
    /// The newest message the caller may see.
    pub last_message: Option<MessageDetails>,
    /// Messages of others after the caller's read pointer.
    pub unread_count: i64,
    pub is_muted: bool,
    pub is_archived: bool,
    pub is_pinned: bool,
    pub created_at: i64,
    /// The last activity.
    pub updated_at: i64,
}

impl ConversationDetails {
    /// The owner of a group.
    #[must_use]
    pub fn owner(&self) -> Option<&Participant> {
        self.participants
            .iter()
            .find(|participant| participant.role == Role::Owner)
    }
}

/// A member and what they may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participant {
    pub person: Person,
    pub role: Role,
    /// Since when, milliseconds since 1970, UTC.
    pub joined_at: i64,
}
