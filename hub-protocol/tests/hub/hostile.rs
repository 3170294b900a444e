//! Bytes that nobody should send, named by their row in the security checklist.

use std::time::Instant;

use bytes::Bytes;
use hub_protocol::{
    close::CloseReason,
    codec::Protocol,
    connection::{Connection, Event, Options},
    framing::{Framing, FramingError, RecordReader, TooLarge},
    message::HubMessage,
    negotiate::TransportKind,
};
use serde_json::Value;

use crate::support::epoch;

fn limited(limit: usize, protocol: &str) -> (Connection, Instant) {
    let options = Options {
        maximum_receive_message_size: Some(limit),
        ..Options::default()
    };
    let mut connection = Connection::accept(epoch(), options, TransportKind::WebSockets);
    let handshake = format!("{{\"protocol\":\"{protocol}\",\"version\":1}}\u{1e}");
    connection.handle_bytes(handshake.into());
    let now = epoch();
    assert!(matches!(connection.poll_event(now), Some(Event::Connected(_))));
    (connection, now)
}

/// A `StreamItem` whose record takes so many bytes, its frame included.
fn item_of(protocol: Protocol, size: usize) -> Bytes {
    let message = |length: usize| {
        let item = protocol.encode(&"x".repeat(length), Default::default()).unwrap();
        let invocation_id = "1".to_owned();
        let mut record = Vec::new();
        protocol.write(
            &HubMessage::StreamItem(hub_protocol::message::StreamItem { invocation_id, item }),
            &mut record,
        );
        record
    };
    let around = message(size).len() - size;
    let record = message(size - around);
    assert_eq!(record.len(), size);
    record.into()
}

#[test]
fn sec_33_the_limit_is_the_longest_message() {
    const LIMIT: usize = 1_000;
    for protocol in Protocol::ALL {
        for (size, fits) in [(LIMIT - 1, true), (LIMIT, true), (LIMIT + 1, false)] {
            let record = item_of(*protocol, size);
            for cut in [0, 1, 2, 500, size - 1] {
                let (mut connection, now) = limited(LIMIT, protocol.name());
                connection.handle_bytes(record.slice(..cut));
                let early = connection.poll_event(now);
                connection.handle_bytes(record.slice(cut..));
                let event = early.or_else(|| connection.poll_event(now));
                match event {
                    Some(Event::Message(_)) => assert!(fits, "{protocol:?} {size}"),
                    Some(Event::Ended(reason)) => {
                        assert!(!fits, "{protocol:?} {size} cut at {cut}");
                        assert_eq!(reason, CloseReason::TooLarge(LIMIT));
                    }
                    other => panic!("{protocol:?} {size}: {other:?}"),
                }
            }
        }
    }
}

#[test]
fn sec_33_lengths_are_refused_before_anything_follows() {
    let mut reader = RecordReader::new(Some(32_768));
    reader.switch(Framing::LengthPrefix);
    reader.push(Bytes::from_static(b"\xFF\xFF\xFF\xFF\x07"));
    let refused = FramingError::TooLarge(TooLarge { limit: 32_768 });
    assert_eq!(reader.next_record(), Err(refused));

    for prefix in [
        &b"\xFF\xFF\xFF\xFF\x0F"[..],
        b"\xFF\xFF\xFF\xFF\xFF",
        b"\x80\x80\x80\x80\x80\x01",
    ] {
        let mut reader = RecordReader::new(None);
        reader.switch(Framing::LengthPrefix);
        reader.push(Bytes::copy_from_slice(prefix));
        assert_eq!(reader.next_record(), Err(FramingError::Over2Gb));
    }
    let (mut connection, now) = limited(32_768, "messagepack");
    connection.handle_bytes(Bytes::from_static(b"\xFF\xFF\xFF\xFF\x0F"));
    let text = "Messages over 2GB in size are not supported.".to_owned();
    assert_eq!(
        connection.poll_event(now),
        Some(Event::Ended(CloseReason::Malformed(text)))
    );
}

#[test]
fn sec_33_without_a_limit_nothing_is_set_aside_for_a_length() {
    let mut reader = RecordReader::new(None);
    reader.switch(Framing::LengthPrefix);
    for byte in b"\xFF\xFF\xFF\xFF\x07abc" {
        reader.push(Bytes::copy_from_slice(&[*byte]));
        assert_eq!(reader.next_record(), Ok(None));
    }
    assert_eq!(reader.buffered(), 8);
}

/// Calls of `t` with three arguments, of which the one at a place is this value.
fn calls(value: &[u8]) -> Vec<Bytes> {
    let call = |place: usize| {
        let mut record = b"\x96\x01\x80\xA11\xA1t\x93".to_vec();
        (0..3).for_each(|at| record.extend_from_slice(if at == place { value } else { b"\x01" }));
        record.push(0x90);
        record.into()
    };
    let mut records: Vec<Bytes> = (0..3).map(call).collect();
    records.push([b"\x94\x02\x80\xA11", value].concat().into());
    records.push([b"\x95\x03\x80\xA11\x03", value].concat().into());
    records
}

fn nested(levels: usize, open: &[u8], close: &[u8]) -> Vec<u8> {
    let mut value = open.repeat(levels);
    value.extend_from_slice(close);
    value
}

