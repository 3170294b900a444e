//! `conversations`: direct ones and groups.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::ids::{ConversationId, ConversationNumber, Seq};
use crate::user_id::UserId;

/// Between two people, or among several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    #[sea_orm(num_value = 0)]
    Direct,
    #[sea_orm(num_value = 1)]
    Group,
}

/// What a newcomer may see of what was said before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
#[serde(rename_all = "snake_case")]
pub enum History {
    /// Everything.
    #[default]
    #[sea_orm(num_value = 0)]
    All,
    /// Nothing: only what is said from then on.
    #[sea_orm(num_value = 1)]
    FromJoin,
}

/// One conversation. `last_seq` and `updated_at` move with every message, in the same transaction.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "conversations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: ConversationNumber,
    #[sea_orm(unique)]
    pub id: ConversationId,
    pub kind: Kind,
    pub name: Option<String>,
    pub description: Option<String>,
    pub avatar: Option<String>,
    /// Both user ids of a direct conversation, see [`direct_key`].
    #[sea_orm(unique)]
    pub direct_key: Option<String>,
    pub created_by: UserId,
    pub created_at: i64,
    /// The last activity.
    pub updated_at: i64,
    pub last_seq: Seq,
    /// `created_at` of the newest message, or 0: the next one's is later.
    pub last_message_at: i64,
    pub history: History,
}

/// What makes a direct conversation the only one of its pair: both ids, sorted, joined with a unit separator (which no
/// user id contains).
#[must_use]
pub fn direct_key(one: &UserId, other: &UserId) -> String {
    let (first, second) = if one <= other { (one, other) } else { (other, one) };
    format!("{first}\u{1f}{second}")
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(has_many = "super::member::Entity")]
    Members,
    #[sea_orm(has_many = "super::message::Entity")]
    Messages,
}

impl Related<super::member::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Members.def()
    }
}

impl Related<super::message::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Messages.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
