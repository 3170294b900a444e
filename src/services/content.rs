//! What may be said: the rules for the text a client sends.

use aws_lc_rs::digest;
use entities::message::Kind;
use entities::user_id::is_printable;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::log::unproven::ContentHash;
use crate::services::Error;

/// Characters of a client's key (`clientMessageId`, `tempId`) at most.
pub(crate) const KEY_CHARACTERS: usize = 200;
/// Characters of a name at most.
const NAME_CHARACTERS: usize = 200;
/// Characters of a reaction at most.
const EMOJI_CHARACTERS: usize = 32;
/// Bytes of `metadata` at most, as JSON.
const METADATA_BYTES: usize = 16 * 1024;

/// The text as it is stored: without control characters other than tab and newline, trimmed, not empty, and at most
/// `limit` Unicode scalar values (0: no limit).
pub(crate) fn text(content: &str, limit: usize) -> Result<String, Error> {
    let cleaned = caption(content, limit)?;
    said(&cleaned)?;
    Ok(cleaned)
}

/// Whether a cleaned text says anything.
pub(crate) fn said(cleaned: &str) -> Result<(), Error> {
    if cleaned.is_empty() {
        return Err(Error::invalid("content", "must not be empty"));
    }
    Ok(())
}

/// The same of a message with files, which may be empty.
pub(crate) fn caption(content: &str, limit: usize) -> Result<String, Error> {
    let cleaned = clean(content);
    if limit > 0 {
        let length = cleaned.chars().count();
        if length > limit {
            return Err(Error::invalid(
                "content",
                format!("must have at most {limit} characters, not {length}"),
            ));
        }
    }
    Ok(cleaned)
}

/// An optional text beside a name (a description, an address), cleaned; an empty one is none.
pub(crate) fn line(field: &'static str, text: Option<&str>, limit: usize) -> Result<Option<String>, Error> {
    let Some(cleaned) = text.map(clean).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    if cleaned.chars().count() > limit {
        return Err(Error::invalid(field, format!("must have at most {limit} characters")));
    }
    Ok(Some(cleaned))
}

/// What a file is called, for showing and saving: the last part of a path, without what is not seen, at most
/// [`NAME_CHARACTERS`] of it with its ending.
pub(crate) fn file_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = joined(&last.chars().filter(|letter| !is_hidden(*letter)).collect::<String>());
    let name = name.trim_start_matches('.');
    if name.is_empty() || name.chars().all(is_blank) {
        return "file".to_owned();
    }
    let length = name.chars().count();
    if length <= NAME_CHARACTERS {
        return name.to_owned();
    }
    let ending = name.rfind('.').map_or("", |dot| &name[dot..]);
    let ending: String = ending.chars().take(16).collect();
    let kept = NAME_CHARACTERS - ending.chars().count();
    name.chars().take(kept).chain(ending.chars()).collect()
}

/// An optional name of a person or a group; an empty one is none. It is shown in the middle of a line, so any blanks in it
/// are one, and whoever reads it must see all of it: nothing invisible, and nothing that turns the text around it.
pub(crate) fn name(field: &'static str, name: Option<&str>) -> Result<Option<String>, Error> {
    let name = joined(name.unwrap_or_default());
    if name.is_empty() {
        return Ok(None);
    }
    let reason = if name.chars().any(is_hidden) {
        "must not contain control characters or others that are not seen".to_owned()
    } else if name.chars().all(is_blank) {
        "must have a character that is seen".to_owned()
    } else if name.chars().count() > NAME_CHARACTERS {
        format!("must have at most {NAME_CHARACTERS} characters")
    } else {
        return Ok(Some(name));
    };
    Err(Error::invalid(field, reason))
}

/// A name as a token says it, who cannot be told what is wrong with it: without what [`name`] refuses, and at most `limit`
/// characters of it.
pub(crate) fn seen(name: &str, limit: usize) -> Option<String> {
    let kept = |character: &char| character.is_whitespace() || !is_hidden(*character);
    let name: String = name.chars().filter(kept).take(limit).collect();
    let name = joined(&name);
    (!name.chars().all(is_blank)).then_some(name)
}

fn joined(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What is not seen and does something to what is, or makes two names of what looks like one.
fn is_hidden(character: char) -> bool {
    !is_printable(character)
        || matches!(
            character,
            '\u{ad}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}'
        )
}

/// What languages and emoji need between characters, and shows nothing alone.
fn is_blank(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{200c}'..='\u{200f}' | '\u{2800}' | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}'
        )
}

