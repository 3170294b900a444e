//! Exact bytes of the MessagePack protocol, read and written.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hub_protocol::{
    codec::{Arguments, Protocol, ToArguments},
    json::Naming,
    message::{CancelInvocation, Close, Completion, HubMessage, Invocation, Outcome, Sequence, StreamItem},
    values::{Binary, DateTime},
};
use serde::Serialize;

fn encode<T: Serialize>(value: T) -> Bytes {
    Protocol::MessagePack.encode(&value, Naming::CamelCase).unwrap()
}

fn call(id: Option<&str>, target: &str, arguments: &impl ToArguments, streams: &[&str]) -> Invocation {
    Invocation {
        invocation_id: id.map(str::to_owned),
        target: target.to_owned(),
        arguments: arguments.encode(Protocol::MessagePack, Naming::CamelCase).unwrap(),
        stream_ids: streams.iter().map(ToString::to_string).collect(),
    }
}

fn invocation(target: &str, arguments: &impl ToArguments, streams: &[&str]) -> HubMessage {
    HubMessage::Invocation(call(None, target, arguments, streams))
}

fn streaming(arguments: &impl ToArguments, streams: &[&str]) -> HubMessage {
    HubMessage::StreamInvocation(call(Some("xyz"), "method", arguments, streams))
}

fn item(value: impl Serialize) -> HubMessage {
    HubMessage::StreamItem(StreamItem {
        invocation_id: "xyz".to_owned(),
        item: encode(value),
    })
}

fn completion(outcome: Outcome) -> HubMessage {
    HubMessage::Completion(Completion {
        invocation_id: "xyz".to_owned(),
        outcome,
    })
}

fn result(value: impl Serialize) -> HubMessage {
    completion(Outcome::Result(encode(value)))
}

fn close(error: Option<&str>, allow_reconnect: bool) -> HubMessage {
    HubMessage::Close(Close {
        error: error.map(str::to_owned),
        allow_reconnect,
    })
}

fn parse(record: &[u8]) -> Result<Option<HubMessage>, String> {
    let record = Bytes::copy_from_slice(record);
    Protocol::MessagePack.parse(&record).map_err(|error| error.to_string())
}

#[track_caller]
fn check(message: HubMessage, base64: &str) {
    let record = STANDARD.decode(base64).unwrap();
    let mut written = b"before".to_vec();
    Protocol::MessagePack.write(&message, &mut written);
    let mut framed = b"before".to_vec();
    match u8::try_from(record.len()) {
        Ok(length @ ..=0x7F) => framed.push(length),
        _ => framed.extend([(record.len() & 0x7F | 0x80) as u8, (record.len() >> 7) as u8]),
    }
    framed.extend_from_slice(&record);
    assert_eq!(written, framed, "{message:?}");
    assert_eq!(parse(&record), Ok(Some(message)));
}

#[track_caller]
fn check_read(record: &[u8], message: HubMessage) {
    assert_eq!(parse(record), Ok(Some(message)), "{record:x?}");
}

