//! Stateful reconnect in the state machine: what is counted, acknowledged, sent again and dropped.

use std::time::{Duration, Instant};

use bytes::Bytes;
use hub_protocol::{
    close::{CloseReason, End},
    connection::{Connection, Event, Options},
    negotiate::TransportKind,
};
#[cfg(feature = "messagepack")]
use hub_protocol::{
    codec::{Arguments, Protocol},
    message::{HubMessage, Invocation, Sequence},
};

use crate::support::epoch;

const SECOND: Duration = Duration::from_secs(1);

struct Client {
    connection: Connection,
    now: Instant,
}

impl Client {
    /// Shakes hands with a version of the protocol and was offered to come back.
    fn with_version(version: u8) -> Self {
        let now = epoch();
        let mut connection = Connection::accept(now, Options::default(), TransportKind::WebSockets);
        connection.offer_stateful_reconnect();
        let mut client = Self { connection, now };
        client.say(&format!(r#"{{"protocol":"json","version":{version}}}"#));
        assert!(matches!(client.events()[..], [Event::Connected(_)]));
        assert_eq!(client.heard(), ["{}"]);
        client
    }

    fn say(&mut self, record: &str) {
        self.connection.handle_bytes(Bytes::from(format!("{record}\u{1e}")));
    }

    fn call(&mut self, id: usize) {
        self.say(&format!(
            r#"{{"type":1,"invocationId":"{id}","target":"M","arguments":[]}}"#
        ));
    }

    fn events(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.connection.poll_event(self.now) {
            self.connection.handle_dispatched(self.now);
            events.push(event);
        }
        events
    }

    fn heard(&mut self) -> Vec<String> {
        let mut heard = Vec::new();
        while let Some(record) = self.connection.poll_transmit() {
            let text = String::from_utf8(record.to_vec()).unwrap();
            heard.push(text.trim_end_matches('\u{1e}').to_owned());
        }
        heard
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
        self.connection.handle_timeout(self.now);
    }
}

#[test]
fn what_arrived_is_acknowledged_within_a_second_and_once() {
    let mut client = Client::with_version(2);
    client.call(1);
    client.call(2);
    assert_eq!(client.events().len(), 2);
    client.wait(SECOND);
    assert_eq!(client.heard(), [r#"{"type":8,"sequenceId":2}"#]);
    client.wait(10 * SECOND);
    assert!(client.heard().is_empty());
}

#[test]
fn what_a_client_sends_again_is_acted_on_once() {
    let mut client = Client::with_version(2);
    client.call(1);
    client.call(2);
    assert_eq!(client.events().len(), 2);
    client.connection.handle_gap(client.now + 15 * SECOND);
    client.connection.handle_resumed(client.now);
    client.say(r#"{"type":9,"sequenceId":2}"#);
    client.call(2);
    client.call(3);
    assert!(matches!(&client.events()[..], [Event::Message(_)]));
    client.wait(SECOND);
    assert_eq!(client.heard(), [r#"{"type":8,"sequenceId":3}"#]);
}

#[test]
fn half_a_message_from_before_the_cut_is_forgotten() {
    let mut client = Client::with_version(2);
    client.connection.handle_bytes(Bytes::from_static(b"{\"type\":1,\"inv"));
    assert!(client.events().is_empty());
    client.connection.handle_gap(client.now + 15 * SECOND);
    client.connection.handle_resumed(client.now);
    client.say(r#"{"type":9,"sequenceId":1}"#);
    client.call(1);
    assert!(matches!(&client.events()[..], [Event::Message(_)]));
}

#[cfg(feature = "messagepack")]
#[test]
fn a_binary_connection_goes_on_in_binary() {
    let now = epoch();
    let mut connection = Connection::accept(now, Options::default(), TransportKind::WebSockets);
    connection.offer_stateful_reconnect();
    connection.handle_bytes(Bytes::from_static(b"{\"protocol\":\"messagepack\",\"version\":2}\x1e"));
    assert!(matches!(connection.poll_event(now), Some(Event::Connected(_))));
    // Half a call is under way when the line is cut.
    connection.handle_bytes(Bytes::from_static(&[13, 0x96, 1, 0x80]));
    assert_eq!(connection.poll_event(now), None);
    connection.handle_gap(now + 15 * SECOND);
    connection.handle_resumed(now);
    let sequence = HubMessage::Sequence(Sequence { sequence_id: 1 });
    let call = Invocation {
        invocation_id: Some("1".to_owned()),
        target: "M".to_owned(),
        arguments: Arguments::new(Protocol::MessagePack, Vec::new()),
        stream_ids: Vec::new(),
    };
    let mut again = Vec::new();
    Protocol::MessagePack.write(&sequence, &mut again);
    Protocol::MessagePack.write(&HubMessage::Invocation(call.clone()), &mut again);
    connection.handle_bytes(again.into());
    assert_eq!(
        connection.poll_event(now),
        Some(Event::Message(HubMessage::Invocation(call)))
    );
}

#[test]
fn a_sequence_that_skips_messages_or_names_none_ends_the_connection() {
    for number in [2, 7, 0, -1, i64::MIN, i64::MAX] {
        let mut client = Client::with_version(2);
        client.connection.handle_resumed(client.now);
        client.say(&format!(r#"{{"type":9,"sequenceId":{number}}}"#));
        assert_eq!(client.events(), [Event::Ended(CloseReason::OutOfSequence)], "{number}");
        let close = r#"{"type":7,"error":"Connection closed with an error.","allowReconnect":true}"#;
        assert_eq!(client.heard(), [close]);
    }
}

#[test]
fn acknowledgements_are_handed_on_whatever_they_say() {
    let mut client = Client::with_version(2);
    for number in [5, 1, -7] {
        client.say(&format!(r#"{{"type":8,"sequenceId":{number}}}"#));
        assert_eq!(client.events(), [Event::Acknowledged(number)]);
    }
}

#[test]
fn who_does_not_come_back_in_time_is_lost() {
    let mut client = Client::with_version(2);
    client.connection.handle_gap(client.now + 15 * SECOND);
    client.wait(14 * SECOND);
    assert!(client.events().is_empty());
    client.wait(SECOND);
    assert_eq!(client.events(), [Event::Ended(CloseReason::Transport(End::Lost))]);
}

#[test]
fn a_handshake_of_version_1_declines() {
    let mut client = Client::with_version(1);
    assert!(!client.connection.is_stateful());
    client.say(r#"{"type":9,"sequenceId":5}"#);
    client.say(r#"{"type":8,"sequenceId":5}"#);
    client.call(1);
    assert!(matches!(&client.events()[..], [Event::Message(_)]));
    client.wait(2 * SECOND);
    assert!(client.heard().is_empty());
}

#[test]
fn a_token_that_ends_ends_its_connection_once() {
    let mut client = Client::with_version(2);
    client.connection.handle_authenticated(Some(client.now + 5 * SECOND));
    client.wait(4 * SECOND);
    // A later poll brought a newer token.
    client.connection.handle_authenticated(Some(client.now + 5 * SECOND));
    client.wait(2 * SECOND);
    assert!(client.events().is_empty());
    client.wait(3 * SECOND);
    assert_eq!(client.events(), [Event::Ended(CloseReason::AuthenticationExpired)]);
    assert_eq!(client.heard(), [r#"{"type":7,"allowReconnect":true}"#]);
}

#[test]
fn a_server_that_stops_says_goodbye_only_to_those_who_do_not_come_back_by_themselves() {
    for (version, reason, heard) in [
        (1, CloseReason::Shutdown, &[r#"{"type":7,"allowReconnect":true}"#][..]),
        (2, CloseReason::Cut, &[]),
    ] {
        let mut client = Client::with_version(version);
        client.connection.handle_end(CloseReason::Shutdown);
        assert_eq!(client.events(), [Event::Ended(reason)]);
        assert_eq!(client.heard(), heard);
    }
}
