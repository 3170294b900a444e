//! What the writer counts, and how full its queue is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Log;
use crate::metrics::{Histogram, Kind, Page, TIMES};

/// Commands of one transaction.
const SIZES: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];

/// What became of the writer's transactions. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Meter(Arc<Counters>);

#[derive(Debug)]
struct Counters {
    times: Histogram,
    sizes: Histogram,
    unavailable: AtomicU64,
    poisoned: AtomicU64,
}

impl Default for Meter {
    fn default() -> Self {
        Self(Arc::new(Counters {
            times: Histogram::new(TIMES),
            sizes: Histogram::new(SIZES),
            unavailable: AtomicU64::default(),
            poisoned: AtomicU64::default(),
        }))
    }
}

impl Meter {
    /// A transaction was carried out for so many commands.
    pub(super) fn committed(&self, commands: usize, time: Duration) {
        self.0.times.observe_time(time);
        self.0
            .sizes
            .observe(f64::from(u32::try_from(commands).unwrap_or(u32::MAX)));
    }

    /// One was not: the database is away.
    pub(super) fn unavailable(&self) {
        self.0.unavailable.fetch_add(1, Ordering::Relaxed);
    }

    /// One was not: something in it cannot be stored.
    pub(super) fn poisoned(&self) {
        self.0.poisoned.fetch_add(1, Ordering::Relaxed);
    }
}

impl Log {
    pub(crate) fn measure(&self, page: &mut Page) {
        let Counters {
            times,
            sizes,
            unavailable,
            poisoned,
        } = &*self.meter.0;
        page.histogram(
            "hubwire_commit_duration_seconds",
            "Time of the writer's transactions, from their beginning to the answers.",
            times,
        );
        page.histogram(
            "hubwire_commit_batch_size",
            "Commands of the writer's transactions.",
            sizes,
        );
        let mut failures = page.metric(
            Kind::Counter,
            "hubwire_commit_failures_total",
            "Transactions of the writer that were not carried out.",
        );
        failures.sample(&[("reason", "unavailable")], unavailable.load(Ordering::Relaxed));
        failures.sample(&[("reason", "poisoned")], poisoned.load(Ordering::Relaxed));
        page.gauge(
            "hubwire_writer_queue",
            "Commands that wait for the writer; 1,024 may.",
            self.writer.waiting(),
        );
        page.counter(
            "hubwire_events_total",
            "The newest event of the log.",
            self.tail.head().0,
        );
        page.gauge(
            "hubwire_log_horizon",
            "The newest event that was pruned from the log.",
            self.horizon().0,
        );
    }
}
