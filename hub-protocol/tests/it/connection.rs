//! One connection under virtual time: no sockets, no tasks, no waiting.

use std::time::{Duration, Instant};

use bytes::Bytes;
use hub_protocol::{
    close::CloseReason,
    codec::Protocol,
    connection::{Connection, Event, Options},
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