fn clean(text: &str) -> String {
    let kept = |character: &char| !character.is_control() || matches!(character, '\t' | '\n');
    if text.chars().all(|character| kept(&character)) {
        return text.trim().to_owned();
    }
    text.chars().filter(kept).collect::<String>().trim().to_owned()
}

/// A reaction: a few characters without blanks inside, as they are.
pub(crate) fn emoji(emoji: &str) -> Result<String, Error> {
    let emoji = emoji.trim();
    let fits = (1..=EMOJI_CHARACTERS).contains(&emoji.chars().count());
    let is_odd = |letter: char| is_hidden(letter) || letter.is_whitespace();
    if fits && !emoji.chars().any(is_odd) && !emoji.chars().all(is_blank) {
        return Ok(emoji.to_owned());
    }
    let reason = format!("must be an emoji or a short name: 1 to {EMOJI_CHARACTERS} characters without blanks");
    Err(Error::invalid("emoji", reason))
}

/// The type by its name, in any case; nothing said is text.
pub(crate) fn kind(name: Option<&str>) -> Result<Kind, Error> {
    let Some(name) = name.map(str::trim).filter(|name| !name.is_empty()) else {
        return Ok(Kind::Text);
    };
    name.parse().map_err(|_| {
        Error::invalid(
            "type",
            "must be one of text, image, video, file, audio, location, system, encrypted",
        )
    })
}

/// A client's key; an empty one is none.
pub(crate) fn key(field: &'static str, key: Option<String>) -> Result<Option<String>, Error> {
    let Some(key) = key.filter(|key| !key.trim().is_empty()) else {
        return Ok(None);
    };
    if key.chars().any(char::is_control) {
        return Err(Error::invalid(field, "must not contain control characters"));
    }
    if key.chars().count() > KEY_CHARACTERS {
        return Err(Error::invalid(
            field,
            format!("must have at most {KEY_CHARACTERS} characters"),
        ));
    }
    Ok(Some(key))
}

/// The metadata as JSON text; `null` and `{}` are none.
pub(crate) fn metadata(metadata: Option<Value>) -> Result<Option<Box<RawValue>>, Error> {
    let object = match metadata {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(object)) if object.is_empty() => return Ok(None),
        Some(Value::Object(object)) => object,
        Some(_) => return Err(Error::invalid("metadata", "must be an object")),
    };
    let raw = serde_json::value::to_raw_value(&object).map_err(|_| Error::invalid("metadata", "must be JSON"))?;
    if raw.get().len() > METADATA_BYTES {
        return Err(Error::invalid(
            "metadata",
            format!("must have at most {METADATA_BYTES} bytes"),
        ));
    }
    Ok(Some(raw))
}

/// What a repeated key must match: the type and the content as first sent, and the hashes of its files.
pub(crate) fn hash<'a>(kind: Kind, content: &str, files: impl Iterator<Item = &'a [u8]>) -> ContentHash {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(kind.name().as_bytes());
    context.update(&[0x1f]);
    context.update(content.as_bytes());
    // Never part of a text.
    for file in files {
        context.update(&[0x1f]);
        context.update(file);
    }
    let mut hash = ContentHash::default();
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{key, kind, metadata, text};

    #[test]
    fn text_is_trimmed_and_freed_of_control_characters() {
        assert_eq!(text("  a\u{0}b\r\n\tc\u{7f}\u{85} ", 10).unwrap(), "ab\n\tc");
        assert_eq!(text("\u{3000}😀\u{a0}", 1).unwrap(), "😀");
        assert!(text(" \u{1b} ", 10).is_err());
    }

    #[test]
    fn characters_are_scalar_values_after_trimming() {
        assert!(text(&format!(" {} ", "😀".repeat(10_000)), 10_000).is_ok());
        assert!(text(&"😀".repeat(10_001), 10_000).is_err());
        assert!(text(&"x".repeat(99_999), 0).is_ok());
    }

    #[test]
    fn types_ignore_case() {
        assert_eq!(kind(Some("TEXT")).unwrap(), kind(None).unwrap());
        assert!(kind(Some("gif")).is_err());
    }

    #[test]
    fn keys_and_metadata_are_bounded() {
        assert_eq!(key("tempId", Some("  ".into())).unwrap(), None);
        assert!(key("tempId", Some("a\u{0}".into())).is_err());
        assert!(key("tempId", Some("x".repeat(201))).is_err());
        assert!(metadata(Some(json!([1]))).is_err());
        assert!(metadata(Some(json!({}))).unwrap().is_none());
        assert!(metadata(Some(json!({"a": "x".repeat(20_000)}))).is_err());
    }
}
