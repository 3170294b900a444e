//! `messages`: what was said, in the order it became true.

use std::str::FromStr;

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::ids::{ConversationNumber, MessageId, MessageNumber, NotAnId, Seq};
use crate::user_id::UserId;

/// What a message carries. Clients choose it; only `Encrypted` means that nobody here can read the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    #[sea_orm(num_value = 0)]
    Text,
    #[sea_orm(num_value = 1)]
    Image,
    #[sea_orm(num_value = 2)]
    Video,
    #[sea_orm(num_value = 3)]
    File,
    #[sea_orm(num_value = 4)]
    Audio,
    #[sea_orm(num_value = 5)]
    Location,
    #[sea_orm(num_value = 6)]
    System,
    #[sea_orm(num_value = 7)]
    Encrypted,
}

const NAMES: [(Kind, &str); 8] = [
    (Kind::Text, "text"),
    (Kind::Image, "image"),
    (Kind::Video, "video"),
    (Kind::File, "file"),
    (Kind::Audio, "audio"),
    (Kind::Location, "location"),
    (Kind::System, "system"),
    (Kind::Encrypted, "encrypted"),
];

impl Kind {
    /// The name clients use, in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES
            .iter()
            .find(|(kind, _)| *kind == self)
            .map_or("text", |(_, name)| name)
    }
}

impl FromStr for Kind {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        NAMES
            .iter()
            .find(|(_, name)| name.eq_ignore_ascii_case(text))
            .map(|(kind, _)| *kind)
            .ok_or(NotAnId)
    }
}

/// One message. Inside a conversation `number`, `seq` and `created_at` all have the same order.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "messages")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: MessageNumber,
    #[sea_orm(unique)]
    pub id: MessageId,
    pub conversation: ConversationNumber,
    pub seq: Seq,
    pub sender_id: UserId,
    pub kind: Kind,
    #[sea_orm(column_type = "Text")]
    pub content: String,
    /// SHA-256 of the type and the content as first sent: an edit does not change what a repeated key must match.
    pub content_hash: Vec<u8>,
    /// The message of the same conversation this one answers.
    pub parent: Option<MessageId>,
    /// A JSON object.
    #[sea_orm(column_type = "Text", nullable)]
    pub metadata: Option<String>,
    pub client_message_id: Option<String>,
    pub temp_id: Option<String>,
    pub created_at: i64,
    pub edited_at: Option<i64>,
    pub deleted_at: Option<i64>,
    pub pinned_at: Option<i64>,
    pub pinned_by: Option<UserId>,
    /// Who is mentioned: a JSON array of user ids.
    #[sea_orm(column_type = "Text", nullable)]
    pub mentions: Option<String>,
    /// Where a forwarded message came from: a JSON object.
    #[sea_orm(column_type = "Text", nullable)]
    pub forwarded: Option<String>,
    /// Its files, as they are shown: a JSON array of objects.
    #[sea_orm(column_type = "Text", nullable)]
    pub attachments: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::conversation::Entity",
        from = "Column::Conversation",
        to = "super::conversation::Column::Number"
    )]
    Conversation,
    #[sea_orm(
        belongs_to = "super::person::Entity",
        from = "Column::SenderId",
        to = "super::person::Column::Id"
    )]
    Sender,
}

impl Related<super::conversation::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Conversation.def()
    }
}

impl Related<super::person::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Sender.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
