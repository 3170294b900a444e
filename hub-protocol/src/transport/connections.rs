//! Connections from their negotiation to their end, and which transport may have them.

mod sweep;

use std::sync::Arc;

use dashmap::DashMap;
use parking_lot::Mutex;
use tokio::time::{Duration, Instant};

use self::sweep::Waiting;
use super::{pipe::Pipe, resumable::Line};
use crate::{
    close::End,
    negotiate::{ConnectionId, TransportKind},
};

/// The table of one endpoint. What nobody opens, and what nobody polls, is forgotten after the time-out.
#[derive(Debug)]
pub(crate) struct Connections {
    table: DashMap<ConnectionId, Arc<Record>>,
    waiting: Mutex<Waiting>,
    timeout: Duration,
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Record {
    token: ConnectionId,
    pub(crate) id: ConnectionId,
    /// The negotiate version; `None` where negotiation was skipped.
    pub(crate) version: Option<i32>,
    /// Where another socket may take over, if the negotiation agreed on stateful reconnect.
    pub(crate) line: Option<Arc<Line>>,
    user: Option<String>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    phase: Phase,
    /// Fixed by the first request that opens the connection, whether or not that succeeds.
    kind: Option<TransportKind>,
    /// Made by the first POST or by the transport, where there are requests.
    pipe: Option<Arc<Pipe>>,
}

#[derive(Debug, Default, PartialEq)]
enum Phase {
    /// Negotiated.
    #[default]
    Waiting,
    /// A session runs.
    Active,
    /// The session is over; a poll may still fetch its last words.
    Ended,
    /// Out of the table.
    Forgotten,
}

/// Why a request may not have a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It names none.
    Unnamed,
    /// The endpoint does not offer this transport.
    NotOffered(TransportKind),
    /// There is none.
    Unknown,
    /// It is somebody else's.
    OtherUser,
    /// It is carried by another transport.
    OtherTransport,
    /// It is carried already.
    InUse,
}

/// What an opening request has to do.
#[derive(Debug)]
pub(crate) enum Opened {
    /// Begin a session.
    First(Claim),
    /// Go on with the one that runs.
    Again,
}

/// Belongs to a session; dropping it forgets the connection.
#[derive(Debug)]
pub(crate) struct Claim {
    connections: Arc<Connections>,
    pub(crate) record: Arc<Record>,
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some(line) = &self.record.line {
            line.set_open(false);
        }
        let mut state = self.record.state.lock();
        // A client that polls fetches what is left and is told of the end; one that took its leave is not.
        let is_fetched = state.kind == Some(TransportKind::LongPolling) && state.phase == Phase::Active;
        if is_fetched {
            state.phase = Phase::Ended;
        } else {
            drop(state);
            self.connections.forget(&self.record);
        }
    }
}

impl Record {
    fn new(token: ConnectionId, id: ConnectionId, version: Option<i32>, user: Option<String>, stateful: bool) -> Self {
        Self {
            token,
            id,
            version,
            line: stateful.then(Arc::default),
            user,
            state: Mutex::default(),
        }
    }

    /// The transport that carries it, or will.
    pub(crate) fn kind(&self) -> Option<TransportKind> {
        self.state.lock().kind
    }

    /// The pipe, made when it is first needed.
    pub(crate) fn pipe(&self, new: impl FnOnce() -> Pipe) -> Arc<Pipe> {
        let mut state = self.state.lock();
        Arc::clone(state.pipe.get_or_insert_with(|| Arc::new(new())))
    }
}

impl Connections {
    pub(crate) fn new(timeout: Duration) -> Arc<Self> {
        Arc::new(Self {
            table: DashMap::new(),
            waiting: Mutex::default(),
            timeout,
        })
    }

    /// Makes a connection that waits for its transport.
    pub(crate) fn negotiate(
        self: &Arc<Self>,
        version: i32,
        user: Option<String>,
        stateful: bool,
    ) -> (ConnectionId, ConnectionId) {
        let id = random_id();
        // Version 0 has no secret: the id opens the connection (wire compatibility with old clients).
        let token = if version == 0 { id.clone() } else { random_id() };
        let record = Record::new(token.clone(), id.clone(), Some(version), user, stateful);
        self.table.insert(token.clone(), Arc::new(record));
        self.watch(Instant::now() + self.timeout, token.clone());
        (id, token)
    }

    /// A WebSocket that skipped negotiation: its client never learns the id.
    pub(crate) fn skip_negotiation(self: &Arc<Self>) -> Claim {
        let id = random_id();
        let record = Arc::new(Record::new(id.clone(), id.clone(), None, None, false));
        *record.state.lock() = State {
            phase: Phase::Active,
            kind: Some(TransportKind::WebSockets),
            pipe: None,
        };
        self.table.insert(id, Arc::clone(&record));
        Claim {
            connections: Arc::clone(self),
            record,
        }
    }

    /// Finds a connection for a request of its user.
    pub(crate) fn find(&self, token: &str, user: Option<&str>) -> Result<Arc<Record>, Refused> {
        let token = ConnectionId::parse(token).ok_or(Refused::Unknown)?;
        let record = self.table.get(&token).map(|record| Arc::clone(&record));
        let record = record.ok_or(Refused::Unknown)?;
        // The token is a secret, but one that leaks must not open somebody else's connection.
        if record.version.is_some() && record.user.as_deref() != user {
            return Err(Refused::OtherUser);
        }
        Ok(record)
    }

    /// Lets a request carry a connection.
    pub(crate) fn open(self: &Arc<Self>, record: &Arc<Record>, kind: TransportKind) -> Result<Opened, Refused> {
        let mut state = record.state.lock();
        if *state.kind.get_or_insert(kind) != kind {
            return Err(Refused::OtherTransport);
        }
        match state.phase {
            Phase::Forgotten => Err(Refused::Unknown),
            Phase::Waiting => {
                state.phase = Phase::Active;
                drop(state);
                let record = Arc::clone(record);
                let connections = Arc::clone(self);
                Ok(Opened::First(Claim { connections, record }))
            }
            Phase::Active | Phase::Ended if kind == TransportKind::LongPolling => Ok(Opened::Again),
            Phase::Active if record.line.as_ref().is_some_and(|line| line.is_open()) => Ok(Opened::Again),
            Phase::Active | Phase::Ended => Err(Refused::InUse),
        }
    }

    /// The client took its leave: there is nothing left to fetch.
    pub(crate) fn terminate(&self, record: &Record) {
        let (pipe, is_over) = {
            let mut state = record.state.lock();
            let is_over = state.phase == Phase::Ended;
            state.phase = Phase::Forgotten;
            (state.pipe.clone(), is_over)
        };
        if let Some(pipe) = pipe {
            pipe.end(End::Closed);
        }
        if is_over {
            self.forget(record);
        }
    }

    /// Takes a connection out of the table.
    pub(crate) fn forget(&self, record: &Record) {
        record.state.lock().phase = Phase::Forgotten;
        self.table.remove(&record.token);
    }

    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }
}

/// 128 bits of the operating system's random numbers.
fn random_id() -> ConnectionId {
    let mut bits = [0; 16];
    getrandom::fill(&mut bits).expect("the operating system has random numbers");
    ConnectionId::from_random(bits)
}

#[cfg(test)]
mod tests;
