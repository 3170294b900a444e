//! `multipart/form-data` as it comes (RFC 7578): a part at a time, its content in pieces. What is not a file is short.

use std::time::Duration;

use axum::body::Body;
use bytes::{Buf as _, Bytes, BytesMut};
use futures_util::{Stream, stream};
use http::{HeaderMap, header};
use http_body_util::BodyExt as _;
use memchr::memmem::Finder;
use tokio::time::Instant;

use crate::services::Error;

/// A body must bring so many bytes in so much time.
const PACE: (usize, Duration) = (8 * 1024, Duration::from_secs(20));
/// A whole body must be there after this time, and more by how much of it came: bytes a second.
const DEADLINE: (Duration, u64) = (Duration::from_secs(5 * 60), 32 * 1024);
/// The head of a part, in bytes.
const LONGEST_HEAD: usize = 8 * 1024;
/// Everything that is not a file's content, in bytes.
const MOST_BESIDE: usize = 256 * 1024;
/// What is still read of a body that was refused, so that its client comes to read why.
const DRAINED: (usize, Duration) = (8 * 1024 * 1024, Duration::from_secs(5));

/// The head of a part.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) name: String,
    /// What its client calls the file, if it is one.
    pub(super) file: Option<String>,
}

/// A body on its way in.
#[derive(Debug)]
pub(super) struct Multipart {
    body: Body,
    buffer: BytesMut,
    /// Line break, two hyphens, boundary.
    delimiter: Finder<'static>,
    /// A delimiter was passed; else there is content up to the next one.
    at_delimiter: bool,
    beside: usize,
    due: Instant,
    /// Bytes of this stretch.
    brought: usize,
    began: Instant,
    /// Bytes of the whole body.
    came: u64,
}

impl Multipart {
    /// Of a request with this `Content-Type`; `None` where it is another one.
    pub(super) fn new(headers: &HeaderMap, body: Body) -> Option<Self> {
        let content_type = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        let (essence, parameters) = content_type.split_once(';')?;
        if !essence.trim().eq_ignore_ascii_case("multipart/form-data") {
            return None;
        }
        let boundary = parameter(parameters, "boundary")?;
        if !(1..=70).contains(&boundary.len()) {
            return None;
        }
        let delimiter = format!("\r\n--{boundary}");
        Some(Self {
            body,
            // The first one begins no line.
            buffer: BytesMut::from("\r\n"),
            delimiter: Finder::new(&delimiter).into_owned(),
            at_delimiter: false,
            beside: 0,
            due: Instant::now() + PACE.1,
            brought: 0,
            began: Instant::now(),
            came: 0,
        })
    }

    /// The next part. What was not read of the last one is passed over.
    pub(super) async fn next(&mut self) -> Result<Option<Part>, Error> {
        while let Some(passed) = self.content().await? {
            self.spend(passed.len())?;
        }
        // Two hyphens end the whole, else the line ends.
        while self.buffer.len() < 2 {
            self.fill().await?;
        }
        if self.buffer.starts_with(b"--") {
            return Ok(None);
        }
        // Together with the end of the line, so that a part without a head has an empty one.
        let end = loop {
            if let Some(end) = memchr::memmem::find(&self.buffer, b"\r\n\r\n") {
                break end;
            }
            if self.buffer.len() > LONGEST_HEAD {
                return Err(broken());
            }
            self.fill().await?;
        };
        let head = self.buffer.split_to(end + 4);
        self.spend(head.len())?;
        self.at_delimiter = false;
        part(&String::from_utf8_lossy(&head)).map(Some).ok_or_else(broken)
    }

    /// The next piece of the current part's content.
    pub(super) async fn content(&mut self) -> Result<Option<Bytes>, Error> {
        if self.at_delimiter {
            return Ok(None);
        }
        loop {
            let length = self.delimiter.needle().len();
            match self.delimiter.find(&self.buffer) {
                Some(0) => {
                    self.buffer.advance(length);
                    self.at_delimiter = true;
                    return Ok(None);
                }
                Some(end) => return Ok(Some(self.buffer.split_to(end).freeze())),
                None if self.buffer.len() >= length => {
                    // The rest may be the beginning of a delimiter.
                    let sure = self.buffer.len() + 1 - length;
                    return Ok(Some(self.buffer.split_to(sure).freeze()));
                }
                None => self.fill().await?,
            }
        }
    }

    /// The content of the current part as it comes.
    pub(super) fn pieces(&mut self) -> impl Stream<Item = Result<Bytes, Error>> {
        stream::unfold(self, async |parts| {
            let piece = parts.content().await.transpose()?;
            Some((piece, parts))
        })
    }

