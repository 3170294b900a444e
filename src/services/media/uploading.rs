//! From files that have come to messages that have them, or to files that wait for one.

use std::fs::File;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use aws_lc_rs::digest;
use entities::file;
use entities::ids::FileId;

use super::receiving::{Received, unsupported, unwritable};
use super::{Media, Slot, UNFINISHED, UNTAKEN, fresh_id};
use crate::log::writer::changes::{AddFiles, AwaitFiles, DropFiles};
use crate::media::cleaning::{self, Picture};
use crate::media::signing::Variant;
use crate::media::staging::{Staged, Staging};
use crate::media::thumbnail::{self, Thumbnail};
use crate::media::{Class, Format, format};
use crate::services::details::Attachment;
use crate::services::messages::{Draft, Posted, Prepared, Upload};
use crate::services::{Error, Principal, content::KEY_CHARACTERS};

/// What becomes of uploaded files.
#[derive(Debug)]
pub enum Wanted {
    /// They wait for a message, a day at most.
    Files,
    /// One message with all of them.
    Message(Box<Draft>),
    /// One message each; the first has the text and the key, the keys of the others are made from it.
    Messages(Box<Draft>),
}

/// What became of them.
#[derive(Debug)]
pub enum Uploaded {
    Files(Vec<Attachment>),
    Messages(Vec<Posted>),
}

/// A file that may be kept.
#[derive(Debug)]
struct Ready {
    row: file::Model,
    staged: Staged,
    thumbnail: Option<Staged>,
}

impl Ready {
    fn upload(&self) -> Upload {
        Upload {
            attachment: Attachment::of(&self.row),
            hash: self.row.sha256.clone(),
        }
    }
}

impl Media {
    /// Keeps what has come, all of it or nothing. Goes on where whoever asked has gone: they had sent everything.
    ///
    /// # Errors
    ///
    /// `UnsupportedMedia` for a file that is not what it began as, and those of a message; nothing is left then.
    pub async fn upload(
        &self,
        principal: &Principal,
        slot: Slot,
        received: Vec<Received>,
        wanted: Wanted,
    ) -> Result<Uploaded, Error> {
        let (media, principal) = (self.clone(), principal.clone());
        let uploading = tokio::spawn(async move {
            let _slot = slot;
            media.finish(&principal, received, wanted).await
        });
        uploading.await.unwrap_or(Err(Error::Internal))
    }

    async fn finish(&self, principal: &Principal, received: Vec<Received>, wanted: Wanted) -> Result<Uploaded, Error> {
        let mut ready = Vec::with_capacity(received.len());
        for file in received {
            ready.push(self.look_into(principal, file).await?);
        }
        let uploads: Vec<Upload> = ready.iter().map(Ready::upload).collect();
        let ids: Vec<FileId> = ready.iter().map(|file| file.row.id).collect();
        let drafts = match wanted {
            Wanted::Files => {
                self.keep(ready).await?;
                let until = self.clock.now().saturating_add(milliseconds(UNTAKEN));
                let awaits = AwaitFiles {
                    ids: ids.clone(),
                    until,
                };
                if let Err(error) = self.log.writer.change(awaits).await {
                    self.discard(ids).await;
                    return Err(error.into());
                }
                let files = uploads.into_iter().map(|upload| upload.attachment);
                return Ok(Uploaded::Files(files.collect()));
            }
            Wanted::Message(draft) => vec![Draft { uploads, ..*draft }],
            Wanted::Messages(draft) => split(&draft, uploads),
        };
        let messages = &self.services.messages;
        let mut prepared = Vec::with_capacity(drafts.len());
        for draft in drafts {
            prepared.push(messages.prepare(principal, draft).await?);
        }
        self.keep(ready).await?;
        let posted = self.post(principal, prepared).await;
        let is_used = posted
            .as_ref()
            .is_ok_and(|posted| posted.iter().all(|posted| !posted.repeated));
        if !is_used {
            // Those that a message has stay.
            self.discard(ids).await;
        }
        posted.map(Uploaded::Messages)
    }

    async fn post(&self, principal: &Principal, prepared: Vec<Prepared>) -> Result<Vec<Posted>, Error> {
        let mut posted = Vec::with_capacity(prepared.len());
        let messages = &self.services.messages;
        for prepared in prepared {
            let placed = messages.place(principal, prepared).await?;
            posted.push(messages.store(placed).await?);
        }
        Ok(posted)
    }

    /// Says what a file is, now that all of it is there, and makes of it what others get.
    async fn look_into(&self, principal: &Principal, received: Received) -> Result<Ready, Error> {
        let shrinking = match received.format.class() {
            Class::Image => Some(self.shrinking.acquire().await.map_err(|_| Error::Internal)?),
            Class::Video | Class::Audio | Class::File => None,
        };
        let (now, owner) = (self.clock.now(), principal.user_id.clone());
        let staging = self.staging.clone();
        let looked = tokio::task::spawn_blocking(move || {
            let looked = look(&staging, &received)?;
            let small = |thumbnail: &(Format, Staged)| thumbnail.0.mime().to_owned();
            let row = file::Model {
                id: fresh_id(),
                owner_id: owner,
                name: received.name,
                mime: looked.format.mime().to_owned(),
                size: looked.size,
                sha256: received.hash,
                width: looked.picture.and_then(|picture| i32::try_from(picture.shown().0).ok()),
                height: looked.picture.and_then(|picture| i32::try_from(picture.shown().1).ok()),
                thumbnail: looked.thumbnail.as_ref().map(small),
                created_at: now,
                expires_at: Some(now.saturating_add(milliseconds(UNFINISHED))),
            };
            Ok(Ready {
                row,
                staged: looked.cleaned.unwrap_or(received.staged),
                thumbnail: looked.thumbnail.map(|(_, staged)| staged),
            })
        });
        let looked = looked.await.unwrap_or(Err(Error::Internal));
        drop(shrinking);
        looked
    }

