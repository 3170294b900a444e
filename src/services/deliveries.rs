//! What has arrived at people's devices, as their connections prove it: gathered, and stored at most once a second.
//!
//! In large groups less often, so that what their authors are told stays small beside what was said.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use entities::ids::{ConversationNumber, Seq};
use entities::user_id::UserId;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::clock;
use crate::log;
use crate::log::Log;
use crate::log::writer::changes::Deliver;

/// How long the first proof waits for others.
const GATHERING: Duration = Duration::from_millis(50);
/// Least time between two moves of one person in one conversation.
const INTERVAL: Duration = Duration::from_secs(1);
/// How many people's moves are stored a second in one conversation, on average.
const PEOPLE_A_SECOND: f64 = 50.0;
/// Conversations, people in one, and intervals of one person that wait at most. What finds no place stays undelivered
/// until it is read.
const MOST: (usize, usize, usize) = (65_536, 65_536, 64);

/// What waits to be stored. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Deliveries(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<HashMap<ConversationNumber, Waiting>>,
    more: Arc<Notify>,
}

#[derive(Debug)]
struct Waiting {
    arrivals: HashMap<UserId, Vec<Places>>,
    /// Not stored before; forgotten then if nothing waits.
    due: Instant,
}

/// From the first to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Places {
    first: i64,
    last: i64,
    /// Whether one of them is not of the person themselves.
    of_others: bool,
}

impl Deliveries {
    pub(crate) fn new(log: Log) -> Self {
        let shared = Arc::new(Shared::default());
        tokio::spawn(store(Arc::downgrade(&shared), Arc::clone(&shared.more), log));
        Self(shared)
    }

    /// How many conversations are kept, stored a moment ago or waiting.
    pub(crate) fn len(&self) -> usize {
        self.0.waiting.lock().len()
    }

    /// A device of `user` is proven to have the messages from the first to the last. Where all are their own there is
    /// nothing to store, but they close the gap between what was before and what comes.
    pub fn arrived(&self, user: &UserId, conversation: ConversationNumber, (first, last): (Seq, Seq), of_others: bool) {
        let mut waiting = self.0.waiting.lock();
        if waiting.len() >= MOST.0 && !waiting.contains_key(&conversation) {
            return;
        }
        let mut is_new = false;
        let entry = waiting.entry(conversation).or_insert_with(|| {
            is_new = true;
            Waiting {
                arrivals: HashMap::new(),
                due: Instant::now() + GATHERING,
            }
        });
        let places = Places {
            first: first.0,
            last: last.0,
            of_others,
        };
        entry.add(user, places);
        drop(waiting);
        if is_new {
            self.0.more.notify_one();
        }
    }
}

impl Waiting {
    fn add(&mut self, user: &UserId, new: Places) {
        if self.arrivals.len() >= MOST.1 && !self.arrivals.contains_key(user) {
            return;
        }
        let known = self.arrivals.entry(user.clone()).or_default();
        // Two devices of one person prove much the same; what touches is one, so that no two ever overlap.
        let mut whole = new;
        known.retain(|known| {
            let touches = known.first <= whole.last + 1 && whole.first <= known.last + 1;
            if touches {
                whole.first = whole.first.min(known.first);
                whole.last = whole.last.max(known.last);
                whole.of_others |= known.of_others;
            }
            !touches
        });
        if known.len() < MOST.2 {
            known.push(whole);
        }
    }

    /// Takes what has to be stored. Those to whom nothing of others has come stay, if that is so of anybody.
    fn take(&mut self) -> Vec<(UserId, Vec<(i64, i64)>)> {
        let mut taken = Vec::new();
        self.arrivals.retain(|user, places| {
            let is_news = places.iter().any(|places| places.of_others);
            if is_news {
                places.sort_unstable();
                let places = places.iter().map(|places| (places.first, places.last));
                taken.push((user.clone(), places.collect()));
            }
            !is_news
        });
        taken
    }
}

impl Shared {
    /// Takes what is due, and says when to look again.
    fn take(&self) -> (Vec<Deliver>, Option<Instant>) {
        let now = Instant::now();
        let (mut taken, mut next) = (Vec::new(), None::<Instant>);
        self.waiting.lock().retain(|conversation, waiting| {
            if waiting.due <= now {
                let arrivals = waiting.take();
                if arrivals.is_empty() {
                    return false;
                }
                waiting.due = now + interval(arrivals.len());
                taken.push(Deliver {
                    conversation: *conversation,
                    arrivals,
                });
            }
            next = Some(next.map_or(waiting.due, |next| next.min(waiting.due)));
            true
        });
        (taken, next)
    }
}

/// How long a conversation rests after so many people's moves.
fn interval(people: usize) -> Duration {
    INTERVAL.max(Duration::from_secs_f64(people as f64 / PEOPLE_A_SECOND))
}

async fn store(shared: Weak<Shared>, more: Arc<Notify>, log: Log) {
    loop {
        let Some(deliveries) = shared.upgrade().map(Deliveries) else {
            return;
        };
        let (due, next) = deliveries.0.take();
        for delivered in due {
            match log.writer.change(delivered.clone()).await {
                Ok(()) => {}
                // Later, with what is proven until then.
                Err(log::Error::Unavailable) => deliveries.again(&delivered),
                Err(error) => tracing::error!("deliveries cannot be stored: {error}"),
            }
        }
        drop(deliveries);
        clock::due(next, &more).await;
    }
}

impl Deliveries {
    fn again(&self, delivered: &Deliver) {
        for (user, places) in &delivered.arrivals {
            for (first, last) in places {
                self.arrived(user, delivered.conversation, (Seq(*first), Seq(*last)), true);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_devices_of_one_person_prove_is_one_interval_where_it_touches() {
        let mut waiting = Waiting {
            arrivals: HashMap::new(),
            due: Instant::now(),
        };
        let ann: UserId = "ann".parse().unwrap();
        for (first, last) in [(1, 3), (2, 5), (6, 6), (9, 9)] {
            waiting.add(&ann, places(first, last, true));
        }
        assert_eq!(waiting.take(), [(ann.clone(), vec![(1, 6), (9, 9)])]);
        for (first, last) in [(1, 3), (6, 7), (4, 8)] {
            waiting.add(&ann, places(first, last, true));
        }
        assert_eq!(waiting.take(), [(ann, vec![(1, 8)])], "no two overlap");
    }

    #[test]
    fn ones_own_messages_close_gaps_and_are_nothing_by_themselves() {
        let mut waiting = Waiting {
            arrivals: HashMap::new(),
            due: Instant::now(),
        };
        let [ann, bob]: [UserId; 2] = ["ann", "bob"].map(|user| user.parse().unwrap());
        waiting.add(&ann, places(1, 3, false));
        waiting.add(&bob, places(1, 3, true));
        assert_eq!(waiting.take(), [(bob, vec![(1, 3)])]);
        for (first, last, of_others) in [(4, 4, true), (5, 5, false), (6, 9, true)] {
            waiting.add(&ann, places(first, last, of_others));
        }
        assert_eq!(waiting.take(), [(ann, vec![(1, 9)])]);
        assert_eq!(waiting.take(), []);
    }

    fn places(first: i64, last: i64, of_others: bool) -> Places {
        Places { first, last, of_others }
    }

    #[test]
    fn large_groups_rest_longer() {
        assert_eq!(interval(2), Duration::from_secs(1));
        assert_eq!(interval(1_000), Duration::from_secs(20));
    }
}
