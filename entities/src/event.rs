//! `events`: the log. Every durable change is a row here, written in the transaction that made it.

use sea_orm::entity::prelude::*;

use crate::ids::{ConversationNumber, EventId, MessageNumber};
use crate::user_id::UserId;

/// One event. With a `user_id` it concerns that person alone (`conversation` then says which conversation is meant);
/// without, everybody who belonged to the conversation at that point of the log.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "events")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EventId,
    pub conversation: Option<ConversationNumber>,
    pub user_id: Option<UserId>,
    /// Which event it is; `body` holds its fields.
    pub kind: String,
    pub actor_id: UserId,
    /// JSON.
    #[sea_orm(column_type = "Text")]
    pub body: String,
    pub created_at: i64,
    /// The message it is about: deleting that scrubs `body`.
    pub message: Option<MessageNumber>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
