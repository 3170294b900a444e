//! Who is here, what they show and what was told of it, as a table that is handed the time.

mod elsewhere;

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use entities::person::Status;
use entities::user_id::UserId;

use super::said::Said;

/// Everybody with a connection or a heartbeat, and those who left a moment ago.
#[derive(Debug)]
pub(super) struct Table {
    people: HashMap<UserId, Entry>,
    /// What changes by itself, the earliest first; at most one for each entry.
    due: BTreeSet<(Duration, UserId)>,
    times: Times,
    /// Where there can be other servers.
    said: Option<Said>,
}

/// The lengths of time that matter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// How long somebody is still here after their last connection.
    pub(super) grace: Duration,
    /// Time between two things told of one person.
    pub(super) interval: Duration,
    /// How long somebody who has no connection is here after a sign of life.
    pub(super) heartbeat: Duration,
}

#[derive(Debug, Default)]
struct Entry {
    connections: usize,
    /// Other servers they are here by.
    elsewhere: usize,
    /// They are or were here by this server, or by one that left them behind: when they go, it must be stored when they
    /// were last seen. Over when that was said.
    is_ours: bool,
    /// Until when they are here without a connection.
    until: Duration,
    /// The last sign of life; means something while there is no connection.
    sign: Duration,
    /// What they chose to show. Until it is known they show nothing.
    status: Option<Status>,
    /// What the others believe, and since when; `None` is that they are gone.
    told: Option<Status>,
    told_at: Option<Duration>,
    /// Somebody was shown that they are here before the others were told: even if they go before that, it is told.
    was_listed: bool,
    /// When to look at them again.
    due: Option<Duration>,
}

/// What there is to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Tell of this one, whose status must be [learnt](Table::learn) first; [`Table::settle`] says what.
    Due(UserId),
    /// Nothing before then.
    At(Duration),
    Never,
}

/// What the others are to be told, or only what is to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) before: Status,
    pub(super) now: Status,
    /// How long ago they were last here.
    pub(super) last_seen: Duration,
    /// Whether that is to be stored by this server.
    pub(super) is_ours: bool,
}

impl Told {
    /// Whether the others believed something else. Who came and went before they were told was seen all the same.
    pub(super) fn is_for_others(&self) -> bool {
        self.before != self.now
    }
}

impl Table {
    /// An empty one; `is_shared` where there may be other servers.
    pub(super) fn new(times: Times, is_shared: bool) -> Self {
        Self {
            people: HashMap::new(),
            due: BTreeSet::new(),
            times,
            said: is_shared.then(Said::default),
        }
    }

    /// Counts a connection. Returns whether there is something to do.
    pub(super) fn arrive(&mut self, user: &UserId, now: Duration) -> bool {
        let entry = self.people.entry(user.clone()).or_default();
        entry.connections += 1;
        entry.is_ours = true;
        self.note(user);
        self.plan(user, now)
    }

    /// Counts a connection out. Returns whether there is something to do later.
    pub(super) fn leave(&mut self, user: &UserId, now: Duration) -> bool {
        let Some(entry) = self.people.get_mut(user) else {
            return false;
        };
        entry.connections = entry.connections.saturating_sub(1);
        // What heartbeats said before or meanwhile is over: the connection was the better witness.
        (entry.sign, entry.until) = (now, now + self.times.grace);
        self.note(user);
        self.plan(user, now)
    }

    /// A sign of life of somebody who may have no connection. Returns whether there is something to do.
    pub(super) fn beat(&mut self, user: &UserId, now: Duration) -> bool {
        let entry = self.people.entry(user.clone()).or_default();
        if entry.connections == 0 {
            (entry.sign, entry.until) = (now, now + self.times.heartbeat);
            entry.is_ours = true;
            self.note(user);
        }
        self.plan(user, now)
    }

    /// Heartbeats of somebody count no longer. Returns whether there is something to do.
    pub(super) fn silence(&mut self, user: &UserId, now: Duration) -> bool {
        if let Some(entry) = self.people.get_mut(user) {
            entry.until = entry.until.min(now);
        }
        self.note(user);
        self.plan(user, now)
    }

    /// Everybody of whom anything is known.
    pub(super) fn people(&self) -> Vec<UserId> {
        self.people.keys().cloned().collect()
    }

    /// Somebody shows this from now on. Returns whether there is something to do.
    pub(super) fn show(&mut self, user: &UserId, status: Status, now: Duration) -> bool {
        if let Some(entry) = self.people.get_mut(user) {
            entry.status = Some(status);
        }
        self.plan(user, now)
    }

    /// What somebody chose to show before, unless they have chosen since.
    pub(super) fn learn(&mut self, user: &UserId, status: Status, now: Duration) -> bool {
        let Some(entry) = self.people.get_mut(user).filter(|entry| entry.status.is_none()) else {
            return false;
        };
        entry.status = Some(status);
        self.plan(user, now)
    }

    /// Whether it must be learnt what somebody shows.
    pub(super) fn is_unknown(&self, user: &UserId) -> bool {
        self.people.get(user).is_some_and(|entry| entry.status.is_none())
    }

    /// Whether somebody has a connection at this moment.
    pub(super) fn is_connected(&self, user: &UserId) -> bool {
        self.people.get(user).is_some_and(|entry| entry.connections > 0)
    }

