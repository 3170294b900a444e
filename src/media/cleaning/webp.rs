//! WebP: kept are the picture, its animation and its colour profile.

use std::io::{Read, Seek, SeekFrom, Write};

use super::{Error, MOST_PIECES, Picture, copy, exif, skip, take};

const KEPT: &[&[u8; 4]] = &[b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"];
/// Bits of the extended header that announce chunks.
const HAS_EXIF: u8 = 8;
const HAS_XMP: u8 = 4;
/// Where the extended header's bits lie.
const FLAGS_AT: u64 = 20;
/// The largest EXIF chunk that is looked into.
const MOST_EXIF: u32 = 64 * 1024;

pub(super) fn clean<W: Write + Seek>(input: &mut impl Read, output: &mut W) -> Result<Picture, Error> {
    let head: [u8; 12] = take(input)?;
    let mut left = little([head[4], head[5], head[6], head[7]])
        .checked_sub(4)
        .ok_or(Error::Broken("WebP"))?;
    output.write_all(&head)?;
    let (mut picture, mut flags, mut orientation, mut has_data) = (None, None, 1, false);
    for piece in 0.. {
        if left < 8 {
            break;
        }
        if piece == MOST_PIECES {
            return Err(Error::Split);
        }
        let kind: [u8; 4] = take(input)?;
        let length = little(take(input)?);
        // Odd ones are filled up.
        let rest = length
            .checked_add(length & 1)
            .and_then(|rest| left.checked_sub(8)?.checked_sub(rest).map(|_| rest));
        // The last one's filling may not be counted.
        let rest = rest
            .or_else(|| (left - 8 == length).then_some(length))
            .ok_or(Error::Broken("WebP"))?;
        left -= 8 + rest;
        match &kind {
            b"VP8X" if length == 10 && piece == 0 => {
                let header: [u8; 10] = take(input)?;
                let size = |place: usize| little([header[place], header[place + 1], header[place + 2], 0]) + 1;
                picture = Some(Picture::new(size(4), size(7))?);
                flags = Some(header[0] & !(HAS_EXIF | HAS_XMP));
                write_head(output, kind, length)?;
                output.write_all(&header)?;
            }
            b"EXIF" if length <= MOST_EXIF => {
                let mut tiff = Vec::new();
                copy(input, &mut tiff, rest.into())?;
                let tiff = tiff.strip_prefix(b"Exif\0\0").unwrap_or(&tiff);
                orientation = exif::orientation(tiff).unwrap_or(orientation);
            }
            kind if KEPT.contains(&kind) => {
                write_head(output, *kind, length)?;
                match (kind, picture) {
                    (b"VP8 " | b"VP8L", canvas) => picture = Some(coded(input, output, kind, rest, canvas)?),
                    (_, None) => return Err(Error::Broken("WebP")),
                    (b"ANMF", Some(_)) => frame(input, output, rest)?,
                    _ => copy(input, output, rest.into())?,
                }
                has_data |= kind.starts_with(b"VP8") || kind == b"ANMF";
            }
            _ => skip(input, rest.into())?,
        }
    }
    let picture = picture.filter(|_| has_data).ok_or(Error::Broken("WebP"))?;
    if let Some(mut flags) = flags {
        if orientation > 1 {
            write_head(output, *b"EXIF", 26)?;
            output.write_all(&exif::tiff(orientation))?;
            flags |= HAS_EXIF;
        }
        let end = output.stream_position()?;
        output.seek(SeekFrom::Start(FLAGS_AT))?;
        output.write_all(&[flags])?;
        output.seek(SeekFrom::Start(end))?;
    }
    let end = output.stream_position()?;
    let length = u32::try_from(end - 8).map_err(|_| Error::Large)?;
    output.seek(SeekFrom::Start(4))?;
    output.write_all(&length.to_le_bytes())?;
    output.seek(SeekFrom::Start(end))?;
    // Without the extended header nothing says how it is to be turned.
    let orientation = if flags.is_some() { orientation } else { 1 };
    Ok(Picture { orientation, ..picture })
}

/// Copies a chunk with a picture, which is as large as is `said` of it: decoders make room for what it says itself.
fn coded(
    input: &mut impl Read,
    output: &mut impl Write,
    kind: &[u8; 4],
    length: u32,
    said: Option<Picture>,
) -> Result<Picture, Error> {
    // As many bytes as may hold the size.
    let mut begin = Vec::new();
    copy(input, &mut begin, u64::from(length).min(10))?;
    let own = size(kind, &begin)?;
    let picture = said.unwrap_or(own);
    if (own.width, own.height) != (picture.width, picture.height) {
        return Err(Error::Broken("WebP"));
    }
    output.write_all(&begin)?;
    copy(input, output, u64::from(length) - begin.len() as u64)?;
    Ok(picture)
}

/// Copies one frame of an animation, whose picture is as large as the frame.
fn frame(input: &mut impl Read, output: &mut impl Write, length: u32) -> Result<(), Error> {
    let broken = || Error::Broken("WebP");
    let mut left = length.checked_sub(16).ok_or_else(broken)?;
    let header: [u8; 16] = take(input)?;
    output.write_all(&header)?;
    let side = |place: usize| little([header[place], header[place + 1], header[place + 2], 0]) + 1;
    let said = Picture::new(side(6), side(9))?;
    while left >= 8 {
        let kind: [u8; 4] = take(input)?;
        let length = little(take(input)?);
        left -= 8;
        // The last one's filling may not be there.
        let rest = length.checked_add(length & 1).ok_or_else(broken)?;
        let rest = if left == length { length } else { rest };
        left = left.checked_sub(rest).ok_or_else(broken)?;
        write_head(output, kind, length)?;
        match &kind {
            b"VP8 " | b"VP8L" => drop(coded(input, output, &kind, rest, Some(said))?),
            _ => copy(input, output, rest.into())?,
        }
    }
    copy(input, output, left.into())?;
    Ok(())
}

/// The size that a picture says it has.
fn size(kind: &[u8; 4], begin: &[u8]) -> Result<Picture, Error> {
    let short = |place: usize| u32::from(u16::from_le_bytes([begin[place], begin[place + 1]]) & 0x3fff);
    match (kind, begin.len()) {
        (b"VP8 ", 10) if begin[3..6] == [0x9d, 0x01, 0x2a] => Picture::new(short(6), short(8)),
        (b"VP8L", 5..) if begin[0] == 0x2f => {
            let bits = little([begin[1], begin[2], begin[3], begin[4]]);
            Picture::new((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1)
        }
        _ => Err(Error::Broken("WebP")),
    }
}

fn write_head(output: &mut impl Write, kind: [u8; 4], length: u32) -> std::io::Result<()> {
    output.write_all(&kind)?;
    output.write_all(&length.to_le_bytes())
}

fn little(bytes: [u8; 4]) -> u32 {
    u32::from_le_bytes(bytes)
}
