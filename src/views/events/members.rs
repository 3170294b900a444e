//! What happened to the members of a group.

use entities::{ids::ConversationId, user_id::UserId};
use schemars::JsonSchema;
use serde::Serialize;

use super::Time;
use crate::{
    services::details::{MemberChange, Participant},
    views::{Member, words::MemberRole},
};

/// `MemberAdded`, `MemberRemoved` and `MemberRoleChanged`: somebody else's place in a group.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct MemberChanged {
    pub conversation_id: ConversationId,
    pub user_id: UserId,
    #[schemars(with = "MemberRole")]
    pub role: &'static str,
    pub member: Member,
    /// Who did it.
    pub by: UserId,
    pub timestamp: Time,
}

impl MemberChanged {
    /// `by` did it at `at`.
    pub fn new(change: &MemberChange, by: &UserId, at: i64) -> Self {
        let member = Member::from(&Participant {
            person: change.person.clone(),
            role: change.role,
            joined_at: at,
        });
        Self {
            conversation_id: change.conversation_id,
            user_id: member.user_id.clone(),
            role: member.role,
            member,
            by: by.clone(),
            timestamp: Time(at),
        }
    }
}

/// `AddedToGroup` and `RemovedFromGroup`: one's own place in a group.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct GroupMembership {
    pub group_id: ConversationId,
    pub conversation_id: ConversationId,
    pub group_name: String,
}

impl GroupMembership {
    /// In the group of this id and name.
    pub fn new(conversation: ConversationId, name: Option<&str>) -> Self {
        Self {
            group_id: conversation,
            conversation_id: conversation,
            group_name: name.unwrap_or_default().to_owned(),
        }
    }
}
