//! A value against a schema, strictly: what is not described must not be there. Of JSON Schema it knows what the
//! descriptions use; a word it does not know fails.

use chrono::DateTime;
use serde_json::Value;
use uuid::Uuid;

/// Words that say nothing of a value.
const SILENT: &[&str] = &["contentMediaType", "description", "title", "default"];

/// Checks against the schemas of one document.
pub(super) struct Checker<'a> {
    document: &'a Value,
}

impl<'a> Checker<'a> {
    pub(super) fn of(document: &'a Value) -> Self {
        Self { document }
    }

    #[track_caller]
    pub(super) fn check(&self, schema: &Value, value: &Value) {
        let wrong = self.faults(schema, value, "");
        assert!(wrong.is_empty(), "{wrong:#?} in {value:#}");
    }

    /// What is wrong, and where.
    pub(super) fn faults(&self, schema: &Value, value: &Value, place: &str) -> Vec<String> {
        let members = match schema {
            Value::Bool(true) => return Vec::new(),
            Value::Object(members) => members,
            other => return vec![format!("{place}: {other} is no schema")],
        };
        let mut faults = Vec::new();
        for (word, says) in members {
            let fits = match word.as_str() {
                "$ref" => {
                    faults.extend(self.faults(self.resolve(says), value, place));
                    true
                }
                "anyOf" | "oneOf" => {
                    let choices = says.as_array().unwrap().iter();
                    let fitting = choices
                        .filter(|choice| self.faults(choice, value, place).is_empty())
                        .count();
                    fitting == 1 || (word == "anyOf" && fitting > 0)
                }
                "const" => value == says,
                "enum" => says.as_array().unwrap().contains(value),
                "type" => is_of(says, value),
                "format" => has_format(says.as_str().unwrap(), value),
                "minLength" => value
                    .as_str()
                    .is_none_or(|text| text.chars().count() as u64 >= says.as_u64().unwrap()),
                "maxLength" => value
                    .as_str()
                    .is_none_or(|text| text.chars().count() as u64 <= says.as_u64().unwrap()),
                "minimum" => value.as_i64().is_none_or(|number| number >= says.as_i64().unwrap()),
                "minItems" => value
                    .as_array()
                    .is_none_or(|list| list.len() as u64 >= says.as_u64().unwrap()),
                "maxItems" => value
                    .as_array()
                    .is_none_or(|list| list.len() as u64 <= says.as_u64().unwrap()),
                "items" => {
                    for (at, item) in value.as_array().into_iter().flatten().enumerate() {
                        let schema = if says.is_array() { &says[at] } else { says };
                        faults.extend(self.faults(schema, item, &format!("{place}[{at}]")));
                    }
                    true
                }
                "properties" => {
                    for (name, schema) in says.as_object().unwrap() {
                        if let Some(member) = value.get(name) {
                            faults.extend(self.faults(schema, member, &format!("{place}.{name}")));
                        }
                    }
                    let is_open = members.contains_key("additionalProperties");
                    let others = value.as_object().into_iter().flat_map(|members| members.keys());
                    for name in others.filter(|name| !is_open && says.get(name.as_str()).is_none()) {
                        faults.push(format!("{place}.{name} is not described"));
                    }
                    true
                }
                "additionalProperties" => {
                    for (name, member) in value.as_object().into_iter().flatten() {
                        faults.extend(self.faults(says, member, &format!("{place}.{name}")));
                    }
                    true
                }
                "required" => {
                    let names = says.as_array().unwrap().iter().map(|name| name.as_str().unwrap());
                    let missing = names.filter(|name| value.is_object() && value.get(name).is_none());
                    faults.extend(missing.map(|name| format!("{place}.{name} is missing")));
                    true
                }
                silent => SILENT.contains(&silent),
            };
            if !fits {
                faults.push(format!("{place}: {value} against {word} {says}"));
            }
        }
        faults
    }

    /// What a reference leads to.
    pub(super) fn resolve(&self, reference: &Value) -> &Value {
        let place = reference.as_str().unwrap().strip_prefix('#').unwrap();
        self.document
            .pointer(place)
            .unwrap_or_else(|| panic!("{place} leads nowhere"))
    }
}

fn is_of(kind: &Value, value: &Value) -> bool {
    match kind.as_str() {
        Some("null") => value.is_null(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("string") => value.is_string(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        Some(other) => panic!("{other} is no type"),
        None => kind.as_array().unwrap().iter().any(|kind| is_of(kind, value)),
    }
}

fn has_format(format: &str, value: &Value) -> bool {
    let Some(text) = value.as_str() else { return true };
    match format {
        "uuid" => Uuid::try_parse(text).is_ok(),
        "date-time" => DateTime::parse_from_rfc3339(text).is_ok(),
        "uri-reference" => text.parse::<http::Uri>().is_ok(),
        other => panic!("{other} is no format of texts"),
    }
}

#[test]
fn what_is_not_described_is_found() {
    let document = serde_json::json!({"schemas": {"One": {
        "type": "object", "properties": {"a": {"type": ["string", "null"]}, "b": {"type": "integer"}}, "required": ["a"],
    }}});
    let faults = |value: Value| {
        let schema = serde_json::json!({"anyOf": [{"$ref": "#/schemas/One"}, {"type": "null"}]});
        Checker::of(&document).faults(&schema, &value, "").len()
    };
    let cases = [
        (serde_json::json!({"a": null}), 0),
        (serde_json::json!({"a": "x", "b": 1}), 0),
        (Value::Null, 0),
        (serde_json::json!({"b": 1}), 1),
        (serde_json::json!({"a": 1}), 1),
        (serde_json::json!({"a": "x", "c": 1}), 1),
        (serde_json::json!([]), 1),
    ];
    for (value, expected) in cases {
        assert_eq!(faults(value.clone()), expected, "{value}");
    }
}
