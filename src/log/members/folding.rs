//! What an event does to a membership that is in memory, so that it need not be read again.
//!
//! What is in memory may have been read after some of the events that follow, so the same event twice is as good as
//! once, and none touches an interval that began after it.

use std::sync::Arc;

use entities::ids::EventId;
use entities::user_id::UserId;

use super::{Member, Membership};
use crate::log::event::{Body, Departure, Event, State};

impl Membership {
    /// Takes in a committed event, or says that it has to be read again.
    pub(super) fn apply(&mut self, event: &Event) -> bool {
        match (&event.body, &event.user) {
            // Told to the others; the person's own event says it.
            (Body::MemberAdded(_) | Body::MemberRemoved(_), _) => {}
            (Body::MemberJoined(joined), Some(user)) => {
                let Some(entry) = joined.entry else { return false };
                let newest = self.intervals.iter().rev();
                let mut newest = newest.take_while(|known| known.from_event >= entry.from_event);
                if !newest.any(|known| known.user == *user && known.from_event == entry.from_event) {
                    self.intervals.push(Member {
                        user: user.clone(),
                        role: joined.role,
                        from_event: entry.from_event,
                        until_event: None,
                        visible_from_seq: entry.visible_from_seq,
                    });
                }
            }
            // Nobody asks much of a group that has ended.
            (Body::MemberLeft(left), _) if left.how == Departure::Deleted => return false,
            (Body::MemberLeft(left), Some(user)) => {
                let Some(until) = left.until_event else { return false };
                let is_theirs = |known: &&mut Member| {
                    known.until_event.is_none() && known.from_event < until && known.user == *user
                };
                if let Some(interval) = self.intervals.iter_mut().find(is_theirs) {
                    interval.until_event = Some(until);
                }
            }
            (Body::RoleChanged(change), _) => {
                if let Some(interval) = self.interval(&change.person.id, event.id) {
                    interval.role = change.role;
                }
            }
            (Body::GroupChanged(changed), _) => self.name.clone_from(&changed.name),
            (Body::StateChanged(changed), Some(user)) if changed.what == State::Hidden => {
                let Some(now) = changed.now else { return false };
                if let Some(interval) = self.interval(user, event.id) {
                    interval.visible_from_seq = now.visible_from_seq;
                }
            }
            (Body::Blocked(blocked), Some(user)) => {
                self.blockers.retain(|known| known != user);
                if blocked.is_blocked {
                    self.blockers.push(user.clone());
                    self.blockers.sort_unstable();
                }
            }
            _ => return false,
        }
        true
    }

    /// The interval in which somebody belonged to it at an event.
    fn interval(&mut self, user: &UserId, at: EventId) -> Option<&mut Member> {
        self.intervals
            .iter_mut()
            .find(|known| known.heard(at) && known.user == *user)
    }
}

/// Changes a membership that others may be looking at, or says that it has to be read again.
pub(super) fn fold(mut membership: Arc<Membership>, event: &Event) -> Option<Arc<Membership>> {
    Arc::make_mut(&mut membership).apply(event).then_some(membership)
}
