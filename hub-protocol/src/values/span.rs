//! `TimeSpan`: how long something takes.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{text, time::SECONDS_PER_DAY, timestamp::TICKS_PER_SECOND};

/// A span of time in ticks of 100 ns, forward or back: up to 10,675,199 days.
///
/// JSON has the text `[-][d.]hh:mm:ss[.fffffff]`, MessagePack the number of ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeSpan {
    /// 100 ns each.
    pub ticks: i64,
}

impl TimeSpan {
    /// Reads `[-][d.]hh:mm[:ss[.fffffff]]`, or days alone.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (days, clock) = match text.split_once(':') {
            None => (text, ""),
            // A dot behind the first colon is the second's.
            Some((first, _)) => first
                .split_once('.')
                .map_or(("0", text), |(days, _)| (days, &text[days.len() + 1..])),
        };
        let days = i128::from(digits(days, 8)?) * i128::from(SECONDS_PER_DAY * TICKS_PER_SECOND);
        let ticks = days
            + if clock.is_empty() {
                0
            } else {
                i128::from(clock_ticks(clock)?)
            };
        let ticks = i64::try_from(if negative { -ticks } else { ticks }).ok()?;
        Some(Self { ticks })
    }
}

/// `h:m`, `h:m:s` or `h:m:s.f`, each of one or two digits and the fraction of up to seven.
pub(super) fn clock_ticks(clock: &str) -> Option<i64> {
    let mut parts = clock.splitn(3, ':');
    let hours = digits(parts.next()?, 2).filter(|hours| *hours < 24)?;
    let minutes = digits(parts.next()?, 2).filter(|minutes| *minutes < 60)?;
    let (seconds, fraction) = match parts.next() {
        None => ("0", None),
        Some(seconds) => seconds
            .split_once('.')
            .map_or((seconds, None), |(seconds, fraction)| (seconds, Some(fraction))),
    };
    let seconds = digits(seconds, 2).filter(|seconds| *seconds < 60)?;
    let fraction = match fraction {
        None => 0,
        Some(text) => digits(text, 7)? * 10_i64.pow(7 - u32::try_from(text.len()).ok()?),
    };
    Some(((hours * 60 + minutes) * 60 + seconds) * TICKS_PER_SECOND + fraction)
}

/// `hh:mm:ss`, and `.fffffff` unless that is nothing: .NET's format "c" of less than a day.
pub(super) fn write_clock(ticks: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let per_second = TICKS_PER_SECOND.unsigned_abs();
    let (seconds, fraction) = (ticks / per_second, ticks % per_second);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    write!(f, "{hours:02}:{minutes:02}:{seconds:02}")?;
    if fraction == 0 {
        Ok(())
    } else {
        write!(f, ".{fraction:07}")
    }
}

fn digits(text: &str, most: usize) -> Option<i64> {
    let valid = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    valid.then(|| text.parse().ok())?
}

impl fmt::Display for TimeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per_day = (SECONDS_PER_DAY * TICKS_PER_SECOND).unsigned_abs();
        let ticks = self.ticks.unsigned_abs();
        if self.ticks < 0 {
            f.write_str("-")?;
        }
        if ticks >= per_day {
            write!(f, "{}.", ticks / per_day)?;
        }
        write_clock(ticks % per_day, f)
    }
}

impl Serialize for TimeSpan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_i64(self.ticks)
        }
    }
}

impl<'de> Deserialize<'de> for TimeSpan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            text::read(deserializer, "a span of time as d.hh:mm:ss.fffffff", Self::parse)
        } else {
            i64::deserialize(deserializer).map(|ticks| Self { ticks })
        }
    }
}
