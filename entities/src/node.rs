//! `nodes`: the servers on this database, and how far each has told its connections.

use sea_orm::entity::prelude::*;

use crate::ids::EventId;

/// A server, and when it was last alive: by its own clock, so that only a change of it means something.
pub type Sign = (Uuid, i64);

/// One server, from its start to its end.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "nodes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Everything up to here was handed to the connections it concerned, and those without a position of their own
    /// have proven it.
    pub told: EventId,
    /// When it was last alive.
    pub seen_at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
