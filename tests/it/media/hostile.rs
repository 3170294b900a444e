//! Pictures that are there to exhaust whoever decodes them, and those that tell too much.

use serde_json::json;

use super::{Form, follow, jpeg, png, there_is};
use crate::support::TestApp;

fn chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    // Bit by bit, as ISO 3309 says it.
    let step = |crc: u32, _| {
        if crc & 1 == 1 {
            0xedb8_8320 ^ (crc >> 1)
        } else {
            crc >> 1
        }
    };
    let bytes = kind.iter().chain(content);
    let crc = !bytes.fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step));
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    [&length[..], kind, content, &crc.to_be_bytes()].concat()
}

/// A PNG file of this size whose picture is `data`.
pub(super) fn png_of(width: u32, height: u32, chunks: &[Vec<u8>]) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    [
        b"\x89PNG\r\n\x1a\n",
        &chunk(b"IHDR", &header)[..],
        &chunks.concat(),
        &chunk(b"IEND", b""),
    ]
    .concat()
}

/// A PNG file of 10,000,000 by 26 in 16 bits of grey, with its first rows.
fn wide_png() -> Vec<u8> {
    let (width, height) = (10_000_000_u32, 4);
    let mut bytes = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bytes, width, height);
    encoder.set_depth(::png::BitDepth::Sixteen);
    encoder.set_compression(::png::Compression::Fast);
    encoder.set_filter(::png::Filter::NoFilter);
    let mut writer = encoder.write_header().unwrap();
    writer
        .write_image_data(&vec![0; 2 * (width * height) as usize])
        .unwrap();
    writer.finish().unwrap();
    let header = [&width.to_be_bytes()[..], &26_u32.to_be_bytes(), &[16, 0, 0, 0, 0]].concat();
    bytes.splice(8..33, chunk(b"IHDR", &header));
    bytes
}

/// A WebP file of 16 by 16 with a picture of 16,383 squared in it.
fn webp_of_two_sizes() -> Vec<u8> {
    let body = [
        &b"WEBPVP8X\x0a\0\0\0\0\0\0\0\x0f\0\0\x0f\0\0"[..],
        b"VP8 \x0c\0\0\0\x10\x02\0\x9d\x01\x2a\xff\x3f\xff\x3f\0\0",
    ]
    .concat();
    [b"RIFF", &u32::try_from(body.len()).unwrap().to_le_bytes()[..], &body].concat()
}

/// Bombs, by what they are, and whether they are taken without a small picture instead of being refused.
pub(super) fn bombs() -> Vec<(&'static str, Vec<u8>, bool)> {
    let frame = b",\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0";
    let parts: Vec<_> = (0..100_000).map(|_| chunk(b"IDAT", b"")).collect();
    vec![
        (
            "a PNG file of 2,500 megapixels",
            png_of(50_000, 50_000, &[chunk(b"IDAT", b"x")]),
            false,
        ),
        ("a PNG file in 100,000 pieces", png_of(8, 8, &parts), false),
        (
            "a GIF file of half a million frames",
            [b"GIF89a\x01\0\x01\0\0\0\0", &frame.repeat(500_000)[..], b";"].concat(),
            false,
        ),
        ("a WebP file of two sizes", webp_of_two_sizes(), false),
        (
            "a PNG file of 200 megapixels",
            png_of(20_000, 10_000, &[chunk(b"IDAT", b"\x78\x01nonsense")]),
            true,
        ),
        ("a PNG file of 10,000,000 by 26", wide_png(), true),
        (
            "a GIF file of 65,535 squared",
            b"GIF89a\xff\xff\xff\xff\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\x02\x02\x44\x01\0;".to_vec(),
            false,
        ),
    ]
}

/// Row 55 of the security checklist; what they cost in memory is in `memory`.
#[tokio::test]
async fn sec_55_pictures_that_exhaust_decoders_are_refused_before_they_are_decoded() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    let (bombs, mut kept) = (bombs(), 0);
    for (what, bomb, is_kept) in bombs {
        let answer = Form::new().file("a.png", &bomb).post(&ann, "/upload").await;
        if is_kept {
            assert_eq!(answer.data()["thumbnail"], json!(null), "{what}");
            kept += 1;
        } else {
            answer.refused(415, "unsupported_media");
        }
    }
    assert_eq!(there_is(&app).await, (kept, 0, usize::try_from(kept).unwrap(), 0));
    // Others go on.
    let small = Form::new().file("a.png", &png(9, 9)).post(&ann, "/upload").await.data();
    assert!(small["thumbnail"].is_string());
}

/// Row 58 of the security checklist.
#[tokio::test]
async fn sec_58_where_a_picture_was_taken_is_not_told() {
    let app = TestApp::start().await;
    let ann = app.person("ann");
    let place = b"48.8583 N 2.2945 E";
    // Turned by a quarter.
    let tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let photo = jpeg(64, 32, &[&tiff[..], place].concat());
    let has_place = |bytes: &[u8]| memchr::memmem::find(bytes, place).is_some();
    assert!(has_place(&photo));
    let file = Form::new().file("a.jpg", &photo).post(&ann, "/upload").await.data();
    assert_eq!((&file["width"], &file["height"]), (&json!(32), &json!(64)));
    for link in [&file["url"], &file["thumbnail"]] {
        assert!(!has_place(&follow(&app, link, &[]).await.body));
    }
    let whole = follow(&app, &file["url"], &[]).await.body;
    assert!(memchr::memmem::find(&whole, tiff).is_some(), "it is still turned");
    let drawn = png_of(
        1,
        1,
        &[chunk(b"tEXt", &[b"Place\0", &place[..]].concat()), chunk(b"IDAT", b"x")],
    );
    let file = Form::new().file("a.png", &drawn).post(&ann, "/upload").await.data();
    assert!(!has_place(&follow(&app, &file["url"], &[]).await.body));
}
