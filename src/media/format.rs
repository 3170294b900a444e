//! What a file is, by its content: its name and what its client calls it say nothing.

use std::io::{self, Read, Seek, SeekFrom};

use memchr::memmem;

/// Bytes at the beginning that tell a format.
pub const HEAD: usize = 4096;
/// Bytes at the end of a ZIP file where its directory may be said to begin, and of that directory.
const TAIL: u64 = 66 * 1024;
const DIRECTORY: u64 = 256 * 1024;
/// Sectors of an OLE file's directory that are looked at.
const OLE_SECTORS: usize = 64;

/// What sort of file, which decides how large it may be and the type of a message that begins with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Image,
    Video,
    Audio,
    File,
}

macro_rules! formats {
    ($($format:ident: $class:ident $mime:literal;)*) => {
        /// The formats that are taken.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Format {
            $($format,)*
        }

        impl Format {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$format),*];

            /// What sort of file it is.
            #[must_use]
            pub fn class(self) -> Class {
                match self {
                    $(Self::$format => Class::$class,)*
                }
            }

            /// Its media type.
            #[must_use]
            pub fn mime(self) -> &'static str {
                match self {
                    $(Self::$format => $mime,)*
                }
            }
        }
    };
}

formats! {
    Jpeg: Image "image/jpeg";
    Png: Image "image/png";
    Gif: Image "image/gif";
    WebP: Image "image/webp";
    Mp4: Video "video/mp4";
    WebM: Video "video/webm";
    Mov: Video "video/quicktime";
    Mp3: Audio "audio/mpeg";
    M4a: Audio "audio/mp4";
    Ogg: Audio "audio/ogg";
    Wav: Audio "audio/wav";
    WebMAudio: Audio "audio/webm";
    Pdf: File "application/pdf";
    Doc: File "application/msword";
    Xls: File "application/vnd.ms-excel";
    Docx: File "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    Xlsx: File "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    Zip: File "application/zip";
}

/// What the beginning of a file says: enough to know its class, and where two formats begin alike, one of them.
#[must_use]
pub fn by_head(head: &[u8]) -> Option<Format> {
    let starts = |with: &[u8]| head.starts_with(with);
    let at = |place: usize, with: &[u8]| head.get(place..).is_some_and(|rest| rest.starts_with(with));
    let format = if starts(b"\xff\xd8\xff") {
        Format::Jpeg
    } else if starts(b"\x89PNG\r\n\x1a\n") {
        Format::Png
    } else if starts(b"GIF87a") || starts(b"GIF89a") {
        Format::Gif
    } else if starts(b"RIFF") && at(8, b"WEBP") {
        Format::WebP
    } else if starts(b"RIFF") && at(8, b"WAVE") {
        Format::Wav
    } else if starts(b"%PDF-") {
        Format::Pdf
    } else if starts(b"PK\x03\x04") || starts(b"PK\x05\x06") {
        Format::Zip
    } else if starts(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        Format::Doc
    } else if starts(b"\x1a\x45\xdf\xa3") {
        return matroska(head);
    } else if at(4, b"ftyp") {
        return brand(head.get(8..12)?);
    } else if ["moov", "mdat", "wide"].iter().any(|atom| at(4, atom.as_bytes())) {
        Format::Mov
    } else if starts(b"OggS") && memmem::find(head, b"theora").is_none() {
        Format::Ogg
    } else if starts(b"ID3") || is_mpeg_audio(head) {
        Format::Mp3
    } else {
        return None;
    };
    Some(format)
}

/// An ISO file by its brand. Pictures in such files (HEIC, AVIF) are not taken.
fn brand(brand: &[u8]) -> Option<Format> {
    match brand {
        b"qt  " => Some(Format::Mov),
        b"M4A " | b"M4B " => Some(Format::M4a),
        b"avc1" | b"dash" | b"mmp4" | b"MSNV" | b"mp41" | b"mp42" | b"M4V " | b"M4VH" | b"M4VP" | b"f4v " | b"F4V " => {
            Some(Format::Mp4)
        }
        [b'i', b's', b'o', _] => Some(Format::Mp4),
        _ => None,
    }
}

