//! One client as a state machine: no I/O, no clock, no tasks.
//!
//! Time arrives as an argument, bytes by [`Connection::handle_bytes`], and what must happen leaves by the
//! `poll_*` methods. A driver repeats until nothing moves: [`poll_event`](Connection::poll_event), then
//! [`poll_transmit`](Connection::poll_transmit), then waits for bytes or for
//! [`poll_timeout`](Connection::poll_timeout), whichever comes first.
//!
//! Records are parsed when an event is asked for, not when bytes arrive: a driver that runs one call at a
//! time simply does not ask while a call runs, and unread bytes stay bytes.

mod options;
mod sequence;
mod timers;

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use bytes::Bytes;

pub use self::{options::Options, sequence::Unacknowledged};
use self::{
    sequence::Received,
    timers::{Timer, Timers},
};
use crate::{
    close::{CloseReason, End},
    codec::Protocol,
    framing::{FramingError, RecordReader},
    handshake::{self, HandshakeRequest},
    message::{HubMessage, Sequence},
    negotiate::TransportKind,
};

/// How long a message that arrived may go unacknowledged.
const ACKNOWLEDGE_INTERVAL: Duration = Duration::from_secs(1);

/// No client needs more for it; a longer one is found when its turn comes.
const LONGEST_ACK: usize = 128;

/// What a driver must act on.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The handshake is done; its answer is the next thing to transmit.
    Connected(Protocol),
    /// The client has every counted message up to this number (stateful reconnect).
    Acknowledged(i64),
    /// A message for the hub. The client time-out rests until [`Connection::handle_dispatched`].
    Message(HubMessage),
    /// The connection is over; what is left to transmit are its last words.
    Ended(CloseReason),
}

#[derive(Debug, PartialEq)]
enum State {
    Handshaking,
    Connected(Protocol),
    Ended,
}

/// One client's side of the protocol. See the [module](self) for how it is driven.
#[derive(Debug)]
pub struct Connection {
    options: Options,
    transport: TransportKind,
    state: State,
    records: RecordReader,
    timers: Timers,
    transmit: VecDeque<Bytes>,
    ended: Option<CloseReason>,
    /// What has arrived, where the connection may outlive its socket.
    received: Option<Box<Received>>,
    /// Set by the client's first Ping.
    client_pings: bool,
}

impl Connection {
    /// Starts to wait for the handshake.
    pub fn accept(now: Instant, options: Options, transport: TransportKind) -> Self {
        let mut timers = Timers::default();
        timers.set(Timer::Handshake, now + options.handshake_timeout);
        let records = RecordReader::new(options.maximum_receive_message_size);
        Self {
            options,
            transport,
            state: State::Handshaking,
            records,
            timers,
            transmit: VecDeque::new(),
            ended: None,
            received: None,
            client_pings: false,
        }
    }

    /// Offers stateful reconnect, which the client takes with a handshake of version 2. Call it before the handshake.
    pub fn offer_stateful_reconnect(&mut self) {
        self.received = Some(Box::default());
    }

    /// Whether the connection may outlive its socket: it was offered, and the handshake took it.
    pub fn is_stateful(&self) -> bool {
        self.protocol().is_some() && self.received.is_some()
    }

    /// The protocol, once the handshake has chosen it.
    pub fn protocol(&self) -> Option<Protocol> {
        match self.state {
            State::Connected(protocol) => Some(protocol),
            State::Handshaking | State::Ended => None,
        }
    }

    /// How many bytes wait to be parsed. A driver that reads on while a call runs stops at a bound of its own.
    pub fn buffered(&self) -> usize {
        self.records.buffered()
    }

    /// Takes bytes from the transport.
    pub fn handle_bytes(&mut self, bytes: Bytes) {
        if self.state != State::Ended {
            self.records.push(bytes);
        }
    }

