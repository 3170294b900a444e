//! Stateful reconnect: which messages both sides have, counted and never written down with the message.
//!
//! Each direction numbers its invocations, items, completions and cancellations 1, 2, 3 … for the life of the
//! connection, over any number of sockets (`HubProtocol.md#stateful-reconnect`). Nothing else is counted.

use std::collections::VecDeque;

/// What came from the client.
#[derive(Debug)]
pub(super) struct Received {
    /// The number of the next message.
    next: i64,
    /// The newest that was acted on.
    latest: i64,
    acknowledged: i64,
}

impl Default for Received {
    fn default() -> Self {
        Self {
            next: 1,
            latest: 0,
            acknowledged: 0,
        }
    }
}

impl Received {
    /// Counts a message, and says whether it is new: what was acted on before comes again after a cut.
    pub(super) fn count(&mut self) -> bool {
        let number = self.next;
        self.next += 1;
        let is_new = number > self.latest;
        self.latest = self.latest.max(number);
        is_new
    }

    /// The client goes on with this number; false where it skips messages, or the number is none.
    pub(super) fn go_on(&mut self, number: i64) -> bool {
        let is_known = (1..=self.latest + 1).contains(&number);
        if is_known {
            self.next = number;
        }
        is_known
    }

    /// What the client should be told that it need not keep, once.
    pub(super) fn acknowledge(&mut self) -> Option<i64> {
        let is_due = self.latest > self.acknowledged;
        self.acknowledged = self.latest;
        is_due.then_some(self.latest)
    }

    /// Whether the client has been told of everything.
    pub(super) fn is_acknowledged(&self) -> bool {
        self.acknowledged == self.latest
    }
}

/// What was sent and may have to be sent again, oldest first.
///
/// `T` is a written message, however the driver keeps those.
#[derive(Debug)]
pub struct Unacknowledged<T> {
    kept: VecDeque<(T, usize)>,
    /// The number of the first kept message, or of the next one.
    first: i64,
    bytes: usize,
    limit: usize,
}

impl<T> Unacknowledged<T> {
    /// Keeps `limit` bytes, and the message that exceeds them.
    pub fn new(limit: usize) -> Self {
        Self {
            kept: VecDeque::new(),
            first: 1,
            bytes: 0,
            limit,
        }
    }

    /// Keeps a message that is being sent, of that size in bytes.
    pub fn push(&mut self, message: T, size: usize) {
        self.bytes += size;
        self.kept.push_back((message, size));
    }

    /// Whether nothing more should be sent before something is acknowledged.
    pub fn is_full(&self) -> bool {
        self.bytes > self.limit
    }

    /// How many bytes are kept.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// By how many bytes the last message exceeds what may be kept.
    pub fn excess(&self) -> usize {
        self.bytes.saturating_sub(self.limit)
    }

    /// How many bytes may still be sent; the message that exceeds them is kept whole.
    pub fn room(&self) -> usize {
        (self.limit + 1).saturating_sub(self.bytes)
    }

    /// The client has everything up to this number. Stale numbers, and numbers of what was never sent, do no harm.
    pub fn acknowledge(&mut self, number: i64) {
        while self.first <= number
            && let Some((_, size)) = self.kept.pop_front()
        {
            self.bytes -= size;
            self.first += 1;
        }
        if self.kept.is_empty() {
            self.kept = VecDeque::new();
        }
    }

    /// The number of the first message to send again, or of the next one where there is none.
    pub fn first(&self) -> i64 {
        self.first
    }

    /// What to send again.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.kept.iter().map(|(message, _)| message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_again_is_acted_on_once() {
        let mut received = Received::default();
        assert!(received.count() && received.count());
        assert!(received.go_on(2));
        assert!(!received.count());
        assert!(received.count());
        assert_eq!(received.acknowledge(), Some(3));
        assert_eq!(received.acknowledge(), None);
    }

    #[test]
    fn a_client_skips_nothing() {
        let mut received = Received::default();
        assert!(received.count());
        for number in [3, 0, -1, i64::MIN, i64::MAX] {
            assert!(!received.go_on(number), "{number}");
        }
        assert!(received.go_on(2));
    }

    #[test]
    fn what_is_acknowledged_is_forgotten() {
        let mut sent = Unacknowledged::new(10);
        for message in ["a", "b", "c"] {
            sent.push(message, 4);
        }
        assert!(sent.is_full());
        sent.acknowledge(1);
        assert!(!sent.is_full());
        assert_eq!((sent.first(), sent.iter().collect::<Vec<_>>()), (2, vec![&"b", &"c"]));
        sent.acknowledge(-5);
        sent.acknowledge(1_000);
        assert_eq!((sent.first(), sent.iter().count()), (4, 0));
    }
}