/// `WebM`, with a picture or only with sound; Matroska with other contents is not taken.
fn matroska(head: &[u8]) -> Option<Format> {
    memmem::find(&head[..head.len().min(64)], b"webm")?;
    let has = |codec: &[u8]| memmem::find(head, codec).is_some();
    let is_audio = !has(b"V_VP") && !has(b"V_AV1") && (has(b"A_OPUS") || has(b"A_VORBIS"));
    Some(if is_audio { Format::WebMAudio } else { Format::WebM })
}

fn is_mpeg_audio(head: &[u8]) -> bool {
    let [0xff, second, third, ..] = head else { return false };
    matches!(second, 0xfb | 0xfa | 0xf3 | 0xf2) && third >> 4 != 0xf && third >> 4 != 0 && (third >> 2) & 3 != 3
}

/// The format, now that all of the file is there: ZIP files that are documents, OLE files by what they hold.
///
/// # Errors
///
/// Those of reading; a file that is not what it began as is `None`.
pub fn decide<F: Read + Seek>(format: Format, file: &mut F) -> io::Result<Option<Format>> {
    match format {
        Format::Zip => zip(file),
        Format::Doc => ole(file),
        other => Ok(Some(other)),
    }
}

/// By the names in its directory, which is at its end.
fn zip<F: Read + Seek>(file: &mut F) -> io::Result<Option<Format>> {
    let size = file.seek(SeekFrom::End(0))?;
    let tail = read(file, size.saturating_sub(TAIL), TAIL)?;
    let Some(end) = memmem::rfind(&tail, b"PK\x05\x06") else {
        return Ok(None);
    };
    let number = |place: usize| tail.get(end + place..end + place + 4).map(little);
    let (Some(length), Some(begins)) = (number(12), number(16)) else {
        return Ok(None);
    };
    // Of one with more than 4 GiB, or a directory this long, nothing more is asked: it is a ZIP file.
    let names = read(file, u64::from(begins), u64::from(length).min(DIRECTORY))?;
    let has = |name: &[u8]| memmem::find(&names, name).is_some();
    let is_document = has(b"[Content_Types].xml");
    Ok(Some(match () {
        () if is_document && has(b"word/document") => Format::Docx,
        () if is_document && has(b"xl/workbook") => Format::Xlsx,
        () => Format::Zip,
    }))
}

/// By the streams in its directory, whose sectors are followed through the table that the header begins.
fn ole<F: Read + Seek>(file: &mut F) -> io::Result<Option<Format>> {
    let header = read(file, 0, 512)?;
    if header.len() < 512 {
        return Ok(None);
    }
    let number = |bytes: &[u8], place: usize| bytes.get(place..place + 4).map(little);
    let shift = u32::from(u16::from_le_bytes([header[30], header[31]]));
    if shift != 9 && shift != 12 {
        return Ok(None);
    }
    let sector_size = 1_u64 << shift;
    let place = |sector: u32| (u64::from(sector) + 1) * sector_size;
    let mut sector = number(&header, 48).unwrap_or(u32::MAX);
    for _ in 0..OLE_SECTORS {
        let entries = read(file, place(sector), sector_size)?;
        if entries.is_empty() {
            break;
        }
        let has = |name: &str| {
            let wide: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
            entries.chunks_exact(128).any(|entry| entry.starts_with(&wide))
        };
        if has("WordDocument\0") {
            return Ok(Some(Format::Doc));
        }
        if has("Workbook\0") || has("Book\0") {
            return Ok(Some(Format::Xls));
        }
        let per_sector = sector_size / 4;
        let table = usize::try_from(u64::from(sector) / per_sector).unwrap_or(usize::MAX);
        // What the header does not have room for belongs to files larger than any of ours.
        let Some(table) = (table < 109).then(|| number(&header, 76 + 4 * table)).flatten() else {
            break;
        };
        let next = place(table) + 4 * (u64::from(sector) % per_sector);
        match number(&read(file, next, 4)?, 0) {
            Some(next) if next < 0xffff_fffa => sector = next,
            _ => break,
        }
    }
    Ok(None)
}

