//! `blocks`: who does not want to hear from whom.

use sea_orm::entity::prelude::*;

use crate::user_id::UserId;

/// `user_id` blocked `blocked_id`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "blocks")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub blocked_id: UserId,
    pub at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::person::Entity",
        from = "Column::BlockedId",
        to = "super::person::Column::Id"
    )]
    Blocked,
}

impl ActiveModelBehavior for ActiveModel {}
