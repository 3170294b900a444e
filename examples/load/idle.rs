//! Connections that say nothing: what each costs the server in memory.

use std::time::Duration;

use anyhow::{Context as _, Result};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::time::{Instant, sleep};

use crate::Server;
use crate::client::Connection;
use crate::process::Process;

/// How many connections are being opened at a time.
const AT_ONCE: usize = 32;
/// The first connections are not measured: they fill caches and pools once.
const WARM_UP: usize = 8;
/// Time for the server to come to rest before its memory is read.
const REST: Duration = Duration::from_secs(2);

pub(crate) async fn run(server: &Server, connections: usize) -> Result<()> {
    let process = Process(
        server
            .server_pid
            .context("--server-pid is needed for the server's memory")?,
    );
    println!("memory as found: {} KB", process.resident_kb()?);
    let warm = open(server, 0, WARM_UP).await?;
    sleep(REST).await;
    let before = process.resident_kb()?;
    println!("memory with {WARM_UP} connections: {before} KB");

    let began = Instant::now();
    let opened = open(server, WARM_UP, connections).await?;
    let took = began.elapsed();
    sleep(REST).await;
    let after = process.resident_kb()?;
    println!("memory with {} connections: {after} KB", warm.len() + opened.len());
    println!(
        "opened in {:.2} s: {:.0} a second",
        took.as_secs_f64(),
        connections as f64 / took.as_secs_f64()
    );
    println!(
        "memory a connection: {:.2} KB",
        (after as f64 - before as f64) / connections as f64
    );

    let cpu = process.cpu_us()?;
    sleep(Duration::from_secs(5)).await;
    let idle = (process.cpu_us()? - cpu) as f64 / 5e6 * 100.0;
    println!(
        "CPU with {} idle connections: {idle:.1} % of a core",
        warm.len() + opened.len()
    );
    Ok(())
}

async fn open(server: &Server, first: usize, count: usize) -> Result<Vec<Connection>> {
    stream::iter(first..first + count)
        .map(|i| async move { Connection::open(server, &format!("idle-{i}")).await })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}
