//! Pictures that say too much come out saying less, and what is broken does not come out.

use std::io::Cursor;

use super::{Error, Picture, clean, exif, png};
use crate::media::Format;

/// Somewhere.
const SECRET: &[u8] = b"48.8583 N 2.2945 E";

fn cleaned(format: Format, bytes: &[u8]) -> Result<(Picture, Vec<u8>), Error> {
    let mut output = Cursor::new(Vec::new());
    let picture = clean(format, bytes, &mut output)?.expect("a picture");
    Ok((picture, output.into_inner()))
}

fn has(bytes: &[u8], what: &[u8]) -> bool {
    memchr::memmem::find(bytes, what).is_some()
}

/// EXIF that says an orientation and a place.
fn said(orientation: u8) -> Vec<u8> {
    [&exif::tiff(orientation)[..], SECRET].concat()
}

fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
    [&[0xff, marker], &length[..], content].concat()
}

/// A JPEG file of some size, with these segments at its beginning.
fn jpeg(segments: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let pixels = vec![200; 8 * 4 * 3];
    jpeg_encoder::Encoder::new(&mut bytes, 80)
        .encode(&pixels, 8, 4, jpeg_encoder::ColorType::Rgb)
        .unwrap();
    bytes.splice(2..2, segments.concat());
    bytes
}

fn chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    [&length[..], kind, content, &png::crc(kind, content)].concat()
}

/// A PNG file of 8 × 4 pixels with these chunks before its end.
fn png_with(chunks: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = ::png::Encoder::new(&mut bytes, 8, 4).write_header().unwrap();
    writer.write_image_data(&[7; 8 * 4]).unwrap();
    writer.finish().unwrap();
    let header = 8 + 25;
    bytes.splice(header..header, chunks.concat());
    bytes
}

/// A WebP file: an extended header, these chunks, and a picture of 8 × 4.
fn webp_with(flags: u8, chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut picture = Vec::new();
    image_webp::WebPEncoder::new(&mut picture)
        .encode(&[9; 8 * 4 * 3], 8, 4, image_webp::ColorType::Rgb8)
        .unwrap();
    let mut body = b"WEBPVP8X\x0a\0\0\0".to_vec();
    body.extend_from_slice(&[flags, 0, 0, 0, 7, 0, 0, 3, 0, 0]);
    body.extend_from_slice(&picture[12..]);
    for (kind, content) in chunks {
        body.extend_from_slice(*kind);
        body.extend_from_slice(&u32::try_from(content.len()).unwrap().to_le_bytes());
        body.extend_from_slice(content);
        body.resize(body.len() + content.len() % 2, 0);
    }
    [b"RIFF", &u32::try_from(body.len()).unwrap().to_le_bytes()[..], &body].concat()
}

const GIF: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff\
    !\xfe\x1248.8583 N 2.2945 E\0!\xff\x0bXMP DataXMP\x0348.\0,\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0;";

#[test]
fn jpeg_files_lose_what_they_tell_and_keep_their_orientation_and_colours() {
    let exif = segment(0xe1, &[b"Exif\0\0", &said(6)[..]].concat());
    let colours = segment(0xe2, b"ICC_PROFILE\0\x01\x01colours");
    let other = [
        segment(0xe2, &[b"MPF\0", SECRET].concat()),
        segment(0xfe, SECRET),
        segment(0xed, SECRET),
    ];
    let bytes = jpeg(&[vec![exif, colours], other.to_vec()].concat());
    let behind = [&bytes[..], SECRET].concat();
    let (picture, cleaned) = cleaned(Format::Jpeg, &behind).unwrap();
    assert_eq!((picture.width, picture.height, picture.orientation), (8, 4, 6));
    assert_eq!(picture.shown(), (4, 8));
    assert!(!has(&cleaned, SECRET) && has(&cleaned, b"colours"));
    assert!(cleaned.ends_with(&[0xff, 0xd9]));
    let again = self::cleaned(Format::Jpeg, &cleaned).unwrap();
    assert_eq!(again, (picture, cleaned.clone()));
    assert_eq!(
        jpeg_decoder::Decoder::new(&cleaned[..]).decode().unwrap().len(),
        8 * 4 * 3
    );
}

#[test]
fn png_files_lose_what_they_tell_and_keep_their_orientation_and_colours() {
    let text = [b"Comment\0", SECRET].concat();
    let chunks = [
        chunk(b"gAMA", &[0, 0, 0xb1, 0x8f]),
        chunk(b"eXIf", &said(3)),
        chunk(b"tEXt", &text),
        chunk(b"pRVt", SECRET),
    ];
    let behind = [&png_with(&chunks)[..], SECRET].concat();
    let (picture, cleaned) = cleaned(Format::Png, &behind).unwrap();
    assert_eq!((picture.width, picture.height, picture.orientation), (8, 4, 3));
    assert!(!has(&cleaned, SECRET) && has(&cleaned, b"gAMA"));
    assert_eq!(
        self::cleaned(Format::Png, &cleaned).unwrap(),
        (picture, cleaned.clone())
    );
    let mut reader = ::png::Decoder::new(Cursor::new(cleaned)).read_info().unwrap();
    reader.next_frame(&mut [0; 32]).unwrap();
}

