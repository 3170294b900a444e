//! `log_heads`: one row, the last numbers given out and the log's epoch.
//!
//! The writer locks it first in every transaction; that lock is what makes ids commit order with several nodes.

use sea_orm::entity::prelude::*;

use crate::ids::{ConversationNumber, EventId, MessageNumber};

/// The only row's key.
pub const ID: i16 = 1;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "log_heads")]
pub struct Model {
    /// Always [`ID`].
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i16,
    /// Made with the database: cursors of another database are recognised by it.
    pub epoch: String,
    pub event: EventId,
    pub message: MessageNumber,
    pub conversation: ConversationNumber,
    /// Events up to here are no longer kept; 0 while all are.
    pub horizon: EventId,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
