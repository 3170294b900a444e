//! PNG: kept are the picture, its animation and what its colours mean.

use std::io::{self, Read, Write};

use super::{Error, MOST_PIECES, Picture, copy, exif, skip, take};

const KEPT: &[&[u8; 4]] = &[
    b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"bKGD", b"hIST", b"pHYs", b"sPLT", b"acTL", b"fcTL",
    b"fdAT", b"cICP", b"mDCV", b"cLLI",
];
/// The largest EXIF chunk that is looked into.
const MOST_EXIF: u32 = 64 * 1024;

pub(super) fn clean(input: &mut impl Read, output: &mut impl Write) -> Result<Picture, Error> {
    let signature: [u8; 8] = take(input)?;
    let (length, kind) = chunk(input)?;
    if (length, &kind) != (13, b"IHDR") {
        return Err(Error::Broken("PNG"));
    }
    let header: [u8; 13] = take(input)?;
    let check: [u8; 4] = take(input)?;
    let number =
        |place: usize| u32::from_be_bytes([header[place], header[place + 1], header[place + 2], header[place + 3]]);
    let mut picture = Picture::new(number(0), number(4))?;
    if check != crc(b"IHDR", &header) {
        return Err(Error::Broken("PNG"));
    }
    output.write_all(&signature)?;
    write_chunk(output, b"IHDR", &header)?;
    let (mut has_data, mut is_turned) = (false, false);
    for _ in 0..MOST_PIECES {
        let (length, kind) = chunk(input)?;
        let rest = u64::from(length) + 4;
        match &kind {
            b"eXIf" if length <= MOST_EXIF && !is_turned => {
                let mut tiff = Vec::new();
                copy(input, &mut tiff, u64::from(length))?;
                skip(input, 4)?;
                picture.orientation = exif::orientation(&tiff).unwrap_or(picture.orientation);
                continue;
            }
            b"IDAT" => {
                if picture.orientation > 1 && !is_turned {
                    write_chunk(output, b"eXIf", &exif::tiff(picture.orientation))?;
                }
                (has_data, is_turned) = (true, true);
            }
            _ => {}
        }
        // A small first letter says that decoders may do without it.
        if kind[0].is_ascii_lowercase() && !KEPT.contains(&&kind) {
            skip(input, rest)?;
            continue;
        }
        output.write_all(&length.to_be_bytes())?;
        output.write_all(&kind)?;
        copy(input, output, rest)?;
        if &kind == b"IEND" {
            return if has_data {
                Ok(picture)
            } else {
                Err(Error::Broken("PNG"))
            };
        }
    }
    Err(Error::Split)
}

/// The length and the kind of the next chunk.
fn chunk(input: &mut impl Read) -> Result<(u32, [u8; 4]), Error> {
    let length = u32::from_be_bytes(take(input)?);
    let kind: [u8; 4] = take(input)?;
    if length > i32::MAX.cast_unsigned() || !kind.iter().all(u8::is_ascii_alphabetic) {
        return Err(Error::Broken("PNG"));
    }
    Ok((length, kind))
}

fn write_chunk(output: &mut impl Write, kind: &[u8; 4], content: &[u8]) -> io::Result<()> {
    let length = u32::try_from(content.len()).map_err(io::Error::other)?;
    output.write_all(&length.to_be_bytes())?;
    output.write_all(kind)?;
    output.write_all(content)?;
    output.write_all(&crc(kind, content))
}

/// The check of a chunk (ISO 3309). Only short ones are checked, so no table is needed.
pub(super) fn crc(kind: &[u8; 4], content: &[u8]) -> [u8; 4] {
    let step = |crc: u32, _| {
        if crc & 1 == 1 {
            0xedb8_8320 ^ (crc >> 1)
        } else {
            crc >> 1
        }
    };
    let bytes = kind.iter().chain(content);
    let crc = bytes.fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step));
    (!crc).to_be_bytes()
}
