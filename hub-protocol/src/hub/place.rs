//! Where code of a hub runs, and the places of calls that run side by side.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use super::context::Member;

/// Where code runs, which decides whether it may wait for its client.
#[derive(Clone)]
pub(super) enum Place {
    /// In a connect handler: nothing is read yet.
    Connecting,
    /// In a call, which gives up its slot to wait.
    Call(Arc<Slot>),
    /// In a disconnect handler or outside of the hub.
    Elsewhere,
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Connecting => "Connecting",
            Self::Call(_) => "Call",
            Self::Elsewhere => "Elsewhere",
        })
    }
}

/// A call's place among those of its connection that may run at once.
pub(super) struct Slot {
    member: Arc<Member>,
    held: AtomicBool,
}

impl Slot {
    pub(super) fn take(member: &Arc<Member>) -> Arc<Self> {
        member.running.fetch_add(1, Ordering::AcqRel);
        Arc::new(Self {
            member: Arc::clone(member),
            held: AtomicBool::new(true),
        })
    }

    /// Streams take none.
    pub(super) fn none(member: &Arc<Member>) -> Arc<Self> {
        Arc::new(Self {
            member: Arc::clone(member),
            held: AtomicBool::new(false),
        })
    }

    /// Gives the place up for good: the next call may begin. For whoever runs on the session's own task.
    pub(super) fn release(&self) -> bool {
        let held = self.held.swap(false, Ordering::AcqRel);
        if held {
            self.member.running.fetch_sub(1, Ordering::AcqRel);
        }
        held
    }

    /// Gives the place up from wherever the call may be waiting, and lets the session look for the next one.
    pub(super) fn lend(&self) {
        if self.release() {
            self.member.outbox.wake();
        }
    }
}
