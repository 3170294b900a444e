//! What was published, who has it, and whether anybody heard too much or in the wrong order.

use std::cell::{Cell, RefCell};

use anyhow::{Context as _, Result};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::Broadcast;
use crate::score::{Figures, Times};

/// A message as it travels: who sent it, its number there, and when it was due.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stamp {
    pub(super) publisher: usize,
    pub(super) number: u64,
    pub(super) due_us: u64,
}

#[derive(Debug)]
pub(super) struct Tally {
    began: Instant,
    groups: usize,
    publishers: Vec<Publisher>,
    deliveries: Cell<u64>,
    wrong: Cell<u64>,
    times: RefCell<Times>,
    stops: Cell<bool>,
    /// Members below this number do not read.
    stalled: Cell<usize>,
    settled: Notify,
}

#[derive(Debug)]
struct Publisher {
    /// Deliveries that are still to come of each message under way, by its number.
    waiting: RefCell<std::collections::VecDeque<usize>>,
    /// The number of the first of them.
    first: Cell<u64>,
    /// Woken when a message is with everybody.
    room: Notify,
    readers: Cell<usize>,
    group: usize,
}

impl Tally {
    pub(super) fn new(broadcast: &Broadcast) -> Result<Self> {
        let publisher = |number: usize| {
            let group = number % broadcast.groups;
            let readers = (group..broadcast.members).step_by(broadcast.groups).count();
            Publisher {
                waiting: RefCell::default(),
                first: Cell::new(0),
                room: Notify::new(),
                readers: Cell::new(readers),
                group,
            }
        };
        Ok(Self {
            began: Instant::now(),
            groups: broadcast.groups,
            publishers: (0..broadcast.publishers).map(publisher).collect(),
            deliveries: Cell::new(0),
            wrong: Cell::new(0),
            times: RefCell::new(Times::new()?),
            stops: Cell::new(false),
            stalled: Cell::new(0),
            settled: Notify::new(),
        })
    }

    pub(super) fn now_us(&self) -> u64 {
        self.began.elapsed().as_micros() as u64
    }

    pub(super) fn publish(&self, publisher: usize) -> u64 {
        let publisher = &self.publishers[publisher];
        let mut waiting = publisher.waiting.borrow_mut();
        waiting.push_back(publisher.readers.get());
        publisher.first.get() + waiting.len() as u64 - 1
    }

    pub(super) fn under_way(&self, publisher: usize) -> usize {
        self.publishers[publisher].waiting.borrow().len()
    }

    pub(super) async fn room(&self, publisher: usize) {
        self.publishers[publisher].room.notified().await;
    }

    /// A member heard a message; `next` is what it was to hear next of that publisher.
    pub(super) fn deliver(&self, stamp: Stamp, next: &mut u64, now_us: u64) {
        if stamp.number != *next {
            self.wrong.set(self.wrong.get() + 1);
        }
        *next = stamp.number + 1;
        self.deliveries.set(self.deliveries.get() + 1);
        self.times.borrow_mut().note(now_us.saturating_sub(stamp.due_us));
        let publisher = &self.publishers[stamp.publisher];
        let mut waiting = publisher.waiting.borrow_mut();
        // Below the first are messages that those who stopped reading are no longer waited for.
        if let Some(at) = stamp.number.checked_sub(publisher.first.get())
            && let Some(left) = waiting.get_mut(at as usize)
        {
            *left = left.saturating_sub(1);
        }
        drop(waiting);
        self.release(publisher);
    }

    /// Takes out what everybody has, in order.
    fn release(&self, publisher: &Publisher) {
        let mut waiting = publisher.waiting.borrow_mut();
        let before = waiting.len();
        while waiting.front() == Some(&0) {
            waiting.pop_front();
            publisher.first.set(publisher.first.get() + 1);
        }
        if waiting.len() < before {
            publisher.room.notify_one();
            if waiting.is_empty() {
                self.settled.notify_one();
            }
        }
    }

    /// So many members read no more and are waited for no more.
    pub(super) fn stall(&self, members: usize) {
        self.stalled.set(members);
        for publisher in &self.publishers {
            let gone = (publisher.group..members).step_by(self.groups).count();
            publisher.readers.set(publisher.readers.get() - gone);
            // What is under way may be with some of them and not with others: it is no longer counted.
            let mut waiting = publisher.waiting.borrow_mut();
            waiting.iter_mut().for_each(|left| *left = 0);
            drop(waiting);
            self.release(publisher);
        }
    }

    pub(super) fn is_stalled(&self, member: usize) -> bool {
        member < self.stalled.get()
    }

    pub(super) fn stop(&self) {
        self.stops.set(true);
        for publisher in &self.publishers {
            publisher.room.notify_one();
        }
    }

    pub(super) fn stops(&self) -> bool {
        self.stops.get()
    }

    /// Returns when nothing is under way.
    pub(super) async fn settled(&self) {
        while self.missing() > 0 {
            self.settled.notified().await;
        }
    }

    pub(super) fn missing(&self) -> usize {
        let waiting = |publisher: &Publisher| publisher.waiting.borrow().iter().sum::<usize>();
        self.publishers.iter().map(waiting).sum()
    }

    pub(super) fn wrong(&self) -> u64 {
        self.wrong.get()
    }

    pub(super) fn deliveries(&self) -> u64 {
        self.deliveries.get()
    }

    pub(super) fn clear(&self) {
        self.deliveries.set(0);
        self.times.borrow_mut().clear();
    }

    pub(super) fn add_times(&self, figures: &mut Figures) {
        figures.add_times("delivery", &self.times.borrow());
    }
}

impl Stamp {
    /// Reads `{publisher} {number} {due_us} …`.
    pub(super) fn read(text: &[u8]) -> Result<Self> {
        let mut numbers = text.split(|byte| *byte == b' ').map(|digits| {
            digits.iter().try_fold(0_u64, |number, digit| {
                digit.is_ascii_digit().then(|| number * 10 + u64::from(digit - b'0'))
            })
        });
        let mut next = || numbers.next().flatten().context("a message without its stamp");
        Ok(Self {
            publisher: next()? as usize,
            number: next()?,
            due_us: next()?,
        })
    }
}
