//! `presences`: who is here on which server. Empty where there is only one.

use sea_orm::entity::prelude::*;

use crate::user_id::UserId;

/// Somebody has a connection to a server, or had one a moment ago. Counts for as long as the server lives.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "presences")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub node: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::person::Entity",
        from = "Column::UserId",
        to = "super::person::Column::Id"
    )]
    Person,
}

impl ActiveModelBehavior for ActiveModel {}
