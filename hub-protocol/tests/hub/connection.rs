//! One connection under virtual time: no sockets, no tasks, no waiting.

use std::time::{Duration, Instant};

use bytes::Bytes;
use hub_protocol::{
    close::CloseReason,
    codec::Protocol,
    connection::{Connection, Event, Options},
    message::HubMessage,
    negotiate::TransportKind,
};

use crate::support::epoch;

const SECOND: Duration = Duration::from_secs(1);

/// A connection and its clock.
struct Client {
    connection: Connection,
    now: Instant,
}

impl Client {
    fn silent() -> Self {
        let now = epoch();
        Self {
            connection: Connection::accept(now, Options::default(), TransportKind::WebSockets),
            now,
        }
    }

    fn connected() -> Self {
        let mut client = Self::silent();
        client.says(r#"{"protocol":"json","version":1}"#);
        assert_eq!(client.event(), Some(Event::Connected(Protocol::Json)));
        assert_eq!(client.hears(), ["{}"]);
        client
    }

    fn says(&mut self, record: &str) {
        self.connection.handle_bytes(Bytes::from(format!("{record}\u{1e}")));
    }

    fn event(&mut self) -> Option<Event> {
        self.connection.poll_event(self.now)
    }

    fn hears(&mut self) -> Vec<String> {
        let records = std::iter::from_fn(|| self.connection.poll_transmit());
        records
            .map(|record| {
                String::from_utf8(record.to_vec())
                    .unwrap()
                    .trim_end_matches('\u{1e}')
                    .to_owned()
            })
            .collect()
    }

    /// Lets time pass, firing each timer when it is due, as a driver does.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.connection.poll_timeout().filter(|due| *due <= end) {
            self.now = due.max(self.now);
            self.connection.handle_timeout(self.now);
        }
        self.now = end;
    }
}

