//! A file as it comes: counted, hashed and told by its beginning, a piece at a time.

use std::io;

use aws_lc_rs::digest;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use tokio::io::AsyncWriteExt as _;

use super::Media;
use crate::media::format::{self, HEAD};
use crate::media::staging::Staged;
use crate::media::{Class, Format};
use crate::services::{Error, content};

/// A whole file that nobody has looked into yet. Dropped, it leaves nothing.
#[derive(Debug)]
pub struct Received {
    pub(super) name: String,
    /// What it begins like.
    pub(super) format: Format,
    pub(super) staged: Staged,
    pub(super) hash: Vec<u8>,
}

impl Media {
    /// Takes a file in, which its client calls `name`. Nothing but a few pieces of it is ever in memory.
    ///
    /// # Errors
    ///
    /// `UnsupportedMedia` as soon as its beginning is there, `TooLarge` with the byte that is one too many; else what
    /// `chunks` ends with.
    pub async fn receive<S>(&self, name: &str, mut chunks: S) -> Result<Received, Error>
    where
        S: Stream<Item = Result<Bytes, Error>> + Unpin,
    {
        let (staged, mut file) = self.staging.file().await.map_err(|error| unwritable(&error))?;
        let (mut hash, mut head) = (digest::Context::new(&digest::SHA256), Vec::new());
        let (mut size, mut known) = (0_u64, None);
        while let Some(chunk) = chunks.next().await.transpose()? {
            size += chunk.len() as u64;
            hash.update(&chunk);
            if head.len() < HEAD {
                head.extend_from_slice(&chunk[..chunk.len().min(HEAD - head.len())]);
            }
            if known.is_none() && head.len() == HEAD {
                known = Some(told(&head)?);
            }
            // Until it is known what it is it is shorter than any limit but a very low one.
            self.check_size(known, size)?;
            file.write_all(&chunk).await.map_err(|error| unwritable(&error))?;
        }
        file.flush().await.map_err(|error| unwritable(&error))?;
        if size == 0 {
            return Err(Error::invalid("file", "is empty"));
        }
        let format = match known {
            Some(format) => format,
            None => told(&head)?,
        };
        self.check_size(Some(format), size)?;
        Ok(Received {
            name: content::file_name(name),
            format,
            staged,
            hash: hash.finish().as_ref().to_vec(),
        })
    }

    fn check_size(&self, format: Option<Format>, size: u64) -> Result<(), Error> {
        let limits = &self.limits;
        let (what, limit) = match format.map(Format::class) {
            Some(Class::Image) => ("A picture", limits.image_bytes),
            Some(Class::Video) => ("A video", limits.video_bytes),
            Some(Class::Audio | Class::File) => ("A file", limits.file_bytes),
            None => return Ok(()),
        };
        if limit > 0 && size > limit {
            return Err(Error::TooLarge(format!("{what} may have at most {limit} bytes")));
        }
        Ok(())
    }
}

fn told(head: &[u8]) -> Result<Format, Error> {
    format::by_head(head).ok_or_else(unsupported)
}

/// For what is none of the formats.
pub(super) fn unsupported() -> Error {
    Error::UnsupportedMedia(
        "This kind of file is not accepted. Accepted are JPEG, PNG, GIF and WebP pictures, MP4, WebM and MOV videos, \
         MP3, M4A, OGG and WAV sounds, and PDF, DOC, DOCX, XLS, XLSX and ZIP files"
            .to_owned(),
    )
}

/// The disk is full, or broken: it may be better later.
pub(super) fn unwritable(error: &io::Error) -> Error {
    tracing::error!("an upload cannot be written: {error}");
    Error::Unavailable
}
