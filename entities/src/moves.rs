//! `moves`: how far a member's devices received or read, as intervals of `seq`.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::ids::{ConversationNumber, Seq};
use crate::user_id::UserId;

/// What the interval says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    #[sea_orm(num_value = 0)]
    Delivered,
    #[sea_orm(num_value = 1)]
    Read,
}

/// One move: messages `from_seq..=up_to_seq` were covered at `at`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "moves")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub number: i64,
    pub conversation: ConversationNumber,
    pub user_id: UserId,
    pub kind: Kind,
    pub from_seq: Seq,
    pub up_to_seq: Seq,
    pub at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
