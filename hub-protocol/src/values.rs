//! .NET's values that Rust's own types cannot spell: bytes, GUIDs, decimals, and times with seven digits of a
//! second.
//!
//! Each is written as ASP.NET Core writes it in either protocol. To serde, JSON is human readable and
//! MessagePack is not; that is how they are told apart.

mod decimal;
mod parts;
mod span;
#[cfg(test)]
mod tests;
mod text;
mod time;
mod timestamp;

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

#[cfg(feature = "messagepack")]
pub(crate) use self::timestamp::{EXTENSION, TimestampVisitor};
pub use self::{
    decimal::Decimal,
    parts::{DateOnly, TimeOnly},
    span::TimeSpan,
    time::{DateTime, DateTimeOffset},
};

/// Bytes: base64 in JSON, `bin` in MessagePack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Binary(pub Vec<u8>);

impl Serialize for Binary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Binary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Binary;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }
            fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Binary, E> {
                Ok(Binary(bytes))
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Binary, E> {
                Ok(Binary(bytes.to_owned()))
            }
            /// Where serde kept the value for later (`flatten`, `untagged`) it is text in both protocols.
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Binary, E> {
                let bytes = STANDARD.decode(text);
                Ok(Binary(bytes.map_err(|_| E::custom("expected base64"))?))
            }
        }
        deserializer.deserialize_byte_buf(Visitor)
    }
}

/// A GUID as .NET writes it: 36 characters, lower case, in both protocols.
///
/// Only that form is read, in either case: no braces, no bare 32 digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Guid(pub [u8; 16]);

impl Guid {
    /// Reads the form `3f2504e0-4f89-11d3-9a0c-0305e82c3301`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.as_bytes();
        if text.len() != 36 || [8, 13, 18, 23].iter().any(|at| text[*at] != b'-') {
            return None;
        }
        let mut digits = text
            .iter()
            .filter(|byte| **byte != b'-')
            .map(|byte| char::from(*byte).to_digit(16));
        let mut bytes = [0; 16];
        for byte in &mut bytes {
            let (high, low) = (digits.next()??, digits.next()??);
            *byte = u8::try_from(high << 4 | low).ok()?;
        }
        digits.next().is_none().then_some(Self(bytes))
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl Serialize for Guid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Guid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::read(deserializer, "a GUID", Self::parse)
    }
}
