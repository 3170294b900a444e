//! `members`: who belongs to what, as intervals of the event log.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::ids::{ConversationNumber, EventId, Seq};
use crate::user_id::UserId;

/// What a member may do; the order is the order of power.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
#[serde(rename_all = "snake_case")]
pub enum Role {
    #[sea_orm(num_value = 0)]
    Member,
    #[sea_orm(num_value = 1)]
    Admin,
    #[sea_orm(num_value = 2)]
    Owner,
}

/// One interval of membership. Who left and came back has two rows; at most one is current (`until_event` is null).
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "members")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub number: i64,
    pub conversation: ConversationNumber,
    pub user_id: UserId,
    pub role: Role,
    /// The first event this member could see.
    pub from_event: EventId,
    /// The first event this former member could no longer see; null for a current member.
    pub until_event: Option<EventId>,
    /// The first message this member may see.
    pub visible_from_seq: Seq,
    /// Everything up to here is read.
    pub read_seq: Seq,
    pub is_muted: bool,
    pub is_archived: bool,
    pub is_pinned: bool,
    pub joined_at: i64,
    /// Removed from one's list: it comes back with the first message from `visible_from_seq` on.
    pub is_hidden: bool,
    /// When `is_muted` ends by itself.
    pub muted_until: Option<i64>,
    /// The newest message when they joined: those up to here were sent to others. Null for a while where an older server
    /// made the row.
    pub joined_seq: Option<Seq>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::conversation::Entity",
        from = "Column::Conversation",
        to = "super::conversation::Column::Number"
    )]
    Conversation,
    #[sea_orm(
        belongs_to = "super::person::Entity",
        from = "Column::UserId",
        to = "super::person::Column::Id"
    )]
    Person,
}

impl Related<super::conversation::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Conversation.def()
    }
}

impl Related<super::person::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Person.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
