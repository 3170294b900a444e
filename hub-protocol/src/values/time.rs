//! `DateTime` and `DateTimeOffset`: ticks of 100 ns since the year 1, spelled as `System.Text.Json` spells them
//! and, in MessagePack, as timestamps.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{
    text,
    timestamp::{self, EXTENSION, TICKS_PER_SECOND, TimestampVisitor},
};

pub(super) const SECONDS_PER_DAY: i64 = 86_400;
/// 1970-01-01 in ticks.
const UNIX_EPOCH: i64 = 719_162 * SECONDS_PER_DAY * TICKS_PER_SECOND;
/// In minutes: 14 hours.
const MOST_OFFSET: i16 = 14 * 60;
/// From 0001-01-01 to 9999-12-31, exclusive.
const DAYS: i64 = 3_652_059;

/// A point in time, in UTC or in nobody's time zone. The default is .NET's, midnight of 0001-01-01.
///
/// An offset in the text is taken off: what is kept is UTC. JSON has ISO 8601 with up to seven digits of a
/// second, MessagePack a timestamp (extension −1), which is read as UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct DateTime {
    ticks: i64,
    utc: bool,
}

/// A clock's time and how far that clock is from UTC: at most 14 hours, in minutes.
///
/// JSON has ISO 8601 with the offset, MessagePack an array of the clock's time as a timestamp and the offset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DateTimeOffset {
    /// Of the clock's time, not of UTC.
    ticks: i64,
    offset_minutes: i16,
}

impl DateTime {
    /// Reads ISO 8601: a date, or date and time with up to 16 digits of a second (7 count), and `Z` or an offset.
    pub fn parse(text: &str) -> Option<Self> {
        let (ticks, offset) = parse(text)?;
        let ticks = ticks - i64::from(offset.unwrap_or(0)) * 60 * TICKS_PER_SECOND;
        in_range(ticks).then_some(Self {
            ticks,
            utc: offset.is_some(),
        })
    }

    /// The time so many milliseconds after 1970, in UTC. `None` before the year 1 and after 9999.
    pub fn from_unix_millis(milliseconds: i64) -> Option<Self> {
        Self::from_unix_ticks(milliseconds.checked_mul(TICKS_PER_SECOND / 1000)?)
    }

    /// The time so many ticks of 100 ns after 1970, in UTC.
    pub(super) fn from_unix_ticks(ticks: i64) -> Option<Self> {
        let ticks = ticks.checked_add(UNIX_EPOCH).filter(|ticks| in_range(*ticks))?;
        Some(Self { ticks, utc: true })
    }
}

impl DateTimeOffset {
    /// Reads ISO 8601 as [`DateTime::parse`] does; without an offset the time is UTC.
    pub fn parse(text: &str) -> Option<Self> {
        let (ticks, offset) = parse(text)?;
        Self::new(ticks, offset.unwrap_or(0))
    }

    fn new(ticks: i64, offset_minutes: i16) -> Option<Self> {
        let utc = ticks - i64::from(offset_minutes) * 60 * TICKS_PER_SECOND;
        (offset_minutes.abs() <= MOST_OFFSET && in_range(utc)).then_some(Self { ticks, offset_minutes })
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_ticks(self.ticks, f)?;
        if self.utc { f.write_str("Z") } else { Ok(()) }
    }
}

impl fmt::Display for DateTimeOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_ticks(self.ticks, f)?;
        let sign = if self.offset_minutes < 0 { '-' } else { '+' };
        let minutes = self.offset_minutes.abs();
        write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

impl Serialize for DateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            timestamp::write(self.ticks - UNIX_EPOCH, serializer)
        }
    }
}

impl<'de> Deserialize<'de> for DateTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            text::read(deserializer, "a time in ISO 8601", Self::parse)
        } else {
            deserializer.deserialize_newtype_struct(EXTENSION, TimestampVisitor)
        }
    }
}

impl Serialize for DateTimeOffset {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return serializer.collect_str(self);
        }
        let (ticks, utc) = (self.ticks, true);
        (DateTime { ticks, utc }, self.offset_minutes).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for DateTimeOffset {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return text::read(deserializer, "a time with an offset in ISO 8601", Self::parse);
        }
        let (clock, offset) = <(DateTime, i16)>::deserialize(deserializer)?;
        Self::new(clock.ticks, offset).ok_or_else(|| de::Error::custom("expected a time and its offset in minutes"))
    }
}

fn in_range(ticks: i64) -> bool {
    (0..DAYS * SECONDS_PER_DAY * TICKS_PER_SECOND).contains(&ticks)
}

/// The clock's ticks and, if the text has one, the offset in minutes.
fn parse(text: &str) -> Option<(i64, Option<i16>)> {
    let (date, rest) = (text.get(..10)?, text.get(10..)?);
    let mut ticks = days(date)? * SECONDS_PER_DAY * TICKS_PER_SECOND;
    if rest.is_empty() {
        return Some((ticks, None));
    }
    let time = rest.strip_prefix('T')?;
    let zone = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(zone);
    ticks += clock_ticks(clock)?;
    let offset = match zone {
        "" => None,
        "Z" => Some(0),
        _ => {
            let (hours, minutes) = zone.get(1..)?.split_once(':')?;
            let minutes = i16::try_from(number(hours, 2, 14)? * 60 + number(minutes, 2, 59)?).ok()?;
            (minutes <= MOST_OFFSET).then_some(())?;
            Some(if zone.starts_with('-') { -minutes } else { minutes })
        }
    };
    Some((ticks, offset))
}

