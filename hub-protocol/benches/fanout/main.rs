//! One message to a thousand clients: a hub beside a plain loop that writes the same bytes to the same number of
//! sockets. Run with `cargo bench -p hub-protocol --bench fanout`.
//!
//! The clients are a second process; sender and clients have a core each (`taskset`). Every round writes `k` frames to
//! each client and waits until all have them. What is compared is the CPU time of the sender for each delivery, and each
//! pass measures both, so that a busy machine is busy for both.
#![expect(clippy::print_stdout, reason = "its output is what it is for")]

mod clients;
mod sender;

use std::process::{Child, Command, Stdio};

use self::sender::Sender;

const CLIENTS: usize = 1_000;
/// A call of a group's members with one text: 200 bytes behind a header of 4.
const FRAME_BYTES: usize = 204;
const PASSES: usize = 3;

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, role, address, kind] = arguments.as_slice()
        && role == "clients"
    {
        return clients::run(address, kind == "hub");
    }
    // `cargo test --benches` only wants to know that it starts.
    if arguments.iter().any(|argument| argument == "--test") {
        return Ok(());
    }
    pin("0", std::process::id())?;
    println!("| frames that wait | raw TCP, CPU-µs a delivery | hub | ratio |");
    println!("|---:|---:|---:|---:|");
    // `-- 16` measures that alone.
    let wanted: Vec<usize> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    let all = [1, 4, 16, 64];
    for k in if wanted.is_empty() { &all[..] } else { &wanted } {
        let k = *k;
        let (mut raw, mut hub) = (Vec::new(), Vec::new());
        for _ in 0..PASSES {
            raw.push(sender::measure(Sender::Raw, k)?);
            hub.push(sender::measure(Sender::Hub, k)?);
        }
        let ratios = raw.iter().zip(&hub).map(|(raw, hub)| hub / raw).collect();
        let (raw, hub, ratio) = (median(raw), median(hub), median(ratios));
        println!("| {k} | {raw:.3} | {hub:.3} | {ratio:.2} |");
    }
    Ok(())
}

/// Starts the clients on the second core.
fn start_clients(address: &str, kind: &str) -> std::io::Result<Child> {
    let this = std::env::current_exe()?;
    Command::new("taskset")
        .args(["-c", "1"])
        .arg(this)
        .args(["clients", address, kind])
        .stdin(Stdio::null())
        .spawn()
}

fn pin(core: &str, pid: u32) -> std::io::Result<()> {
    let pinned = Command::new("taskset")
        .args(["-cp", core, &pid.to_string()])
        .stdout(Stdio::null())
        .status()?;
    if pinned.success() {
        Ok(())
    } else {
        Err(std::io::Error::other("taskset failed"))
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
