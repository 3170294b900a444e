//! Small pictures of large ones, in bounded memory and time: a JPEG file is decoded at an eighth of its size or more, a
//! PNG or GIF file row by row. What would need more than there is has none.

mod decoding;
mod shrinking;

use std::{
    io::{self, Read},
    time::Duration,
};

use tokio::time::Instant;

use super::{Format, cleaning::Picture};

/// Pixels of the longer side, at most.
pub const SIDE: u32 = 320;
/// Bytes that decoding may hold at once.
const MOST_HELD: u64 = 20 * 1024 * 1024;
/// How long one may take. Ordinary pictures take a tenth of it.
const PATIENCE: Duration = Duration::from_secs(2);
const QUALITY: u8 = 82;

/// A small picture: upright, without anything but the picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thumbnail {
    pub format: Format,
    pub bytes: Vec<u8>,
}

/// Makes one of a cleaned picture, `size` bytes long. Blocks. `None` where it would cost too much, or where the picture is
/// not what its header says.
pub fn make<R: Read + io::Seek>(format: Format, picture: &Picture, size: u64, input: R) -> Option<Thumbnail> {
    let input = Timely {
        input,
        until: Instant::now() + PATIENCE,
    };
    let small = match decoding::decode(format, picture, size, input) {
        Ok(small) => small?,
        Err(reason) => {
            tracing::debug!("no thumbnail: {reason}");
            return None;
        }
    };
    encode(&small.turned(picture.orientation))
}

/// Pixels in four bytes each: red, green, blue and how opaque.
#[derive(Debug)]
struct Pixels {
    width: u32,
    height: u32,
    rgba: Vec<[u8; 4]>,
}

impl Pixels {
    /// As it is to be shown, by its EXIF orientation.
    fn turned(self, orientation: u8) -> Self {
        let (width, height) = (self.width, self.height);
        let (wide, high) = if orientation >= 5 {
            (height, width)
        } else {
            (width, height)
        };
        let from = |x: u32, y: u32| match orientation {
            2 => (width - 1 - x, y),
            3 => (width - 1 - x, height - 1 - y),
            4 => (x, height - 1 - y),
            5 => (y, x),
            6 => (y, height - 1 - x),
            7 => (width - 1 - y, height - 1 - x),
            8 => (width - 1 - y, x),
            _ => (x, y),
        };
        let places = (0..high).flat_map(|y| (0..wide).map(move |x| (x, y)));
        let rgba = places.map(|(x, y)| {
            let (x, y) = from(x, y);
            self.rgba[(y * width + x) as usize]
        });
        Self {
            width: wide,
            height: high,
            rgba: rgba.collect(),
        }
    }
}

/// JPEG, or PNG for what one can see through.
fn encode(pixels: &Pixels) -> Option<Thumbnail> {
    let (width, height) = (pixels.width, pixels.height);
    let mut bytes = Vec::new();
    if pixels.rgba.iter().all(|[.., opaque]| *opaque == u8::MAX) {
        let rgb: Vec<u8> = pixels.rgba.iter().flat_map(|[r, g, b, _]| [*r, *g, *b]).collect();
        let (width, height) = (u16::try_from(width).ok()?, u16::try_from(height).ok()?);
        let encoder = jpeg_encoder::Encoder::new(&mut bytes, QUALITY);
        encoder.encode(&rgb, width, height, jpeg_encoder::ColorType::Rgb).ok()?;
        let format = Format::Jpeg;
        return Some(Thumbnail { format, bytes });
    }
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgba);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(pixels.rgba.as_flattened()).ok()?;
    writer.finish().ok()?;
    let format = Format::Png;
    Some(Thumbnail { format, bytes })
}

/// Gives out no more once the time is over.
#[derive(Debug)]
struct Timely<R> {
    input: R,
    until: Instant,
}

impl<R> Timely<R> {
    fn check(&self) -> io::Result<()> {
        check(self.until)
    }
}

fn check(until: Instant) -> io::Result<()> {
    if Instant::now() < until {
        Ok(())
    } else {
        Err(io::Error::other("it takes too long"))
    }
}

impl<R: Read> Read for Timely<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.check()?;
        self.input.read(bytes)
    }
}

impl<R: io::Seek> io::Seek for Timely<R> {
    fn seek(&mut self, place: io::SeekFrom) -> io::Result<u64> {
        self.input.seek(place)
    }
}

#[cfg(test)]
mod tests;
