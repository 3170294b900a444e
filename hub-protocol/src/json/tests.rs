//! Values as System.Text.Json would write and read them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::*;
use crate::values::Binary;

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Shape {
    user_id: i32,
    full_name: Option<String>,
    colour: Colour,
    payload: Binary,
    counts: BTreeMap<String, i32>,
    nested: Option<Box<Self>>,
    #[serde(alias = "Body")]
    content: String,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
enum Colour {
    #[default]
    Red,
    Green,
}

#[track_caller]
fn check_written<T: Serialize>(value: &T, expect: &str) {
    assert_eq!(
        String::from_utf8(to_vec(value, Naming::CamelCase).unwrap()).unwrap(),
        expect
    );
}

#[track_caller]
fn check_read(json: &str, expect: &Shape) {
    assert_eq!(&from_slice::<Shape>(json.as_bytes()).unwrap(), expect);
}

#[test]
fn members_are_camel_case_enums_numbers_and_bytes_base64() {
    let shape = Shape {
        user_id: 1,
        colour: Colour::Green,
        payload: Binary(vec![1, 2]),
        counts: BTreeMap::from([("Key".to_owned(), 2)]),
        ..Shape::default()
    };
    check_written(
        &shape,
        r#"{"userId":1,"fullName":null,"colour":1,"payload":"AQI=","counts":{"Key":2},"nested":null,"content":""}"#,
    );
}

#[test]
fn camel_case_is_dotnets() {
    for (name, expect) in [
        ("Name", "name"),
        ("ID", "id"),
        ("URLPath", "urlPath"),
        ("already", "already"),
        ("A", "a"),
    ] {
        let mut out = Vec::new();
        camel_case(name, &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expect);
    }
}

#[test]
fn members_are_matched_ignoring_case_and_the_last_counts() {
    check_read(
        r#"{"USERID": 1, "userId": 7, "Nested": {"fullname": "n"}, "colour": 1, "unknown": [1, {"x": 2}]}"#,
        &Shape {
            user_id: 7,
            colour: Colour::Green,
            nested: Some(Box::new(Shape {
                full_name: Some("n".to_owned()),
                ..Shape::default()
            })),
            ..Shape::default()
        },
    );
}

#[test]
fn aliases_ignore_case_too() {
    for name in ["content", "Content", "body", "Body"] {
        check_read(
            &format!(r#"{{"{name}": "x"}}"#),
            &Shape {
                content: "x".to_owned(),
                ..Shape::default()
            },
        );
    }
}

#[test]
fn values_of_another_type_are_refused() {
    for json in [
        r#"{"userId": 1.5}"#,
        r#"{"userId": "1"}"#,
        r#"{"userId": 2147483648}"#,
        r#"{"content": 5}"#,
        r#"{"colour": "Green"}"#,
        r#"{"colour": 9}"#,
        r#"{"payload": "*"}"#,
        "[]",
        "{} {}",
        "{",
        "",
        "\u{feff}{}",
    ] {
        assert!(from_slice::<Shape>(json.as_bytes()).is_err(), "{json}");
    }
}

#[test]
fn nesting_is_limited_however_the_type_recurses() {
    let nested = |levels: usize| format!("{}{}{}", r#"{"nested":"#.repeat(levels), "null", "}".repeat(levels));
    assert!(from_slice::<Shape>(nested(MAX_DEPTH).as_bytes()).is_ok());
    assert!(from_slice::<Shape>(nested(MAX_DEPTH + 1).as_bytes()).is_err());
    assert!(from_slice::<serde_json::Value>("[".repeat(100_000).as_bytes()).is_err());
}

#[test]
fn what_json_cannot_say_is_an_error() {
    assert!(to_vec(&f64::NAN, Naming::CamelCase).is_err());
    assert!(to_vec(&BTreeMap::from([(vec![1], 1)]), Naming::CamelCase).is_err());
    check_written(&BTreeMap::from([(5, "five")]), r#"{"5":"five"}"#);
}

#[test]
fn any_json_passes_through() {
    let value: serde_json::Value = from_slice(br#"{"b":1,"A":[true,null,"x",{"Z":1.5}]}"#).unwrap();
    assert_eq!(value["A"][3]["Z"], 1.5);
    check_written(&value["A"], r#"[true,null,"x",{"Z":1.5}]"#);
}

#[test]
fn raw_values_are_written_as_they_are() {
    let raw = serde_json::value::RawValue::from_string(r#"{"As":1.50}"#.to_owned()).unwrap();
    check_written(&(&raw, "x"), r#"[{"As":1.50},"x"]"#);
}
