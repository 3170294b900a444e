//! `message_edits`: what edited messages said before.

use sea_orm::entity::prelude::*;

use crate::ids::MessageNumber;

/// One former content of a message; the first row is what was sent.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "message_edits")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub number: i64,
    pub message: MessageNumber,
    #[sea_orm(column_type = "Text")]
    pub content: String,
    /// When it was replaced.
    pub until: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
