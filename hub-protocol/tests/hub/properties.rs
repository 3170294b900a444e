//! What holds for any bytes, however they arrive.

use std::time::{Duration, Instant};

use bytes::Bytes;
use hub_protocol::{
    codec::{Protocol, ToArguments},
    connection::{Connection, Event, Options},
    framing::{Framing, RecordReader},
    json::{self, Naming},
    message::{HubMessage, Invocation, Sequence},
    negotiate::TransportKind,
    values::{Binary, DateTime, DateTimeOffset, Decimal, Guid, TimeSpan},
};
use proptest::prelude::*;

use crate::support::epoch;

/// Cuts bytes at any places.
fn cuts() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(1_usize..40, 0..40)
}

fn pieces<'a>(bytes: &'a [u8], cuts: &'a [usize]) -> Vec<&'a [u8]> {
    let (mut rest, mut pieces) = (bytes, Vec::new());
    for cut in cuts {
        let (piece, after) = rest.split_at((*cut).min(rest.len()));
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces
}

/// Hub messages of clients, good and bad, and bytes that are none.
fn record() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z\u{80}-\u{10ffff}\"\\\\]{0,12}".prop_map(|text| {
            let text = serde_json::Value::from(text);
            format!(r#"{{"type":1,"invocationId":"1","target":"Echo","arguments":[{text},[1,{{}}]]}}"#)
        }),
        Just(r#"{"type":6}"#.to_owned()),
        Just(r#"{"type":99}"#.to_owned()),
        Just(r#"{"type":3,"invocationId":"x","result":{"a":[1]}}"#.to_owned()),
        Just(r#"{"type":2,"invocationId":"x","item":[" "]}"#.to_owned()),
        Just(r#"{"type":4,"invocationId":"x","target":"Count","arguments":[],"streamIds":["s"]}"#.to_owned()),
        Just(r#"{"type":5,"invocationId":"x"}"#.to_owned()),
        (8..10, -1_i64..8).prop_map(|(kind, number)| format!(r#"{{"type":{kind},"sequenceId":{number}}}"#)),
        Just(r#"{"type":7,"error":"gone"}"#.to_owned()),
        "[ -~]{0,20}",
    ]
}

/// Binary records of clients, good and bad, and bytes that are none.
fn binary_record() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        (any::<String>(), any::<i64>(), any::<f64>(), any::<bool>()).prop_map(|(text, number, float, id)| {
            let call = Invocation {
                invocation_id: id.then(|| "1".to_owned()),
                target: "Echo".to_owned(),
                arguments: (text, number, vec![Some(float)])
                    .encode(Protocol::MessagePack, Naming::CamelCase)
                    .unwrap(),
                stream_ids: if id { vec!["s".to_owned()] } else { Vec::new() },
            };
            unframed(&HubMessage::Invocation(call))
        }),
        any::<i64>().prop_map(|sequence_id| unframed(&HubMessage::Ack(Sequence { sequence_id }))),
        (-1_i64..8).prop_map(|sequence_id| unframed(&HubMessage::Sequence(Sequence { sequence_id }))),
        Just(b"\x94\x02\x80\xA1x\x91\xA1i".to_vec()),
        Just(b"\x93\x05\x80\xA1x".to_vec()),
        Just(b"\x92\x07\xA4gone".to_vec()),
        Just(b"\x91\x06".to_vec()),
        Just(b"\x91\x63".to_vec()),
        Just(b"\x95\x03\x81\xA1a\xA1b\xA1x\x03\x92\x01\xC0".to_vec()),
        Just(b"\x95\x01\x80\xA11\xA4Echo\xC0".to_vec()),
        // Close to a message, so that the reader gets further than the first byte.
        prop::collection::vec(
            prop::sample::select(&b"\x91\x93\x96\x01\x02\x03\x80\x81\x90\xA1a\xC0\xC1\xDD\xD9"[..]),
            0..20
        ),
        prop::collection::vec(any::<u8>(), 0..20),
    ]
}

/// A message without its prefix.
fn unframed(message: &HubMessage) -> Vec<u8> {
    let mut record = Vec::new();
    Protocol::MessagePack.write(message, &mut record);
    let mut reader = RecordReader::new(None);
    reader.switch(Framing::LengthPrefix);
    reader.push(record.into());
    let record = reader.next_record().unwrap().unwrap();
    assert_eq!(reader.buffered(), 0);
    record.to_vec()
}

/// Framed by hand: none of these records is long.
fn framed(record: &[u8]) -> Vec<u8> {
    let length = record.len();
    let mut framed = match u8::try_from(length) {
        Ok(length @ ..=0x7F) => vec![length],
        _ => vec![(length & 0x7F | 0x80) as u8, (length >> 7) as u8],
    };
    framed.extend_from_slice(record);
    framed
}

/// Everything a connection has to say about a stream of bytes, a second later too.
fn events(chunks: &[&[u8]]) -> (Vec<Event>, Vec<Bytes>) {
    let now = epoch();
    let mut connection = Connection::accept(now, Options::default(), TransportKind::WebSockets);
    connection.offer_stateful_reconnect();
    let mut events = Vec::new();
    for chunk in chunks {
        connection.handle_bytes(Bytes::copy_from_slice(chunk));
        while let Some(event) = connection.poll_event(now) {
            events.push(event);
            connection.handle_dispatched(now);
        }
    }
    connection.handle_timeout(now + Duration::from_secs(1));
    (events, std::iter::from_fn(|| connection.poll_transmit()).collect())
}

proptest! {
    #[test]
    fn any_split_of_the_stream_gives_the_same_messages(
        version in 1..=2, records in prop::collection::vec(record(), 0..12), cuts in cuts(),
    ) {
        let mut stream = format!("{{\"protocol\":\"json\",\"version\":{version}}}\u{1e}").into_bytes();
        records.iter().for_each(|record| stream.extend_from_slice(format!("{record}\u{1e}").as_bytes()));
        prop_assert_eq!(events(&pieces(&stream, &cuts)), events(&[&stream]));
    }

    #[test]
    fn any_bytes_are_read_to_an_end(bytes in prop::collection::vec(any::<u8>(), 0..200), cuts in cuts()) {
        let mut stream = b"{\"protocol\":\"json\",\"version\":1}\x1e".to_vec();
        stream.extend_from_slice(&bytes);
        events(&pieces(&stream, &cuts));
        events(&pieces(&bytes, &cuts));
        let _ = Protocol::Json.parse(&bytes.into());
    }

    #[test]
    fn records_are_what_lies_between_separators(bytes in prop::collection::vec(0x1c_u8..0x20, 0..100), cuts in cuts()) {
        let mut reader = RecordReader::new(None);
        let mut records = Vec::new();
        for piece in pieces(&bytes, &cuts) {
            reader.push(Bytes::copy_from_slice(piece));
            while let Some(record) = reader.next_record().unwrap() {
                records.push(record.to_vec());
            }
        }
        let mut expected: Vec<_> = bytes.split(|byte| *byte == 0x1e).map(<[u8]>::to_vec).collect();
        let rest = expected.pop().unwrap();
        prop_assert_eq!(records, expected);
        prop_assert_eq!(reader.buffered(), rest.len());
    }

    #[test]
    fn what_was_written_reads_back(record in record()) {
        if let Ok(Some(message)) = Protocol::Json.parse(&record.into()) {
            let mut written = Vec::new();
            Protocol::Json.write(&message, &mut written);
            prop_assert_eq!(written.pop(), Some(0x1e));
            prop_assert_eq!(Protocol::Json.parse(&written.into()), Ok(Some(message)));
        }
    }

    #[test]
    fn any_split_of_a_binary_stream_gives_the_same_messages(
        version in 1..=2, records in prop::collection::vec(binary_record(), 0..12), cuts in cuts(),
    ) {
        let mut stream = format!("{{\"protocol\":\"messagepack\",\"version\":{version}}}\u{1e}").into_bytes();
        records.iter().for_each(|record| stream.extend_from_slice(&framed(record)));
        prop_assert_eq!(format!("{:?}", events(&pieces(&stream, &cuts))), format!("{:?}", events(&[&stream])));
    }

    #[test]
    fn any_binary_bytes_are_read_to_an_end(
        bytes in prop::collection::vec(any::<u8>(), 0..200), record in binary_record(), cuts in cuts(),
    ) {
        let mut stream = b"{\"protocol\":\"messagepack\",\"version\":1}\x1e".to_vec();
        stream.extend_from_slice(&framed(&record));
        stream.extend_from_slice(&bytes);
        events(&pieces(&stream, &cuts));
        let _ = Protocol::MessagePack.parse(&bytes.clone().into());
        let _ = Protocol::MessagePack.decode::<serde_json::Value>(&bytes);
        let _ = Protocol::MessagePack.decode::<(String, Vec<f32>, Option<DateTimeOffset>)>(&bytes);
    }

    #[test]
    fn binary_records_are_what_their_lengths_say(
        records in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..12), cuts in cuts(),
    ) {
        let stream: Vec<u8> = records.iter().flat_map(|record| framed(record)).collect();
        let mut reader = RecordReader::new(Some(202));
        reader.switch(Framing::LengthPrefix);
        let mut found = Vec::new();
        for piece in pieces(&stream, &cuts) {
            reader.push(Bytes::copy_from_slice(piece));
            while let Some(record) = reader.next_record().unwrap() {
                found.push(record.to_vec());
            }
        }
        prop_assert_eq!(found, records);
        prop_assert_eq!(reader.buffered(), 0);
    }

    #[test]
    fn what_was_written_in_binary_reads_back(record in binary_record()) {
        let Ok(Some(message)) = Protocol::MessagePack.parse(&record.into()) else {
            return Ok(());
        };
        if let HubMessage::Invocation(call) | HubMessage::StreamInvocation(call) = &message
            && call.arguments.check().is_err()
        {
            return Ok(());
        }
        prop_assert_eq!(Protocol::MessagePack.parse(&unframed(&message).into()), Ok(Some(message)));
    }

    #[test]
    fn values_survive_both_protocols(
        text in any::<String>(), number in any::<i64>(), list in prop::collection::vec(any::<Option<bool>>(), 0..5),
        bytes in prop::collection::vec(any::<u8>(), 0..40), guid in any::<[u8; 16]>(), ticks in any::<i64>(),
        eighths in any::<i32>(), day in 1..=28_u8, fraction in 0..10_000_000_u32,
    ) {
        let times = (
            DateTime::parse(&format!("1969-12-{day:02}T01:02:03.{fraction:07}Z")).unwrap(),
            DateTimeOffset::parse(&format!("2400-02-{day:02}T01:02:03.{fraction:07}-03:30")).unwrap(),
            TimeSpan { ticks },
        );
        // Of longer fractions serde_json may read the last bit otherwise than they were written.
        let float = f64::from(eighths) / 8.0;
        let decimal = Decimal::parse(&format!("{number}.{fraction}")).unwrap();
        let value = (text, number, list, Binary(bytes), Guid(guid), float, times, decimal);
        for protocol in Protocol::ALL {
            let written = protocol.encode(&value, Naming::CamelCase).unwrap();
            prop_assert_eq!(&protocol.decode(&written), &Ok(value.clone()));
        }
    }

    #[test]
    fn values_survive_json(text in any::<String>(), number in any::<i64>(), list in prop::collection::vec(any::<Option<bool>>(), 0..5)) {
        let value = (text, number, list);
        let written = json::to_vec(&value, Naming::CamelCase).unwrap();
        prop_assert!(!written.contains(&0x1e));
        prop_assert_eq!(json::from_slice::<(String, i64, Vec<Option<bool>>)>(&written).unwrap(), value);
    }

    #[test]
    fn memory_is_bounded_by_the_limit(chunks in prop::collection::vec(1_usize..2_000, 1..50)) {
        let mut connection = Connection::accept(epoch(), Options { maximum_receive_message_size: Some(1_000), ..Options::default() }, TransportKind::WebSockets);
        for chunk in chunks {
            connection.handle_bytes(vec![b'x'; chunk].into());
            while connection.poll_event(epoch()).is_some() {}
            prop_assert!(connection.buffered() <= 1_000);
        }
    }
}

#[test]
fn a_long_stream_of_small_messages_keeps_nothing() {
    let now: Instant = epoch();
    let mut connection = Connection::accept(now, Options::default(), TransportKind::WebSockets);
    connection.handle_bytes(Bytes::from_static(b"{\"protocol\":\"json\",\"version\":1}\x1e"));
    assert_eq!(connection.poll_event(now), Some(Event::Connected(Protocol::Json)));
    for _ in 0..10_000 {
        connection.handle_bytes(Bytes::from_static(b"{\"type\":5,\"invocati"));
        assert_eq!(connection.poll_event(now), None);
        connection.handle_bytes(Bytes::from_static(b"onId\":\"1\"}\x1e"));
        assert!(matches!(
            connection.poll_event(now),
            Some(Event::Message(HubMessage::CancelInvocation(_)))
        ));
        assert_eq!(connection.buffered(), 0);
    }
}
