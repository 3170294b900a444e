//! Words as people use them: a few all the time, most of them rarely.

/// Words there are.
const VOCABULARY: f64 = 20_000.0;
const SYLLABLES: [&str; 20] = [
    "ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "qui", "ro", "su", "ta", "ve", "wi", "xo",
    "zu",
];

/// A stream of words, the same every time.
#[derive(Debug)]
pub(crate) struct Text(u64);

impl Text {
    pub(crate) fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    /// Adds five to fourteen words.
    pub(crate) fn write(&mut self, out: &mut String) {
        let count = 5 + self.below(10);
        for place in 0..count {
            if place > 0 {
                out.push(' ');
            }
            let rank = self.rank();
            word(rank, out);
        }
    }

    /// How common the next word is: the most common is 0.
    fn rank(&mut self) -> u64 {
        let chance = self.below(1 << 30) as f64 / f64::from(1 << 30);
        VOCABULARY.powf(chance) as u64 - 1
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// The word of a rank.
pub(crate) fn word(rank: u64, out: &mut String) {
    let mut rest = rank;
    loop {
        out.push_str(SYLLABLES[(rest % 20) as usize]);
        rest /= 20;
        if rest == 0 {
            break;
        }
        rest -= 1;
    }
}
