//! Cuts a byte stream into records: JSON messages end with 0x1E, however the stream arrived in pieces.
//!
//! Transports know nothing of records and records nothing of transports: one chunk may hold many
//! records, or a part of one.

use bytes::{Buf, Bytes, BytesMut};
use thiserror::Error;

/// Ends every JSON record, and both handshake records of every protocol (`HubProtocol.md#text`).
pub const RECORD_SEPARATOR: u8 = 0x1E;

/// A record is longer than the limit, or will be.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("The maximum message size of {limit}B was exceeded. The message size can be configured in AddHubOptions.")]
pub struct TooLarge {
    /// In bytes, the separator included.
    pub limit: usize,
}

/// Collects chunks and hands out whole records.
///
/// A record that lies inside one chunk is shared, not copied. Nothing is kept when nothing waits.
#[derive(Debug)]
pub struct RecordReader {
    chunk: Bytes,
    partial: BytesMut,
    /// How many bytes of `partial` are known to hold no separator.
    searched: usize,
    limit: Option<usize>,
}

impl RecordReader {
    /// Refuses records of more than `limit` bytes, their separator included; `None` is no limit.
    pub fn new(limit: Option<usize>) -> Self {
        Self {
            chunk: Bytes::new(),
            partial: BytesMut::new(),
            searched: 0,
            limit,
        }
    }

    /// Takes the next bytes of the stream.
    pub fn push(&mut self, bytes: Bytes) {
        if self.chunk.is_empty() && self.partial.is_empty() {
            self.chunk = bytes;
            return;
        }
        self.keep_rest();
        self.partial.extend_from_slice(&bytes);
    }

    /// Takes the next whole record without its separator, or `None` while there is none.
    pub fn next_record(&mut self) -> Result<Option<Bytes>, TooLarge> {
        if self.partial.is_empty() {
            let Some(at) = memchr::memchr(RECORD_SEPARATOR, self.window(&self.chunk)) else {
                self.check_waiting(self.chunk.len())?;
                self.keep_rest();
                return Ok(None);
            };
            let record = self.chunk.split_to(at);
            self.chunk.advance(1);
            return Ok(Some(record));
        }
        let from = self.searched.min(self.partial.len());
        let found = memchr::memchr(
            RECORD_SEPARATOR,
            &self.window(&self.partial)[from.min(self.window(&self.partial).len())..],
        );
        let Some(at) = found.map(|at| at + from) else {
            self.check_waiting(self.partial.len())?;
            self.searched = self.partial.len();
            return Ok(None);
        };
        let record = self.partial.split_to(at).freeze();
        // What follows is shared from now on: `partial` would otherwise grow with the stream.
        self.chunk = std::mem::take(&mut self.partial).freeze();
        self.chunk.advance(1);
        self.searched = 0;
        Ok(Some(record))
    }

    /// Forgets everything that waits.
    pub fn clear(&mut self) {
        *self = Self::new(self.limit);
    }

    /// How many bytes wait, whole records included.
    pub fn buffered(&self) -> usize {
        self.chunk.len() + self.partial.len()
    }

    fn window<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        match self.limit {
            Some(limit) if bytes.len() > limit => &bytes[..limit],
            _ => bytes,
        }
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
            self.partial.extend_from_slice(&self.chunk);
            self.chunk = Bytes::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(reader: &mut RecordReader) -> Vec<String> {
        let mut found = Vec::new();
        while let Some(record) = reader.next_record().unwrap() {
            found.push(String::from_utf8(record.to_vec()).unwrap());
        }
        found
    }

    #[test]
    fn records_come_out_whole_however_they_arrive() {
        let mut reader = RecordReader::new(None);
        reader.push(Bytes::from_static(b"one\x1etwo\x1eth"));
        assert_eq!(records(&mut reader), ["one", "two"]);
        reader.push(Bytes::from_static(b"r"));
        assert!(records(&mut reader).is_empty());
        reader.push(Bytes::from_static(b"ee\x1e\x1efour\x1e"));
        assert_eq!(records(&mut reader), ["three", "", "four"]);
        assert_eq!(reader.buffered(), 0);
    }

    #[test]
    fn the_limit_counts_the_separator() {
        let mut reader = RecordReader::new(Some(4));
        reader.push(Bytes::from_static(b"abc\x1e"));
        assert_eq!(records(&mut reader), ["abc"]);
        reader.push(Bytes::from_static(b"abcd\x1e"));
        assert_eq!(reader.next_record(), Err(TooLarge { limit: 4 }));
    }

    #[test]
    fn a_record_is_refused_as_soon_as_it_cannot_fit() {
        let mut reader = RecordReader::new(Some(4));
        reader.push(Bytes::from_static(b"abcd"));
        assert_eq!(reader.next_record(), Ok(None));
        reader.push(Bytes::from_static(b"e"));
        assert_eq!(reader.next_record(), Err(TooLarge { limit: 4 }));
    }

    #[test]
    fn whole_records_before_a_long_one_are_still_read() {
        let mut reader = RecordReader::new(Some(4));
        reader.push(Bytes::from_static(b"ab\x1etoo long\x1e"));
        assert_eq!(reader.next_record(), Ok(Some(Bytes::from_static(b"ab"))));
        assert_eq!(reader.next_record(), Err(TooLarge { limit: 4 }));
    }
}
