//! Who is here and who was told so, as a table that is handed the time.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use entities::user_id::UserId;

/// Everybody with a connection, and those who left a moment ago.
#[derive(Debug)]
pub(super) struct Table {
    people: HashMap<UserId, Entry>,
    /// What changes by itself, the earliest first; at most one for each entry.
    due: BTreeSet<(Duration, UserId)>,
    /// How long somebody is still here after their last connection.
    grace: Duration,
    /// Time between two things told of one person.
    interval: Duration,
}

#[derive(Debug, Default)]
struct Entry {
    connections: usize,
    /// When the last connection ended; means something while there is none.
    left_at: Duration,
    /// What the others believe, and since when.
    told: bool,
    told_at: Option<Duration>,
    /// When to look at them again.
    due: Option<Duration>,
}

/// What there is to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Tell of this one; [`Table::settle`] says what.
    Due(UserId),
    /// Nothing before then.
    At(Duration),
    Never,
}

impl Table {
    pub(super) fn new(grace: Duration, interval: Duration) -> Self {
        Self {
            people: HashMap::new(),
            due: BTreeSet::new(),
            grace,
            interval,
        }
    }

    /// Counts a connection. Returns whether there is something to do.
    pub(super) fn arrive(&mut self, user: &UserId, now: Duration) -> bool {
        self.people.entry(user.clone()).or_default().connections += 1;
        self.plan(user, now)
    }

    /// Counts a connection out. Returns whether there is something to do later.
    pub(super) fn leave(&mut self, user: &UserId, now: Duration) -> bool {
        let Some(entry) = self.people.get_mut(user) else {
            return false;
        };
        entry.connections = entry.connections.saturating_sub(1);
        entry.left_at = now;
        self.plan(user, now)
    }

    /// Whether somebody has a connection at this moment.
    pub(super) fn is_connected(&self, user: &UserId) -> bool {
        self.people.get(user).is_some_and(|entry| entry.connections > 0)
    }

    /// Whether somebody is here: by a connection, by the grace, or because the others were not told yet that they went.
    pub(super) fn is_online(&self, user: &UserId, now: Duration) -> bool {
        let entry = self.people.get(user);
        entry.is_some_and(|entry| entry.told || entry.is_here(now, self.grace))
    }

    /// What to do at `now`. Those whom nobody need be told of are forgotten on the way.
    pub(super) fn next(&mut self, now: Duration) -> Next {
        while let Some((due, user)) = self.due.first().cloned() {
            if due > now {
                return Next::At(due);
            }
            let Some(entry) = self.people.get(&user) else {
                self.due.pop_first();
                continue;
            };
            if entry.is_here(now, self.grace) != entry.told {
                return Next::Due(user);
            }
            self.plan(&user, now);
        }
        Next::Never
    }

    /// What the others are to be told of somebody, if anything; from now on they believe it.
    pub(super) fn settle(&mut self, user: &UserId, now: Duration) -> Option<bool> {
        let entry = self.people.get_mut(user)?;
        let is_here = entry.is_here(now, self.grace);
        let is_told = entry.told != is_here && entry.may_be_told(now, self.interval);
        if is_told {
            (entry.told, entry.told_at) = (is_here, Some(now));
        }
        self.plan(user, now);
        is_told.then_some(is_here)
    }

    /// Looks at somebody later.
    pub(super) fn postpone(&mut self, user: &UserId, until: Duration) {
        self.schedule(user, Some(until));
    }

    /// Schedules what comes next of somebody, or forgets them.
    fn plan(&mut self, user: &UserId, now: Duration) -> bool {
        let Some(entry) = self.people.get(user) else {
            return false;
        };
        let free = entry.told_at.map_or(Duration::ZERO, |at| at + self.interval);
        let due = match (entry.connections > 0, entry.told) {
            (true, true) => None,
            // Within the grace they are still here, and it may be that nobody was told yet.
            (false, false) if entry.is_here(now, self.grace) => Some(free.max(now)),
            (true, false) => Some(free.max(now)),
            (false, true) => Some(free.max(entry.left_at + self.grace)),
            (false, false) => Some(free),
        };
        let is_over = entry.connections == 0 && !entry.told && due.is_some_and(|due| due <= now);
        if is_over && !entry.is_here(now, self.grace) {
            self.schedule(user, None);
            self.people.remove(user);
            return false;
        }
        self.schedule(user, due);
        due.is_some()
    }

