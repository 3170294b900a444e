//! `attachments`: which messages have which files. What is shown of them stands in the message itself.

use sea_orm::entity::prelude::*;

use crate::ids::{ConversationNumber, FileId, MessageNumber};

/// One file of one message.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attachments")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub message: MessageNumber,
    /// From 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    /// The message's.
    pub conversation: ConversationNumber,
    pub file: FileId,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
