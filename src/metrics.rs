//! Numbers for whoever watches the server, in Prometheus' text format 0.0.4. Each room writes its own; `app/metrics.rs`
//! puts them together when somebody asks, and nothing is prepared before.
//!
//! Written here and not by a crate: the format is a few lines, and counters that sit where they are counted need no
//! registry, no labels and no lock to be found.

pub(crate) mod process;

use std::{
    fmt::{Display, Write as _},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Bounds for times, in seconds: from a fan-out to ten people to a database that hardly answers.
pub(crate) const TIMES: &[f64] = &[
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
/// What the sum of a histogram is kept in.
const PARTS: f64 = 1e6;

/// How many observations lie below each bound. Observing is two or three additions.
#[derive(Debug)]
pub(crate) struct Histogram {
    bounds: &'static [f64],
    /// One more than bounds: the last is for what lies above them all.
    counts: Box<[AtomicU64]>,
    /// In millionths.
    sum: AtomicU64,
}

impl Histogram {
    pub(crate) fn new(bounds: &'static [f64]) -> Self {
        Self {
            bounds,
            counts: std::iter::repeat_with(AtomicU64::default)
                .take(bounds.len() + 1)
                .collect(),
            sum: AtomicU64::default(),
        }
    }

    /// Not below zero.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "durations and sizes, in millionths: 500,000 years of them fit"
    )]
    pub(crate) fn observe(&self, value: f64) {
        let place = self.bounds.partition_point(|bound| *bound < value);
        self.counts[place].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add((value * PARTS).round() as u64, Ordering::Relaxed);
    }

    pub(crate) fn observe_time(&self, time: Duration) {
        self.observe(time.as_secs_f64());
    }
}

/// What a metric is, as Prometheus has it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// Only grows, until the server is started again.
    Counter,
    Gauge,
}

/// The page as far as it is written.
#[derive(Debug, Default)]
pub(crate) struct Page(String);

/// A label and its value. Values are names of this program, so that there are so many and no more.
pub(crate) type Label<'a> = (&'a str, &'a str);

impl Page {
    /// Begins a metric; its samples follow.
    pub(crate) fn metric<'a>(&'a mut self, kind: Kind, name: &'a str, help: &str) -> Metric<'a> {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        self.head(name, help, kind);
        Metric { page: self, name }
    }

    /// A metric of one sample.
    pub(crate) fn counter(&mut self, name: &str, help: &str, value: impl Display) {
        self.metric(Kind::Counter, name, help).sample(&[], value);
    }

    /// A metric of one sample.
    pub(crate) fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.metric(Kind::Gauge, name, help).sample(&[], value);
    }

    pub(crate) fn histogram(&mut self, name: &str, help: &str, histogram: &Histogram) {
        self.head(name, help, "histogram");
        let mut below = 0;
        for (place, count) in histogram.counts.iter().enumerate() {
            below += count.load(Ordering::Relaxed);
            let bound = histogram
                .bounds
                .get(place)
                .map_or_else(|| "+Inf".to_owned(), f64::to_string);
            self.line(&format!("{name}_bucket"), &[("le", &bound)], below);
        }
        // The buckets that were read are the count, whatever was observed meanwhile.
        #[expect(clippy::cast_precision_loss, reason = "a sum is a float there")]
        let sum = histogram.sum.load(Ordering::Relaxed) as f64 / PARTS;
        self.line(&format!("{name}_sum"), &[], sum);
        self.line(&format!("{name}_count"), &[], below);
    }

    pub(crate) fn into_text(self) -> String {
        self.0
    }

    fn head(&mut self, name: &str, help: &str, kind: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &[Label<'_>], value: impl Display) {
        self.0.push_str(name);
        for (place, (label, text)) in labels.iter().enumerate() {
            let before = if place == 0 { '{' } else { ',' };
            let text = text.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n");
            let _ = write!(self.0, "{before}{label}=\"{text}\"");
        }
        let end = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.0, "{end} {value}");
    }
}

/// A metric whose samples are written.
#[derive(Debug)]
pub(crate) struct Metric<'a> {
    page: &'a mut Page,
    name: &'a str,
}

impl Metric<'_> {
    pub(crate) fn sample(&mut self, labels: &[Label<'_>], value: impl Display) {
        self.page.line(self.name, labels, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_counts_what_lies_at_or_below_each_bound() {
        let histogram = Histogram::new(&[1.0, 2.5]);
        [0.0, 1.0, 1.5, 2.5, 2.6, 1_000.0]
            .iter()
            .for_each(|value| histogram.observe(*value));
        let mut page = Page::default();
        page.histogram("h", "What it is.", &histogram);
        let expected = "# HELP h What it is.\n# TYPE h histogram\n\
            h_bucket{le=\"1\"} 2\nh_bucket{le=\"2.5\"} 4\nh_bucket{le=\"+Inf\"} 6\nh_sum 1007.6\nh_count 6\n";
        assert_eq!(page.into_text(), expected);
    }

    #[test]
    fn labels_are_escaped() {
        let mut page = Page::default();
        page.metric(Kind::Gauge, "g", "x")
            .sample(&[("a", "b\"c\\d\ne"), ("f", "")], 1);
        assert!(page.into_text().ends_with("g{a=\"b\\\"c\\\\d\\ne\",f=\"\"} 1\n"));
    }
}
