//! Values as MessagePack-CSharp would write and read them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::*;
use crate::values::{Binary, DateTime, Guid};

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Shape {
    user_id: i32,
    full_name: Option<String>,
    colour: Colour,
    payload: Option<Binary>,
    counts: BTreeMap<String, i32>,
    nested: Option<Box<Self>>,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
enum Colour {
    #[default]
    Red,
    Green,
    Mixed(u8, u8),
    Named {
        name: String,
    },
    Raw(Binary),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Id(i64);

#[track_caller]
fn check<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T, expect: &[u8]) {
    assert_eq!(to_vec(value).unwrap(), expect);
    assert_eq!(&from_slice::<T>(expect).unwrap(), value);
}

#[track_caller]
fn check_refused<T: DeserializeOwned + std::fmt::Debug>(bytes: &[u8]) {
    let read = from_slice::<T>(bytes);
    assert!(read.is_err(), "{bytes:x?}: {read:?}");
}

#[test]
fn structs_are_maps_with_the_declared_names() {
    let shape = Shape {
        user_id: 300,
        colour: Colour::Green,
        payload: Some(Binary(vec![7])),
        counts: BTreeMap::from([("a".to_owned(), -1)]),
        ..Shape::default()
    };
    let mut expect = b"\x86\xA6UserId\xCD\x01\x2C\xA8FullName\xC0\xA6Colour\xA5Green".to_vec();
    expect.extend_from_slice(b"\xA7Payload\xC4\x01\x07\xA6Counts\x81\xA1a\xFF\xA6Nested\xC0");
    check(&shape, &expect);
}

/// What ASP.NET Core was recorded to answer with for an object of which it was given two members.
#[test]
fn an_object_of_dotnet_has_its_bytes() {
    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "PascalCase", default)]
    struct Complex {
        id: i32,
        name: Option<String>,
        guid: Guid,
        when: DateTime,
        bytes: Option<Binary>,
        colour: Colour,
        score: Option<f64>,
        tags: Option<Vec<String>>,
        counts: Option<BTreeMap<String, i32>>,
        nested: Option<Box<Self>>,
    }
    let value: Complex = from_slice(b"\x82\xA2Id\x01\xA4Name\xA1n").unwrap();
    let mut expect = b"\x8A\xA2Id\x01\xA4Name\xA1n\xA4Guid\xD9\x2400000000-0000-0000-0000-000000000000".to_vec();
    expect
        .extend_from_slice(b"\xA4When\xC7\x0C\xFF\0\0\0\0\xFF\xFF\xFF\xF1\x88\x6E\x09\0\xA5Bytes\xC0\xA6Colour\xA3Red");
    expect.extend_from_slice(b"\xA5Score\xC0\xA4Tags\xC0\xA6Counts\xC0\xA6Nested\xC0");
    assert_eq!(to_vec(&value).unwrap(), expect);
}

#[test]
fn names_are_exact_and_unknown_ones_are_skipped() {
    let read: Shape = from_slice(b"\x83\xA6userid\x05\xA6UserId\x07\xA5Other\x92\x81\x01\x02\xD6\xFF\0\0\0\0").unwrap();
    assert_eq!(
        read,
        Shape {
            user_id: 7,
            ..Shape::default()
        }
    );
}

#[test]
fn enums_are_names_and_never_numbers() {
    check(&Colour::Green, b"\xA5Green");
    check(&Colour::Mixed(1, 2), b"\x81\xA5Mixed\x92\x01\x02");
    let name = "x".to_owned();
    check(&Colour::Named { name }, b"\x81\xA5Named\x81\xA4name\xA1x");
    check(&Colour::Raw(Binary(vec![9])), b"\x81\xA3Raw\xC4\x01\x09");
    check(&BTreeMap::from([("k".to_owned(), Some(Id(5)))]), b"\x81\xA1k\x05");
    for bytes in [
        &b"\x01"[..],
        b"\xA5green",
        b"\xA11",
        b"\xC0",
        b"\x81\x01\x92\x01\x02",
        b"\xA5Mixed",
        b"\xC4\x05Green",
    ] {
        check_refused::<Colour>(bytes);
    }
}

