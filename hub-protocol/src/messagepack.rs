//! MessagePack as ASP.NET Core writes it for SignalR: values of Rust types that carry .NET's names.
//!
//! Structs are maps whose keys are the declared names, matched exactly; unknown keys are skipped, and a key
//! that comes twice is an error. Enums without data are their names. Floats stay floats, integers take as
//! few bytes as they can. [`crate::values`] has what serde cannot spell by itself: bytes, GUIDs, times.
//!
//! To serde this is a binary format (`is_human_readable` is false): a type of another crate that has a
//! compact form is written in it, and clients may not expect that.
//!
//! `serde_json::Value` takes any value: bytes, and text that is no UTF-8, become base64 and timestamps ISO 8601
//! in UTC, as they are in JSON. Other extensions have no such form and are refused.

mod de;
mod reader;
#[cfg(test)]
mod tests;

use serde::{Serialize, de::DeserializeOwned};

pub(crate) use self::reader::{Head, Malformed, Reader};
use crate::error::{DecodeError, EncodeError};

/// How deep arrays and maps may nest, the outermost counted: as deep as in JSON.
///
/// ASP.NET Core allows 500. Types that contain themselves are read by recursion, and in a debug build 400
/// levels of a small struct overflow a thread's stack of 2 MiB.
pub const MAX_DEPTH: usize = crate::json::MAX_DEPTH;

/// Writes a value.
///
/// # Errors
///
/// Fails where the type's own `Serialize` does.
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, EncodeError> {
    rmp_serde::to_vec_named(value).map_err(|error| EncodeError(error.to_string()))
}

/// Reads one value.
///
/// # Errors
///
/// Fails for bytes that are not one whole value, more than [`MAX_DEPTH`] levels, and values of another type.
pub fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    let mut reader = Reader::new(bytes);
    // Before serde, which trusts lengths and recurses.
    reader.value().map_err(|malformed| DecodeError(malformed.to_string()))?;
    if !reader.is_empty() {
        return Err(DecodeError("more than one value".to_owned()));
    }
    let mut value = rmp_serde::Deserializer::from_read_ref(bytes);
    T::deserialize(de::Deserializer(&mut value)).map_err(|error| DecodeError(error.to_string()))
}
