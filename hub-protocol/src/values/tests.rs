//! Values in both protocols.

use serde_json::json;

use super::*;
use crate::json::{self, Naming};

#[track_caller]
fn check_json<T: Serialize + de::DeserializeOwned + PartialEq + fmt::Debug>(value: &T, expect: &str) {
    let written = json::to_vec(value, Naming::CamelCase).unwrap();
    assert_eq!(String::from_utf8(written).unwrap(), expect);
    assert_eq!(&json::from_slice::<T>(expect.as_bytes()).unwrap(), value);
}

#[cfg(feature = "messagepack")]
#[track_caller]
fn check_messagepack<T: Serialize + de::DeserializeOwned + PartialEq + fmt::Debug>(value: &T, expect: &[u8]) {
    use crate::messagepack;
    assert_eq!(messagepack::to_vec(value).unwrap(), expect);
    assert_eq!(&messagepack::from_slice::<T>(expect).unwrap(), value);
}

#[test]
fn guids_are_read_in_any_case_and_written_in_lower() {
    let guid = Guid::parse("3F2504E0-4F89-11D3-9A0C-0305E82C3301").unwrap();
    check_json(&guid, "\"3f2504e0-4f89-11d3-9a0c-0305e82c3301\"");
    #[cfg(feature = "messagepack")]
    check_messagepack(&guid, b"\xD9\x243f2504e0-4f89-11d3-9a0c-0305e82c3301");
    for bad in [
        "nope",
        "3f2504e04f8911d39a0c0305e82c3301",
        "3f2504e0-4f89-11d3-9a0c-0305e82c330g",
        "----3f2504e0-4f89-11d3-9a0c-0305e8-",
    ] {
        assert_eq!(Guid::parse(bad), None, "{bad}");
    }
}

#[test]
fn bytes_are_base64_or_bin() {
    check_json(&Binary(vec![1, 2, 3]), "\"AQID\"");
    #[cfg(feature = "messagepack")]
    check_messagepack(&Binary(vec![1, 2, 3]), b"\xC4\x03\x01\x02\x03");
}

