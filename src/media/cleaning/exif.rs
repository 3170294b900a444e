//! The one thing of EXIF that is kept: how a picture is to be turned.

/// The tag of the orientation.
const ORIENTATION: u16 = 0x0112;

/// The orientation that a TIFF structure says, if it says one.
pub(super) fn orientation(tiff: &[u8]) -> Option<u8> {
    let is_little = match tiff.get(..4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let short = |place: usize| {
        let bytes: [u8; 2] = tiff.get(place..place.checked_add(2)?)?.try_into().ok()?;
        Some(if is_little {
            u16::from_le_bytes(bytes)
        } else {
            u16::from_be_bytes(bytes)
        })
    };
    let long = |place: usize| {
        let bytes: [u8; 4] = tiff.get(place..place.checked_add(4)?)?.try_into().ok()?;
        Some(if is_little {
            u32::from_le_bytes(bytes)
        } else {
            u32::from_be_bytes(bytes)
        })
    };
    let directory = usize::try_from(long(4)?).ok()?;
    let entries = usize::from(short(directory)?);
    let entries = (0..entries).map_while(|entry| directory.checked_add(2 + 12 * entry));
    let mut said = entries.map_while(|entry| Some((short(entry)?, short(entry.checked_add(8)?)?)));
    let (_, orientation) = said.find(|(tag, _)| *tag == ORIENTATION)?;
    u8::try_from(orientation)
        .ok()
        .filter(|orientation| (1..=8).contains(orientation))
}

/// A TIFF structure that says nothing but an orientation.
pub(super) fn tiff(orientation: u8) -> [u8; 26] {
    let mut tiff = *b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0";
    tiff[19] = orientation;
    tiff
}