    fn schedule(&mut self, user: &UserId, due: Option<Duration>) {
        let Some(entry) = self.people.get_mut(user) else { return };
        if let Some(before) = std::mem::replace(&mut entry.due, due) {
            self.due.remove(&(before, user.clone()));
        }
        if let Some(due) = due {
            self.due.insert((due, user.clone()));
        }
    }
}

impl Entry {
    fn is_here(&self, now: Duration, grace: Duration) -> bool {
        self.connections > 0 || now < self.left_at + grace
    }

    fn may_be_told(&self, now: Duration, interval: Duration) -> bool {
        self.told_at.is_none_or(|at| now >= at + interval)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use entities::user_id::UserId;

    use super::{Next, Table};

    const START: Duration = Duration::from_secs(100);
    const GRACE: Duration = Duration::from_secs(10);
    const INTERVAL: Duration = Duration::from_secs(1);

    fn ann() -> UserId {
        "ann".parse().unwrap()
    }

    /// What is told until `now`, in order.
    fn told(table: &mut Table, now: Duration) -> Vec<bool> {
        let mut told = Vec::new();
        while let Next::Due(user) = table.next(now) {
            told.extend(table.settle(&user, now));
        }
        told
    }

    #[test]
    fn somebody_comes_once_and_goes_after_the_grace() {
        let mut table = Table::new(GRACE, INTERVAL);
        for _ in 0..3 {
            table.arrive(&ann(), START);
        }
        assert_eq!(told(&mut table, START), [true]);
        for _ in 0..3 {
            table.leave(&ann(), START + INTERVAL);
        }
        let gone = START + INTERVAL + GRACE;
        assert_eq!(table.next(START + INTERVAL), Next::At(gone));
        assert!(told(&mut table, gone - Duration::from_millis(1)).is_empty());
        assert!(table.is_online(&ann(), gone), "until the others are told");
        assert_eq!(told(&mut table, gone), [false]);
        assert!(!table.is_online(&ann(), gone));
        assert_eq!(table.next(gone + INTERVAL), Next::Never);
        assert!(
            table.people.is_empty() && table.due.is_empty(),
            "nothing is left: {table:?}"
        );
    }

    #[test]
    fn a_page_that_is_loaded_again_shows_nothing() {
        let mut table = Table::new(GRACE, INTERVAL);
        table.arrive(&ann(), START);
        assert_eq!(told(&mut table, START), [true]);
        table.leave(&ann(), START + GRACE);
        table.arrive(&ann(), START + GRACE + GRACE / 2);
        assert!(told(&mut table, START + GRACE * 10).is_empty());
        assert_eq!(table.next(START + GRACE * 10), Next::Never);
    }

    #[test]
    fn a_change_is_told_once_a_second_at_most() {
        let mut table = Table::new(Duration::ZERO, INTERVAL);
        table.arrive(&ann(), START);
        assert_eq!(told(&mut table, START), [true]);
        let mut now = START;
        for _ in 0..5 {
            now += INTERVAL / 10;
            table.leave(&ann(), now);
            table.arrive(&ann(), now);
        }
        table.leave(&ann(), now);
        assert!(told(&mut table, now).is_empty());
        assert_eq!(told(&mut table, START + INTERVAL), [false]);
        table.arrive(&ann(), START + INTERVAL);
        assert_eq!(table.next(START + INTERVAL), Next::At(START + INTERVAL * 2));
        assert_eq!(told(&mut table, START + INTERVAL * 2), [true]);
    }

    #[test]
    fn who_comes_and_goes_at_once_was_here() {
        let mut table = Table::new(GRACE, INTERVAL);
        table.arrive(&ann(), START);
        table.leave(&ann(), START);
        assert_eq!(told(&mut table, START), [true]);
        assert_eq!(told(&mut table, START + GRACE), [false]);
    }

    #[test]
    fn what_is_postponed_is_told_later() {
        let mut table = Table::new(GRACE, INTERVAL);
        table.arrive(&ann(), START);
        assert_eq!(table.next(START), Next::Due(ann()));
        table.postpone(&ann(), START + INTERVAL);
        assert_eq!(table.next(START), Next::At(START + INTERVAL));
        assert_eq!(told(&mut table, START + INTERVAL), [true]);
    }
}
