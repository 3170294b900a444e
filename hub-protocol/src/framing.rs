//! Cuts a byte stream into records, however the stream arrived in pieces.
//!
//! Text records end with 0x1E; binary ones begin with their length. The handshake is text whatever the
//! protocol, so a reader begins with text and is told when that changes.
//!
//! Transports know nothing of records and records nothing of transports: one chunk may hold many
//! records, or a part of one.

mod prefix;
#[cfg(test)]
mod tests;

use bytes::{Buf, Bytes};
use thiserror::Error;

#[cfg(feature = "messagepack")]
pub(crate) use self::prefix::write as write_length;

/// Ends every JSON record, and both handshake records of every protocol (`HubProtocol.md#text`).
pub const RECORD_SEPARATOR: u8 = 0x1E;

/// The longest binary record in bytes, without its prefix.
pub const MAX_LENGTH: usize = 0x7FFF_FFFF;

/// The part of what waits that is set aside for what follows.
const SPARE: usize = 32;

/// How records are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Framing {
    /// By [`RECORD_SEPARATOR`] behind each.
    Separator,
    /// By the length in front of each: 1 to 5 bytes of 7 bits, the lowest first (`HubProtocol.md#messagepack`).
    LengthPrefix,
}

/// A record is longer than the limit, or will be.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("The maximum message size of {limit}B was exceeded. The message size can be configured in AddHubOptions.")]
pub struct TooLarge {
    /// In bytes, the separator or prefix included.
    pub limit: usize,
}

/// The stream cannot be read further.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum FramingError {
    /// A record over the limit of this reader.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// A length prefix of more than [`MAX_LENGTH`].
    #[error("Messages over 2GB in size are not supported.")]
    Over2Gb,
}

/// Collects chunks and hands out whole records.
///
/// A record that lies inside one chunk is shared, not copied. Nothing is kept when nothing waits, and
/// nothing is set aside for a record before its bytes are there.
#[derive(Debug)]
pub struct RecordReader {
    framing: Framing,
    chunk: Bytes,
    partial: Vec<u8>,
    /// How many bytes of `partial` are known to hold no separator.
    searched: usize,
    /// How many bytes from the front [`look_ahead`](Self::look_ahead) has seen: whole records.
    seen: usize,
    limit: Option<usize>,
}

/// Where a record lies in the bytes that wait.
struct Span {
    /// Bytes in front of it.
    before: usize,
    length: usize,
    /// Bytes behind it that are part of its frame.
    after: usize,
}

impl RecordReader {
    /// Reads text. Refuses records of more than `limit` bytes, their frame included; `None` is no limit.
    pub fn new(limit: Option<usize>) -> Self {
        Self {
            framing: Framing::Separator,
            chunk: Bytes::new(),
            partial: Vec::new(),
            searched: 0,
            seen: 0,
            limit,
        }
    }

    /// Reads what has not been handed out yet, and all that follows, in another framing.
    pub fn switch(&mut self, framing: Framing) {
        self.framing = framing;
        (self.searched, self.seen) = (0, 0);
    }

    /// Takes the next bytes of the stream.
    pub fn push(&mut self, bytes: Bytes) {
        if self.chunk.is_empty() && self.partial.is_empty() {
            self.chunk = bytes;
            return;
        }
        self.keep_rest();
        self.append(&bytes);
    }

    /// Takes the next whole record without its frame, or `None` while there is none.
    ///
    /// # Errors
    ///
    /// Fails as soon as it is known that the next record is over the limit, or over 2 GB.
    pub fn next_record(&mut self) -> Result<Option<Bytes>, FramingError> {
        if self.partial.is_empty() {
            let Some(span) = self.find(&self.chunk, 0)? else {
                self.check_waiting(self.chunk.len())?;
                self.keep_rest();
                return Ok(None);
            };
            return Ok(Some(self.take(&span)));
        }
        let Some(span) = self.find(&self.partial, self.searched)? else {
            self.check_waiting(self.partial.len())?;
            self.searched = self.partial.len();
            return Ok(None);
        };
        // What follows is shared from now on: `partial` would otherwise grow with the stream.
        self.chunk = std::mem::take(&mut self.partial).into();
        self.searched = 0;
        Ok(Some(self.take(&span)))
    }

    /// Looks at the next whole record that waits and was not looked at before, without its frame and without taking it.
    /// What cannot be read is left to [`next_record`](Self::next_record).
    pub(crate) fn look_ahead(&mut self) -> Option<&[u8]> {
        let waiting = if self.partial.is_empty() {
            &self.chunk[..]
        } else {
            &self.partial[..]
        };
        let from = self.seen;
        let span = self.find(&waiting[from..], 0).ok()??;
        self.seen += span.before + span.length + span.after;
        let at = from + span.before;
        Some(&waiting[at..at + span.length])
    }

    /// Forgets everything that waits; what follows is read in the same framing.
    pub fn clear(&mut self) {
        let framing = self.framing;
        *self = Self::new(self.limit);
        self.framing = framing;
    }

    /// How many bytes wait, whole records included.
    pub fn buffered(&self) -> usize {
        self.chunk.len() + self.partial.len()
    }

    /// The first record that is whole, if there is one.
    fn find(&self, bytes: &[u8], searched: usize) -> Result<Option<Span>, FramingError> {
        match self.framing {
            Framing::Separator => {
                let window = &bytes[..bytes.len().min(self.limit.unwrap_or(usize::MAX))];
                let from = searched.min(window.len());
                Ok(memchr::memchr(RECORD_SEPARATOR, &window[from..]).map(|at| Span {
                    before: 0,
                    length: from + at,
                    after: 1,
                }))
            }
            Framing::LengthPrefix => {
                let Some((before, length)) = prefix::read(bytes)? else {
                    return Ok(None);
                };
                self.check_waiting(before.saturating_add(length))?;
                Ok((bytes.len() - before >= length).then_some(Span {
                    before,
                    length,
                    after: 0,
                }))
            }
        }
    }

    fn take(&mut self, span: &Span) -> Bytes {
        self.chunk.advance(span.before);
        let record = self.chunk.split_to(span.length);
        self.chunk.advance(span.after);
        // Where it was not looked at, nothing behind it was.
        self.seen = self.seen.saturating_sub(span.before + span.length + span.after);
        if self.chunk.is_empty() {
            // An empty end of it would hold its buffer as well as a full one.
            self.chunk = Bytes::new();
        }
        record
    }

    fn check_waiting(&self, waiting: usize) -> Result<(), TooLarge> {
        match self.limit {
            Some(limit) if waiting > limit => Err(TooLarge { limit }),
            _ => Ok(()),
        }
    }

    /// Copies the unread part of the shared chunk, so that its (perhaps large) buffer can go.
    fn keep_rest(&mut self) {
        if !self.chunk.is_empty() {
            self.searched = 0;
            let chunk = std::mem::take(&mut self.chunk);
            self.append(&chunk);
        }
    }

    /// Sets little more aside than is there: it may wait for long, and a client chooses how much comes at a time.
    fn append(&mut self, bytes: &[u8]) {
        let room = self.partial.capacity() - self.partial.len();
        if room < bytes.len() {
            self.partial.reserve_exact(bytes.len() + self.partial.len() / SPARE);
        }
        self.partial.extend_from_slice(bytes);
    }
}