    /// Stores files that no message has. The rows come first: whatever ends this, they are collected.
    async fn keep(&self, ready: Vec<Ready>) -> Result<(), Error> {
        let rows: Vec<file::Model> = ready.iter().map(|file| file.row.clone()).collect();
        let ids: Vec<FileId> = rows.iter().map(|row| row.id).collect();
        self.log.writer.change(AddFiles(rows)).await?;
        for file in ready {
            let id = file.row.id.0;
            let small = match file.thumbnail {
                Some(small) => self.storage.keep(id, Variant::Thumbnail, small).await,
                None => Ok(()),
            };
            let kept = match small {
                Ok(()) => self.storage.keep(id, Variant::Whole, file.staged).await,
                failed => failed,
            };
            if let Err(error) = kept {
                tracing::error!("a file cannot be kept: {error}");
                self.discard(ids).await;
                return Err(Error::Unavailable);
            }
        }
        Ok(())
    }

    /// Lets go of those that no message has, for the collector. What it took while they were being kept, it does not
    /// look for again.
    async fn discard(&self, ids: Vec<FileId>) {
        match self.log.writer.change(DropFiles(ids)).await {
            Ok(forgotten) => {
                for id in forgotten {
                    if let Err(error) = self.storage.remove(id.0).await {
                        tracing::warn!("a file that nothing has stays: {error}");
                    }
                }
            }
            Err(error) => tracing::warn!("files that nothing has stay until they expire: {error}"),
        }
        self.services.conversations.files_gone.notify_one();
    }
}

/// A draft for each of the files. What is said once is in the first.
fn split(draft: &Draft, uploads: Vec<Upload>) -> Vec<Draft> {
    let other = Draft {
        content: String::new(),
        attachment_ids: Vec::new(),
        forward: None,
        ..draft.clone()
    };
    let mut drafts = Vec::with_capacity(uploads.len());
    for upload in uploads {
        let number = drafts.len() + 1;
        let of = if number == 1 { draft } else { &other };
        drafts.push(Draft {
            uploads: vec![upload],
            client_message_id: of.client_message_id.as_deref().map(|key| numbered(key, number)),
            temp_id: of.temp_id.as_deref().map(|key| numbered(key, number)),
            ..of.clone()
        });
    }
    drafts
}

/// The key of one of several messages, which a repeat has again.
fn numbered(key: &str, number: usize) -> String {
    let numbered = format!("{key}#{number}");
    match numbered.chars().count() {
        _ if number == 1 || key.trim().is_empty() => key.to_owned(),
        ..=KEY_CHARACTERS => numbered,
        // The end of a long one may be all that sets it apart.
        _ => {
            let hash = digest::digest(&digest::SHA256, key.as_bytes());
            let hash: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{hash}#{number}")
        }
    }
}

/// What looking into a file found and made.
struct Looked {
    format: Format,
    picture: Option<Picture>,
    /// What others get instead of what came.
    cleaned: Option<Staged>,
    size: i64,
    thumbnail: Option<(Format, Staged)>,
}

/// Blocks.
fn look(staging: &Staging, received: &Received) -> Result<Looked, Error> {
    let unreadable = |error: std::io::Error| unwritable(&error);
    let mut file = File::open(received.staged.path()).map_err(unreadable)?;
    let decided = format::decide(received.format, &mut file).map_err(unreadable)?;
    let format = decided.ok_or_else(unsupported)?;
    let mut looked = Looked {
        format,
        picture: None,
        cleaned: None,
        size: 0,
        thumbnail: None,
    };
    if format.class() == Class::Image {
        let cleaned = staging.place();
        let input = File::open(received.staged.path()).map_err(unreadable)?;
        let output = File::create_new(cleaned.path()).map_err(unreadable)?;
        looked.picture = cleaning::clean(format, input, output).map_err(|error| match error {
            cleaning::Error::Io(error) => unwritable(&error),
            other => Error::UnsupportedMedia(other.to_string()),
        })?;
        file = File::open(cleaned.path()).map_err(unreadable)?;
        looked.cleaned = Some(cleaned);
    }
    let size = file.metadata().map_err(unreadable)?.len();
    looked.size = i64::try_from(size).unwrap_or(i64::MAX);
    // A decoder that panics has met a picture that nobody wants small.
    let small = looked.picture.and_then(|picture| {
        let made = AssertUnwindSafe(|| thumbnail::make(format, &picture, size, file));
        catch_unwind(made).ok().flatten()
    });
    if let Some(Thumbnail { format, bytes }) = small {
        let staged = staging.place();
        let mut file = File::create_new(staged.path()).map_err(unreadable)?;
        file.write_all(&bytes).map_err(unreadable)?;
        looked.thumbnail = Some((format, staged));
    }
    Ok(looked)
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_several_messages_are_keys_and_differ() {
        assert_eq!((numbered("k", 1), numbered("k", 2)), ("k".to_owned(), "k#2".to_owned()));
        assert_eq!(numbered("", 2), "");
        let long = "k".repeat(KEY_CHARACTERS);
        let other = format!("{}l", &long[1..]);
        assert_eq!(numbered(&long, 1), long);
        let keys = [numbered(&long, 2), numbered(&long, 3), numbered(&other, 2)];
        assert!(keys.iter().all(|key| key.chars().count() <= KEY_CHARACTERS));
        assert!(keys[0] != keys[1] && keys[0] != keys[2]);
        assert_eq!(numbered(&long, 2), keys[0]);
    }
}
