//! Somebody's reaction to a message, and what a message said before.

use entities::user_id::UserId;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Person, Time};
use crate::services::messages;

/// One reaction in a list.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Reaction {
    pub user_id: UserId,
    pub user_name: String,
    pub user: Person,
    pub reaction: String,
    pub emoji: String,
    pub created_at: Time,
}

impl From<&messages::Reaction> for Reaction {
    fn from(reaction: &messages::Reaction) -> Self {
        Self {
            user_id: reaction.person.id.clone(),
            user_name: reaction.person.full_name.clone(),
            user: Person::from(&reaction.person),
            reaction: reaction.emoji.clone(),
            emoji: reaction.emoji.clone(),
            created_at: Time(reaction.at),
        }
    }
}

/// A former content of an edited message.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Former {
    pub content: String,
    /// When it was replaced.
    pub replaced_at: Time,
}

impl From<&messages::Former> for Former {
    fn from(former: &messages::Former) -> Self {
        Self {
            content: former.content.clone(),
            replaced_at: Time(former.until),
        }
    }
}
