//! Conversations and groups, as one member sees them.

use entities::{
    conversation::{History, Kind},
    ids::ConversationId,
    user_id::UserId,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Member, Message, Participant, Time,
    words::{ConversationType, HistoryScope, SkipReason},
};
use crate::services::{details::ConversationDetails, groups, states};

/// A conversation in a list, in an event, on its own.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Conversation {
    pub id: ConversationId,
    pub conversation_id: ConversationId,
    pub chat_id: ConversationId,
    #[serde(rename = "Type")]
    #[schemars(with = "ConversationType")]
    pub kind: &'static str,
    pub name: Option<String>,
    pub description: Option<String>,
    pub avatar: Option<String>,
    /// Everybody, the viewer included.
    pub participants: Vec<Participant>,
    pub last_message: Option<Message>,
    pub unread_count: i64,
    pub is_muted: bool,
    pub is_archived: bool,
    pub is_pinned: bool,
    pub created_at: Time,
    /// The last activity.
    pub updated_at: Time,
    /// Who was left out when it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<Vec<Skipped>>,
}

impl Conversation {
    /// The conversation for `viewer`, whose own counts and flags the details hold.
    pub fn seen_by(conversation: &ConversationDetails, viewer: &UserId) -> Self {
        Self {
            id: conversation.id,
            conversation_id: conversation.id,
            chat_id: conversation.id,
            kind: match conversation.kind {
                Kind::Direct => "direct",
                Kind::Group => "group",
            },
            name: conversation.name.clone(),
            description: conversation.description.clone(),
            avatar: conversation.avatar.clone(),
            participants: conversation.participants.iter().map(Participant::from).collect(),
            last_message: conversation
                .last_message
                .as_ref()
                .map(|message| Message::seen_by(message, viewer)),
            unread_count: conversation.unread_count,
            is_muted: conversation.is_muted,
            is_archived: conversation.is_archived,
            is_pinned: conversation.is_pinned,
            created_at: Time(conversation.created_at),
            updated_at: Time(conversation.updated_at),
            skipped: None,
        }
    }

    /// A group that was just made, with those who were left out.
    pub fn made(group: &ConversationDetails, viewer: &UserId, skipped: &[groups::Skipped]) -> Self {
        Self {
            skipped: Some(skipped.iter().map(Skipped::from).collect()),
            ..Self::seen_by(group, viewer)
        }
    }
}

/// A group as the group routes show it. Its id is its conversation's.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Group {
    pub id: ConversationId,
    pub conversation_id: ConversationId,
    pub name: Option<String>,
    pub description: Option<String>,
    pub avatar: Option<String>,
    /// The owner.
    pub admin_id: Option<UserId>,
    pub members: Vec<Member>,
    /// What newcomers see of what was said before: `all` or `from_join`.
    #[schemars(with = "HistoryScope")]
    pub history: &'static str,
    pub created_at: Time,
    /// Who could not be added; only in the answer to a write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<Vec<Skipped>>,
}

impl Group {
    /// The group alone.
    pub fn new(conversation: &ConversationDetails) -> Self {
        Self {
            id: conversation.id,
            conversation_id: conversation.id,
            name: conversation.name.clone(),
            description: conversation.description.clone(),
            avatar: conversation.avatar.clone(),
            admin_id: conversation.owner().map(|owner| owner.person.id.clone()),
            members: conversation.participants.iter().map(Member::from).collect(),
            history: match conversation.history {
                History::All => "all",
                History::FromJoin => "from_join",
            },
            created_at: Time(conversation.created_at),
            skipped: None,
        }
    }

    /// The group after a write, with those who were left out.
    pub fn written(conversation: &ConversationDetails, skipped: &[groups::Skipped]) -> Self {
        Self {
            skipped: Some(skipped.iter().map(Skipped::from).collect()),
            ..Self::new(conversation)
        }
    }
}

/// The answer to a write to a group's members: the group, or where it was for who belongs to it no longer.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Written {
    Group(Box<Group>),
    Left(Left),
}

/// What somebody took out of their list, or what is gone for everybody.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Left {
    pub id: ConversationId,
    pub conversation_id: ConversationId,
    pub skipped: Vec<Skipped>,
}

impl Left {
    /// It alone.
    pub fn new(id: ConversationId) -> Self {
        Self {
            id,
            conversation_id: id,
            skipped: Vec::new(),
        }
    }
}

impl From<&groups::Written> for Written {
    fn from(written: &groups::Written) -> Self {
        match &written.group {
            Some(group) => Self::Group(Box::new(Group::written(group, &written.skipped))),
            None => Self::Left(Left {
                skipped: written.skipped.iter().map(Skipped::from).collect(),
                ..Left::new(written.id)
            }),
        }
    }
}

/// One's own flags of a conversation.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ConversationState {
    pub conversation_id: ConversationId,
    pub is_muted: bool,
    /// When that ends by itself.
    pub muted_until: Option<Time>,
    pub is_archived: bool,
    pub is_pinned: bool,
}

impl From<&states::ConversationState> for ConversationState {
    fn from(state: &states::ConversationState) -> Self {
        Self {
            conversation_id: state.id,
            is_muted: state.is_muted,
            muted_until: state.muted_until.map(Time),
            is_archived: state.is_archived,
            is_pinned: state.is_pinned,
        }
    }
}

/// What one has not read.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Unread {
    pub total: i64,
    pub conversations: Vec<UnreadIn>,
}

/// What one has not read of one conversation.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct UnreadIn {
    pub conversation_id: ConversationId,
    pub unread_count: i64,
}

impl From<states::Unread> for Unread {
    fn from(unread: states::Unread) -> Self {
        let each = unread.conversations.into_iter();
        Self {
            total: unread.total,
            conversations: each
                .map(|(conversation_id, unread_count)| UnreadIn {
                    conversation_id,
                    unread_count,
                })
                .collect(),
        }
    }
}

/// Somebody a write left out, and why.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Skipped {
    /// The id as the client wrote it.
    pub user_id: String,
    #[schemars(with = "SkipReason")]
    pub reason: &'static str,
}

impl From<&groups::Skipped> for Skipped {
    fn from(skipped: &groups::Skipped) -> Self {
        Self {
            user_id: skipped.id.clone(),
            reason: skipped.reason.code(),
        }
    }
}
