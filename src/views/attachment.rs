//! A file of a message, or one that waits for a message.

use entities::ids::FileId;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Link, Message};
use crate::{media::signing::Variant, services::details};

/// What became of uploaded files: a message or several, or files that wait for one.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Uploaded {
    Message(Box<Message>),
    Messages(Vec<Message>),
    File(Box<Attachment>),
    Files(Vec<Attachment>),
}

/// One file, the same in `media` and in `attachments`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Attachment {
    pub id: FileId,
    pub url: Link,
    /// The small picture, where there is one.
    pub thumbnail: Option<Link>,
    /// In bytes.
    pub size: i64,
    pub mime_type: String,
    pub name: String,
    /// Of a picture, as it is shown.
    pub width: Option<i32>,
    pub height: Option<i32>,
}

impl From<&details::Attachment> for Attachment {
    fn from(file: &details::Attachment) -> Self {
        let link = |variant| Link { id: file.id, variant };
        Self {
            id: file.id,
            url: link(Variant::Whole),
            thumbnail: file.has_thumbnail.then(|| link(Variant::Thumbnail)),
            size: file.size,
            mime_type: file.mime.clone(),
            name: file.name.clone(),
            width: file.width,
            height: file.height,
        }
    }
}
