//! Files for those who may see them.

use std::ops::Range;

use bytes::Bytes;
use entities::ids::{ConversationNumber, FileId, Seq};
use entities::{attachment, file, message};
use futures_util::stream::BoxStream;
use sea_orm::{ColumnTrait, EntityTrait, JoinType, QueryFilter, QuerySelect};

use super::{Media, lives};
use crate::media::signing::Variant;
use crate::media::storage;
use crate::services::{Error, Principal};

/// A file that may be seen, or its small picture.
#[derive(Clone, Debug)]
pub struct Opened {
    pub id: FileId,
    pub variant: Variant,
    pub name: String,
    /// The media type that its content has.
    pub mime: String,
    /// In bytes.
    pub size: u64,
}

impl Media {
    /// A file whose link was checked.
    ///
    /// # Errors
    ///
    /// `NotFound` where it is gone.
    pub async fn by_link(&self, reference: &str, variant: Variant) -> Result<Opened, Error> {
        let file = self.find(reference).await?;
        self.opened(file, variant).await
    }

    /// A file that the caller uploaded, or that a message has which they may see.
    ///
    /// # Errors
    ///
    /// As for the message: `NotFound`, or `NotAParticipant` for a former member.
    pub async fn by_person(&self, principal: &Principal, reference: &str, variant: Variant) -> Result<Opened, Error> {
        let file = self.find(reference).await?;
        if file.owner_id != principal.user_id {
            self.check(principal, file.id).await?;
        }
        self.opened(file, variant).await
    }

    /// A part of a file, as it is read.
    ///
    /// # Errors
    ///
    /// `NotFound` where it is gone.
    pub async fn read(
        &self,
        file: &Opened,
        range: Range<u64>,
    ) -> Result<BoxStream<'static, Result<Bytes, storage::Error>>, Error> {
        let read = self.storage.read(file.id.0, file.variant, range).await;
        read.map_err(|error| missing(&error))
    }

    async fn find(&self, reference: &str) -> Result<file::Model, Error> {
        let id: FileId = reference.trim().parse().map_err(|_| Error::no_file())?;
        let file = file::Entity::find_by_id(id).one(&self.database.read).await?;
        file.filter(|file| lives(file, self.clock.now()))
            .ok_or_else(Error::no_file)
    }

    /// Whether a message has it that the caller may see.
    async fn check(&self, principal: &Principal, id: FileId) -> Result<(), Error> {
        let of = attachment::Entity::belongs_to(message::Entity)
            .from(attachment::Column::Message)
            .to(message::Column::Number)
            .into();
        // Only in conversations that they ever belonged to, however many others have it.
        let known = sea_orm::sea_query::Query::select()
            .column(entities::member::Column::Conversation)
            .from(entities::member::Entity)
            .and_where(entities::member::Column::UserId.eq(&principal.user_id))
            .take();
        let places: Vec<(ConversationNumber, Seq)> = attachment::Entity::find()
            .select_only()
            .column(message::Column::Conversation)
            .column(message::Column::Seq)
            .join(JoinType::InnerJoin, of)
            .filter(attachment::Column::File.eq(id))
            .filter(message::Column::DeletedAt.is_null())
            .filter(attachment::Column::Conversation.in_subquery(known))
            .into_tuple()
            .all(&self.database.read)
            .await?;
        let mut refusal = Error::no_file();
        for (conversation, seq) in places {
            let Some(membership) = self.log.members.of(conversation).await? else {
                continue;
            };
            match membership.admit_to(&principal.user_id, seq) {
                Ok(_) => return Ok(()),
                Err(crate::log::Error::NotAParticipant) => refusal = Error::NotAParticipant,
                Err(_) => {}
            }
        }
        Err(refusal)
    }

    async fn opened(&self, file: file::Model, variant: Variant) -> Result<Opened, Error> {
        let (mime, size) = match variant {
            Variant::Whole => (file.mime, u64::try_from(file.size).unwrap_or(0)),
            Variant::Thumbnail => {
                let mime = file.thumbnail.ok_or_else(Error::no_file)?;
                let size = self.storage.size(file.id.0, variant).await;
                (mime, size.map_err(|error| missing(&error))?)
            }
        };
        Ok(Opened {
            id: file.id,
            variant,
            name: file.name,
            mime,
            size,
        })
    }
}

fn missing(error: &storage::Error) -> Error {
    if let storage::Error::NotFound { .. } = error {
        tracing::error!("a file is not where it is kept: {error}");
        return Error::no_file();
    }
    tracing::error!("a file cannot be read: {error}");
    Error::Unavailable
}
