//! `DateOnly` and `TimeOnly`: the parts of a time.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{
    span::{clock_ticks, write_clock},
    text,
    time::{days, write_date},
};

/// A day between the years 1 and 9999.
///
/// The text `yyyy-MM-dd` in JSON. In MessagePack too, which is not verified: no .NET peer was seen to send one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateOnly {
    /// After 0001-01-01.
    days: i64,
}

/// A time of the day in ticks of 100 ns.
///
/// The text `HH:mm:ss[.fffffff]` in JSON. In MessagePack too, which is not verified: no .NET peer was seen to
/// send one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOnly {
    /// After midnight.
    ticks: u64,
}

impl DateOnly {
    /// Reads `yyyy-MM-dd`.
    pub fn parse(text: &str) -> Option<Self> {
        days(text).map(|days| Self { days })
    }
}

impl TimeOnly {
    /// Reads `HH:mm`, `HH:mm:ss` or `HH:mm:ss.f` with up to seven digits.
    pub fn parse(text: &str) -> Option<Self> {
        let ticks = u64::try_from(clock_ticks(text)?).ok()?;
        Some(Self { ticks })
    }
}

impl fmt::Display for DateOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_date(self.days, f)
    }
}

impl fmt::Display for TimeOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_clock(self.ticks, f)
    }
}

macro_rules! as_text {
    ($type:ident, $expected:literal) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                text::read(deserializer, $expected, Self::parse)
            }
        }
    };
}
as_text!(DateOnly, "a day as yyyy-MM-dd");
as_text!(TimeOnly, "a time of the day as HH:mm:ss.fffffff");
