//! `tickets`: where each connection is, so that its client goes on there after whatever ends it.

use sea_orm::entity::prelude::*;

use crate::ids::EventId;
use crate::user_id::UserId;

/// One connection, living or lost.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tickets")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The server it is or was on.
    pub node: Uuid,
    pub user_id: UserId,
    /// What its client is recognised by, hashed.
    pub device: String,
    /// What else, where the first may not come again.
    pub alias: Option<String>,
    /// The conversations it hears, as a JSON list of numbers; null is everything.
    pub hears: Option<String>,
    /// Everything up to here has arrived; null is everything its server has told.
    pub position: Option<EventId>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::node::Entity",
        from = "Column::Node",
        to = "super::node::Column::Id"
    )]
    Node,
}

impl Related<super::node::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Node.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