#[test]
fn a_client_that_never_shakes_hands_is_sent_away_after_15_seconds() {
    let mut client = Client::silent();
    client.pass(14 * SECOND);
    assert_eq!(client.event(), None);
    client.pass(SECOND);
    assert_eq!(client.hears(), [r#"{"error":"Handshake was canceled."}"#]);
    assert_eq!(client.event(), Some(Event::Ended(CloseReason::HandshakeCanceled)));
    assert_eq!(client.connection.poll_timeout(), None, "nothing is left to wait for");
}

#[test]
fn a_waiting_handshake_wakes_nobody_before_its_deadline() {
    let client = Client::silent();
    assert_eq!(client.connection.poll_timeout(), Some(client.now + 15 * SECOND));
}

#[test]
fn refused_handshakes_say_why_and_send_no_close() {
    for (request, error) in [
        (
            r#"{"protocol":"carrier-pigeon","version":1}"#,
            "The protocol 'carrier-pigeon' is not supported.",
        ),
        (
            r#"{"protocol":"json","version":99}"#,
            "The server does not support version 99 of the 'json' protocol.",
        ),
        ("[]", "An unexpected error occurred during connection handshake."),
        ("", "An unexpected error occurred during connection handshake."),
        (
            r#"{"protocol":"json"}"#,
            "An unexpected error occurred during connection handshake.",
        ),
        (
            r#"{"PROTOCOL":"json","version":1}"#,
            "An unexpected error occurred during connection handshake.",
        ),
    ] {
        let mut client = Client::silent();
        client.says(request);
        assert_eq!(client.event(), Some(Event::Ended(CloseReason::HandshakeRefused)));
        assert_eq!(client.hears(), [format!(r#"{{"error":"{error}"}}"#)]);
    }
}

#[test]
fn detailed_errors_name_what_is_wrong_with_a_handshake() {
    let options = Options {
        detailed_errors: true,
        ..Options::default()
    };
    let mut client = Client {
        connection: Connection::accept(epoch(), options, TransportKind::WebSockets),
        now: epoch(),
    };
    client.says(r#"{"protocol":"json","version":"1"}"#);
    client.event();
    let text = "An unexpected error occurred during connection handshake. InvalidDataException: Expected 'version' to \
                be of type Number.";
    assert_eq!(client.hears(), [format!(r#"{{"error":"{text}"}}"#)]);
}

#[test]
fn a_ping_is_sent_each_interval_and_once_after_a_stall() {
    let mut client = Client::connected();
    client.pass(15 * SECOND);
    assert_eq!(client.hears(), [r#"{"type":6}"#]);
    client.pass(30 * SECOND);
    assert_eq!(client.hears().len(), 2);
    // The driver was away for ten minutes: one Ping, not forty.
    client.now += 600 * SECOND;
    client.connection.handle_timeout(client.now);
    assert_eq!(client.hears(), [r#"{"type":6}"#]);
    assert_eq!(client.connection.poll_timeout(), Some(client.now + 15 * SECOND));
}

#[test]
fn a_client_that_never_pings_is_never_timed_out() {
    let mut client = Client::connected();
    client.pass(3_600 * SECOND);
    assert_eq!(client.event(), None);
}

#[test]
fn a_client_that_pinged_and_fell_silent_is_closed_and_may_come_back() {
    let mut client = Client::connected();
    client.says(r#"{"type":6}"#);
    assert_eq!(client.event(), None);
    client.pass(29 * SECOND);
    client.says(r#"{"type":3,"invocationId":"1"}"#);
    assert!(matches!(client.event(), Some(Event::Message(_))));
    client.connection.handle_dispatched(client.now);
    client.pass(29 * SECOND);
    assert_eq!(client.event(), None, "any message counts");
    client.hears();
    client.pass(SECOND);
    assert_eq!(client.event(), Some(Event::Ended(CloseReason::ClientTimeout)));
    let close = r#"{"type":7,"error":"Connection closed with an error.","allowReconnect":true}"#;
    assert_eq!(client.hears(), [close]);
}

#[test]
fn half_a_message_does_not_count_as_a_sign_of_life() {
    let mut client = Client::connected();
    client.says(r#"{"type":6}"#);
    client.event();
    client.pass(20 * SECOND);
    client.connection.handle_bytes(Bytes::from_static(b"{\"type\":"));
    assert_eq!(client.event(), None);
    client.pass(10 * SECOND);
    assert_eq!(client.event(), Some(Event::Ended(CloseReason::ClientTimeout)));
}

#[test]
fn the_client_time_out_rests_while_a_call_runs() {
    let mut client = Client::connected();
    client.says(r#"{"type":6}"#);
    client.says(r#"{"type":1,"invocationId":"1","target":"Slow","arguments":[]}"#);
    assert!(matches!(client.event(), Some(Event::Message(_))));
    client.pass(120 * SECOND);
    assert_eq!(client.connection.poll_end(), None);
    client.connection.handle_dispatched(client.now);
    client.pass(30 * SECOND);
    assert_eq!(client.connection.poll_end(), Some(CloseReason::ClientTimeout));
}

#[test]
fn a_close_is_answered_with_one_and_nothing_after_it_is_read() {
    let mut client = Client::connected();
    client.says(r#"{"type":7,"error":"unhappy"}"#);
    client.says(r#"{"type":1,"target":"t","arguments":[]}"#);
    assert_eq!(
        client.event(),
        Some(Event::Ended(CloseReason::ClientClosed(Some("unhappy".to_owned()))))
    );
    assert_eq!(client.event(), None);
    client.connection.handle_end(CloseReason::Aborted);
    assert_eq!(client.hears(), [r#"{"type":7}"#], "one Close, whatever comes after");
}

#[test]
fn messages_over_the_limit_end_the_connection_and_those_before_do_not() {
    let mut client = Client::connected();
    client.says(r#"{"type":5,"invocationId":"1"}"#);
    client.says(&format!(r#"{{"type":6,"x":"{}"}}"#, "x".repeat(32_768)));
    assert!(matches!(client.event(), Some(Event::Message(_))));
    assert_eq!(client.event(), Some(Event::Ended(CloseReason::TooLarge(32_768))));
}

/// A connection of a hub that speaks these protocols, and what it says to a handshake.
fn shake_hands(protocol: &str, protocols: &'static [Protocol]) -> (Client, Option<Event>, Vec<String>) {
    let mut client = Client::silent();
    let options = Options {
        protocols,
        ..Options::default()
    };
    client.connection = Connection::accept(client.now, options, TransportKind::WebSockets);
    client.says(&format!(r#"{{"protocol":"{protocol}","version":1}}"#));
    let event = client.event();
    let heard = client.hears();
    (client, event, heard)
}

#[test]
fn a_hub_speaks_the_protocols_it_is_given() {
    let (_, event, heard) = shake_hands("MessagePack", Protocol::ALL);
    assert_eq!(event, Some(Event::Connected(Protocol::MessagePack)));
    assert_eq!(heard, ["{}"]);
    for (name, protocols) in [
        ("MessagePack", &[Protocol::Json][..]),
        ("json", &[Protocol::MessagePack]),
        ("blazorpack", Protocol::ALL),
    ] {
        let (_, event, heard) = shake_hands(name, protocols);
        assert_eq!(event, Some(Event::Ended(CloseReason::HandshakeRefused)));
        assert_eq!(
            heard,
            [format!(r#"{{"error":"The protocol '{name}' is not supported."}}"#)]
        );
    }
}

#[test]
fn messagepack_is_not_for_text_transports() {
    let mut client = Client::silent();
    client.connection = Connection::accept(client.now, Options::default(), TransportKind::ServerSentEvents);
    client.says(r#"{"protocol":"messagepack","version":1}"#);
    assert_eq!(client.event(), Some(Event::Ended(CloseReason::HandshakeRefused)));
    let error = "Cannot use the 'messagepack' protocol on the current transport. The transport does not support \
                 'Binary' transfer format.";
    assert_eq!(client.hears(), [format!(r#"{{"error":"{error}"}}"#)]);
}

#[test]
fn a_messagepack_client_is_answered_in_messagepack() {
    let mut client = Client::silent();
    // A ping and a call in the same chunk as the handshake, the call not whole yet.
    let mut stream = b"{\"protocol\":\"messagepack\",\"version\":1}\x1e".to_vec();
    stream.extend_from_slice(b"\x02\x91\x06\x0D\x96\x01\x80\xA11");
    client.connection.handle_bytes(stream.into());
    assert_eq!(client.event(), Some(Event::Connected(Protocol::MessagePack)));
    assert_eq!(client.hears(), ["{}"]);
    assert_eq!(client.event(), None);
    client
        .connection
        .handle_bytes(Bytes::from_static(b"\xA3Add\x92\x02\x03\x90\x04\x93\x07\xC0\xC2"));
    let Some(Event::Message(HubMessage::Invocation(call))) = client.event() else {
        panic!("a call was sent");
    };
    assert_eq!((call.invocation_id.as_deref(), &*call.target), (Some("1"), "Add"));
    assert_eq!((call.arguments.bind(0), call.arguments.bind(1)), (Ok(2), Ok(3)));
    client.connection.handle_dispatched(client.now);
    client.pass(15 * SECOND);
    assert_eq!(client.connection.poll_transmit().as_deref(), Some(&b"\x02\x91\x06"[..]));
    assert_eq!(client.event(), Some(Event::Ended(CloseReason::ClientClosed(None))));
    assert_eq!(
        client.connection.poll_transmit().as_deref(),
        Some(&b"\x04\x93\x07\xC0\xC2"[..])
    );
    assert_eq!(client.connection.poll_transmit(), None);
}

#[test]
fn malformed_messagepack_ends_the_connection_with_a_close() {
    let (mut client, ..) = shake_hands("messagepack", Protocol::ALL);
    client.connection.handle_bytes(Bytes::from_static(b"\x03\xC1\xC1\xC1"));
    assert!(matches!(client.event(), Some(Event::Ended(CloseReason::Malformed(_)))));
    let close = b"\x25\x93\x07\xD9\x20Connection closed with an error.\xC3";
    assert_eq!(client.connection.poll_transmit().as_deref(), Some(&close[..]));
}