    /// The content of the current part, which is a short text.
    pub(super) async fn text(&mut self) -> Result<String, Error> {
        let mut text = Vec::new();
        while let Some(piece) = self.content().await? {
            self.spend(piece.len())?;
            text.extend_from_slice(&piece);
        }
        String::from_utf8(text).map_err(|_| Error::invalid("body", "has a field that is not valid UTF-8"))
    }

    /// Reads a little of what comes after it was refused.
    pub(super) async fn drain(mut self) {
        let draining = async {
            let mut left = DRAINED.0;
            while let Some(Ok(frame)) = self.body.frame().await {
                let length = frame.data_ref().map_or(0, Bytes::len);
                match left.checked_sub(length) {
                    Some(rest) => left = rest,
                    None => break,
                }
            }
        };
        drop(tokio::time::timeout(DRAINED.1, draining).await);
    }

    fn spend(&mut self, bytes: usize) -> Result<(), Error> {
        self.beside += bytes;
        if self.beside > MOST_BESIDE {
            let limit = format!("The fields beside the files may have at most {MOST_BESIDE} bytes");
            return Err(Error::TooLarge(limit));
        }
        Ok(())
    }

    /// More of the body; there must be more.
    async fn fill(&mut self) -> Result<(), Error> {
        let deadline = self.began + DEADLINE.0 + Duration::from_secs(self.came / DEADLINE.1);
        let frame = tokio::time::timeout_at(self.due.min(deadline), self.body.frame()).await;
        let frame = frame.map_err(|_| Error::invalid("body", "did not arrive in time"))?;
        let Some(Ok(frame)) = frame else {
            return Err(Error::invalid("body", "did not arrive whole"));
        };
        if let Ok(data) = frame.into_data() {
            self.came += data.len() as u64;
            self.brought += data.len();
            if self.brought >= PACE.0 {
                (self.brought, self.due) = (0, Instant::now() + PACE.1);
            }
            self.buffer.extend_from_slice(&data);
        }
        Ok(())
    }
}

fn broken() -> Error {
    Error::invalid("body", "is not valid multipart/form-data")
}

/// What a part's head says of it.
fn part(head: &str) -> Option<Part> {
    let mut lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
    let (_, disposition) = lines.find(|(name, _)| name.trim().eq_ignore_ascii_case("content-disposition"))?;
    let (_, parameters) = disposition.split_once(';')?;
    let file = extended(parameters).or_else(|| parameter(parameters, "filename"));
    Some(Part {
        name: parameter(parameters, "name")?,
        file,
    })
}

/// `filename*`, which few clients send (RFC 5987); only in UTF-8.
fn extended(parameters: &str) -> Option<String> {
    let value = parameter(parameters, "filename*")?;
    let (charset, encoded) = value.split_once('\'')?;
    let (_, encoded) = encoded.split_once('\'')?;
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    // A plus is a plus here.
    let pairs = format!("n={}", encoded.replace('+', "%2B").replace('&', "%26"));
    let (_, name) = form_urlencoded::parse(pairs.as_bytes()).next()?;
    Some(name.into_owned())
}

/// A parameter of a header, quoted or not.
fn parameter(parameters: &str, wanted: &str) -> Option<String> {
    let mut rest = parameters;
    loop {
        let (name, value) = rest.split_once('=')?;
        let is_it = name.trim_matches([';', ' ', '\t']).eq_ignore_ascii_case(wanted);
        let value = value.trim_start();
        let found;
        (found, rest) = match value.strip_prefix('"') {
            Some(quoted) => quoted_text(quoted),
            None => {
                let end = value.find(';').unwrap_or(value.len());
                (value[..end].trim().to_owned(), &value[end..])
            }
        };
        if is_it {
            return Some(found);
        }
    }
}

/// Up to the closing quote, and what is behind it. Browsers write quotes and line breaks inside as `%22`, `%0D`, `%0A`;
/// others put a backslash before them, which before anything else is one of a path.
fn quoted_text(quoted: &str) -> (String, &str) {
    let mut text = String::new();
    let mut letters = quoted.char_indices();
    while let Some((place, letter)) = letters.next() {
        match letter {
            '"' => return (text.replace("%22", "\""), &quoted[place + 1..]),
            '\\' if quoted[place + 1..].starts_with(['"', '\\']) => text.extend(letters.next().map(|(_, next)| next)),
            letter => text.push(letter),
        }
    }
    (text, "")
}

#[cfg(test)]
mod tests;