#[test]
fn webp_files_lose_what_they_tell_and_keep_their_orientation_and_colours() {
    let bytes = webp_with(
        8 | 4,
        &[
            (b"EXIF", said(8)),
            (b"XMP ", SECRET.to_vec()),
            (b"what", SECRET.to_vec()),
        ],
    );
    let (picture, cleaned) = cleaned(Format::WebP, &[&bytes[..], SECRET].concat()).unwrap();
    assert_eq!((picture.width, picture.height, picture.orientation), (8, 4, 8));
    assert!(!has(&cleaned, SECRET) && !has(&cleaned, b"XMP "));
    assert_eq!(
        self::cleaned(Format::WebP, &cleaned).unwrap(),
        (picture, cleaned.clone())
    );
    let mut decoder = image_webp::WebPDecoder::new(Cursor::new(&cleaned)).unwrap();
    assert_eq!(decoder.exif_metadata().unwrap().unwrap(), exif::tiff(8));
    decoder.read_image(&mut [0; 8 * 4 * 3]).unwrap();
    let (upright, cleaned) = self::cleaned(Format::WebP, &webp_with(8, &[(b"EXIF", said(1))])).unwrap();
    assert_eq!(upright.orientation, 1);
    assert!(!has(&cleaned, b"EXIF"));
}

#[test]
fn gif_files_lose_their_comments() {
    let (picture, cleaned) = cleaned(Format::Gif, GIF).unwrap();
    assert_eq!((picture.width, picture.height), (1, 1));
    assert!(!has(&cleaned, b"48.") && !has(&cleaned, b"XMP"));
    let mut decoder = gif::DecodeOptions::new().read_info(&cleaned[..]).unwrap();
    assert!(decoder.read_next_frame().unwrap().is_some());
}

#[test]
fn every_orientation_is_kept() {
    for orientation in 1..=8 {
        let exif = segment(0xe1, &[b"Exif\0\0", &said(orientation)[..]].concat());
        assert_eq!(
            cleaned(Format::Jpeg, &jpeg(&[exif])).unwrap().0.orientation,
            orientation
        );
    }
    let little = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x05\0\0\0";
    assert_eq!(exif::orientation(little), Some(5));
    for nonsense in [
        &b""[..],
        b"II*\0",
        b"II*\0\xff\xff\xff\xff",
        b"MM\0*\0\0\0\x08\xff\xff",
        &exif::tiff(9),
    ] {
        assert_eq!(exif::orientation(nonsense), None);
    }
}

#[test]
fn what_is_cut_off_anywhere_is_refused() {
    let files = [
        (Format::Jpeg, jpeg(&[segment(0xe1, b"Exif\0\0")])),
        (Format::Png, png_with(&[chunk(b"tEXt", SECRET)])),
        (Format::Gif, GIF.to_vec()),
        (Format::WebP, webp_with(0, &[])),
    ];
    for (format, bytes) in files {
        cleaned(format, &bytes).unwrap();
        for length in 0..bytes.len() {
            let refused = cleaned(format, &bytes[..length]);
            assert!(matches!(refused, Err(Error::Broken(_))), "{format:?} {length}");
        }
    }
}

#[test]
fn webp_pictures_are_as_large_as_their_canvas_and_their_frames() {
    let large = b"\x2f\xff\xff\xff\x0f\0\0\0\0\0".to_vec();
    let lossy = b"\0\0\0\x9d\x01\x2a\xff\x3f\xff\x3f".to_vec();
    let veil = b"ALPH\x01\0\0\0\0\0";
    for (kind, picture, side) in [(b"VP8L", large, [0xff, 0x3f, 0]), (b"VP8 ", lossy, [0xfe, 0x3f, 0])] {
        let bomb = webp_with(0, &[(kind, picture.clone())]);
        assert!(matches!(cleaned(Format::WebP, &bomb), Err(Error::Broken(_))));
        let inner = [&kind[..], &10_u32.to_le_bytes(), &picture].concat();
        let frame = |side: [u8; 3], before: &[u8]| [&[0; 6][..], &side, &side, &[0; 4], before, &inner].concat();
        for before in [&b""[..], veil] {
            let bomb = webp_with(2, &[(b"ANMF", frame([7, 0, 0], before))]);
            assert!(matches!(cleaned(Format::WebP, &bomb), Err(Error::Broken(_))));
            let honest = frame(side, before);
            let (_, out) = cleaned(Format::WebP, &webp_with(2, &[(b"ANMF", honest.clone())])).unwrap();
            assert!(has(&out, &honest));
        }
    }
}

#[test]
fn bombs_are_refused_before_they_are_decoded() {
    let mut header = 50_000_u32.to_be_bytes().to_vec();
    header.extend(50_000_u32.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    let bomb = [
        b"\x89PNG\r\n\x1a\n",
        &chunk(b"IHDR", &header)[..],
        &chunk(b"IDAT", b"x"),
    ]
    .concat();
    assert!(matches!(cleaned(Format::Png, &bomb), Err(Error::Large)));
    let chunks: Vec<_> = (0..100_000).map(|_| chunk(b"IDAT", b"")).collect();
    assert!(matches!(cleaned(Format::Png, &png_with(&chunks)), Err(Error::Split)));
    let frame = b",\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0";
    let frames = [b"GIF89a\x01\0\x01\0\0\0\0", &frame.repeat(1_000_000)[..], b";"].concat();
    assert!(matches!(cleaned(Format::Gif, &frames), Err(Error::Split)));
}