#[derive(Serialize)]
enum Number {
    One,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CustomObject {
    string_prop: &'static str,
    double_prop: f64,
    int_prop: i32,
    date_time_prop: DateTime,
    null_prop: Option<()>,
    byte_arr_prop: Binary,
}

#[test]
fn calls_have_their_bytes() {
    check(
        HubMessage::Invocation(call(Some("xyz"), "method", &(), &[])),
        "lgGAo3h5eqZtZXRob2SQkA==",
    );
    check(invocation("method", &(), &[]), "lgGAwKZtZXRob2SQkA==");
    check(invocation("method", &(42,), &[]), "lgGAwKZtZXRob2SRKpA=");
    check(
        invocation("method", &(42, "string"), &[]),
        "lgGAwKZtZXRob2SSKqZzdHJpbmeQ",
    );
    check(invocation("method", &(None::<i32>,), &[]), "lgGAwKZtZXRob2SRwJA=");
    check(
        invocation("Target", &(), &["__test_id__"]),
        "lgGAwKZUYXJnZXSQkatfX3Rlc3RfaWRfXw==",
    );
    check(
        invocation("Target", &(), &["__test_id__", "__test_id2__"]),
        "lgGAwKZUYXJnZXSQkqtfX3Rlc3RfaWRfX6xfX3Rlc3RfaWQyX18=",
    );
    check(
        invocation("Target", &(42,), &["__test_id__"]),
        "lgGAwKZUYXJnZXSRKpGrX190ZXN0X2lkX18=",
    );
    check(streaming(&(), &[]), "lgSAo3h5eqZtZXRob2SQkA==");
    check(streaming(&(42,), &[]), "lgSAo3h5eqZtZXRob2SRKpA=");
    check(
        streaming(&(), &["__test_id__"]),
        "lgSAo3h5eqZtZXRob2SQkatfX3Rlc3RfaWRfXw==",
    );
}

#[test]
#[expect(clippy::approx_constant, reason = "the vector has these digits and no more")]
fn items_and_completions_have_their_bytes() {
    for (message, base64) in [
        (item(42), "lAKAo3h5eio="),
        (item(42_f32), "lAKAo3h5espCKAAA"),
        (item("string"), "lAKAo3h5eqZzdHJpbmc="),
        (item(true), "lAKAo3h5esM="),
        (item(None::<i32>), "lAKAo3h5esA="),
        (item(Number::One), "lAKAo3h5eqNPbmU="),
        (
            completion(Outcome::Error("Error not found!".to_owned())),
            "lQOAo3h5egGwRXJyb3Igbm90IGZvdW5kIQ==",
        ),
        (completion(Outcome::Void), "lAOAo3h5egI="),
        (result(42), "lQOAo3h5egMq"),
        (result(42_f32), "lQOAo3h5egPKQigAAA=="),
        (result("string"), "lQOAo3h5egOmc3RyaW5n"),
        (result(true), "lQOAo3h5egPD"),
        (result(None::<i32>), "lQOAo3h5egPA"),
        (result(Number::One), "lQOAo3h5egOjT25l"),
    ] {
        check(message, base64);
    }
    let custom = CustomObject {
        string_prop: "SignalR!",
        double_prop: 6.283_185_307_1,
        int_prop: 42,
        date_time_prop: DateTime::parse("2017-04-11T00:00:00Z").unwrap(),
        null_prop: None,
        byte_arr_prop: Binary(vec![1, 2, 3]),
    };
    let base64 = "lQOAo3h5egOGqlN0cmluZ1Byb3CoU2lnbmFsUiGqRG91YmxlUHJvcMtAGSH7VELPEqdJbnRQcm9wKqxEYXRlVGltZVByb3DW/1js\
                  HICoTnVsbFByb3DAq0J5dGVBcnJQcm9wxAMBAgM=";
    check(result(custom), base64);
    let headers = "lAODo0Zvb6NCYXKyS2V5V2l0aApOZXcNCkxpbmVzq1N0aWxsIFdvcmtzsVZhbHVlV2l0aE5ld0xpbmVzsEFsc28KV29ya3MNCkZp\
                   bmWjeHl6Ag==";
    check_read(&STANDARD.decode(headers).unwrap(), completion(Outcome::Void));
}

#[test]
fn the_other_messages_have_their_bytes() {
    let cancel = CancelInvocation {
        invocation_id: "xyz".to_owned(),
    };
    check(HubMessage::CancelInvocation(cancel), "kwWAo3h5eg==");
    check(HubMessage::Ping, "kQY=");
    check(close(None, false), "kwfAwg==");
    check(close(Some("Error!"), false), "kwemRXJyb3Ihwg==");
    check(close(None, true), "kwfAww==");
    check(close(Some("Error!"), true), "kwemRXJyb3Ihww==");
    check(HubMessage::Ack(Sequence { sequence_id: 42 }), "kggq");
    check(HubMessage::Sequence(Sequence { sequence_id: 146 }), "kgnMkg==");
}

#[test]
fn what_clients_leave_out_or_add_is_tolerated() {
    let echo = || HubMessage::Invocation(call(Some("1"), "Echo", &("x",), &[]));
    for record in [
        &b"\x95\x01\x80\xA11\xA4Echo\x91\xA1x"[..],
        b"\x96\x01\x80\xA11\xA4Echo\x91\xA1x\x90",
        b"\x96\x01\x80\xA11\xA4Echo\x91\xA1x\xC0",
        b"\x97\x01\x80\xA11\xA4Echo\x91\xA1x\x90\xC3",
        b"\x96\xCC\x01\x80\xA11\xA4Echo\x91\xA1x\x90\xC1 what follows is ignored",
        b"\xDC\0\x06\xD3\0\0\0\0\0\0\0\x01\xDF\0\0\0\x01\xA1a\xA1b\xD9\x011\xDA\0\x04Echo\xDD\0\0\0\x01\xA1x\x90",
    ] {
        check_read(record, echo());
    }
    for id in [&b"\xC0"[..], b"\xA0"] {
        let record = [b"\x96\x01\x80", id, b"\xA1t\x90\x90"].concat();
        check_read(&record, invocation("t", &(), &[]));
    }
    check_read(b"\x92\x07\xC0", close(None, false));
    check_read(b"\x92\x07\xA0", close(Some(""), false));
    check_read(b"\x94\x07\xC0\xC3\x01", close(None, true));
    check_read(b"\x95\x03\x80\xA3xyz\x01\xC0", completion(Outcome::Void));
    check_read(b"\x92\x06\x80", HubMessage::Ping);
}

#[test]
fn unknown_types_are_skipped() {
    for record in [&b"\x92\x63\x80"[..], b"\x91\x00", b"\x91\xFF", b"\x91\x0A\xC1"] {
        assert_eq!(parse(record), Ok(None));
    }
}

#[test]
fn arguments_that_are_no_array_fail_the_call_and_not_the_connection() {
    for record in [
        &b"\x94\x01\x80\xA11\xA4Echo"[..],
        b"\x95\x01\x80\xA11\xA4Echo\xC0",
        b"\x96\x04\x80\xA11\xA4Echo\x81\xA1x\x01\x90",
        b"\x96\x01\x80\xA11\xA4Echo\xA1x\x91\xA1u",
    ] {
        let (HubMessage::Invocation(call) | HubMessage::StreamInvocation(call)) = parse(record).unwrap().unwrap()
        else {
            panic!("{record:x?}");
        };
        let text = "Reading array length for 'arguments' failed.";
        assert_eq!(call.invocation_id.as_deref(), Some("1"));
        assert_eq!(call.arguments.check().unwrap_err().to_string(), text);
        assert_eq!(call.arguments.bind::<Option<i32>>(0).unwrap_err().to_string(), text);
        assert_eq!((call.arguments.len(), call.stream_ids.len()), (0, 0));
    }
    let none = Arguments::new(Protocol::MessagePack, Vec::new());
    assert_eq!(none.check(), Ok(()));
    assert_eq!(none.bind::<Option<i32>>(3), Ok(None), "a missing argument is nil");
}

#[test]
fn malformed_records_are_named() {
    for (record, text) in [
        (&b""[..], "Reading array length for 'message' failed."),
        (b"\xC1", "Reading array length for 'message' failed."),
        (b"\x81\xA1a\x01", "Reading array length for 'message' failed."),
        (b"\x90", "Reading 'messageType' as Int32 failed."),
        (b"\x91\xC0", "Reading 'messageType' as Int32 failed."),
        (b"\x91\xA11", "Reading 'messageType' as Int32 failed."),
        (b"\x91\xCA\x3F\x80\0\0", "Reading 'messageType' as Int32 failed."),
        (b"\x91\xCE\x80\0\0\0", "Reading 'messageType' as Int32 failed."),
        (
            b"\x96\x01\xC0\xA11\xA1t\x90\x90",
            "Reading map length for 'headers' failed.",
        ),
        (
            b"\x96\x01\x90\xA11\xA1t\x90\x90",
            "Reading map length for 'headers' failed.",
        ),
        (
            b"\x96\x01\x81\x01\xA11\xA1t\x90\x90",
            "Reading 'headers[0].Key' as String failed.",
        ),
        (
            b"\x96\x01\x82\xA1a\xA1b\xA1c\x01\xA11\x90",
            "Reading 'headers[1].Value' as String failed.",
        ),
        (
            b"\x96\x01\x81\xA0\xA11\xA11\xA1t\x90\x90",
            "Null or empty key in header.",
        ),
        (
            b"\x96\x01\x81\xA1a\xC0\xA11\xA1t\x90\x90",
            "Null or empty value in header.",
        ),
        (
            b"\x96\x01\x80\x01\xA1t\x90\x90",
            "Reading 'invocationId' as String failed.",
        ),
        (
            b"\x96\x01\x80\xA1\xFF\xA1t\x90\x90",
            "Reading 'invocationId' as String failed.",
        ),
        (
            b"\x96\x01\x80\xA11\xC4\x01t\x90\x90",
            "Reading 'target' as String failed.",
        ),
        (
            b"\x96\x01\x80\xA11\xC0\x90\x90",
            "Null or empty target for Invocation message.",
        ),
        (
            b"\x96\x04\x80\xA11\xA0\x90\x90",
            "Null or empty target for StreamInvocation message.",
        ),
        (
            b"\x96\x04\x80\xC0\xA1t\x90\x90",
            "Null or empty invocation ID for StreamInvocation message.",
        ),
        (
            b"\x94\x02\x80\xA0\x01",
            "Null or empty invocation ID for StreamItem message.",
        ),
        (
            b"\x94\x03\x80\xC0\x02",
            "Null or empty invocation ID for Completion message.",
        ),
        (
            b"\x93\x05\x80\xC0",
            "Null or empty invocation ID for CancelInvocation message.",
        ),
        (b"\x94\x03\x80\xA11\xA12", "Reading 'resultKind' as Int32 failed."),
        (b"\x94\x03\x80\xA11\x04", "Invalid invocation result kind."),
        (b"\x95\x03\x80\xA11\x01\x05", "Reading 'error' as String failed."),
        (b"\x92\x07\x05", "Reading 'error' as String failed."),
        (b"\x93\x07\xC0\x01", "Reading 'allowReconnect' as Boolean failed."),
        (
            b"\x96\x01\x80\xA11\xA1t\x90\x91\xC0",
            "Null or empty value in streamIds received.",
        ),
        (
            b"\x96\x01\x80\xA11\xA1t\x90\x91\xA0",
            "Null or empty value in streamIds received.",
        ),
        (
            b"\x96\x01\x80\xA11\xA1t\x90\x91\x01",
            "Reading 'streamIds' as String failed.",
        ),
        (
            b"\x96\x01\x80\xA11\xA1t\x90\x01",
            "Reading array length for 'streamIds' failed.",
        ),
        (b"\x91\x08", "Reading 'sequenceId' as Int64 failed."),
        (
            b"\x92\x09\xCF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
            "Reading 'sequenceId' as Int64 failed.",
        ),
        (
            b"\x96\x01\x80\xA11\xA1t\x91\xC1\x90",
            "Reading 'arguments' failed: 0xC1 begins no value.",
        ),
        (
            b"\x94\x02\x80\xA11\xA5abc",
            "Reading 'item' failed: the value is longer than the message.",
        ),
        (
            b"\x95\x03\x80\xA11\x03",
            "Reading 'result' failed: the value is longer than the message.",
        ),
    ] {
        assert_eq!(parse(record), Err(text.to_owned()), "{record:x?}");
    }
}
