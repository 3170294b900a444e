//! GIF: kept are the frames, how they follow each other, and a colour profile.

use std::io::{Read, Write};

use super::{Error, MOST_PIECES, Picture, copy, skip, take};

const KEPT: &[&[u8; 11]] = &[b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012"];

pub(super) fn clean(input: &mut impl Read, output: &mut impl Write) -> Result<Picture, Error> {
    let head: [u8; 13] = take(input)?;
    let picture = Picture::new(
        u16::from_le_bytes([head[6], head[7]]).into(),
        u16::from_le_bytes([head[8], head[9]]).into(),
    )?;
    output.write_all(&head)?;
    copy(input, output, colours(head[10]))?;
    let mut frames = 0;
    loop {
        match take(input)? {
            // Some writers leave one between blocks.
            [0x00] => {}
            [0x21] => extension(input, output)?,
            [0x2c] => {
                frames += 1;
                if frames > MOST_PIECES {
                    return Err(Error::Split);
                }
                let head: [u8; 9] = take(input)?;
                output.write_all(&[0x2c])?;
                output.write_all(&head)?;
                copy(input, output, colours(head[8]) + 1)?;
                blocks(input, Some(output))?;
            }
            [0x3b] if frames > 0 => {
                output.write_all(&[0x3b])?;
                return Ok(picture);
            }
            _ => return Err(Error::Broken("GIF")),
        }
    }
}

/// How long the table of colours is that a frame or the whole picture has.
fn colours(flags: u8) -> u64 {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

fn extension(input: &mut impl Read, output: &mut impl Write) -> Result<(), Error> {
    let [label] = take(input)?;
    match label {
        0xf9 | 0x01 => {
            output.write_all(&[0x21, label])?;
            blocks(input, Some(output))
        }
        0xff => {
            let [length] = take(input)?;
            if length != 11 {
                skip(input, length.into())?;
                return if length == 0 {
                    Ok(())
                } else {
                    blocks(input, None::<&mut Vec<u8>>)
                };
            }
            let name: [u8; 11] = take(input)?;
            if !KEPT.contains(&&name) {
                return blocks(input, None::<&mut Vec<u8>>);
            }
            output.write_all(&[0x21, label, length])?;
            output.write_all(&name)?;
            blocks(input, Some(output))
        }
        _ => blocks(input, None::<&mut Vec<u8>>),
    }
}

/// Copies or passes over blocks, up to the empty one.
fn blocks(input: &mut impl Read, mut output: Option<&mut impl Write>) -> Result<(), Error> {
    loop {
        let [length] = take(input)?;
        match &mut output {
            Some(output) => {
                output.write_all(&[length])?;
                copy(input, output, length.into())?;
            }
            None => skip(input, length.into())?,
        }
        if length == 0 {
            return Ok(());
        }
    }
}
