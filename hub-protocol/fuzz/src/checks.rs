//! What must hold for any bytes. libFuzzer makes them up, and the ordinary tests play the ones that were kept.
//!
//! Nothing here may panic, hang or take memory that the bytes do not pay for; beyond that each check says what it is
//! sure of.

// The ordinary tests take this file by its path, and its module with it.
#[path = "checks/wires.rs"]
mod wires;

use std::time::Instant;

use bytes::Bytes;
use hub_protocol::{
    codec::Protocol,
    connection::{Connection, Event, Options},
    framing::{Framing, RecordReader},
    handshake::HandshakeRequest,
    message::HubMessage,
    negotiate::{self, TransportKind},
    values::{Binary, DateTime, Guid},
};

pub use self::wires::{bodies, websocket};

/// The handshake record, and everything after it, in any pieces: the first byte says how they are cut.
pub fn handshake(bytes: &[u8]) {
    let _ = HandshakeRequest::parse(bytes).map(|request| request.choose(TransportKind::WebSockets, Protocol::ALL));
    let Some((cut, stream)) = bytes.split_first() else {
        return;
    };
    let whole = play([stream]);
    assert_eq!(
        whole,
        play(stream.chunks(usize::from(*cut).max(1))),
        "pieces mean nothing"
    );
}

/// One JSON record.
pub fn json(bytes: &[u8]) {
    split(Framing::Separator, bytes);
    record(Protocol::Json, bytes);
}

/// One MessagePack record.
pub fn messagepack(bytes: &[u8]) {
    split(Framing::LengthPrefix, bytes);
    record(Protocol::MessagePack, bytes);
}

/// The query of a negotiation.
pub fn negotiate(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(version) = negotiate::version(Some(&text), 0) {
        assert!((0..=1).contains(&version), "only what is spoken is answered");
    }
    wires::negotiate(&text);
}

/// What is read of a message and written again is the same message.
fn record(protocol: Protocol, bytes: &[u8]) {
    let Ok(Some(message)) = protocol.parse(&Bytes::copy_from_slice(bytes)) else {
        return;
    };
    if let HubMessage::Invocation(call) | HubMessage::StreamInvocation(call) = &message {
        for index in 0..call.arguments.len() {
            bind(call, index);
        }
        // What came in the place of arguments was none: an error of the call, and nothing to be written.
        if call.arguments.check().is_err() {
            return;
        }
    }
    let mut written = Vec::new();
    protocol.write(&message, &mut written);
    let mut reader = RecordReader::new(None);
    reader.switch(protocol.framing());
    reader.push(written.into());
    let again = reader.next_record().expect("what was written can be read");
    let again = again.expect("a whole record was written");
    assert_eq!(protocol.parse(&again), Ok(Some(message)));
    assert_eq!(reader.buffered(), 0, "one message is one record");
}

/// Any argument may be bound to any type.
fn bind(call: &hub_protocol::message::Invocation, index: usize) {
    let arguments = &call.arguments;
    let _ = arguments.bind::<serde_json::Value>(index);
    let _ = arguments.bind::<String>(index);
    let _ = arguments.bind::<i64>(index);
    let _ = arguments.bind::<Option<f64>>(index);
    let _ = arguments.bind::<Vec<Option<Binary>>>(index);
    let _ = arguments.bind::<DateTime>(index);
    let _ = arguments.bind::<Guid>(index);
    let _ = arguments.bind::<std::collections::BTreeMap<String, Vec<i32>>>(index);
}

/// However a stream is cut, the same records come out, and no more is kept than came in.
fn split(framing: Framing, bytes: &[u8]) {
    let read = |pieces: &mut dyn Iterator<Item = &[u8]>| {
        let mut reader = RecordReader::new(Some(1_000));
        reader.switch(framing);
        let mut records = Vec::new();
        for piece in pieces {
            reader.push(Bytes::copy_from_slice(piece));
            loop {
                match reader.next_record() {
                    Ok(Some(record)) => records.push(record),
                    Ok(None) => break,
                    Err(error) => return (records, Some(error)),
                }
            }
            assert!(reader.buffered() <= bytes.len());
        }
        (records, None)
    };
    let whole = read(&mut [bytes].into_iter());
    for cut in [1, 2, 7] {
        assert_eq!(whole, read(&mut bytes.chunks(cut)));
    }
}

/// What a connection makes of a stream: its events and its own words.
fn play<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Event>, Vec<Bytes>) {
    #[expect(clippy::disallowed_methods, reason = "here the time comes from")]
    let now = Instant::now();
    let mut connection = Connection::accept(now, Options::default(), TransportKind::WebSockets);
    connection.offer_stateful_reconnect();
    let (mut events, mut words) = (Vec::new(), Vec::new());
    for piece in pieces {
        connection.handle_bytes(Bytes::copy_from_slice(piece));
        while let Some(event) = connection.poll_event(now) {
            events.push(event);
        }
        while let Some(word) = connection.poll_transmit() {
            words.push(word);
        }
    }
    (events, words)
}
