//! Connections between negotiate and their transport, and which tokens are in use.

use std::{
    collections::VecDeque,
    sync::{Arc, Weak},
    time::Duration,
};

use dashmap::{DashMap, Entry};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::negotiate::ConnectionId;

/// The table of one endpoint. A negotiated connection that nobody opens is forgotten after the time-out.
#[derive(Debug)]
pub(crate) struct Connections {
    table: DashMap<ConnectionId, Record>,
    /// Negotiated tokens in the order of their age, opened ones too.
    waiting: Mutex<VecDeque<(Instant, ConnectionId)>>,
    timeout: Duration,
}

#[derive(Debug)]
enum Record {
    Negotiated {
        id: ConnectionId,
        version: i32,
        user: Option<String>,
    },
    Active,
}

/// Why a transport may not have a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    Unknown,
    InUse,
    OtherUser,
}

/// Holds a token; dropping it forgets the connection.
#[derive(Debug)]
pub(crate) struct Claim {
    connections: Arc<Connections>,
    token: ConnectionId,
    pub(crate) id: ConnectionId,
    /// The negotiate version; `None` where negotiation was skipped.
    pub(crate) version: Option<i32>,
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.connections.table.remove(&self.token);
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
    pub(crate) fn negotiate(self: &Arc<Self>, version: i32, user: Option<String>) -> (ConnectionId, ConnectionId) {
        let id = random_id();
        // Version 0 has no secret: the id opens the connection (wire compatibility with old clients).
        let token = if version == 0 { id.clone() } else { random_id() };
        self.table.insert(
            token.clone(),
            Record::Negotiated {
                id: id.clone(),
                version,
                user,
            },
        );
        let mut waiting = self.waiting.lock();
        if waiting.is_empty() {
            tokio::spawn(Self::sweep(Arc::downgrade(self)));
        }
        waiting.push_back((Instant::now() + self.timeout, token.clone()));
        (id, token)
    }

    /// Gives a token to a transport, once.
    pub(crate) fn claim(self: &Arc<Self>, token: &str, user: Option<&str>) -> Result<Claim, Refused> {
        let token = ConnectionId::parse(token).ok_or(Refused::Unknown)?;
        let Entry::Occupied(mut record) = self.table.entry(token.clone()) else {
            return Err(Refused::Unknown);
        };
        let (id, version) = match record.get() {
            Record::Active => return Err(Refused::InUse),
            // The token is a secret, but one that leaks must not open somebody else's connection.
            Record::Negotiated { user: owner, .. } if owner.as_deref() != user => return Err(Refused::OtherUser),
            Record::Negotiated { id, version, .. } => (id.clone(), Some(*version)),
        };
        record.insert(Record::Active);
        Ok(Claim {
            connections: Arc::clone(self),
            token,
            id,
            version,
        })
    }

    /// A WebSocket that skipped negotiation: its client never learns the id.
    pub(crate) fn skip_negotiation(self: &Arc<Self>) -> Claim {
        let id = random_id();
        self.table.insert(id.clone(), Record::Active);
        Claim {
            connections: Arc::clone(self),
            token: id.clone(),
            id,
            version: None,
        }
    }

    /// Whether a token is known, and if so whether its transport is there.
    pub(crate) fn is_active(&self, token: &str) -> Option<bool> {
        let record = self.table.get(&ConnectionId::parse(token)?)?;
        Some(matches!(*record, Record::Active))
    }

    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// Lives while anything waits.
    async fn sweep(connections: Weak<Self>) {
        loop {
            let due = {
                let Some(connections) = connections.upgrade() else {
                    return;
                };
                let mut waiting = connections.waiting.lock();
                while waiting.front().is_some_and(|(due, _)| *due <= Instant::now()) {
                    if let Some((_, token)) = waiting.pop_front() {
                        connections
                            .table
                            .remove_if(&token, |_, record| matches!(record, Record::Negotiated { .. }));
                    }
                }
                let Some((due, _)) = waiting.front() else { return };
                *due
            };
            tokio::time::sleep_until(due).await;
        }
    }
}

/// 128 bits of the operating system's random numbers.
fn random_id() -> ConnectionId {
    let mut bits = [0; 16];
    getrandom::fill(&mut bits).expect("the operating system has random numbers");
    ConnectionId::from_random(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn ten_thousand_negotiates_that_never_connect_are_forgotten() {
        let connections = Connections::new(Duration::from_secs(15));
        let tokens: Vec<_> = (0..10_000).map(|_| connections.negotiate(1, None).1).collect();
        assert_eq!(connections.len(), 10_000);
        let claim = connections.claim(tokens[0].as_str(), None).unwrap();
        tokio::time::sleep(Duration::from_secs(16)).await;
        assert_eq!(connections.len(), 1);
        assert_eq!(connections.claim(tokens[0].as_str(), None).unwrap_err(), Refused::InUse);
        assert_eq!(
            connections.claim(tokens[1].as_str(), None).unwrap_err(),
            Refused::Unknown
        );
        drop(claim);
        assert_eq!(connections.len(), 0);
        assert!(connections.waiting.lock().is_empty());
    }

    #[tokio::test]
    async fn a_token_opens_only_its_users_connection() {
        let connections = Connections::new(Duration::from_secs(15));
        let (id, token) = connections.negotiate(1, Some("ann".to_owned()));
        assert_eq!(
            connections.claim(token.as_str(), Some("bob")).unwrap_err(),
            Refused::OtherUser
        );
        assert_eq!(connections.claim(token.as_str(), None).unwrap_err(), Refused::OtherUser);
        assert_eq!(
            connections.claim(id.as_str(), Some("ann")).unwrap_err(),
            Refused::Unknown
        );
        assert_eq!(connections.claim(token.as_str(), Some("ann")).unwrap().id, id);
    }
}
