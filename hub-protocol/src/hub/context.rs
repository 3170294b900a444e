//! Who calls, and what a method may do with them.

use std::{
    borrow::Borrow,
    sync::{Arc, OnceLock, atomic::AtomicUsize},
    time::Instant,
};

use bytes::Bytes;
use http::Extensions;
use parking_lot::Mutex;
use serde::Serialize;

use super::{
    Encoded, Feed, Hub, HubError,
    clients::{Clients, Groups},
    outbox::{Outbox, Pushed},
    place::Place,
    questions::Questions,
    registry::Joined,
};
use crate::{
    close::{CloseReason, End},
    codec::{Protocol, ToArguments},
    negotiate::{ConnectionId, TransportKind},
    transport::{Frame, Outgoing, connections::Record},
};

/// A signed-in user, put into the request's extensions by whatever authenticates.
#[derive(Clone, Debug, Default)]
pub struct User {
    /// What [`Clients::user`] finds, fixed for the connection's life. `None` is nobody in particular.
    pub identifier: Option<String>,
    /// When the user's token ends, by the clock that nobody sets. The connection ends with it where its endpoint says so.
    pub expires_at: Option<Instant>,
    /// Whatever else the application wants to know of its caller later.
    pub extensions: Extensions,
}

/// What the hub keeps of one connection.
pub(crate) struct Member {
    pub(super) id: ConnectionId,
    negotiate_version: Option<i32>,
    pub(super) transport: TransportKind,
    pub(super) user: Option<User>,
    /// Set by the handshake.
    pub(super) protocol: OnceLock<Protocol>,
    pub(super) outbox: Outbox,
    /// Held by whoever waits for room in the outbox; the others queue here, so that nobody who always has more
    /// to send keeps them out.
    turn: tokio::sync::Mutex<()>,
    pub(super) groups: Joined,
    pub(super) questions: Questions,
    /// How many calls hold a place among those that may run at once.
    pub(super) running: AtomicUsize,
    /// `None` once the connection is gone: what is kept may hold the connection, and both would stay for ever.
    items: Mutex<Option<Extensions>>,
}

impl Member {
    pub(super) fn new(record: &Record, transport: TransportKind, user: Option<User>, outbox: Outbox) -> Self {
        let groups = Mutex::new(Some(Default::default()));
        Self {
            id: record.id.clone(),
            negotiate_version: record.version,
            transport,
            user,
            protocol: OnceLock::new(),
            outbox,
            turn: tokio::sync::Mutex::default(),
            groups,
            questions: Questions::default(),
            running: AtomicUsize::new(0),
            items: Mutex::new(Some(Extensions::new())),
        }
    }

    pub(super) fn user_identifier(&self) -> Option<&str> {
        self.user.as_ref()?.identifier.as_deref()
    }

    /// Drops what the application kept here, for good.
    pub(super) fn forget_items(&self) {
        let items = self.items.lock().take();
        // Not under the lock: what is dropped may look here.
        drop(items);
    }

    /// Queues what `hearers` hear, this one among them.
    pub(super) fn push(&self, encoded: &Encoded<'_>, hearers: usize) -> Result<(), HubError> {
        if let Some(protocol) = self.protocol.get() {
            self.outbox.push(encoded.frame(*protocol)?, hearers);
        }
        Ok(())
    }

    pub(super) async fn push_when_room(&self, encoded: &Encoded<'_>) -> Result<(), HubError> {
        if let Some(protocol) = self.protocol.get() {
            self.push_frame_when_room(encoded.frame(*protocol)?).await;
        }
        Ok(())
    }

    /// Queues a frame when there is room for it, in the order of asking. False when the client is gone.
    pub(super) async fn push_frame_when_room(&self, frame: &Frame) -> bool {
        let _turn = match self.turn.try_lock() {
            Ok(turn) => turn,
            Err(_) => self.turn.lock().await,
        };
        let is_open = self.outbox.push_when_room(frame).await;
        if !is_open {
            // There is always room in nothing: whoever sends in a loop must still let others run.
            tokio::task::yield_now().await;
        }
        is_open
    }
}