#[test]
fn sec_34_nesting_is_limited_in_every_position() {
    for open in [
        &b"\x91"[..],
        b"\x81\xA1a",
        b"\x92\x01",
        b"\x81\xA1a\x91",
        b"\xDD\0\0\0\x01",
        b"\xDF\0\0\0\x01\x01",
    ] {
        let deep = if open == b"\x81\xA1a\x91" { 2 } else { 1 };
        for record in calls(&nested(64 / deep, open, b"\xC0")) {
            let message = Protocol::MessagePack.parse(&record).unwrap().unwrap();
            if let HubMessage::Invocation(call) = message {
                for at in 0..3 {
                    let _: Result<Value, _> = call.arguments.bind(at);
                }
            }
        }
        for levels in [65, 100, 500, 1_000, 100_000] {
            for record in calls(&nested(levels, open, b"\xC0")) {
                assert!(Protocol::MessagePack.parse(&record).is_err(), "{levels} of {open:x?}");
            }
            let value = nested(levels, open, b"\xC0");
            assert!(Protocol::MessagePack.decode::<Value>(&value).is_err());
        }
    }
    // As a key, where no nesting is expected.
    let keys = nested(100_000, b"\x81", b"\xC0");
    assert!(Protocol::MessagePack.decode::<Value>(&keys).is_err());
}

#[test]
fn sec_35_lengths_without_bytes_are_refused() {
    let heads: [&[u8]; 12] = [
        b"\xDD\xFF\xFF\xFF\xFF",
        b"\xDF\xFF\xFF\xFF\xFF",
        b"\xDB\xFF\xFF\xFF\xFF",
        b"\xC6\xFF\xFF\xFF\xFF",
        b"\xC9\xFF\xFF\xFF\xFF\x01",
        b"\xDC\xFF\xFF",
        b"\xDE\xFF\xFF",
        b"\xDA\xFF\xFF",
        b"\xC5\xFF\xFF",
        b"\xC8\xFF\xFF\x01",
        b"\xC7\xFF\x01",
        b"\xD9\xFF",
    ];
    for head in heads {
        for levels in [0, 1, 60, 500] {
            for open in [&b"\x91"[..], b"\x81\xA1a"] {
                let value = nested(levels, open, &[head, b"0123456789"].concat());
                assert!(Protocol::MessagePack.decode::<Value>(&value).is_err(), "{head:x?}");
                assert!(Protocol::MessagePack.decode::<Vec<u64>>(&value).is_err(), "{head:x?}");
                for record in calls(&value) {
                    assert!(Protocol::MessagePack.parse(&record).is_err(), "{head:x?}");
                }
            }
        }
        let nested_heads = nested(500, head, b"0123456789");
        assert!(Protocol::MessagePack.decode::<Value>(&nested_heads).is_err());
        // In the place of every member of the envelope, and of the envelope itself.
        let members: [&[u8]; 7] = [b"\x96", b"\x01", b"\x80", b"\xA11", b"\xA1t", b"\x90", b"\x90"];
        for place in 0..members.len() {
            let mut record = members[..place].concat();
            record.extend_from_slice(head);
            record.extend_from_slice(b"0123456789");
            let record = Bytes::from(record);
            match Protocol::MessagePack.parse(&record) {
                Err(_) => {}
                read => panic!("{record:x?}: {read:?}"),
            }
        }
    }
}

#[test]
fn sec_36_odd_members_have_defined_results() {
    let parse = |record: &[u8]| Protocol::MessagePack.parse(&Bytes::copy_from_slice(record));
    // Repeated headers are no worse than others.
    assert!(parse(b"\x96\x01\x82\xA1a\xA1b\xA1a\xA1c\xA11\xA1t\x90\x90").is_ok());
    // The type as a text, a float, a negative number, 2^53.
    assert!(parse(b"\x91\xA16").is_err());
    assert!(parse(b"\x91\xCB\x40\x18\0\0\0\0\0\0").is_err());
    assert_eq!(parse(b"\x91\xFF"), Ok(None));
    assert!(parse(b"\x91\xCF\0\x20\0\0\0\0\0\0").is_err());
    // Text that is no UTF-8, a lone surrogate, NUL, a byte order mark.
    for text in [&b"\xFF\xFF\xFF"[..], b"\xED\xA0\x80"] {
        assert!(parse(&[b"\x96\x01\x80\xA11\xA3", text, b"\x90\x90"].concat()).is_err());
        assert!(
            Protocol::MessagePack
                .decode::<String>(&[b"\xA3", text].concat())
                .is_err()
        );
        // The first MessagePack had one type for both: to whom anything is welcome these are bytes.
        let any: Value = Protocol::MessagePack.decode(&[b"\xA3", text].concat()).unwrap();
        assert!(["////", "7aCA"].contains(&any.as_str().unwrap()));
    }
    for text in [&b"a\0b"[..], b"\xEF\xBB\xBF"] {
        assert!(parse(&[b"\x96\x01\x80\xA11\xA3", text, b"\x90\x90"].concat()).is_ok());
    }
    // Numbers that JSON does not have.
    let infinity: f64 = Protocol::MessagePack.decode(b"\xCB\x7F\xF0\0\0\0\0\0\0").unwrap();
    assert_eq!(infinity, f64::INFINITY);
    assert_eq!(
        Protocol::MessagePack.decode(b"\xCB\x7F\xF8\0\0\0\0\0\0"),
        Ok(Value::Null)
    );
}
