//! Exact bytes of the specification, read and written.

use bytes::Bytes;
use hub_protocol::{
    codec::{Arguments, Protocol},
    message::{CancelInvocation, Close, Completion, HubMessage, Invocation, Outcome, Sequence, StreamItem},
};

fn raw(json: &'static str) -> Bytes {
    Bytes::from_static(json.as_bytes())
}

fn invocation(id: Option<&str>, target: &str, arguments: &[&'static str], streams: &[&str]) -> Invocation {
    Invocation {
        invocation_id: id.map(str::to_owned),
        target: target.to_owned(),
        arguments: Arguments::new(Protocol::Json, arguments.iter().map(|json| raw(json)).collect()),
        stream_ids: streams.iter().map(ToString::to_string).collect(),
    }
}

fn completion(outcome: Outcome) -> HubMessage {
    HubMessage::Completion(Completion {
        invocation_id: "123".to_owned(),
        outcome,
    })
}

fn close(error: Option<&str>, allow_reconnect: bool) -> HubMessage {
    HubMessage::Close(Close {
        error: error.map(str::to_owned),
        allow_reconnect,
    })
}

#[track_caller]
fn check(message: HubMessage, bytes: &str) {
    let mut written = Vec::new();
    Protocol::Json.write(&message, &mut written);
    assert_eq!(String::from_utf8(written).unwrap(), format!("{bytes}\u{1e}"));
    check_read(bytes, message);
}

#[track_caller]
fn check_read(record: &str, expect: HubMessage) {
    assert_eq!(
        Protocol::Json.parse(&Bytes::copy_from_slice(record.as_bytes())),
        Ok(Some(expect))
    );
}

#[track_caller]
fn check_refused(record: &str, text: &str) {
    let refused = Protocol::Json
        .parse(&Bytes::copy_from_slice(record.as_bytes()))
        .unwrap_err();
    assert_eq!(refused.to_string(), text, "{record}");
}

#[test]
fn every_message_has_its_bytes() {
    check(
        HubMessage::Invocation(invocation(Some("123"), "Target", &["1", "\"Foo\""], &[])),
        r#"{"type":1,"invocationId":"123","target":"Target","arguments":[1,"Foo"]}"#,
    );
    check(
        HubMessage::Invocation(invocation(None, "Target", &["42"], &["__test_id__"])),
        r#"{"type":1,"target":"Target","arguments":[42],"streamIds":["__test_id__"]}"#,
    );
    check(
        HubMessage::StreamInvocation(invocation(Some("123"), "Target", &[], &["__test_id__"])),
        r#"{"type":4,"invocationId":"123","target":"Target","arguments":[],"streamIds":["__test_id__"]}"#,
    );
    check(
        HubMessage::StreamItem(StreamItem {
            invocation_id: "123".to_owned(),
            item: raw("null"),
        }),
        r#"{"type":2,"invocationId":"123","item":null}"#,
    );
    check(completion(Outcome::Void), r#"{"type":3,"invocationId":"123"}"#);
    check(
        completion(Outcome::Result(raw("null"))),
        r#"{"type":3,"invocationId":"123","result":null}"#,
    );
    check(
        completion(Outcome::Error("Whoops!".to_owned())),
        r#"{"type":3,"invocationId":"123","error":"Whoops!"}"#,
    );
    check(
        HubMessage::CancelInvocation(CancelInvocation {
            invocation_id: "123".to_owned(),
        }),
        r#"{"type":5,"invocationId":"123"}"#,
    );
    check(HubMessage::Ping, r#"{"type":6}"#);
    check(close(None, false), r#"{"type":7}"#);
    check(close(Some(""), false), r#"{"type":7,"error":""}"#);
    check(
        close(Some("Error!"), true),
        r#"{"type":7,"error":"Error!","allowReconnect":true}"#,
    );
    check(
        HubMessage::Ack(Sequence { sequence_id: 102_020 }),
        r#"{"type":8,"sequenceId":102020}"#,
    );
    check(
        HubMessage::Sequence(Sequence {
            sequence_id: 98_764_321,
        }),
        r#"{"type":9,"sequenceId":98764321}"#,
    );
}

#[test]
fn members_may_come_in_any_order_and_the_last_of_a_name_counts() {
    let call = || HubMessage::Invocation(invocation(Some("9"), "Add", &["1", "2"], &[]));
    for record in [
        r#"{"arguments":[1,2],"target":"Add","invocationId":"9","type":1}"#,
        r#" { "target" : "Add" , "type" : 1 , "x" : [{}] , "arguments" : [ 1 , 2 ] , "invocationId" : "9" } "#,
        r#"{"type":6,"type":1,"invocationId":"8","invocationId":"9","target":"Add","arguments":[1,2]}"#,
        r#"{"type":1,"invocationId":"9","target":"\u0041dd","arguments":[1,2],"headers":{"a":"b"},"streamIds":null}"#,
        r#"{"type":1,"invocationId":"9","target":"Add","arguments":[1,2]}what follows is ignored"#,
    ] {
        check_read(record, call());
    }
    check_read(
        r#"{"type":1,"invocationId":null,"target":"t","arguments":[]}"#,
        HubMessage::Invocation(invocation(None, "t", &[], &[])),
    );
}

#[test]
fn unknown_types_are_skipped() {
    for kind in ["99", "-1", "0", "10"] {
        assert_eq!(
            Protocol::Json.parse(&Bytes::from(format!("{{\"type\":{kind}}}"))),
            Ok(None)
        );
    }
}

#[test]
fn malformed_records_are_named() {
    for record in [
        "",
        "{",
        "garbage",
        "{\"type\":1,}",
        "nul",
        "{\"type\":1",
        "\u{feff}{\"type\":6}",
    ] {
        check_refused(record, "Error reading JSON.");
    }
    for (record, kind) in [
        ("[]", "Array"),
        ("7", "Number"),
        ("\"x\"", "String"),
        ("null", "Null"),
        ("true", "True"),
    ] {
        check_refused(
            record,
            &format!("Unexpected JSON Token Type '{kind}'. Expected a JSON Object."),
        );
    }
    for (record, text) in [
        ("{}", "Missing required property 'type'."),
        (r#"{"type":"1"}"#, "Expected 'type' to be of type Number."),
        (r#"{"type":null}"#, "Expected 'type' to be of type Number."),
        (r#"{"type":1.5}"#, "Expected 'type' to be of type Number."),
        (r#"{"type":1e400}"#, "Expected 'type' to be of type Number."),
        (r#"{"type":1,"arguments":[]}"#, "Missing required property 'target'."),
        (
            r#"{"type":1,"target":null,"arguments":[]}"#,
            "Expected 'target' to be of type String.",
        ),
        (r#"{"type":1,"target":"t"}"#, "Missing required property 'arguments'."),
        (
            r#"{"type":1,"target":"t","arguments":{}}"#,
            "Expected 'arguments' to be of type Array.",
        ),
        (
            r#"{"type":1,"invocationId":5,"target":"t","arguments":[]}"#,
            "Expected 'invocationId' to be of type String.",
        ),
        (
            r#"{"type":4,"target":"t","arguments":[]}"#,
            "Missing required property 'invocationId'.",
        ),
        (
            r#"{"type":1,"target":"t","arguments":[],"streamIds":"a"}"#,
            "Expected 'streamIds' to be of type Array.",
        ),
        (
            r#"{"type":1,"target":"t","arguments":[],"streamIds":[null]}"#,
            "Null value for 'streamIds' is not valid.",
        ),
        (
            r#"{"type":1,"target":"t","arguments":[],"headers":[]}"#,
            "Expected 'headers' to be of type StartObject.",
        ),
        (
            r#"{"type":1,"target":"t","arguments":[],"headers":{"Foo":1}}"#,
            "Expected header 'Foo' to be of type String.",
        ),
        (r#"{"type":2,"invocationId":"1"}"#, "Missing required property 'item'."),
        (r#"{"type":2,"item":1}"#, "Missing required property 'invocationId'."),
        (r#"{"type":3}"#, "Missing required property 'invocationId'."),
        (
            r#"{"type":3,"invocationId":"1","result":1,"error":"x"}"#,
            "The 'error' and 'result' properties are mutually exclusive.",
        ),
        (
            r#"{"type":3,"invocationId":"1","error":5}"#,
            "Expected 'error' to be of type String.",
        ),
        (
            r#"{"type":5,"invocationId":""}"#,
            "Missing required property 'invocationId'.",
        ),
        (
            r#"{"type":7,"allowReconnect":1}"#,
            "Expected 'allowReconnect' to be true or false.",
        ),
        (r#"{"type":8}"#, "Missing required property 'sequenceId'."),
        (
            r#"{"type":9,"sequenceId":"1"}"#,
            "Expected 'sequenceId' to be of type Number.",
        ),
    ] {
        check_refused(record, text);
    }
}

/// Row 34 of the security checklist: an object, the arguments, and 62 levels within them are allowed.
#[test]
fn sec_34_nesting_beyond_the_limit_is_refused_without_recursion() {
    let nested = |levels: usize| {
        let argument = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        format!(r#"{{"type":1,"target":"t","arguments":[{argument}]}}"#)
    };
    let parse = |record: String| Protocol::Json.parse(&Bytes::from(record));
    assert!(parse(nested(62)).is_ok());
    for levels in [63, 100, 1_000, 100_000] {
        assert!(parse(nested(levels)).is_err(), "{levels}");
    }
    assert!(parse("[".repeat(1_000_000)).is_err());
}