#[test]
fn values_of_another_type_are_refused() {
    for bytes in [
        &b"\x96\x01\xC0\xA3Red\xC0\x80\xC0"[..],
        b"\xC0",
        b"\x81\x00\x07",
        b"\x81\xA6UserId\xA17",
        b"\x81\xA6UserId\xCB\x3F\xF0\0\0\0\0\0\0",
        b"\x81\xA6UserId\xCE\x80\0\0\0",
        b"\x82\xA6UserId\x01\xA6UserId\x02",
        b"\x81\xA8FullName\xC4\x01x",
        b"\x81\xA8FullName\xA1\xFF",
        b"\x80\x80",
        b"\x81",
        b"",
    ] {
        check_refused::<Shape>(bytes);
    }
}

#[test]
fn floats_stay_floats_and_are_read_from_integers() {
    check(&42_f32, b"\xCA\x42\x28\0\0");
    check(&0.5_f64, b"\xCB\x3F\xE0\0\0\0\0\0\0");
    check(&1.0_f64, b"\xCB\x3F\xF0\0\0\0\0\0\0");
    for bytes in [
        &b"\x2A"[..],
        b"\xD1\0\x2A",
        b"\xCA\x42\x28\0\0",
        b"\xCB\x40\x45\0\0\0\0\0\0",
    ] {
        assert_eq!(from_slice(bytes), Ok(42_f64));
        assert_eq!(from_slice(bytes), Ok(42_f32));
    }
}

#[test]
fn integers_are_as_small_as_they_can_be() {
    for (number, bytes) in [
        (0_i64, &b"\0"[..]),
        (127, b"\x7F"),
        (128, b"\xCC\x80"),
        (256, b"\xCD\x01\0"),
        (65_536, b"\xCE\0\x01\0\0"),
        (1 << 32, b"\xCF\0\0\0\x01\0\0\0\0"),
        (-32, b"\xE0"),
        (-33, b"\xD0\xDF"),
        (-129, b"\xD1\xFF\x7F"),
        (i64::MIN, b"\xD3\x80\0\0\0\0\0\0\0"),
    ] {
        check(&number, bytes);
    }
    check(&u64::MAX, b"\xCF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF");
}

#[test]
fn bytes_are_read_from_text_too() {
    assert_eq!(from_slice(b"\xA2ab"), Ok(Binary(b"ab".to_vec())));
    assert_eq!(from_slice(b"\xC0"), Ok(None::<Binary>));
    check_refused::<Binary>(b"\x92\x01\x02");
    check_refused::<String>(b"\xC4\x01x");
}

#[test]
fn anything_passes_through() {
    let value = json!({"b": [1, -1, true, null, "x", 1.5], "A": {"Z": u64::MAX}});
    let written = to_vec(&value).unwrap();
    assert_eq!(from_slice::<Value>(&written).unwrap(), value);
    let read: Value = from_slice(b"\x93\xC4\x03\x01\x02\x03\xD6\xFF\x65\x92\xA9\x40\xCA\x3F\0\0\0").unwrap();
    assert_eq!(read, json!(["AQID", "2024-01-01T12:00:00Z", 0.5]));
    check_refused::<Value>(b"\xD4\x05\0");
    assert_eq!(from_slice::<Option<Value>>(b"\xC0").unwrap(), None);
    let both: (Value, DateTime) = from_slice(b"\x92\x01\xD6\xFF\0\0\0\0").unwrap();
    assert_eq!(both.0, 1);
}

#[test]
fn extensions_are_named_as_rmp_serde_names_them() {
    assert_eq!(crate::values::EXTENSION, rmp_serde::MSGPACK_EXT_STRUCT_NAME);
}
