//! The files of a message that is about to be sent.

use entities::file;
use entities::ids::FileId;
use entities::message::Kind;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{Draft, Messages};
use crate::log::writer::files::{NOT_THERE, waits};
use crate::services::details::{Attachment, MessageDetails};
use crate::services::{Error, Principal};

/// Files of one message at most.
pub const MOST_FILES: usize = 20;

/// A file of the sender's that is about to be stored.
#[derive(Clone, Debug)]
pub struct Upload {
    pub attachment: Attachment,
    /// SHA-256 of what was uploaded.
    pub hash: Vec<u8>,
}

/// What a message will have.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) attachments: Vec<Attachment>,
    hashes: Vec<Vec<u8>>,
    /// They are those of the message that is sent on.
    pub(super) are_shared: bool,
    /// A message has one of them, or had.
    are_taken: bool,
}

impl Files {
    pub(super) fn is_empty(&self) -> bool {
        self.attachments.is_empty()
    }

    /// What a repeat must match.
    pub(super) fn hashes(&self) -> impl Iterator<Item = &[u8]> {
        self.hashes.iter().map(Vec::as_slice)
    }

    /// The type of a message that names none: the first file says it.
    pub(super) fn kind(&self) -> Kind {
        match self.attachments.first().map(|first| first.mime.split('/').next()) {
            None => Kind::Text,
            Some(Some("image")) => Kind::Image,
            Some(Some("video")) => Kind::Video,
            Some(Some("audio")) => Kind::Audio,
            Some(_) => Kind::File,
        }
    }

    /// Whether a new message can have them, as far as is known before the writer claims them.
    pub(super) fn untaken(&self) -> Result<(), Error> {
        if self.are_taken {
            return Err(NOT_THERE.into());
        }
        Ok(())
    }

    fn push(&mut self, attachment: Attachment, hash: Vec<u8>) {
        self.attachments.push(attachment);
        self.hashes.push(hash);
    }
}

impl Messages {
    /// Uploads, or one's own files by their ids, else those of the message that is sent on. Whether a message has them
    /// already is for the writer to say: this may be a repeat.
    pub(super) async fn files(
        &self,
        principal: &Principal,
        draft: &Draft,
        origin: Option<&MessageDetails>,
    ) -> Result<Files, Error> {
        let mut files = Files::default();
        for upload in &draft.uploads {
            files.push(upload.attachment.clone(), upload.hash.clone());
        }
        let wrong = |reason: String| Error::invalid("attachmentIds", reason);
        if draft.attachment_ids.len() + draft.uploads.len() > MOST_FILES {
            return Err(wrong(format!("must be at most {MOST_FILES}")));
        }
        let mut ids: Vec<FileId> = Vec::new();
        for text in &draft.attachment_ids {
            let id = text.trim().parse();
            let id = id.map_err(|_| wrong(format!("there is no attachment {text:.64}")))?;
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        if !ids.is_empty() {
            let now = self.conversations.clock.now();
            let own = file::Entity::find()
                .filter(file::Column::Id.is_in(ids.iter().copied()))
                .filter(file::Column::OwnerId.eq(&principal.user_id))
                .all(&self.conversations.database.read)
                .await?;
            for id in ids {
                let file = own.iter().find(|file| file.id == id);
                let file = file.ok_or_else(|| wrong(format!("there is no attachment {id}")))?;
                files.push(Attachment::of(file), file.sha256.clone());
                files.are_taken |= !waits(file, now);
            }
        }
        if let Some(origin) = origin.filter(|_| files.is_empty()) {
            files.are_shared = true;
            for attachment in &origin.attachments {
                files.push(attachment.clone(), attachment.id.0.as_bytes().to_vec());
            }
        }
        Ok(files)
    }
}