#[test]
fn bytes_and_times_survive_being_kept_for_later() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Inner {
        bytes: Binary,
        when: DateTime,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Outer {
        #[serde(flatten)]
        inner: Inner,
    }
    let value = Outer {
        inner: Inner {
            bytes: Binary(vec![1, 2, 3]),
            when: DateTime::parse("2024-01-01T12:00:00Z").unwrap(),
        },
    };
    check_json(&value, r#"{"bytes":"AQID","when":"2024-01-01T12:00:00Z"}"#);
    #[cfg(feature = "messagepack")]
    check_messagepack(
        &value,
        b"\x82\xA5bytes\xC4\x03\x01\x02\x03\xA4when\xD6\xFF\x65\x92\xA9\x40",
    );
}

#[cfg(feature = "messagepack")]
#[test]
fn times_are_the_shortest_timestamp() {
    for (text, bytes) in [
        ("2024-01-01T12:00:00Z", &b"\xD6\xFF\x65\x92\xA9\x40"[..]),
        ("1970-01-01T00:00:00Z", b"\xD6\xFF\0\0\0\0"),
        ("2106-02-07T06:28:16Z", b"\xD7\xFF\0\0\0\x01\0\0\0\0"),
        ("2024-01-01T12:00:00.0000001Z", b"\xD7\xFF\0\0\x01\x90\x65\x92\xA9\x40"),
        (
            "1969-12-31T23:59:59.5Z",
            b"\xC7\x0C\xFF\x1D\xCD\x65\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
        ),
        (
            "0001-01-01T00:00:00Z",
            b"\xC7\x0C\xFF\0\0\0\0\xFF\xFF\xFF\xF1\x88\x6E\x09\0",
        ),
        (
            "9999-12-31T23:59:59.9999999Z",
            b"\xC7\x0C\xFF\x3B\x9A\xC9\x9C\0\0\0\x3A\xFF\xF4\x41\x7F",
        ),
    ] {
        check_messagepack(&DateTime::parse(text).unwrap(), bytes);
    }
    let refused: [&[u8]; 6] = [
        b"\xD6\x01\0\0\0\0",
        b"\xD5\xFF\0\0",
        b"\xD7\xFF\xFF\xFF\xFF\xFF\0\0\0\0",
        b"\xC7\x0C\xFF\0\0\0\0\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
        b"\xB42024-01-01T12:00:00Z",
        b"\x00",
    ];
    for bytes in refused {
        assert!(crate::messagepack::from_slice::<DateTime>(bytes).is_err(), "{bytes:x?}");
    }
}

#[test]
fn offsets_travel_with_the_clocks_time() {
    let time = DateTimeOffset::parse("2024-01-01T12:00:00+02:00").unwrap();
    check_json(&time, "\"2024-01-01T12:00:00+02:00\"");
    #[cfg(feature = "messagepack")]
    {
        check_messagepack(&time, b"\x92\xD6\xFF\x65\x92\xA9\x40\x78");
        let west = DateTimeOffset::parse("2024-01-01T12:00:00-12:34").unwrap();
        check_messagepack(&west, b"\x92\xD6\xFF\x65\x92\xA9\x40\xD1\xFD\x0E");
        let far = b"\x92\xD6\xFF\x65\x92\xA9\x40\xCD\x03\x49";
        assert!(crate::messagepack::from_slice::<DateTimeOffset>(far).is_err());
    }
}

#[test]
fn spans_are_text_or_ticks() {
    for (text, ticks) in [
        ("00:00:00", 0),
        ("23:59:59", 863_990_000_000),
        ("-00:00:00.0000001", -1),
        ("1.00:00:00.5000000", 864_005_000_000),
        ("10675199.02:48:05.4775807", i64::MAX),
        ("-10675199.02:48:05.4775808", i64::MIN),
    ] {
        check_json(&TimeSpan { ticks }, &format!("\"{text}\""));
    }
    for (text, expect) in [
        ("2", "2.00:00:00"),
        ("1:2", "01:02:00"),
        ("3.1:2:3.45", "3.01:02:03.4500000"),
    ] {
        assert_eq!(TimeSpan::parse(text).unwrap().to_string(), expect);
    }
    for text in [
        "",
        "-",
        "24:00:00",
        "00:60:00",
        "00:00:60",
        "00:00:00.00000001",
        "00:00:00.",
        "1.2",
        "--1",
        "1:-1",
        "1:1:1:1",
    ] {
        assert_eq!(TimeSpan::parse(text), None, "{text}");
    }
    #[cfg(feature = "messagepack")]
    {
        check_messagepack(&TimeSpan { ticks: 10_000_000 }, b"\xCE\x00\x98\x96\x80");
        check_messagepack(&TimeSpan { ticks: -1 }, b"\xFF");
    }
}

#[test]
fn days_and_times_of_the_day_are_text() {
    check_json(&DateOnly::parse("2024-02-29").unwrap(), "\"2024-02-29\"");
    check_json(&DateOnly::default(), "\"0001-01-01\"");
    check_json(&TimeOnly::parse("23:59:59.9999999").unwrap(), "\"23:59:59.9999999\"");
    check_json(&TimeOnly::parse("7:05").unwrap(), "\"07:05:00\"");
    for text in ["2023-02-29", "2024-1-01", "2024-01-01T00:00", "2024-01-0é", ""] {
        assert_eq!(DateOnly::parse(text), None, "{text}");
    }
    for text in ["24:00", "-1:00", "1.00:00", "00", ""] {
        assert_eq!(TimeOnly::parse(text), None, "{text}");
    }
    #[cfg(feature = "messagepack")]
    {
        check_messagepack(&DateOnly::parse("2024-02-29").unwrap(), b"\xAA2024-02-29");
        check_messagepack(&TimeOnly::parse("12:30").unwrap(), b"\xA812:30:00");
    }
}

#[test]
fn decimals_keep_every_digit() {
    for text in [
        "0",
        "-1.50",
        "0.0000000000000000000000000001",
        "79228162514264337593543950335",
        "-7.9228162514264337593543950335",
        "123456789012345678.9012345678",
    ] {
        check_json(&Decimal::parse(text).unwrap(), text);
        #[cfg(feature = "messagepack")]
        assert_eq!(
            crate::messagepack::from_slice::<Decimal>(&crate::messagepack::to_vec(text).unwrap()),
            Ok(Decimal::parse(text).unwrap())
        );
    }
    for (text, expect) in [
        ("1e3", "1000"),
        ("1.25E-2", "0.0125"),
        ("1e+2", "100"),
        ("0e-99", "0.0000000000000000000000000000"),
        (
            "1.00000000000000000000000000000000000",
            "1.0000000000000000000000000000",
        ),
    ] {
        assert_eq!(
            Decimal::parse(text).map(|read| read.to_string()).as_deref(),
            Some(expect),
            "{text}"
        );
    }
    for text in [
        "",
        "-",
        "+1",
        "1.",
        ".5",
        "1,5",
        "79228162514264337593543950336",
        "1e-29",
        "1e99",
        "1e",
        "NaN",
        "1e99999",
    ] {
        assert_eq!(Decimal::parse(text), None, "{text}");
    }
    assert!(json::from_slice::<Decimal>(b"\"1.5\"").is_err(), "a number, not text");
    let listed: Vec<Option<Decimal>> = json::from_slice(b"[1.10,null]").unwrap();
    assert_eq!(listed[0].unwrap().to_string(), "1.10");
    assert_eq!(json!(Decimal::parse("1.5").unwrap()), json!(1.5));
    #[cfg(feature = "messagepack")]
    check_messagepack(&Decimal::parse("-1.50").unwrap(), b"\xA5-1.50");
}