/// A handle on one connection. It stays valid after the connection has ended; sends are then dropped.
#[derive(Clone)]
pub struct Connection {
    pub(super) member: Arc<Member>,
    pub(super) hub: Hub,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("id", &self.member.id)
            .field("hub", &self.hub.0.name)
            .finish()
    }
}

impl Connection {
    /// The public id. The token that opens the connection is another.
    pub fn id(&self) -> &ConnectionId {
        &self.member.id
    }

    /// The negotiate version that the client speaks; `None` where it skipped negotiation.
    pub fn negotiate_version(&self) -> Option<i32> {
        self.member.negotiate_version
    }

    /// What carries it.
    pub fn transport(&self) -> TransportKind {
        self.member.transport
    }

    /// The signed-in user's identifier.
    pub fn user_identifier(&self) -> Option<&str> {
        self.member.user_identifier()
    }

    /// What the application attached to the user when it signed in.
    pub fn user<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.member.user.as_ref()?.extensions.get()
    }

    /// Keeps a value of this connection's own, one for each type, until the disconnect handler has returned.
    pub fn set<T: Clone + Send + Sync + 'static>(&self, item: T) {
        if let Some(items) = &mut *self.member.items.lock() {
            items.insert(item);
        }
    }

    /// A value kept by [`set`](Self::set).
    pub fn item<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.member.items.lock().as_ref()?.get().cloned()
    }

    /// Sends to this connection; waits while its outbox is full.
    ///
    /// # Errors
    ///
    /// Fails for values that the protocol cannot carry, never because the client is gone.
    pub async fn send(&self, target: &str, arguments: impl ToArguments + Send + Sync) -> Result<(), HubError> {
        self.member
            .push_when_room(&Encoded::new(target, arguments, self.hub.0.options.naming))
            .await
    }

    /// Sends what belongs to a position of the connection's [`Feed`]: all of it, once, or not now.
    ///
    /// Positions must come in order. What lies before the delivered one and was not delivered is taken for not
    /// concerning the connection; its feed is not asked for it.
    ///
    /// Returns whether it was queued. It is not where the connection already passed the position, is behind,
    /// or falls behind by this; then the feed sends it later.
    ///
    /// # Errors
    ///
    /// Fails for values that the protocol cannot carry.
    pub fn deliver<'a>(&self, position: u64, calls: &[impl Borrow<Encoded<'a>>]) -> Result<bool, HubError> {
        let Some(protocol) = self.member.protocol.get() else {
            return Ok(false);
        };
        let frames = calls
            .iter()
            .map(|call| call.borrow().frame(*protocol))
            .collect::<Result<Vec<_>, _>>()?;
        let pushed = self.member.outbox.deliver(position, &frames);
        if pushed == Pushed::Full {
            self.hub.0.meter.overflowed();
        }
        Ok(pushed == Pushed::Queued)
    }

    /// Sends one of many: nobody waits, and a full outbox overflows as the options say.
    ///
    /// # Errors
    ///
    /// Fails for values that the protocol cannot carry.
    pub fn push(&self, call: &Encoded<'_>) -> Result<(), HubError> {
        self.member.push(call, usize::MAX)
    }

    /// Sends where there is room, also while behind, and says whether there was.
    ///
    /// # Errors
    ///
    /// Fails for values that the protocol cannot carry.
    pub fn try_send(&self, call: &Encoded<'_>) -> Result<bool, HubError> {
        let Some(protocol) = self.member.protocol.get() else {
            return Ok(false);
        };
        Ok(self.member.outbox.try_push(call.frame(*protocol)?) != Pushed::Full)
    }

    /// Lets `feed` speak for everything after `position`: at once, until it has nothing newer, and whenever this
    /// connection is behind later.
    ///
    /// Where the hub's [`Overflow`](super::Overflow) is `Behind`, a connection is behind from its beginning: nothing is
    /// delivered to it before this is called.
    pub fn follow(&self, feed: impl Feed + 'static, position: u64) {
        self.member.outbox.follow(Box::new(feed), position);
    }

    /// How far this connection has come: what concerns it up to here was handed over, in order. A probe that is sent
    /// later proves all of it.
    pub fn position(&self) -> u64 {
        self.member.outbox.position()
    }

    /// After which position this connection lacks something: while it is behind, and once it has ended, where it was
    /// behind or was delivered to after its end. `None` where everything that was delivered to it was queued.
    pub fn lacks_after(&self) -> Option<u64> {
        self.member.outbox.lacks_after()
    }

    /// Asks the client's transport to prove that it has received everything sent so far.
    ///
    /// The nonce comes back to [`Builder::on_proven`](super::Builder::on_proven), if ever: on WebSockets by a Pong.
    pub fn probe(&self, nonce: u64) {
        self.member.outbox.push_own(Outgoing::Probe(nonce));
        self.member.outbox.wake();
    }

    /// Ends the connection with a Close; its client does not come back by itself.
    pub fn abort(&self) {
        self.member.outbox.stop(CloseReason::Aborted);
    }

    /// Ends the connection as lost, at once and without a word: its client has another one, or has long gone.
    pub fn supersede(&self) {
        self.member.outbox.stop(CloseReason::Superseded);
    }

    /// Whether the connection is over.
    pub fn is_closed(&self) -> bool {
        self.member.outbox.is_closed()
    }

    /// Waits until the connection is over, for a method that would otherwise work for nobody.
    pub async fn closed(&self) {
        self.member.outbox.closed().await;
    }

    pub(super) fn encode<T: Serialize + ?Sized>(&self, value: &T) -> Result<Bytes, HubError> {
        let protocol = self.member.protocol.get().expect("calls come after the handshake");
        Ok(protocol.encode(value, self.hub.0.options.naming)?)
    }
}

