//! JPEG: kept are the picture, JFIF, colour profiles and Adobe's word on colours.

use std::io::{self, BufRead, Read, Write};

use super::{Error, Picture, copy, exif, take};

const EXIF: &[u8] = b"Exif\0\0";

pub(super) fn clean(input: &mut impl BufRead, output: &mut impl Write) -> Result<Picture, Error> {
    let broken = || Error::Broken("JPEG");
    if take(input)? != [0xff, 0xd8] {
        return Err(broken());
    }
    output.write_all(&[0xff, 0xd8])?;
    let (mut picture, mut orientation, mut has_scan, mut is_turned) = (None, 1, false, false);
    let mut marker = next_marker(input)?;
    loop {
        match marker {
            0xd9 if has_scan => {
                output.write_all(&[0xff, marker])?;
                break;
            }
            0x01 | 0xd0..=0xd7 => output.write_all(&[0xff, marker])?,
            0x00 | 0xd8 | 0xd9 => return Err(broken()),
            0xe0..=0xef | 0xfe => {
                let segment = segment(input)?;
                if let (0xe1, Some(tiff), false) = (marker, segment.strip_prefix(EXIF), is_turned) {
                    orientation = exif::orientation(tiff).unwrap_or(orientation);
                } else if is_kept(marker, &segment) {
                    write_segment(output, marker, &segment)?;
                }
            }
            _ => {
                if orientation > 1 && !is_turned {
                    write_segment(output, 0xe1, &[EXIF, &exif::tiff(orientation)].concat())?;
                }
                is_turned = true;
                let segment = segment(input)?;
                if matches!(marker, 0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf) {
                    if picture.is_some() {
                        return Err(broken());
                    }
                    picture = Some(frame(marker, &segment)?);
                }
                write_segment(output, marker, &segment)?;
                if marker == 0xda {
                    if picture.is_none() {
                        return Err(broken());
                    }
                    has_scan = true;
                    marker = copy_scan(input, output)?;
                    continue;
                }
            }
        }
        marker = next_marker(input)?;
    }
    let picture = picture.ok_or_else(broken)?;
    Ok(Picture { orientation, ..picture })
}

/// The next marker, which any number of 0xff may precede.
fn next_marker(input: &mut impl Read) -> Result<u8, Error> {
    let [0xff] = take(input)? else {
        return Err(Error::Broken("JPEG"));
    };
    loop {
        let [marker] = take(input)?;
        if marker != 0xff {
            return Ok(marker);
        }
    }
}

/// What a marker's segment holds: 65,533 bytes at most.
fn segment(input: &mut impl Read) -> Result<Vec<u8>, Error> {
    let length = u16::from_be_bytes(take(input)?).checked_sub(2);
    let length = length.ok_or(Error::Broken("JPEG"))?;
    let mut segment = Vec::new();
    copy(input, &mut segment, u64::from(length))?;
    Ok(segment)
}

fn write_segment(output: &mut impl Write, marker: u8, segment: &[u8]) -> io::Result<()> {
    let length = u16::try_from(segment.len() + 2).map_err(io::Error::other)?;
    output.write_all(&[0xff, marker])?;
    output.write_all(&length.to_be_bytes())?;
    output.write_all(segment)
}

/// Which of the segments for applications, and comments.
fn is_kept(marker: u8, segment: &[u8]) -> bool {
    match marker {
        0xe0 => segment.starts_with(b"JFIF\0"),
        0xe2 => segment.starts_with(b"ICC_PROFILE\0"),
        0xee => segment.starts_with(b"Adobe"),
        _ => false,
    }
}

/// What the header of the picture says. Decoders hold all coefficients of a picture that comes in several passes.
fn frame(marker: u8, segment: &[u8]) -> Result<Picture, Error> {
    let [_, height1, height2, width1, width2, components, rest @ ..] = segment else {
        return Err(Error::Broken("JPEG"));
    };
    let (width, height) = (
        u16::from_be_bytes([*width1, *width2]),
        u16::from_be_bytes([*height1, *height2]),
    );
    if rest.len() < 3 * usize::from(*components) || !(1..=4).contains(components) {
        return Err(Error::Broken("JPEG"));
    }
    let picture = Picture::new(width.into(), height.into())?;
    let sampling = || {
        rest.chunks_exact(3)
            .take(usize::from(*components))
            .map(|component| component[1])
    };
    let samples = |sampling: u8| u64::from(sampling >> 4) * u64::from(sampling & 15);
    let most = sampling().map(|sampling| sampling >> 4).max().unwrap_or(0);
    let most = u64::from(most) * u64::from(sampling().map(|sampling| sampling & 15).max().unwrap_or(0));
    let (all, most) = (sampling().map(samples).sum::<u64>(), most.max(1));
    let pixels = (u64::from(width) + 32) * (u64::from(height) + 32);
    let held = match marker {
        // Baseline and its like go row by row.
        0xc0 | 0xc1 => 0,
        0xc2 => pixels * all * 2 / most,
        // Nobody shrinks the others.
        _ => u64::MAX,
    };
    Ok(Picture { held, ..picture })
}

/// Copies what is coded, and returns the marker behind it.
fn copy_scan(input: &mut impl BufRead, output: &mut impl Write) -> Result<u8, Error> {
    loop {
        let available = input.fill_buf()?;
        if available.is_empty() {
            return Err(Error::Broken("JPEG"));
        }
        let end = memchr::memchr(0xff, available).unwrap_or(available.len());
        output.write_all(&available[..end])?;
        let is_marker = end < available.len();
        input.consume(end);
        if !is_marker {
            continue;
        }
        match next_marker(input)? {
            byte @ (0x00 | 0xd0..=0xd7) => output.write_all(&[0xff, byte])?,
            marker => return Ok(marker),
        }
    }
}