    /// Fires the timers that are due.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.expire(now) {
            match timer {
                Timer::Handshake => self.refuse("Handshake was canceled.", CloseReason::HandshakeCanceled),
                Timer::KeepAlive => {
                    self.send(&HubMessage::Ping);
                    // From now, not from when it was due: a late timer sends one Ping, not several.
                    self.timers
                        .set(Timer::KeepAlive, now + self.options.keep_alive_interval);
                }
                Timer::ClientTimeout => self.handle_end(CloseReason::ClientTimeout),
                Timer::Acknowledge => {
                    if let Some(sequence_id) = self.received.as_mut().and_then(|received| received.acknowledge()) {
                        self.send(&HubMessage::Ack(Sequence { sequence_id }));
                    }
                }
                Timer::Resume => self.handle_end(CloseReason::Transport(End::Lost)),
                Timer::Authentication => self.handle_end(CloseReason::AuthenticationExpired),
            }
        }
    }

    /// The hub is done with the message that the last [`Event::Message`] carried.
    pub fn handle_dispatched(&mut self, now: Instant) {
        self.restart_client_timeout(now);
    }

    /// The socket is gone, and the client may come back until then. What arrived is still acted on.
    pub fn handle_gap(&mut self, until: Instant) {
        if self.state != State::Ended {
            self.timers.set(Timer::Resume, until);
        }
    }

    /// The client is back on a new socket, on which the next thing to write is a Sequence.
    ///
    /// What the old one left unread is forgotten: the client sends again whatever was not acknowledged.
    pub fn handle_resumed(&mut self, now: Instant) {
        if self.state != State::Ended {
            self.timers.stop(Timer::Resume);
            self.records.clear();
            self.restart_client_timeout(now);
        }
    }

    /// The user's token ends then, or never; the connection ends with it.
    pub fn handle_authenticated(&mut self, until: Option<Instant>) {
        match until {
            Some(until) if self.state != State::Ended => self.timers.set(Timer::Authentication, until),
            Some(_) | None => self.timers.stop(Timer::Authentication),
        }
    }

    /// Ends the connection from outside. The first reason stays; its Close, if any, is transmitted.
    pub fn handle_end(&mut self, reason: CloseReason) {
        if self.state == State::Ended {
            return;
        }
        let reason = match reason {
            CloseReason::Shutdown if self.is_stateful() => CloseReason::Cut,
            reason => reason,
        };
        // Before the handshake the client cannot read a Close.
        if self.protocol().is_some()
            && let Some(close) = reason.message(self.options.detailed_errors)
        {
            self.send(&HubMessage::Close(close));
        }
        self.end(reason);
    }

    /// The next thing to act on. Parses at most one record for the hub.
    pub fn poll_event(&mut self, now: Instant) -> Option<Event> {
        loop {
            if let Some(reason) = self.ended.take() {
                return Some(Event::Ended(reason));
            }
            let record = match self.state {
                State::Ended => return None,
                State::Handshaking | State::Connected(_) => self.records.next_record(),
            };
            match (record, self.protocol()) {
                (Ok(None), _) => return None,
                (Ok(Some(record)), None) => {
                    if let Some(protocol) = self.shake_hands(now, &record) {
                        return Some(Event::Connected(protocol));
                    }
                }
                (Ok(Some(record)), Some(protocol)) => {
                    self.restart_client_timeout(now);
                    match protocol.parse(&record) {
                        Ok(Some(HubMessage::Ping)) => {
                            self.client_pings = true;
                            self.restart_client_timeout(now);
                        }
                        Ok(Some(HubMessage::Close(close))) => self.handle_end(CloseReason::ClientClosed(close.error)),
                        Ok(Some(HubMessage::Ack(ack))) => {
                            if self.received.is_some() {
                                return Some(Event::Acknowledged(ack.sequence_id));
                            }
                        }
                        Ok(Some(HubMessage::Sequence(sequence))) => self.go_on(sequence.sequence_id),
                        Ok(None) => {}
                        Ok(Some(message)) => {
                            if !self.count(now) {
                                continue;
                            }
                            self.timers.stop(Timer::ClientTimeout);
                            return Some(Event::Message(message));
                        }
                        Err(error) => self.handle_end(CloseReason::Malformed(error.to_string())),
                    }
                }
                (Err(_), None) => self.refuse("Handshake was canceled.", CloseReason::HandshakeCanceled),
                (Err(FramingError::TooLarge(error)), Some(_)) => self.handle_end(CloseReason::TooLarge(error.limit)),
                (Err(error), Some(_)) => self.handle_end(CloseReason::Malformed(error.to_string())),
            }
        }
    }

    /// The newest acknowledgement among the messages that wait, without acting on any: for a driver that acts on nothing
    /// until the client acknowledges, which it does behind what it sent before. Looks at each message once.
    pub fn poll_acknowledged(&mut self) -> Option<i64> {
        let protocol = self.protocol()?;
        self.received.as_ref()?;
        let mut newest = None;
        while let Some(record) = self.records.look_ahead() {
            if record.len() <= LONGEST_ACK
                && let Ok(Some(HubMessage::Ack(ack))) = protocol.parse(&Bytes::copy_from_slice(record))
            {
                newest = newest.max(Some(ack.sequence_id));
            }
        }
        newest
    }

    /// Whether the connection has ended, without reading further: for a driver that is busy with a call.
    pub fn poll_end(&mut self) -> Option<CloseReason> {
        self.ended.take()
    }

    /// More arrived in one piece than fits: ends the connection as a record over the limit does.
    pub fn handle_too_large(&mut self) {
        match (&self.state, self.options.maximum_receive_message_size) {
            (State::Handshaking, _) => self.refuse("Handshake was canceled.", CloseReason::HandshakeCanceled),
            (State::Connected(_), limit) => self.handle_end(CloseReason::TooLarge(limit.unwrap_or(usize::MAX))),
            (State::Ended, _) => {}
        }
    }

    /// The next record to write, framed; records leave in this order.
    pub fn poll_transmit(&mut self) -> Option<Bytes> {
        self.transmit.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    fn shake_hands(&mut self, now: Instant, record: &[u8]) -> Option<Protocol> {
        let request = match HandshakeRequest::parse(record) {
            Ok(request) => request,
            Err(error) => {
                let mut text = "An unexpected error occurred during connection handshake.".to_owned();
                if self.options.detailed_errors {
                    text = format!("{text} InvalidDataException: {error}");
                }
                self.refuse(&text, CloseReason::HandshakeRefused);
                return None;
            }
        };
        match request.choose(self.transport, self.options.protocols) {
            Ok(protocol) => {
                self.timers.stop(Timer::Handshake);
                if !self.transport.keeps_alive() {
                    self.timers
                        .set(Timer::KeepAlive, now + self.options.keep_alive_interval);
                }
                if request.version < 2 {
                    self.received = None;
                }
                self.state = State::Connected(protocol);
                self.records.switch(protocol.framing());
                self.transmit.push_back(Bytes::from_static(handshake::ACCEPTED));
                Some(protocol)
            }
            Err(error) => {
                self.refuse(&error, CloseReason::HandshakeRefused);
                None
            }
        }
    }

    /// Counts a message, and says whether it is to be acted on.
    fn count(&mut self, now: Instant) -> bool {
        let Some(received) = &mut self.received else {
            return true;
        };
        let is_new = received.count();
        if !received.is_acknowledged() && !self.timers.is_set(Timer::Acknowledge) {
            self.timers.set(Timer::Acknowledge, now + ACKNOWLEDGE_INTERVAL);
        }
        is_new
    }

    /// Without stateful reconnect a Sequence means nothing (`HubProtocol.md#sequence`).
    fn go_on(&mut self, number: i64) {
        if let Some(received) = &mut self.received
            && !received.go_on(number)
        {
            self.handle_end(CloseReason::OutOfSequence);
        }
    }

    fn refuse(&mut self, error: &str, reason: CloseReason) {
        self.transmit.push_back(handshake::refusal(error).into());
        self.end(reason);
    }

    fn end(&mut self, reason: CloseReason) {
        self.state = State::Ended;
        self.timers = Timers::default();
        self.records = RecordReader::new(Some(0));
        self.ended = Some(reason);
    }

    fn send(&mut self, message: &HubMessage) {
        if let Some(protocol) = self.protocol() {
            let mut record = Vec::new();
            protocol.write(message, &mut record);
            self.transmit.push_back(record.into());
        }
    }

    fn restart_client_timeout(&mut self, now: Instant) {
        if self.client_pings && self.state != State::Ended {
            self.timers.set(Timer::ClientTimeout, now + self.options.client_timeout);
        }
    }
}
