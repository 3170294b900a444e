//! Small pictures look like the large ones, upright.

use std::io::Cursor;

use super::{Pixels, SIDE, Thumbnail, make};
use crate::media::{Format, cleaning::Picture};

/// Four corners, each of its own colour, clockwise from the upper left.
const CORNERS: [[u8; 3]; 4] = [[250, 10, 10], [10, 250, 10], [10, 10, 250], [250, 250, 10]];

fn corner(x: u32, y: u32, width: u32, height: u32) -> [u8; 3] {
    match (x < width / 2, y < height / 2) {
        (true, true) => CORNERS[0],
        (false, true) => CORNERS[1],
        (false, false) => CORNERS[2],
        (true, false) => CORNERS[3],
    }
}

fn rgb(width: u32, height: u32) -> Vec<u8> {
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    places.flat_map(|(x, y)| corner(x, y, width, height)).collect()
}

fn jpeg(width: u16, height: u16, progressive: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 90);
    encoder.set_progressive(progressive);
    let pixels = rgb(width.into(), height.into());
    encoder
        .encode(&pixels, width, height, jpeg_encoder::ColorType::Rgb)
        .unwrap();
    bytes
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(::png::ColorType::Rgb);
    encoder.set_compression(::png::Compression::Fast);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&rgb(width, height)).unwrap();
    writer.finish().unwrap();
    bytes
}

fn gif(width: u16, height: u16) -> Vec<u8> {
    let mut bytes = Vec::new();
    let palette = CORNERS.concat();
    let mut encoder = ::gif::Encoder::new(&mut bytes, width, height, &palette).unwrap();
    let pixels = rgb(width.into(), height.into());
    let place = |pixel: &[u8]| CORNERS.iter().position(|corner| corner == pixel).unwrap();
    let indices: Vec<u8> = pixels
        .chunks(3)
        .map(|pixel| u8::try_from(place(pixel)).unwrap())
        .collect();
    let mut frame = ::gif::Frame::from_indexed_pixels(width, height, indices, None);
    frame.palette = None;
    encoder.write_frame(&frame).unwrap();
    drop(encoder);
    bytes
}

fn webp(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    image_webp::WebPEncoder::new(&mut bytes)
        .encode(&rgb(width, height), width, height, image_webp::ColorType::Rgb8)
        .unwrap();
    bytes
}

fn shrunk(format: Format, bytes: &[u8], (width, height): (u32, u32), orientation: u8) -> Option<Thumbnail> {
    let picture = Picture {
        width,
        height,
        orientation,
        held: 0,
    };
    make(format, &picture, bytes.len() as u64, Cursor::new(bytes))
}

/// Size and corners of a small picture, clockwise from the upper left.
fn seen(small: &Thumbnail) -> ((u32, u32), [usize; 4]) {
    assert_eq!(small.format, Format::Jpeg);
    let mut decoder = jpeg_decoder::Decoder::new(&small.bytes[..]);
    let pixels = decoder.decode().unwrap();
    let info = decoder.info().unwrap();
    let (width, height) = (usize::from(info.width), usize::from(info.height));
    let nearest = |x: usize, y: usize| {
        let pixel = &pixels[3 * (y * width + x)..][..3];
        let distance = |corner: &[u8; 3]| {
            corner
                .iter()
                .zip(pixel)
                .map(|(one, other)| one.abs_diff(*other) as u32)
                .sum::<u32>()
        };
        (0..4).min_by_key(|corner| distance(&CORNERS[*corner])).unwrap()
    };
    let (right, bottom) = (width - 1 - width / 8, height - 1 - height / 8);
    let (left, top) = (width / 8, height / 8);
    let corners = [
        nearest(left, top),
        nearest(right, top),
        nearest(right, bottom),
        nearest(left, bottom),
    ];
    ((info.width.into(), info.height.into()), corners)
}

#[test]
fn every_format_has_a_small_picture() {
    for (format, bytes) in [
        (Format::Jpeg, jpeg(800, 600, false)),
        (Format::Jpeg, jpeg(800, 600, true)),
        (Format::Png, png(800, 600)),
        (Format::Gif, gif(800, 600)),
        (Format::WebP, webp(800, 600)),
    ] {
        let small = shrunk(format, &bytes, (800, 600), 1).unwrap();
        assert_eq!(seen(&small), ((320, 240), [0, 1, 2, 3]), "{format:?}");
    }
}

#[test]
fn small_pictures_are_upright_in_all_eight_orientations() {
    // What is seen of a picture whose corners are 0, 1, 2 and 3, clockwise.
    let shown = [
        [0, 1, 2, 3],
        [1, 0, 3, 2],
        [2, 3, 0, 1],
        [3, 2, 1, 0],
        [0, 3, 2, 1],
        [3, 0, 1, 2],
        [2, 1, 0, 3],
        [1, 2, 3, 0],
    ];
    let bytes = jpeg(640, 480, false);
    for (corners, orientation) in shown.into_iter().zip(1..) {
        let small = shrunk(Format::Jpeg, &bytes, (640, 480), orientation).unwrap();
        let size = if orientation >= 5 { (240, 320) } else { (320, 240) };
        assert_eq!(seen(&small), (size, corners), "{orientation}");
    }
}

#[test]
fn what_is_small_stays_as_large_as_it_is() {
    let small = shrunk(Format::Png, &png(40, 20), (40, 20), 1).unwrap();
    assert_eq!(seen(&small), ((40, 20), [0, 1, 2, 3]));
    let small = shrunk(Format::Png, &png(5_000, 3), (5_000, 3), 1).unwrap();
    assert_eq!(seen(&small).0, (SIDE, 1));
}

#[test]
fn one_can_see_through_what_one_could_see_through_before() {
    let mut bytes = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bytes, 2, 1);
    encoder.set_color(::png::ColorType::Rgba);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&[1, 2, 3, 255, 4, 5, 6, 0]).unwrap();
    writer.finish().unwrap();
    let small = shrunk(Format::Png, &bytes, (2, 1), 1).unwrap();
    assert_eq!(small.format, Format::Png);
    let mut reader = ::png::Decoder::new(Cursor::new(small.bytes)).read_info().unwrap();
    let mut pixels = [0; 8];
    reader.next_frame(&mut pixels).unwrap();
    assert_eq!((&pixels[..4], pixels[7]), (&[1, 2, 3, 255][..], 0));
}

#[test]
fn what_would_hold_too_much_or_is_not_what_it_says_has_none() {
    let bytes = jpeg(64, 64, true);
    let picture = |held| Picture {
        width: 64,
        height: 64,
        orientation: 1,
        held,
    };
    let made = |held| make(Format::Jpeg, &picture(held), bytes.len() as u64, Cursor::new(&bytes));
    assert!(made(1_000).is_some());
    assert!(made(u64::MAX).is_none());
    assert!(shrunk(Format::WebP, &webp(64, 64), (4_000, 3_000), 1).is_none());
    assert!(shrunk(Format::Png, b"\x89PNG\r\n\x1a\nnonsense", (8, 8), 1).is_none());
}

#[test]
fn turning_a_picture_of_one_row_is_possible() {
    let pixels = Pixels {
        width: 2,
        height: 1,
        rgba: vec![[1; 4], [2; 4]],
    };
    let turned = pixels.turned(6);
    assert_eq!((turned.width, turned.height, turned.rgba[0]), (1, 2, [1; 4]));
}
