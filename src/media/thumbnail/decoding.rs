//! A picture of each format, row by row into a smaller one.

use std::{
    error::Error,
    io::{BufReader, Read, Seek},
};

use super::{MOST_HELD, Pixels, SIDE, Timely, check, shrinking::Shrinker};
use crate::media::{Format, cleaning::Picture};

type Decoded = Result<Option<Pixels>, Box<dyn Error>>;

/// The small picture, not turned yet; `None` where decoding would hold too much.
pub(super) fn decode<R: Read + Seek>(format: Format, picture: &Picture, size: u64, input: Timely<R>) -> Decoded {
    match format {
        Format::Jpeg => jpeg(picture, input),
        Format::Png => png(input),
        Format::Gif => gif(input),
        Format::WebP => webp(picture, size, input),
        _ => Ok(None),
    }
}

fn jpeg<R: Read>(picture: &Picture, input: Timely<R>) -> Decoded {
    let mut decoder = jpeg_decoder::Decoder::new(BufReader::new(input));
    let side = u16::try_from(SIDE)?;
    let (width, height) = decoder.scale(side, side)?;
    let format = decoder.info().ok_or("no picture")?.pixel_format;
    let bytes = format.pixel_bytes();
    // Each colour by itself, and all of them together.
    let given = 2 * bytes as u64 * u64::from(width) * u64::from(height);
    if given.saturating_add(picture.held) > MOST_HELD {
        return Ok(None);
    }
    let pixels = decoder.decode()?;
    let mut shrinker = Shrinker::new(width.into(), height.into());
    let rows = pixels.chunks_exact(bytes * usize::from(width));
    for (row, y) in rows.zip(0..) {
        match format {
            jpeg_decoder::PixelFormat::RGB24 => shrinker.add((0, y), row, bytes, solid),
            jpeg_decoder::PixelFormat::L8 => shrinker.add((0, y), row, bytes, grey),
            jpeg_decoder::PixelFormat::CMYK32 => shrinker.add((0, y), row, bytes, printed),
            jpeg_decoder::PixelFormat::L16 => return Ok(None),
        }
    }
    Ok(Some(shrinker.finish()))
}

fn grey(pixel: &[u8]) -> [u8; 4] {
    [pixel[0], pixel[0], pixel[0], u8::MAX]
}

fn solid(pixel: &[u8]) -> [u8; 4] {
    [pixel[0], pixel[1], pixel[2], u8::MAX]
}

fn clear(pixel: &[u8]) -> [u8; 4] {
    [pixel[0], pixel[1], pixel[2], pixel[3]]
}

/// What four inks look like.
fn printed(inks: &[u8]) -> [u8; 4] {
    let light = |ink: u8| u16::from(u8::MAX - ink);
    let seen = |ink: u8| u8::try_from(light(ink) * light(inks[3]) / 255).unwrap_or(u8::MAX);
    [seen(inks[0]), seen(inks[1]), seen(inks[2]), u8::MAX]
}

fn png<R: Read + Seek>(input: Timely<R>) -> Decoded {
    let until = input.until;
    let limits = png::Limits {
        bytes: usize::try_from(MOST_HELD / 2)?,
    };
    let mut decoder = png::Decoder::new_with_limits(BufReader::new(input), limits);
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    decoder.set_ignore_text_chunk(true);
    let mut reader = decoder.read_info()?;
    let (width, height) = reader.info().size();
    let (colour, _) = reader.output_color_type();
    let bytes = colour.samples();
    // Rows that are not filtered yet, which no limit of the decoder counts, and one that is given out.
    let rows = reader.output_line_size(width).and_then(|row| {
        let raw = reader.info().raw_row_length().checked_mul(7)?;
        raw.checked_add(row)
    });
    let Some(rows) = rows.map(|rows| rows as u64).filter(|rows| *rows <= MOST_HELD) else {
        return Ok(None);
    };
    let mut shrinker = Shrinker::new(width, height);
    let mut add = |y: u32, row: &[u8]| match colour {
        png::ColorType::Grayscale | png::ColorType::Indexed => shrinker.add((0, y), row, bytes, grey),
        png::ColorType::GrayscaleAlpha => shrinker.add((0, y), row, bytes, |p| [p[0], p[0], p[0], p[1]]),
        png::ColorType::Rgb => shrinker.add((0, y), row, bytes, solid),
        png::ColorType::Rgba => shrinker.add((0, y), row, bytes, clear),
    };
    if reader.info().interlaced {
        // Whole rows are there only at the end.
        let whole = reader
            .output_buffer_size()
            .filter(|whole| *whole as u64 <= (MOST_HELD * 3 / 4).min(MOST_HELD - rows));
        let Some(whole) = whole else { return Ok(None) };
        let mut pixels = vec![0; whole];
        reader.next_frame(&mut pixels)?;
        let rows = pixels.chunks_exact(bytes * usize::try_from(width)?);
        rows.zip(0..).for_each(|(row, y)| add(y, row));
        return Ok(Some(shrinker.finish()));
    }
    for y in 0..height {
        // A few bytes may become very many rows.
        check(until)?;
        let row = reader.next_row()?.ok_or("a row is missing")?;
        add(y, row.data());
    }
    Ok(Some(shrinker.finish()))
}

fn gif<R: Read>(input: Timely<R>) -> Decoded {
    let until = input.until;
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    let mut decoder = options.read_info(BufReader::new(input))?;
    let mut shrinker = Shrinker::new(decoder.width().into(), decoder.height().into());
    let frame = decoder.next_frame_info()?.ok_or("no frame")?;
    let (left, top, height) = (u32::from(frame.left), u32::from(frame.top), u32::from(frame.height));
    let order = order(height, frame.interlaced);
    let mut row = vec![0; decoder.line_length()];
    for y in order {
        check(until)?;
        if !decoder.fill_buffer(&mut row)? {
            return Err("a row is missing".into());
        }
        shrinker.add((left, top + y), &row, 4, clear);
    }
    Ok(Some(shrinker.finish()))
}

/// The order in which rows come.
fn order(height: u32, is_interlaced: bool) -> Box<dyn Iterator<Item = u32>> {
    if !is_interlaced {
        return Box::new(0..height);
    }
    let passes = [(0, 8), (4, 8), (2, 4), (1, 2)].into_iter();
    Box::new(passes.flat_map(move |(first, step)| (first..height).step_by(step)))
}

fn webp<R: Read + Seek>(picture: &Picture, size: u64, input: Timely<R>) -> Decoded {
    // What is coded, what comes of it, and the planes or the indices between.
    let held = size + 8 * u64::from(picture.width) * u64::from(picture.height);
    if held > MOST_HELD {
        return Ok(None);
    }
    let mut decoder = image_webp::WebPDecoder::new(BufReader::new(input))?;
    decoder.set_memory_limit(usize::try_from(MOST_HELD)?);
    let (width, height) = decoder.dimensions();
    if (width, height) != (picture.width, picture.height) {
        return Err("two sizes".into());
    }
    let mut pixels = vec![0; decoder.output_buffer_size().ok_or("no size")?];
    decoder.read_image(&mut pixels)?;
    let bytes = if decoder.has_alpha() { 4 } else { 3 };
    let mut shrinker = Shrinker::new(width, height);
    let rows = pixels.chunks_exact(bytes * usize::try_from(width)?);
    for (row, y) in rows.zip(0..) {
        shrinker.add((0, y), row, bytes, if bytes == 4 { clear } else { solid });
    }
    Ok(Some(shrinker.finish()))
}
