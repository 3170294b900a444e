//! Pictures without what should not travel with them: where they were taken, by what and when, and what hangs behind
//! their end. What they look like, and how they are to be turned, stays.
//!
//! A picture passes through in pieces. Whoever decodes it later is protected here: what is cut off, or would only be
//! there to exhaust a decoder, is refused.

mod exif;
mod gif;
mod jpeg;
mod png;
mod webp;

use std::io::{self, BufReader, BufWriter, Read, Seek, Write};

use super::Format;

/// Pixels of a picture at most: more than any camera makes.
const MOST_PIXELS: u64 = 1 << 28;
/// Chunks of a PNG file and frames of a GIF file at most.
const MOST_PIECES: usize = 65_536;

/// What is known of a picture without decoding it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picture {
    /// As it is stored; a picture that lies on its side is turned when it is shown.
    pub width: u32,
    pub height: u32,
    /// 1 to 8, as EXIF counts them; 1 is upright.
    pub orientation: u8,
    /// Bytes that a decoder holds for as long as it decodes, where that is more than it gives out.
    pub held: u64,
}

/// Why a picture is not taken.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Io(io::Error),
    #[error("The picture is damaged: it is not a whole {0} file")]
    Broken(&'static str),
    #[error("The picture is too large: it may have at most {} megapixels", MOST_PIXELS >> 20)]
    Large,
    #[error("The picture has too many parts: it may have at most {MOST_PIECES}")]
    Split,
}

impl Picture {
    fn new(width: u32, height: u32) -> Result<Self, Error> {
        match u64::from(width) * u64::from(height) {
            0 => Err(Error::Broken("picture")),
            1..=MOST_PIXELS => Ok(Self {
                width,
                height,
                orientation: 1,
                held: 0,
            }),
            _ => Err(Error::Large),
        }
    }

    /// Width and height as it is shown.
    #[must_use]
    pub fn shown(&self) -> (u32, u32) {
        if self.orientation >= 5 {
            (self.height, self.width)
        } else {
            (self.width, self.height)
        }
    }
}

/// Copies a picture without what should not travel with it; `None` for what is no picture, and is not copied.
///
/// # Errors
///
/// [`Error::Io`] where reading or writing fails, else what is wrong with the picture.
pub fn clean<R: Read, W: Write + Seek>(format: Format, input: R, output: W) -> Result<Option<Picture>, Error> {
    let mut input = BufReader::with_capacity(32 * 1024, input);
    let mut output = BufWriter::with_capacity(32 * 1024, output);
    let (cleaned, name) = match format {
        Format::Jpeg => (jpeg::clean(&mut input, &mut output), "JPEG"),
        Format::Png => (png::clean(&mut input, &mut output), "PNG"),
        Format::Gif => (gif::clean(&mut input, &mut output), "GIF"),
        Format::WebP => (webp::clean(&mut input, &mut output), "WebP"),
        _ => return Ok(None),
    };
    let picture = cleaned.map_err(|error| match error {
        Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => Error::Broken(name),
        Error::Broken(_) => Error::Broken(name),
        other => other,
    })?;
    output.flush().map_err(Error::Io)?;
    Ok(Some(picture))
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The next bytes, so many.
fn take<const N: usize>(input: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Copies exactly so many bytes.
fn copy(input: &mut impl Read, output: &mut impl Write, length: u64) -> io::Result<()> {
    match io::copy(&mut input.take(length), output)? {
        copied if copied == length => Ok(()),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Passes over so many bytes.
fn skip(input: &mut impl Read, length: u64) -> io::Result<()> {
    copy(input, &mut io::sink(), length)
}

#[cfg(test)]
mod tests;
