//! What holds for any bytes, however they arrive.

use std::time::Instant;

use bytes::Bytes;
use hub_protocol::{
    codec::Protocol,
    connection::{Connection, Event, Options},
    framing::RecordReader,
    json::{self, Naming},
    message::HubMessage,
    negotiate::TransportKind,
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
        "[ -~]{0,20}",
    ]
}

/// Everything a connection has to say about a stream of bytes.
fn events(chunks: &[&[u8]]) -> (Vec<Event>, Vec<Bytes>) {
    let now = epoch();
    let mut connection = Connection::accept(now, Options::default(), TransportKind::WebSockets);
    let mut events = Vec::new();
    for chunk in chunks {
        connection.handle_bytes(Bytes::copy_from_slice(chunk));
        while let Some(event) = connection.poll_event(now) {
            events.push(event);
            connection.handle_dispatched(now);
        }
    }
    (events, std::iter::from_fn(|| connection.poll_transmit()).collect())
}

proptest! {
    #[test]
    fn any_split_of_the_stream_gives_the_same_messages(
        records in prop::collection::vec(record(), 0..12), cuts in cuts(),
    ) {
        let mut stream = b"{\"protocol\":\"json\",\"version\":1}\x1e".to_vec();
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
