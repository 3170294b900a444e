//! `people`: everybody who was ever seen in a token or named as a recipient or member.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::user_id::UserId;

/// What somebody who is here shows of it. Away and do not disturb are online to whoever knows only two states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
#[serde(rename_all = "snake_case")]
pub enum Status {
    #[default]
    #[sea_orm(num_value = 0)]
    Online,
    #[sea_orm(num_value = 1)]
    Away,
    #[sea_orm(num_value = 2)]
    Dnd,
    /// Appears to be gone.
    #[sea_orm(num_value = 3)]
    Offline,
}

/// One person. A placeholder was named by somebody else and has not signed in yet.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "people")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    pub username: String,
    pub full_name: String,
    pub avatar: Option<String>,
    pub is_placeholder: bool,
    pub created_at: i64,
    pub updated_at: i64,
    /// What they chose to show.
    pub status: Status,
    /// When the others last saw them here.
    pub last_seen_at: Option<i64>,
    /// Since when they may not come in; `None` for everybody who may.
    pub deactivated_at: Option<i64>,
    /// What their token said last, as JSON: only what is new in a token changes a name.
    pub claims: Option<String>,
    /// Others do not learn what they have read.
    pub hides_reads: bool,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(has_many = "super::member::Entity")]
    Members,
}

impl Related<super::member::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Members.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