/// One call's view of its caller and of the hub. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Context(Arc<Shared>);

/// One allocation for each call.
#[derive(Debug)]
struct Shared {
    connection: Connection,
    place: Place,
    /// A probe that is due right behind the answer.
    probe: OnceLock<u64>,
}

impl Context {
    pub(super) fn new(connection: Connection, place: Place) -> Self {
        Self(Arc::new(Shared {
            connection,
            place,
            probe: OnceLock::new(),
        }))
    }

    /// Who calls.
    pub fn connection(&self) -> &Connection {
        &self.0.connection
    }

    /// The caller's public id.
    pub fn connection_id(&self) -> &ConnectionId {
        self.connection().id()
    }

    /// The caller's user identifier.
    pub fn user_identifier(&self) -> Option<&str> {
        self.connection().user_identifier()
    }

    /// Clients to send to, the caller and the others among them.
    pub fn clients(&self) -> Clients {
        Clients::new(self.hub().clone(), Some(self.clone()))
    }

    /// The hub's groups.
    pub fn groups(&self) -> Groups {
        Groups::new(self.hub().clone())
    }

    /// Sends a probe right behind this call's answer, the first that is asked for; see [`Connection::probe`].
    pub fn probe_answer(&self, nonce: u64) {
        let _ = self.0.probe.set(nonce);
    }

    /// Ends the caller's connection; see [`Connection::abort`].
    pub fn abort(&self) {
        self.connection().abort();
    }

    pub(super) fn hub(&self) -> &Hub {
        &self.connection().hub
    }

    pub(super) fn member(&self) -> &Member {
        &self.connection().member
    }

    pub(super) fn place(&self) -> &Place {
        &self.0.place
    }

    /// The call has its answer: the next one may begin.
    pub(super) fn release(&self) {
        if let Place::Call(slot) = self.place() {
            slot.release(self.member());
        }
    }

    pub(super) fn probe(&self) -> Option<u64> {
        self.0.probe.get().copied()
    }
}

/// How a connection ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Disconnected {
    /// Whether the client left, was lost, or was sent away.
    pub end: End,
    /// The details; a client's own error is in [`CloseReason::ClientClosed`].
    pub reason: CloseReason,
}
