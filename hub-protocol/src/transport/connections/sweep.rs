//! What becomes of connections that nobody carries: one task that lives while there are any.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    sync::{Arc, Weak},
};

use tokio::time::Instant;

use super::{Connections, Phase, Record};
use crate::negotiate::TransportKind;
use crate::{close::End, negotiate::ConnectionId};

/// When to look at which connection: at each that was negotiated, and again and again at each that is polled.
pub(super) type Waiting = BinaryHeap<Reverse<(Instant, ConnectionId)>>;

impl Connections {
    /// Has a connection looked at.
    pub(super) fn watch(self: &Arc<Self>, due: Instant, token: ConnectionId) {
        let mut waiting = self.waiting.lock();
        if waiting.is_empty() {
            tokio::spawn(Self::sweep(Arc::downgrade(self)));
        }
        waiting.push(Reverse((due, token)));
    }

    async fn sweep(connections: Weak<Self>) {
        loop {
            let due = {
                let Some(connections) = connections.upgrade() else {
                    return;
                };
                let mut waiting = connections.waiting.lock();
                while let Some(Reverse((due, _))) = waiting.peek()
                    && *due <= Instant::now()
                {
                    if let Some(Reverse((_, token))) = waiting.pop()
                        && let Some(again) = connections.look_at(&token)
                    {
                        waiting.push(Reverse((again, token)));
                    }
                }
                if waiting.is_empty() {
                    // Memory of a flood of negotiations.
                    *waiting = Waiting::new();
                    return;
                }
                waiting.peek().map(|Reverse((due, _))| *due)
            };
            match due {
                Some(due) => tokio::time::sleep_until(due).await,
                None => return,
            }
        }
    }

    /// Forgets a connection whose time is up, and says when to look again where it is not.
    fn look_at(&self, token: &ConnectionId) -> Option<Instant> {
        let record: Arc<Record> = self.table.get(token).map(|record| Arc::clone(&record))?;
        let (pipe, is_carried) = {
            let state = record.state.lock();
            let is_carried = state.phase == Phase::Active;
            if is_carried && state.kind != Some(TransportKind::LongPolling) {
                return None;
            }
            (state.pipe.clone(), is_carried)
        };
        let now = Instant::now();
        match (&pipe, is_carried) {
            (Some(pipe), true) => {
                let seen = pipe.idle_since().unwrap_or(now);
                let due = seen + self.timeout;
                if due > now {
                    return Some(due);
                }
                // Its session forgets it.
                pipe.end_since(End::Lost, seen);
                Some(now + self.timeout)
            }
            (None, true) => Some(now + self.timeout),
            (pipe, false) => {
                if let Some(pipe) = pipe {
                    pipe.end(End::Lost);
                }
                self.forget(&record);
                None
            }
        }
    }
}
