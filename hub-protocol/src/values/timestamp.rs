//! Times as MessagePack's extension −1: seconds since 1970 and nanoseconds, in 4, 8 or 12 bytes.

use std::fmt;

use serde::{
    Deserializer, Serialize, Serializer,
    de::{Error, SeqAccess, Visitor},
};

use super::{Binary, DateTime};

/// What `rmp-serde` calls a newtype that is an extension: its type and its bytes.
pub(crate) const EXTENSION: &str = "_ExtStruct";

const TIMESTAMP: i8 = -1;

/// 100 ns each.
pub(super) const TICKS_PER_SECOND: i64 = 10_000_000;

/// Writes ticks since 1970 in the shortest of the three forms, as .NET does.
pub(super) fn write<S: Serializer>(ticks: i64, serializer: S) -> Result<S::Ok, S::Error> {
    let seconds = ticks.div_euclid(TICKS_PER_SECOND);
    let nanoseconds = (ticks.rem_euclid(TICKS_PER_SECOND) * 100) as u32;
    if seconds >> 34 != 0 {
        let mut bytes = [0; 12];
        bytes[..4].copy_from_slice(&nanoseconds.to_be_bytes());
        bytes[4..].copy_from_slice(&seconds.to_be_bytes());
        return extension(&bytes, serializer);
    }
    let both = u64::from(nanoseconds) << 34 | seconds.unsigned_abs();
    match u32::try_from(both) {
        Ok(seconds) => extension(&seconds.to_be_bytes(), serializer),
        Err(_) => extension(&both.to_be_bytes(), serializer),
    }
}

fn extension<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    struct Payload<'a>(&'a [u8]);
    impl Serialize for Payload<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(self.0)
        }
    }
    serializer.serialize_newtype_struct(EXTENSION, &(TIMESTAMP, Payload(bytes)))
}

/// Reads the extension; digits below 100 ns are cut off.
pub(crate) struct TimestampVisitor;

impl<'de> Visitor<'de> for TimestampVisitor {
    type Value = DateTime;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a timestamp")
    }
    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<DateTime, D::Error> {
        deserializer.deserialize_any(self)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<DateTime, A::Error> {
        let missing = || A::Error::invalid_length(0, &self);
        let kind: i8 = seq.next_element()?.ok_or_else(missing)?;
        let Binary(bytes) = seq.next_element()?.ok_or_else(missing)?;
        let time = (kind == TIMESTAMP).then(|| read(&bytes)).flatten();
        time.ok_or_else(|| A::Error::custom("expected a timestamp between the years 1 and 9999"))
    }
}

fn read(bytes: &[u8]) -> Option<DateTime> {
    let (seconds, nanoseconds) = match *bytes {
        [a, b, c, d] => (u32::from_be_bytes([a, b, c, d]).into(), 0),
        [a, b, c, d, e, f, g, h] => {
            let both = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
            ((both & 0x3_FFFF_FFFF) as i64, (both >> 34) as u32)
        }
        [a, b, c, d, ref seconds @ ..] => (
            i64::from_be_bytes(seconds.try_into().ok()?),
            u32::from_be_bytes([a, b, c, d]),
        ),
        _ => return None,
    };
    let fraction = (nanoseconds < 1_000_000_000).then_some(i64::from(nanoseconds / 100))?;
    DateTime::from_unix_ticks(seconds.checked_mul(TICKS_PER_SECOND)?.checked_add(fraction)?)
}
