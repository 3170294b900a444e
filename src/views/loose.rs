//! Values as clients send them: ids as text or numbers, nothing as null or absent. What cannot be used is kept
//! until somebody asks for it, so that the answer can name the member.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use crate::services::Error;

/// Text, a whole number (as its digits), or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(Loose);

/// A list of texts; one text alone is a list of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List(Loose);

/// True or false, also as text, or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Flag(Loose);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Loose {
    #[default]
    Nothing,
    Flag(bool),
    Text(String),
    List(Vec<Self>),
    Other,
}

impl Text {
    /// The text, if there is one; `field` is the member's name for the error.
    pub fn text(&self, field: &'static str) -> Result<Option<&str>, Error> {
        match &self.0 {
            Loose::Nothing => Ok(None),
            Loose::Text(text) => Ok(Some(text)),
            Loose::Flag(_) | Loose::List(_) | Loose::Other => Err(Error::invalid(field, "must be text")),
        }
    }
}

impl Flag {
    /// Whether it is set, if anything is said.
    pub(super) fn said(&self, field: &'static str) -> Result<Option<bool>, Error> {
        match &self.0 {
            Loose::Nothing => Ok(None),
            Loose::Text(text) if text.trim().is_empty() => Ok(None),
            _ => self.is_set(field).map(Some),
        }
    }

    /// Whether it is set; nothing is not.
    pub(super) fn is_set(&self, field: &'static str) -> Result<bool, Error> {
        let text = match &self.0 {
            Loose::Nothing => return Ok(false),
            Loose::Flag(flag) => return Ok(*flag),
            Loose::Text(text) => text.trim(),
            Loose::List(_) | Loose::Other => "?",
        };
        match text.to_ascii_lowercase().as_str() {
            "" | "false" | "0" => Ok(false),
            "true" | "1" => Ok(true),
            _ => Err(Error::invalid(field, "must be true or false")),
        }
    }
}

impl List {
    /// The texts, or `None` when the member is not there.
    pub fn texts(&self, field: &'static str) -> Result<Option<Vec<String>>, Error> {
        let wrong = || Error::invalid(field, "must be a list of ids");
        match &self.0 {
            Loose::Nothing => Ok(None),
            Loose::Text(text) => Ok(Some(vec![text.clone()])),
            Loose::Flag(_) | Loose::Other => Err(wrong()),
            Loose::List(items) => {
                let texts = items.iter().map(|item| match item {
                    Loose::Text(text) => Ok(text.clone()),
                    Loose::Nothing | Loose::Flag(_) | Loose::List(_) | Loose::Other => Err(wrong()),
                });
                texts.collect::<Result<_, _>>().map(Some)
            }
        }
    }
}

/// The first of several spellings that holds more than blanks.
pub(super) fn first(spellings: &[(&'static str, &Text)]) -> Result<Option<String>, Error> {
    for (field, value) in spellings {
        if let Some(text) = value.text(field)?.filter(|text| !text.trim().is_empty()) {
            return Ok(Some(text.to_owned()));
        }
    }
    Ok(None)
}

/// The first of several spellings that is there.
pub(super) fn first_list(spellings: &[(&'static str, &List)]) -> Result<Option<Vec<String>>, Error> {
    for (field, value) in spellings {
        if let Some(texts) = value.texts(field)? {
            return Ok(Some(texts));
        }
    }
    Ok(None)
}

/// Describes what a client should send; more is understood.
macro_rules! described {
    ($($name:ident as $wanted:ty;)*) => {$(
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                <Option<$wanted>>::json_schema(generator)
            }
        }
    )*};
}

described! {
    Text as String;
    List as Vec<String>;
    Flag as bool;
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Loose::deserialize(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for List {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Loose::deserialize(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Loose::deserialize(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LooseVisitor)
    }
}

struct LooseVisitor;

impl<'de> Visitor<'de> for LooseVisitor {
    type Value = Loose;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_unit<E>(self) -> Result<Loose, E> {
        Ok(Loose::Nothing)
    }
    fn visit_none<E>(self) -> Result<Loose, E> {
        Ok(Loose::Nothing)
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Loose, D::Error> {
        Loose::deserialize(deserializer)
    }
    fn visit_str<E>(self, text: &str) -> Result<Loose, E> {
        Ok(Loose::Text(text.to_owned()))
    }
    fn visit_string<E>(self, text: String) -> Result<Loose, E> {
        Ok(Loose::Text(text))
    }
    fn visit_i64<E>(self, number: i64) -> Result<Loose, E> {
        Ok(Loose::Text(number.to_string()))
    }
    fn visit_u64<E>(self, number: u64) -> Result<Loose, E> {
        Ok(Loose::Text(number.to_string()))
    }
    fn visit_f64<E>(self, _: f64) -> Result<Loose, E> {
        Ok(Loose::Other)
    }
    fn visit_bool<E>(self, flag: bool) -> Result<Loose, E> {
        Ok(Loose::Flag(flag))
    }
    fn visit_bytes<E>(self, _: &[u8]) -> Result<Loose, E> {
        Ok(Loose::Other)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Loose, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Loose::List(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Loose, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Loose::Other)
    }
}
