//! What the system says of this process, under the names that Prometheus' own clients use. Elsewhere than on Linux
//! nothing.

use std::fs;

use super::Page;

/// Linux tells times in these parts of a second, on every machine there is (`USER_HZ`).
const TICKS: f64 = 100.0;

pub(crate) fn measure(page: &mut Page) {
    if let Some([user, system]) = times() {
        let seconds = (user + system) / TICKS;
        page.counter("process_cpu_seconds_total", "Seconds of processor time.", seconds);
    }
    if let Some(kilobytes) = resident() {
        page.gauge("process_resident_memory_bytes", "Memory in use.", kilobytes * 1024);
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        // One of them is this look.
        page.gauge(
            "process_open_fds",
            "Open file descriptors.",
            open.count().saturating_sub(1),
        );
    }
    if let Some(most) = descriptors() {
        page.gauge("process_max_fds", "File descriptors that may be open.", most);
    }
}

/// Of the process, in its own and in the system's code.
fn times() -> Option<[f64; 2]> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name before them may have blanks, and ends with the last bracket.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut next = || fields.next()?.parse().ok();
    Some([next()?, next()?])
}

fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn descriptors() -> Option<u64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}
