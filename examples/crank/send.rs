//! Senders that each wait for the answer before they send again: acknowledged messages a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::Server;
use crate::client::Connection;
use crate::process::Process;

/// Sent but not counted, so that connections, caches and the database are warm.
const WARM_UP: Duration = Duration::from_secs(1);

/// When a sender is to count, and when to stop.
#[derive(Debug, Default)]
struct Signals {
    counts: AtomicBool,
    stops: AtomicBool,
}

pub(crate) async fn run(server: &Server, senders: usize, seconds: u64, group: bool) -> Result<()> {
    let mut connections = Vec::with_capacity(senders);
    for i in 0..senders {
        connections.push(Connection::open(server, &name(i)).await?);
    }
    let group = if group {
        Some(create_group(&mut connections[0], senders).await?)
    } else {
        None
    };

    let signals = Arc::new(Signals::default());
    let mut tasks = JoinSet::new();
    for (i, connection) in connections.into_iter().enumerate() {
        let target = match &group {
            Some(id) => json!({ "conversationId": id }),
            None => json!({ "recipientId": format!("{}-friend", name(i)) }),
        };
        tasks.spawn(send(connection, target, signals.clone()));
    }

    sleep(WARM_UP).await;
    let process = server.server_pid.map(Process);
    let cpu_before = process.map(Process::cpu_us).transpose()?;
    signals.counts.store(true, Ordering::Relaxed);
    let began = Instant::now();
    sleep(Duration::from_secs(seconds)).await;
    signals.stops.store(true, Ordering::Relaxed);
    let took = began.elapsed();
    let cpu_after = process.map(Process::cpu_us).transpose()?;

    let mut answers = Vec::new();
    while let Some(sent) = tasks.join_next().await {
        answers.extend(sent??);
    }
    answers.sort_unstable();
    let count = answers.len();
    let newest = answers.last().context("no message was acknowledged")?;
    println!(
        "{senders} senders into {}",
        if group.is_some() {
            "one group"
        } else {
            "direct conversations of their own"
        }
    );
    println!(
        "acknowledged: {:.0} messages a second",
        count as f64 / took.as_secs_f64()
    );
    println!(
        "answer: p50 {:.2} ms, p99 {:.2} ms, longest {:.2} ms",
        millis(answers[count / 2]),
        millis(answers[count * 99 / 100]),
        millis(*newest)
    );
    if let (Some(process), Some(before), Some(after)) = (process, cpu_before, cpu_after) {
        let cpu = (after - before) as f64;
        println!(
            "CPU: {:.0} µs a message, {:.0} % of a core",
            cpu / count as f64,
            cpu / took.as_micros() as f64 * 100.0
        );
        println!("memory: {} KB", process.resident_kb()?);
    }
    Ok(())
}

fn name(i: usize) -> String {
    format!("sender-{i}")
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// A group of all senders, made by the first of them; its conversation id.
async fn create_group(owner: &mut Connection, senders: usize) -> Result<String> {
    let members: Vec<String> = (1..senders).map(name).collect();
    let made = owner
        .invoke("CreateGroup", &[json!({ "name": "Load", "memberIds": members })])
        .await?;
    let id = made
        .as_ref()
        .and_then(|group| group.get("conversationId"))
        .and_then(Value::as_str);
    Ok(id.context("the group has no conversationId")?.to_owned())
}

/// Sends until told to stop; the time each counted message took to be acknowledged.
async fn send(mut connection: Connection, target: Value, signals: Arc<Signals>) -> Result<Vec<Duration>> {
    let mut answers = Vec::new();
    let mut message = target;
    for i in 0_u64.. {
        message["content"] = json!(format!(
            "message {i} of a measuring client, about as long as people write"
        ));
        let counts = signals.counts.load(Ordering::Relaxed);
        let began = Instant::now();
        connection.invoke("SendMessage", std::slice::from_ref(&message)).await?;
        // What is answered after the end is not part of the time that was measured.
        if signals.stops.load(Ordering::Relaxed) {
            break;
        }
        if counts {
            answers.push(began.elapsed());
        }
    }
    Ok(answers)
}
