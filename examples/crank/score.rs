//! What a measurement adds up to: rates, CPU and memory of the server, and the times that things took.

use std::time::Duration;

use anyhow::Result;
use hdrhistogram::Histogram;
use tokio::time::Instant;

use crate::process::Process;

/// What takes longer counts as this.
const LONGEST: Duration = Duration::from_secs(60);

/// Named figures in the order in which they are told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures(pub(crate) Vec<(String, f64)>);

impl Figures {
    pub(crate) fn add(&mut self, name: impl Into<String>, figure: f64) {
        self.0.push((name.into(), figure));
    }

    /// The middle and the end of the times that were measured, in milliseconds.
    pub(crate) fn add_times(&mut self, name: &str, times: &Times) {
        self.add(format!("{name} p50 ms"), times.millis_at(0.5));
        self.add(format!("{name} p99 ms"), times.millis_at(0.99));
        self.add(format!("{name} longest ms"), times.0.max() as f64 / 1000.0);
    }

    /// One line a figure.
    pub(crate) fn print(&self) {
        for (name, figure) in &self.0 {
            println!("{name}: {figure:.3}");
        }
    }
}

/// Times in microseconds, three digits of each.
#[derive(Debug)]
pub(crate) struct Times(Histogram<u64>);

impl Times {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self(Histogram::new_with_max(LONGEST.as_micros() as u64, 3)?))
    }

    pub(crate) fn note(&mut self, micros: u64) {
        self.0.saturating_record(micros);
    }

    pub(crate) fn clear(&mut self) {
        self.0.reset();
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }

    pub(crate) fn millis_at(&self, quantile: f64) -> f64 {
        self.0.value_at_quantile(quantile) as f64 / 1000.0
    }
}

/// The server's CPU time while something is measured.
#[derive(Debug)]
pub(crate) struct Clock {
    process: Option<Process>,
    cpu: u64,
    began: Instant,
}

impl Clock {
    pub(crate) fn start(server_pid: Option<u32>) -> Result<Self> {
        let process = server_pid.map(Process);
        Ok(Self {
            process,
            cpu: process.map_or(Ok(0), Process::cpu_us)?,
            began: Instant::now(),
        })
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Adds how often a thing was done a second and what each cost the server.
    pub(crate) fn stop(self, figures: &mut Figures, thing: &str, count: u64) -> Result<()> {
        let took = self.elapsed();
        figures.add(format!("{thing}/s"), count as f64 / took.as_secs_f64());
        if let Some(process) = self.process {
            let cpu = (process.cpu_us()? - self.cpu) as f64;
            figures.add(format!("CPU-µs a {thing}"), cpu / count.max(1) as f64);
            figures.add("CPU % of a core", cpu / took.as_micros() as f64 * 100.0);
            figures.add("memory MB", process.resident_kb()? as f64 / 1024.0);
        }
        Ok(())
    }
}
