//! How far back the log reaches.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use entities::ids::EventId;

/// The last event that is no longer kept, as far as this server knows. Only rises. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Horizon(Arc<AtomicI64>);

impl Horizon {
    pub(crate) fn new(event: EventId) -> Self {
        Self(Arc::new(AtomicI64::new(event.0)))
    }

    pub(crate) fn get(&self) -> EventId {
        EventId(self.0.load(Ordering::Acquire))
    }

    /// Takes in what the log's head says.
    pub(crate) fn rise(&self, to: EventId) {
        self.0.fetch_max(to.0, Ordering::AcqRel);
    }
}
