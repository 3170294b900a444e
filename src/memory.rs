//! Memory that connections leave when they have ended, given back to the system by [`give_back`], which the program runs
//! beside the server.
//!
//! glibc's allocator gives back what is free above everything that is used; one long-lived piece up there, and a server
//! that a thousand clients had made hold 250 MB went on holding them when 5 would do. Other allocators give it back, some
//! of it, by themselves, but cost more for each connection while it lives (PERFORMANCE.md#memory-under-attack). What is
//! not glibc is left alone here.

use std::time::Duration;

use tokio::{
    runtime::Handle,
    task::{JoinError, spawn_blocking},
    time::sleep,
};

/// How often somebody looks how many are left.
const LOOK: Duration = Duration::from_secs(1);
/// So many tasks must have ended, and an eighth of them, before it is worth a walk through the free memory. Then any
/// that follow are, until there is another walk anyway.
const MANY: usize = 128;
/// Looks between two walks at least: load that comes and goes must not cost one each time.
const REST: u32 = 3;
/// Twenty looks later there is another walk: what a client leaves behind a long call goes before the call does.
const AGAIN: u32 = 21;

/// Gives memory back whenever many tasks, and so connections, have ended. Without an end.
///
/// # Errors
///
/// Fails where the runtime ends in the middle of it.
pub async fn give_back() -> Result<(), JoinError> {
    let metrics = Handle::current().metrics();
    let (mut most, mut again, mut since) = (0, 0_u32, REST);
    loop {
        sleep(LOOK).await;
        since += 1;
        let tasks = metrics.num_alive_tasks();
        most = most.max(tasks);
        again = again.saturating_sub(1);
        let have_ended = since >= REST && most - tasks >= MANY.max(most / 8);
        // The last of many are few.
        let follow = since >= 2 * REST && again > 0 && tasks < most;
        if have_ended {
            again = AGAIN;
        }
        if have_ended || follow || again == 1 {
            most = tasks;
            since = 0;
            // It takes as long as there is much to give back.
            spawn_blocking(trim).await?;
        }
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(
    unsafe_code,
    reason = "one call of the C library, which nobody offers as a safe function"
)]
fn trim() {
    // SAFETY: it takes a number, frees only what the allocator itself knows to be free, and is safe to call from any
    // thread at any time (malloc_trim(3): MT-Safe). What it returns says only whether there was anything.
    let _ = unsafe { libc::malloc_trim(0) };
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn trim() {}

#[cfg(all(test, target_os = "linux", target_env = "gnu"))]
mod tests {
    use std::{fs, future::pending};

    use super::*;

    fn resident_kb() -> usize {
        let status = fs::read_to_string("/proc/self/status").expect("Linux says it");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kb = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        kb.expect("in KB")
    }

    #[tokio::test(start_paused = true)]
    async fn what_many_connections_held_goes_back_when_they_have_ended() {
        const HELD_KB: usize = 100;
        tokio::spawn(give_back());
        let connections: Vec<_> = (0..4 * MANY)
            .map(|_| {
                let held = vec![1_u8; HELD_KB * 1024];
                tokio::spawn(async move {
                    pending::<()>().await;
                    drop(held)
                })
            })
            .collect();
        // It lies above all that.
        let stays = vec![1_u8; HELD_KB * 1024];
        sleep(LOOK).await;
        let full = resident_kb();
        connections.into_iter().for_each(|connection| connection.abort());
        sleep(2 * LOOK).await;
        let left = resident_kb();
        assert!(full - left > 3 * MANY * HELD_KB, "of {full} KB {left} KB are left");
        drop(stays);
    }
}
