//! A person's id: opaque text that came from a token, cheap to clone.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use sea_orm::entity::prelude::Uuid;
use sea_orm::sea_query::{ArrayType, ColumnType, Nullable, StringLen, ValueType, ValueTypeErr};
use sea_orm::{ColIdx, DbErr, QueryResult, TryFromU64, TryGetError, TryGetable, Value};
use serde::{Deserialize, Serialize};

use crate::ids::NotAnId;

/// Characters a user id may have at most.
pub const MAX_CHARACTERS: usize = 128;

/// A person's id: 1 to 128 printable characters.
///
/// GUIDs compare without case because they are kept in lower case; everything else is kept as it came.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(Arc<str>);

impl UserId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UserId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let text = text.trim();
        let length = text.chars().count();
        if length == 0 || length > MAX_CHARACTERS || !text.chars().all(is_printable) {
            return Err(NotAnId);
        }
        if is_guid(text) {
            return Ok(Self(text.to_ascii_lowercase().into()));
        }
        Ok(Self(text.into()))
    }
}

/// Neither a control character nor one of the invisible ones that reorder or split text.
#[must_use]
pub fn is_printable(character: char) -> bool {
    !character.is_control()
        && !matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn is_guid(text: &str) -> bool {
    text.len() == 36 && Uuid::try_parse(text).is_ok()
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Serialize for UserId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl JsonSchema for UserId {
    fn schema_name() -> Cow<'static, str> {
        "UserId".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "minLength": 1, "maxLength": MAX_CHARACTERS})
    }
}

impl<'de> Deserialize<'de> for UserId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl From<UserId> for Value {
    fn from(id: UserId) -> Self {
        Self::from(id.as_str())
    }
}

impl From<&UserId> for Value {
    fn from(id: &UserId) -> Self {
        Self::from(id.as_str())
    }
}

impl TryGetable for UserId {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        // What is stored was checked when it came in.
        String::try_get_by(row, index).map(|text| Self(text.into()))
    }
}

impl ValueType for UserId {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        <String as ValueType>::try_from(value).map(|text| Self(text.into()))
    }

    fn type_name() -> String {
        "UserId".to_owned()
    }

    fn array_type() -> ArrayType {
        ArrayType::String
    }

    fn column_type() -> ColumnType {
        ColumnType::String(StringLen::N(128))
    }
}

impl Nullable for UserId {
    fn null() -> Value {
        <String as Nullable>::null()
    }
}

impl TryFromU64 for UserId {
    fn try_from_u64(_: u64) -> Result<Self, DbErr> {
        Err(DbErr::ConvertFromU64("UserId"))
    }
}

#[cfg(test)]
mod tests {
    use super::UserId;

    #[test]
    fn guids_compare_without_case() {
        let upper: UserId = "018F3C2A-7B1E-7C4D-9A2B-0123456789AB".parse().unwrap();
        let lower: UserId = "018f3c2a-7b1e-7c4d-9a2b-0123456789ab".parse().unwrap();
        assert_eq!(upper, lower);
        assert_ne!("Ann".parse::<UserId>().unwrap(), "ann".parse::<UserId>().unwrap());
    }

    #[test]
    fn only_printable_text_of_1_to_128_characters_is_an_id() {
        assert!("".parse::<UserId>().is_err());
        assert!("   ".parse::<UserId>().is_err());
        assert!("a\u{0}b".parse::<UserId>().is_err());
        assert!("a\nb".parse::<UserId>().is_err());
        assert!("é".repeat(128).parse::<UserId>().is_ok());
        assert!("é".repeat(129).parse::<UserId>().is_err());
    }
}
