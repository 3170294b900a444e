//! The newest part of the log, in memory, and the wake-up of those who follow it.

use std::collections::VecDeque;
use std::sync::Arc;

use entities::ids::{EventId, MessageNumber};
use parking_lot::RwLock;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::log::event::Event;

/// Events kept at most.
const MAX_EVENTS: usize = 8_192;
/// Bytes kept at most, roughly.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// A bounded window of recent events. Old events leave it; who is behind it reads the database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Tail {
    window: Arc<RwLock<Window>>,
    woken: watch::Sender<EventId>,
}

#[derive(Debug)]
struct Window {
    events: VecDeque<Arc<Event>>,
    head: EventId,
    bytes: usize,
    /// Up to which event was known when, oldest first; no further back than the events.
    known: VecDeque<(EventId, Instant)>,
}

impl Tail {
    pub(crate) fn new(head: EventId) -> Self {
        let window = Window {
            events: VecDeque::new(),
            head,
            bytes: 0,
            known: VecDeque::new(),
        };
        Self {
            window: Arc::new(RwLock::new(window)),
            woken: watch::Sender::new(head),
        }
    }

    /// The newest event's id. Everything up to it is committed.
    #[must_use]
    pub fn head(&self) -> EventId {
        self.window.read().head
    }

    /// Up to `limit` events after `position`, in order; empty when there are none yet. `None` when the window no longer
    /// reaches back that far: read the database.
    #[must_use]
    pub fn after(&self, position: EventId, limit: usize) -> Option<Vec<Arc<Event>>> {
        let window = self.window.read();
        if position >= window.head {
            return Some(Vec::new());
        }
        let first = window.events.front()?.id;
        let skip = usize::try_from(position.0 + 1 - first.0).ok()?;
        Some(window.events.iter().skip(skip).take(limit).cloned().collect())
    }

    /// When an event was committed, or another server's was learned of, while it is in the window.
    pub(crate) fn known_since(&self, event: EventId) -> Option<Instant> {
        let window = self.window.read();
        let place = window.known.partition_point(|(last, _)| *last < event);
        window.known.get(place).map(|(_, since)| *since)
    }

    /// Resolves with the head when the log grows. A receiver sees growth since it was made or last looked.
    #[must_use]
    pub fn changed(&self) -> watch::Receiver<EventId> {
        self.woken.subscribe()
    }

    /// Appends committed events, in order. Ids are gap-free, so an event's place in the window follows from its id.
    pub(crate) fn append(&self, events: &[Arc<Event>]) {
        let mut window = self.window.write();
        for event in events {
            if event.id <= window.head {
                continue;
            }
            if event.id != window.head.next() {
                // A hole can only mean that the window is not what it claims to be; start anew.
                window.events.clear();
                window.known.clear();
                window.bytes = 0;
            }
            window.head = event.id;
            window.bytes += event.weight;
            window.events.push_back(Arc::clone(event));
        }
        let head = window.head;
        if window.known.back().is_none_or(|(last, _)| *last < head) {
            window.known.push_back((head, Instant::now()));
        }
        while window.events.len() > MAX_EVENTS || (window.bytes > MAX_BYTES && window.events.len() > 1) {
            if let Some(gone) = window.events.pop_front() {
                window.bytes -= gone.weight;
                while window.known.front().is_some_and(|(last, _)| *last <= gone.id) {
                    window.known.pop_front();
                }
            }
        }
    }

    /// Empties the window: everything up to `head` is too old to be in it.
    pub(crate) fn begin_at(&self, head: EventId) {
        let mut window = self.window.write();
        window.events.clear();
        window.known.clear();
        window.bytes = 0;
        window.head = head;
    }

    /// Takes the text of a deleted message out of the window.
    pub(crate) fn scrub(&self, deleted: MessageNumber) {
        for event in &mut self.window.write().events {
            if let Some(scrubbed) = event.scrubbed(deleted) {
                *event = Arc::new(scrubbed);
            }
        }
    }

    /// Wakes those who follow the log, after the callers were answered.
    pub(crate) fn wake(&self) {
        let head = self.head();
        self.woken.send_if_modified(|woken| {
            let grown = *woken < head;
            *woken = head;
            grown
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use entities::ids::{ConversationId, EventId};
    use sea_orm::entity::prelude::Uuid;

    use super::{MAX_EVENTS, Tail};
    use crate::log::event::{Body, ConversationCreated, Event};

    fn event(id: i64) -> Arc<Event> {
        let created = ConversationCreated {
            id: ConversationId(Uuid::nil()),
            kind: entities::conversation::Kind::Group,
            name: None,
            members: Vec::new(),
            profile: None,
        };
        Arc::new(Event {
            id: EventId(id),
            conversation: None,
            user: None,
            actor: "ann".parse().unwrap(),
            at: 0,
            body: Body::ConversationCreated(Arc::new(created)),
            weight: 1,
        })
    }

    fn ids(tail: &Tail, position: i64, limit: usize) -> Option<Vec<i64>> {
        tail.after(EventId(position), limit)
            .map(|events| events.iter().map(|event| event.id.0).collect())
    }

    #[test]
    fn window_answers_from_any_position_it_still_holds() {
        let tail = Tail::new(EventId(10));
        assert_eq!(ids(&tail, 10, 9), Some(vec![]));
        assert_eq!(ids(&tail, 9, 9), None);
        tail.append(&[event(11), event(12), event(13)]);
        assert_eq!(ids(&tail, 9, 9), None);
        assert_eq!(ids(&tail, 10, 2), Some(vec![11, 12]));
        assert_eq!(ids(&tail, 12, 9), Some(vec![13]));
        assert_eq!(ids(&tail, 99, 9), Some(vec![]));
    }

    #[test]
    fn old_events_leave() {
        let tail = Tail::new(EventId(0));
        let events: Vec<_> = (1..=MAX_EVENTS as i64 + 5).map(event).collect();
        tail.append(&events);
        assert_eq!(ids(&tail, 0, 1), None);
        assert_eq!(ids(&tail, 5, 1), Some(vec![6]));
    }

    #[test]
    fn followers_wake_when_told() {
        let tail = Tail::new(EventId(0));
        let follower = tail.changed();
        tail.append(&[event(1)]);
        assert!(!follower.has_changed().unwrap());
        tail.wake();
        assert!(follower.has_changed().unwrap());
    }
}
