//! Where code of a hub runs, and the places of calls that run side by side.

use std::sync::atomic::{AtomicBool, Ordering};

use super::context::Member;

/// Where code runs, which decides whether it may wait for its client.
#[derive(Debug)]
pub(super) enum Place {
    /// In a connect handler: nothing is read yet.
    Connecting,
    /// In a call, which gives up its slot to wait.
    Call(Slot),
    /// In a disconnect handler.
    Elsewhere,
}

/// A call's place among those of its connection that may run at once.
#[derive(Debug)]
pub(super) struct Slot {
    held: AtomicBool,
}

impl Slot {
    pub(super) fn take(member: &Member) -> Self {
        member.running.fetch_add(1, Ordering::AcqRel);
        Self {
            held: AtomicBool::new(true),
        }
    }

    /// Streams take none.
    pub(super) fn none() -> Self {
        Self {
            held: AtomicBool::new(false),
        }
    }

    /// Gives the place up for good: the next call may begin. For whoever runs on the session's own task.
    pub(super) fn release(&self, member: &Member) -> bool {
        let held = self.held.swap(false, Ordering::AcqRel);
        if held {
            member.running.fetch_sub(1, Ordering::AcqRel);
        }
        held
    }

    /// Gives the place up from wherever the call may be waiting, and lets the session look for the next one.
    pub(super) fn lend(&self, member: &Member) {
        if self.release(member) {
            member.outbox.wake();
        }
    }
}