fn little(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .rev()
        .fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// What there is of these bytes.
fn read<F: Read + Seek>(file: &mut F, from: u64, length: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn formats_are_told_by_their_beginning() {
        let cases: [(&[u8], Option<Format>); 18] = [
            (b"\xff\xd8\xff\xe0", Some(Format::Jpeg)),
            (b"GIF89a\x01\x00", Some(Format::Gif)),
            (b"RIFF\x04\0\0\0WEBP", Some(Format::WebP)),
            (b"RIFF\x04\0\0\0WAVE", Some(Format::Wav)),
            (b"%PDF-1.7", Some(Format::Pdf)),
            (b"\0\0\0\x18ftypmp42", Some(Format::Mp4)),
            (b"\0\0\0\x18ftypisom", Some(Format::Mp4)),
            (b"\0\0\0\x14ftypqt  ", Some(Format::Mov)),
            (b"\0\0\0\x18ftypheic", None),
            (b"\0\0\0\x18ftyp", None),
            (b"\x1a\x45\xdf\xa3\x01\x42\x82\x84webmV_VP9A_OPUS", Some(Format::WebM)),
            (b"\x1a\x45\xdf\xa3\x01\x42\x82\x84webmA_OPUS", Some(Format::WebMAudio)),
            (b"\x1a\x45\xdf\xa3\x01\x42\x82\x88matroska", None),
            (b"ID3\x03", Some(Format::Mp3)),
            (b"OggS\0\x02OpusHead", Some(Format::Ogg)),
            (b"<svg xmlns", None),
            (b"<!DOCTYPE html>", None),
            (b"", None),
        ];
        for (head, format) in cases {
            assert_eq!(by_head(head), format, "{head:?}");
        }
    }

    /// A ZIP file that only has a directory, which is all that is looked at.
    fn directory(names: &[&str]) -> Vec<u8> {
        let mut bytes = b"PK\x03\x04".to_vec();
        let begins = u32::try_from(bytes.len()).unwrap();
        names.iter().for_each(|name| bytes.extend_from_slice(name.as_bytes()));
        let length = u32::try_from(bytes.len()).unwrap() - begins;
        bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0\0\0\0\0");
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&begins.to_le_bytes());
        bytes.extend_from_slice(&[0, 0]);
        bytes
    }

    #[test]
    fn documents_are_told_from_other_zip_files() {
        for (names, format) in [
            (&["[Content_Types].xml", "word/document.xml"][..], Format::Docx),
            (&["[Content_Types].xml", "xl/workbook.xml"], Format::Xlsx),
            (&["word/document.xml"], Format::Zip),
            (&["a.txt"], Format::Zip),
        ] {
            let decided = decide(Format::Zip, &mut Cursor::new(directory(names))).unwrap();
            assert_eq!(decided, Some(format), "{names:?}");
        }
        assert_eq!(
            decide(Format::Zip, &mut Cursor::new(b"PK\x03\x04".to_vec())).unwrap(),
            None
        );
    }

    #[test]
    fn ole_files_are_told_by_their_streams() {
        for (name, format) in [
            ("WordDocument", Some(Format::Doc)),
            ("Workbook", Some(Format::Xls)),
            ("x", None),
        ] {
            // The header, a table, and a directory whose second sector has the stream.
            let mut bytes = vec![0; 512 * 4];
            bytes[..8].copy_from_slice(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
            bytes[30] = 9;
            bytes[48] = 1;
            bytes[76] = 0;
            bytes[512 + 4] = 2;
            bytes[512 + 8..512 + 12].copy_from_slice(&0xffff_fffe_u32.to_le_bytes());
            let wide: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
            bytes[512 * 3 + 128..][..wide.len()].copy_from_slice(&wide);
            assert_eq!(decide(Format::Doc, &mut Cursor::new(bytes)).unwrap(), format, "{name}");
        }
        let endless = Cursor::new([b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(), vec![0xff; 600]].concat());
        assert_eq!(decide(Format::Doc, &mut { endless }).unwrap(), None);
    }
}
