//! CPU time and memory of another process, from `/proc`.

use std::fs;

use anyhow::{Context as _, Result};

/// A process that is watched from outside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process(pub(crate) u32);

impl Process {
    /// Resident memory in KB.
    pub(crate) fn resident_kb(self) -> Result<u64> {
        self.kb_of("VmRSS:")
    }

    /// The most that it ever had, in KB.
    pub(crate) fn peak_kb(self) -> Result<u64> {
        self.kb_of("VmHWM:")
    }

    fn kb_of(self, name: &str) -> Result<u64> {
        let status = self.read("status")?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .with_context(|| format!("no {name}"))?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }

    /// CPU time spent by all its threads so far, in microseconds. The kernel counts in steps of 10 ms.
    pub(crate) fn cpu_us(self) -> Result<u64> {
        let stat = self.read("stat")?;
        // The name of the program comes first, in parentheses, and may hold anything.
        let (_, fields) = stat.rsplit_once(')').context("no name in stat")?;
        let mut fields = fields.split_whitespace().skip(11);
        let mut ticks = || -> Result<u64> { Ok(fields.next().context("stat is short")?.parse()?) };
        let (user, system) = (ticks()?, ticks()?);
        Ok((user + system) * 10_000)
    }

    fn read(self, file: &str) -> Result<String> {
        fs::read_to_string(format!("/proc/{}/{file}", self.0))
            .with_context(|| format!("there is no process {}", self.0))
    }
}
