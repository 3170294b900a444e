//! JSON as `System.Text.Json` writes it for SignalR: values of Rust types that carry .NET's names.
//!
//! Types are declared with the names that MessagePack shows (`PascalCase` in .NET); here members are written
//! in `camelCase` and matched ignoring case, enums without data are numbers, and bytes are base64.
//! Keys of maps are left alone.

mod de;
mod ser;

use serde::{Serialize, de::DeserializeOwned};

use crate::error::{DecodeError, EncodeError};

/// How the members of structs are spelled when written. Reading ignores case either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Naming {
    /// `UserId` becomes `userId`, `URLPath` becomes `urlPath`: ASP.NET Core's default.
    #[default]
    CamelCase,
    /// As declared.
    Exact,
}

impl Naming {
    /// A declared name as it is written.
    #[must_use]
    pub fn spell(self, name: &str) -> String {
        let mut out = Vec::with_capacity(name.len());
        match self {
            Self::CamelCase => camel_case(name, &mut out),
            Self::Exact => out.extend_from_slice(name.as_bytes()),
        }
        String::from_utf8(out).expect("letters of a text are a text")
    }
}

/// How deep arrays and objects may nest, the outermost counted.
pub const MAX_DEPTH: usize = 64;

/// Writes a value.
///
/// # Errors
///
/// Fails for what JSON cannot say: NaN and infinities, and maps whose keys are neither text nor integers.
pub fn to_vec<T: Serialize + ?Sized>(value: &T, naming: Naming) -> Result<Vec<u8>, EncodeError> {
    let mut out = Vec::with_capacity(128);
    write(&mut out, value, naming)?;
    Ok(out)
}

/// Writes a value behind what `out` already holds.
///
/// # Errors
///
/// As [`to_vec`]; `out` then ends with an unusable part of the value.
pub fn write<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T, naming: Naming) -> Result<(), EncodeError> {
    value.serialize(ser::Serializer { out, naming })
}

/// Reads one value. Unknown members are skipped and of repeated ones the last counts.
///
/// # Errors
///
/// Fails for bytes that are not UTF-8 or not JSON, text behind the value, more than [`MAX_DEPTH`]
/// levels, and values of another type.
pub fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    let text = std::str::from_utf8(bytes).map_err(|error| DecodeError(error.to_string()))?;
    if is_deeper(bytes, MAX_DEPTH) {
        return Err(DecodeError(format!("nested deeper than {MAX_DEPTH} levels")));
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let value = T::deserialize(de::Deserializer(&mut json))?;
    json.end()?;
    Ok(value)
}

/// Whether arrays and objects of a JSON text nest in more levels, without judging the rest of it.
pub(crate) fn is_deeper(json: &[u8], levels: usize) -> bool {
    // Each level is a byte at least: most texts need not be looked at.
    json.len() > levels && depth(json) > levels
}

/// The deepest nesting.
fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest, mut at) = (0_usize, 0_usize, 0_usize);
    while at < json.len() {
        match json[at] {
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'"' => at = end_of_string(json, at),
            _ => {}
        }
        at += 1;
    }
    deepest
}

/// Where the string that opens at `from` closes, or the end of the text.
fn end_of_string(json: &[u8], from: usize) -> usize {
    let mut at = from + 1;
    while let Some(found) = json.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if json[at] == b'"' {
            return at;
        }
        at += 2;
    }
    json.len()
}

/// `JsonNamingPolicy.CamelCase`: lower-cases the leading run of capitals, but not one that begins a word.
fn camel_case(name: &str, out: &mut Vec<u8>) {
    let mut letters = name.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let begins_word = at > 0 && letters.peek().is_some_and(|(_, next)| !next.is_uppercase());
        if !letter.is_uppercase() || begins_word {
            out.extend_from_slice(&name.as_bytes()[at..]);
            return;
        }
        for lower in letter.to_lowercase() {
            out.extend_from_slice(lower.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

#[cfg(test)]
mod tests;
