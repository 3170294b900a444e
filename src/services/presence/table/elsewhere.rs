//! What the table has to do with other servers: who is here by them, and what they are to be told.

use std::time::Duration;

use entities::person::Status;
use entities::user_id::UserId;

use super::Table;
use crate::services::presence::said::{Here, Said, Unsaid};

impl Table {
    /// Somebody is here by one more of the other servers. `quietly` while nobody is here who could be told. Returns whether
    /// there is something to do.
    pub(in crate::services::presence) fn arrive_elsewhere(
        &mut self,
        user: &UserId,
        status: Option<Status>,
        quietly: bool,
        now: Duration,
    ) -> bool {
        let entry = self.people.entry(user.clone()).or_default();
        entry.elsewhere += 1;
        entry.status = entry.status.or(status);
        if quietly {
            entry.told = entry.shown(now);
        }
        self.plan(user, now)
    }

    /// Somebody is no longer here by one of them, `ago`; `left_behind` by one that is gone itself. Returns whether there is
    /// something to do.
    pub(in crate::services::presence) fn leave_elsewhere(
        &mut self,
        user: &UserId,
        ago: Duration,
        left_behind: bool,
        now: Duration,
    ) -> bool {
        let Some(entry) = self.people.get_mut(user) else {
            return false;
        };
        entry.elsewhere = entry.elsewhere.saturating_sub(1);
        entry.sign = entry.sign.max(now.saturating_sub(ago));
        entry.is_ours |= left_behind;
        self.plan(user, now)
    }

    /// Whether there is anything new that other servers must be told.
    pub(in crate::services::presence) fn take_news(&mut self) -> bool {
        self.said.as_mut().is_some_and(Said::take_news)
    }

    /// What other servers are to be told of those here, `most` at most; it counts as told.
    pub(in crate::services::presence) fn unsaid(&mut self, most: usize, now: Duration) -> Unsaid {
        let people = &self.people;
        let here = |user: &UserId| match people.get(user) {
            Some(entry) if entry.connections > 0 => Here::ByConnection,
            Some(entry) if now < entry.until => Here::ForNow,
            Some(entry) => Here::Gone(now.saturating_sub(entry.sign)),
            None => Here::Gone(Duration::ZERO),
        };
        let said = self.said.as_mut();
        said.map_or_else(Unsaid::default, |said| said.unsaid(most, here))
    }

    /// They could not be told.
    pub(in crate::services::presence) fn take_back(&mut self, unsaid: Unsaid) {
        if let Some(said) = &mut self.said {
            said.take_back(unsaid);
        }
    }

    /// They may have forgotten it.
    pub(in crate::services::presence) fn forget_said(&mut self) {
        if let Some(said) = &mut self.said {
            said.forget();
        }
    }
}
