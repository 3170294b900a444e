//! Lengths in front of binary records: LEB128, as `BinaryMessageParser` reads it.

use super::{FramingError, MAX_LENGTH};

/// The longest prefix in bytes.
const MOST: usize = 5;

/// The bytes that the prefix takes and the length it says, or `None` while the prefix is not whole.
///
/// Longer spellings of a small number are read too, as .NET reads them.
pub(super) fn read(bytes: &[u8]) -> Result<Option<(usize, usize)>, FramingError> {
    let mut length = 0_u64;
    for (at, byte) in bytes.iter().take(MOST).enumerate() {
        length |= u64::from(byte & 0x7F) << (7 * at);
        if byte & 0x80 == 0 {
            let length = usize::try_from(length).ok().filter(|length| *length <= MAX_LENGTH);
            return Ok(Some((at + 1, length.ok_or(FramingError::Over2Gb)?)));
        }
    }
    if bytes.len() < MOST {
        Ok(None)
    } else {
        Err(FramingError::Over2Gb)
    }
}

/// Writes a length behind what `out` holds.
#[cfg(feature = "messagepack")]
pub(crate) fn write(mut length: usize, out: &mut Vec<u8>) {
    while length > 0x7F {
        out.push((length & 0x7F) as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
}
