//! JSON of the REST edge, through the same adapter the hubs use: one spelling of everything on both.

use std::{collections::HashSet, fmt};

use hub_protocol::json::{self, Naming};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, Error as _, IgnoredAny, MapAccess, Visitor},
};
use serde_json::Value;

/// A body that cannot be used: the member at fault where there is one, and a sentence.
#[derive(Debug, PartialEq, Eq)]
pub struct BadBody {
    /// The member, as the client spelt it.
    pub field: Option<String>,
    /// What is wrong, without anything internal.
    pub reason: String,
}

impl BadBody {
    fn new(field: Option<&str>, reason: impl Into<String>) -> Self {
        Self {
            field: field.map(str::to_owned),
            reason: reason.into(),
        }
    }
}

/// Writes a view. Views hold nothing JSON cannot say.
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    json::to_vec(value, Naming::CamelCase).expect("views are made of text, numbers, lists and members")
}

/// A view as the JSON it is written as.
pub fn to_value<T: Serialize + ?Sized>(value: &T) -> Value {
    serde_json::from_slice(&to_vec(value)).expect("what was written is JSON")
}

/// Reads a body that must be one object whose members are all different. Names ignore case.
pub fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, BadBody> {
    let text = std::str::from_utf8(bytes).map_err(|_| BadBody::new(None, "The body is not valid UTF-8"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(BadBody::new(None, "The body is empty; a JSON object is needed"));
    }
    if !text.trim_start().starts_with('{') {
        return Err(BadBody::new(None, "The body must be a JSON object"));
    }
    check_members(text)?;
    json::from_slice(text.as_bytes()).map_err(|_| BadBody::new(None, "The body does not have the expected shape"))
}

/// The member names of the outermost object: syntax is checked on the way, repeated names are refused.
fn check_members(text: &str) -> Result<(), BadBody> {
    struct Members(Option<String>);

    impl<'de> Deserialize<'de> for Members {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_map(MembersVisitor)
        }
    }

    struct MembersVisitor;

    impl<'de> Visitor<'de> for MembersVisitor {
        type Value = Members;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Members, A::Error> {
            let mut seen = HashSet::new();
            let mut repeated = None;
            while let Some(name) = members.next_key::<String>()? {
                members.next_value::<IgnoredAny>()?;
                if seen.len() > 1000 {
                    return Err(A::Error::custom("too many members"));
                }
                if !seen.insert(name.to_lowercase()) {
                    repeated.get_or_insert(name);
                }
            }
            Ok(Members(repeated))
        }
    }

    match serde_json::from_str::<Members>(text) {
        Ok(Members(None)) => Ok(()),
        Ok(Members(Some(name))) => {
            let name: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
            Err(BadBody::new(Some(&name), format!("The member {name} is there twice")))
        }
        Err(error) => Err(BadBody::new(
            None,
            format!(
                "The body is not valid JSON (line {}, column {})",
                error.line(),
                error.column()
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "PascalCase")]
    struct Sample {
        content: Option<String>,
    }

    #[test]
    fn names_ignore_case_and_unknown_ones_are_left_out() {
        for body in [
            r#"{"content":"hi"}"#,
            r#"{"Content":"hi","more":[1]}"#,
            "\u{feff} {\"CONTENT\":\"hi\"} ",
        ] {
            assert_eq!(
                from_slice::<Sample>(body.as_bytes()).unwrap().content.as_deref(),
                Some("hi"),
                "{body}"
            );
        }
    }

    #[test]
    fn bad_bodies_are_named() {
        let cases: [(&[u8], Option<&str>, &str); 9] = [
            (b"", None, "The body is empty; a JSON object is needed"),
            (b"[]", None, "The body must be a JSON object"),
            (b"\"x\"", None, "The body must be a JSON object"),
            (b"null", None, "The body must be a JSON object"),
            (b"{\"content\":", None, "The body is not valid JSON (line 1, column 11)"),
            (b"{} x", None, "The body is not valid JSON (line 1, column 4)"),
            (b"{\"content\":\"\xff\"}", None, "The body is not valid UTF-8"),
            (
                b"{\"content\":\"a\",\"Content\":\"b\"}",
                Some("Content"),
                "The member Content is there twice",
            ),
            (b"{\"content\":{}}", None, "The body does not have the expected shape"),
        ];
        for (body, field, reason) in cases {
            assert_eq!(from_slice::<Sample>(body).unwrap_err(), BadBody::new(field, reason));
        }
    }
}
