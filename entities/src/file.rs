//! `files`: what was uploaded, and is kept in the storage under its id.

use sea_orm::entity::prelude::*;

use crate::ids::FileId;
use crate::user_id::UserId;

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "files")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: FileId,
    /// Who uploaded it.
    pub owner_id: UserId,
    /// As its owner called it, for showing.
    pub name: String,
    /// The media type that its content has.
    pub mime: String,
    /// Bytes of what is kept.
    pub size: i64,
    /// SHA-256 of what was uploaded: two uploads of one file have one.
    pub sha256: Vec<u8>,
    /// Of a picture, as it is shown.
    pub width: Option<i32>,
    pub height: Option<i32>,
    /// The media type of the small picture, where there is one.
    pub thumbnail: Option<String>,
    pub created_at: i64,
    /// Gone from then on, and 0 already; null while a message has it.
    pub expires_at: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
