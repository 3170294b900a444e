//! Averages of areas: pixels are added to the one they become a part of, so that rows may come in any order and none is
//! kept. Of many that become one, some do.

use super::{Pixels, SIDE};

/// Pixels in a row, and rows, that are looked at for one of the small picture; at most twice as many.
const ENOUGH: u32 = 4;

/// A picture that becomes smaller as it comes.
#[derive(Debug)]
pub(super) struct Shrinker {
    from: (u32, u32),
    to: (u32, u32),
    /// Each of how many columns and rows is looked at.
    step: (u32, u32),
    /// Colours, each times how opaque it is; how opaque; how many.
    sums: Vec<[u64; 5]>,
}

impl Shrinker {
    /// For a picture of this size, which no side of may be 0.
    pub(super) fn new(width: u32, height: u32) -> Self {
        let longer = width.max(height);
        let side = |length: u32| {
            if longer <= SIDE {
                return length;
            }
            let length = u64::from(length) * u64::from(SIDE) / u64::from(longer);
            u32::try_from(length).map_or(SIDE, |length| length.clamp(1, SIDE))
        };
        let to = (side(width), side(height));
        Self {
            from: (width, height),
            to,
            step: (step(width, to.0), step(height, to.1)),
            sums: vec![[0; 5]; (to.0 * to.1) as usize],
        }
    }

    /// One row, or a part of it that begins at `left`, in so many bytes a pixel. What lies outside the picture is left
    /// out.
    pub(super) fn add(&mut self, (left, y): (u32, u32), row: &[u8], bytes: usize, pixel: impl Fn(&[u8]) -> [u8; 4]) {
        if y >= self.from.1 || !y.is_multiple_of(self.step.1) {
            return;
        }
        let step = self.step.0 as usize;
        let row = row.chunks_exact(bytes).step_by(step).map(pixel);
        let row_of = u64::from(y) * u64::from(self.to.1) / u64::from(self.from.1);
        let begin = usize::try_from(row_of * u64::from(self.to.0)).unwrap_or(usize::MAX);
        let sums = &mut self.sums[begin..][..self.to.0 as usize];
        for (x, [red, green, blue, opaque]) in (left..self.from.0).step_by(step).zip(row) {
            let place = u64::from(x) * u64::from(self.to.0) / u64::from(self.from.0);
            let [r, g, b, a, count] = &mut sums[usize::try_from(place).unwrap_or(0)];
            let weight = u64::from(opaque);
            *r += u64::from(red) * weight;
            *g += u64::from(green) * weight;
            *b += u64::from(blue) * weight;
            *a += weight;
            *count += 1;
        }
    }

    /// The small picture. Where nothing came it is transparent.
    pub(super) fn finish(self) -> Pixels {
        let pixel = |[r, g, b, a, count]: [u64; 5]| {
            let mean = |sum: u64| u8::try_from((sum + a / 2) / a.max(1)).unwrap_or(u8::MAX);
            let opaque = u8::try_from((a + count / 2) / count.max(1)).unwrap_or(u8::MAX);
            [mean(r), mean(g), mean(b), opaque]
        };
        Pixels {
            width: self.to.0,
            height: self.to.1,
            rgba: self.sums.into_iter().map(pixel).collect(),
        }
    }
}

fn step(from: u32, to: u32) -> u32 {
    (from / to / ENOUGH).max(1)
}