    /// What somebody shows: by a connection, a heartbeat or the grace, or because the others were not told yet that they
    /// went.
    pub(super) fn status(&self, user: &UserId, now: Duration) -> Status {
        let Some(entry) = self.people.get(user) else {
            return Status::Offline;
        };
        entry.shown(now).or(entry.told).unwrap_or(Status::Offline)
    }

    /// What the others believe of somebody, if they believe them here: they were told or shown so.
    pub(super) fn believed(&self, user: &UserId) -> Option<Status> {
        let entry = self.people.get(user)?;
        entry.told.or_else(|| entry.was_listed.then_some(Status::Online))
    }

    /// Whether somebody shows that they are here, for a list that changes are told against.
    pub(super) fn list(&mut self, user: &UserId, now: Duration) -> bool {
        let is_here = self.status(user, now) != Status::Offline;
        if is_here && let Some(entry) = self.people.get_mut(user) {
            entry.was_listed |= entry.told.is_none();
        }
        is_here
    }

    /// The same without those who were not told yet: what somebody shows as they know it themselves.
    pub(super) fn own_status(&self, user: &UserId, now: Duration) -> Status {
        let entry = self.people.get(user);
        entry.and_then(|entry| entry.shown(now)).unwrap_or(Status::Offline)
    }

    /// Everybody who shows that they are here, by this server.
    pub(super) fn everybody(&self, now: Duration) -> Vec<UserId> {
        let is_here = |entry: &Entry| entry.shown(now).is_some() && entry.is_here_by_this(now);
        let here = self.people.iter().filter(|(_, entry)| is_here(entry));
        here.map(|(user, _)| user.clone()).collect()
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
            if entry.is_news(now) || entry.must_be_learnt(now) {
                return Next::Due(user);
            }
            self.plan(&user, now);
        }
        Next::Never
    }

    /// How long somebody is gone of whom it may not have been told yet. Who only appears to be gone is not.
    pub(super) fn gone_for(&self, user: &UserId, now: Duration) -> Option<Duration> {
        let entry = self.people.get(user)?;
        (entry.chosen().is_some() && !entry.is_here(now)).then(|| now.saturating_sub(entry.sign))
    }

    /// What the others are to be told of somebody, if anything; from now on they believe it.
    pub(super) fn settle(&mut self, user: &UserId, now: Duration) -> Option<Told> {
        let entry = self.people.get_mut(user)?;
        let shown = entry.shown(now);
        let is_told = entry.is_news(now) && entry.may_be_told(now, self.times.interval);
        let told = is_told.then(|| {
            let listed = entry.was_listed && shown.is_none();
            let believed = entry.told.or_else(|| listed.then_some(Status::Online));
            let is_here = entry.is_here(now);
            let told = Told {
                before: believed.unwrap_or(Status::Offline),
                now: shown.unwrap_or(Status::Offline),
                last_seen: if is_here {
                    Duration::ZERO
                } else {
                    now.saturating_sub(entry.sign)
                },
                is_ours: entry.is_ours,
            };
            (entry.told, entry.was_listed) = (shown, false);
            entry.is_ours &= is_here;
            if told.is_for_others() {
                entry.told_at = Some(now);
            }
            told
        });
        self.plan(user, now);
        told
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
        let free = entry.told_at.map_or(Duration::ZERO, |at| at + self.times.interval);
        let is_here = entry.is_here(now);
        let due = if entry.must_be_learnt(now) {
            Some(now)
        } else if entry.is_news(now) {
            Some(free.max(now))
        } else if entry.connections + entry.elsewhere > 0 {
            None
        } else if is_here {
            Some(free.max(entry.until))
        } else {
            Some(free)
        };
        let is_done = !entry.is_news(now) && !entry.must_be_learnt(now);
        if !is_here && is_done && entry.told.is_none() && free <= now {
            self.schedule(user, None);
            self.people.remove(user);
            return false;
        }
        self.schedule(user, due);
        due.is_some()
    }

    fn note(&mut self, user: &UserId) {
        if let Some(said) = &mut self.said {
            said.note(user);
        }
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
    fn is_here(&self, now: Duration) -> bool {
        self.elsewhere > 0 || self.is_here_by_this(now)
    }

    fn is_here_by_this(&self, now: Duration) -> bool {
        self.connections > 0 || now < self.until
    }

    fn must_be_learnt(&self, now: Duration) -> bool {
        self.status.is_none() && (self.is_here(now) || self.is_ours)
    }

    /// What they show, if that is anything.
    fn shown(&self, now: Duration) -> Option<Status> {
        self.chosen().filter(|_| self.is_here(now))
    }

    /// Whether the others believe something else, or it is to be stored that they were seen.
    fn is_news(&self, now: Duration) -> bool {
        let shown = self.shown(now);
        shown != self.told || (shown.is_none() && self.was_listed) || self.is_unstored(now)
    }

    /// Whether they were here by this server, and showed it, and it is not said yet when that was.
    fn is_unstored(&self, now: Duration) -> bool {
        self.is_ours && self.chosen().is_some() && !self.is_here(now)
    }

    /// What they chose to show while they are here, if that is anything.
    fn chosen(&self) -> Option<Status> {
        self.status.filter(|status| *status != Status::Offline)
    }

    fn may_be_told(&self, now: Duration, interval: Duration) -> bool {
        self.told_at.is_none_or(|at| now >= at + interval)
    }
}

#[cfg(test)]
mod tests;