fn number(text: &str, digits: usize, most: i64) -> Option<i64> {
    let number =
        (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())??;
    (number <= most).then_some(number)
}

/// `HH:MM`, `HH:MM:SS` or `HH:MM:SS.fffffff`.
fn clock_ticks(clock: &str) -> Option<i64> {
    let (clock, fraction) = clock
        .split_once('.')
        .map_or((clock, None), |(clock, fraction)| (clock, Some(fraction)));
    let mut parts = clock.split(':');
    let hours = number(parts.next()?, 2, 23)?;
    let minutes = number(parts.next()?, 2, 59)?;
    let seconds = parts.next().map_or(Some(0), |seconds| number(seconds, 2, 59))?;
    if parts.next().is_some() || (fraction.is_some() && clock.len() != 8) {
        return None;
    }
    let mut ticks = ((hours * 60 + minutes) * 60 + seconds) * TICKS_PER_SECOND;
    if let Some(fraction) = fraction {
        if !(1..=16).contains(&fraction.len()) || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let seven: String = fraction.chars().chain("0000000".chars()).take(7).collect();
        ticks += seven.parse::<i64>().ok()?;
    }
    Some(ticks)
}

/// Days from 0001-01-01 to `YYYY-MM-DD`.
pub(super) fn days(date: &str) -> Option<i64> {
    let bytes = date.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let (year, month) = (number(date.get(..4)?, 4, 9999)?, number(date.get(5..7)?, 2, 12)?);
    let day = number(date.get(8..)?, 2, 31)?;
    if year == 0 || month == 0 || day == 0 || day > days_in_month(year, month) {
        return None;
    }
    let months: i64 = (1..month).map(|month| days_in_month(year, month)).sum();
    Some(days_before_year(year) + months + day - 1)
}

fn days_before_year(year: i64) -> i64 {
    let past = year - 1;
    past * 365 + past / 4 - past / 100 + past / 400
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// `YYYY-MM-DD`, so many days after 0001-01-01.
pub(super) fn write_date(mut days: i64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut year = days / 366 + 1;
    while days_before_year(year + 1) <= days {
        year += 1;
    }
    days -= days_before_year(year);
    let mut month = 1;
    while days >= days_in_month(year, month) {
        days -= days_in_month(year, month);
        month += 1;
    }
    write!(f, "{year:04}-{month:02}-{:02}", days + 1)
}

fn write_ticks(ticks: i64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (seconds, fraction) = (ticks / TICKS_PER_SECOND, ticks % TICKS_PER_SECOND);
    let clock = seconds % SECONDS_PER_DAY;
    let (hours, minutes, seconds) = (clock / 3600, clock / 60 % 60, clock % 60);
    write_date(ticks / TICKS_PER_SECOND / SECONDS_PER_DAY, f)?;
    write!(f, "T{hours:02}:{minutes:02}:{seconds:02}")?;
    if fraction == 0 {
        return Ok(());
    }
    write!(f, ".{}", format!("{fraction:07}").trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_spelled_as_dotnet_spells_them() {
        for (text, expect) in [
            ("2024-01-01T12:00:00Z", "2024-01-01T12:00:00Z"),
            ("2024-02-29T23:59:59.1234560Z", "2024-02-29T23:59:59.123456Z"),
            ("2024-01-01T12:00:00.12345678901234", "2024-01-01T12:00:00.1234567"),
            ("9999-12-31", "9999-12-31T00:00:00"),
            ("0001-01-01T00:00", "0001-01-01T00:00:00"),
            ("2024-01-01T01:00:00+02:00", "2023-12-31T23:00:00Z"),
        ] {
            assert_eq!(
                DateTime::parse(text).map(|time| time.to_string()).as_deref(),
                Some(expect),
                "{text}"
            );
        }
        assert_eq!(DateTime::default().to_string(), "0001-01-01T00:00:00");
    }

    #[test]
    fn offsets_are_kept() {
        for (text, expect) in [
            ("2024-01-01T12:00:00+02:00", "2024-01-01T12:00:00+02:00"),
            ("2016-05-10T13:51:20-12:34", "2016-05-10T13:51:20-12:34"),
            ("2024-01-01T12:00:00Z", "2024-01-01T12:00:00+00:00"),
        ] {
            assert_eq!(
                DateTimeOffset::parse(text).map(|time| time.to_string()).as_deref(),
                Some(expect)
            );
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "yesterday",
            "",
            "2024-13-01",
            "2023-02-29",
            "2024-01-01T24:00:00",
            "2024-01-01T12:00:00.",
            "2024-01-01 12:00:00",
            "2024-01-01T12:00:00+15:00",
            "0000-01-01",
            "2024-01-01T12",
            "é024-01-01",
            "0001-01-01T00:00:00+01:00",
        ] {
            assert_eq!(DateTime::parse(text), None, "{text}");
        }
    }
}
