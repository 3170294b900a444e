//! Several servers, one after another through the same measurements in the same run: a table of medians.
//!
//! Every server has the first core to itself and this program the second, so `taskset` must be there.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use tokio::time::{Instant, sleep};

use crate::Server;
use crate::broadcast::{self, Broadcast};
use crate::echo::{self, Echo};
use crate::http::Door;
use crate::idle::{self, Idle, Transport};
use crate::score::Figures;

#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct Compare {
    /// `NAME=COMMAND`, where `{address}` in the command becomes the address to listen on. The first is what the others
    /// are compared with.
    #[arg(long = "server", required = true)]
    servers: Vec<String>,
    #[arg(long, default_value = "/conformance")]
    hub: String,
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Only measurements whose names contain this.
    #[arg(long, default_value = "")]
    only: String,
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How many connections are idle.
    #[arg(long, default_value_t = 5000)]
    idle: usize,
}

/// A server that has not answered by then never will.
const DEADLINE: Duration = Duration::from_secs(30);

enum Measure {
    Start,
    Idle(Idle),
    Echo(Echo),
    Broadcast(Broadcast),
}

/// What is measured, in this order.
fn measures(compare: &Compare) -> Vec<(String, Measure)> {
    let (seconds, connections) = (compare.seconds, compare.idle);
    let mut measures = vec![("cold start".to_owned(), Measure::Start)];
    for (name, transport) in [
        ("WebSockets", Transport::WebSockets),
        ("server-sent events", Transport::ServerSentEvents),
        ("long polling", Transport::LongPolling),
    ] {
        measures.push((format!("idle {name}"), Measure::Idle(Idle { connections, transport })));
    }
    for depth in [1, 16] {
        let connections = 100;
        let echo = Echo {
            connections,
            depth,
            seconds,
        };
        measures.push((format!("echo depth {depth}"), Measure::Echo(echo)));
    }
    let plain = Broadcast {
        members: 1000,
        publishers: 1,
        window: 1,
        rate: None,
        groups: 1,
        size: 150,
        stalled: 0,
        churn: 0,
        seconds,
    };
    for (publishers, window) in [(1, 1), (1, 8), (1, 16), (4, 16)] {
        let broadcast = Broadcast {
            publishers,
            window,
            ..plain
        };
        let name = format!("1,000 members, {publishers} × window {window}");
        measures.push((name, Measure::Broadcast(broadcast)));
    }
    for rate in [100, 500, 1000] {
        let broadcast = Broadcast {
            publishers: 4,
            rate: Some(rate),
            ..plain
        };
        measures.push((
            format!("1,000 members, {rate} messages/s"),
            Measure::Broadcast(broadcast),
        ));
    }
    for members in [10, 100, 10_000] {
        let broadcast = Broadcast {
            members,
            window: 8,
            ..plain
        };
        measures.push((
            format!("{members} members, 1 × window 8"),
            Measure::Broadcast(broadcast),
        ));
    }
    let rooms = Broadcast {
        groups: 100,
        publishers: 100,
        ..plain
    };
    measures.push((
        "100 rooms × 10 members, 100 × window 1".to_owned(),
        Measure::Broadcast(rooms),
    ));
    let stalled = Broadcast {
        members: 500,
        stalled: 100,
        rate: Some(200),
        ..plain
    };
    measures.push(("500 members, 100 stop reading".to_owned(), Measure::Broadcast(stalled)));
    let churn = Broadcast {
        churn: 50,
        publishers: 4,
        rate: Some(100),
        ..plain
    };
    measures.push((
        "1,000 members, 100 messages/s, churn".to_owned(),
        Measure::Broadcast(churn),
    ));
    measures.retain(|(name, _)| name.contains(&compare.only));
    measures
}

/// A running server, stopped when it is dropped.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) server: Server,
    took: Duration,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) async fn run(compare: &Compare) -> Result<()> {
    let mut servers = Vec::new();
    for server in &compare.servers {
        servers.push(server.split_once('=').context("a server is NAME=COMMAND")?);
    }
    pin_to("1", std::process::id())?;
    // One of each for everything that wants a warm server.
    let mut warm = Vec::new();
    for (_, command) in &servers {
        warm.push(start(command, &compare.hub).await?);
    }
    let names: String = servers.iter().map(|(name, _)| format!(" {name} |")).collect();
    let several = servers.len() > 1;
    println!("| | |{names}{}", if several { " ratio |" } else { "" });
    println!("|---|---|{}", "---:|".repeat(servers.len() + usize::from(several)));
    for (name, measure) in measures(compare) {
        let mut found: BTreeMap<(usize, String), Vec<Vec<f64>>> = BTreeMap::new();
        for _ in 0..compare.rounds {
            for (at, (_, command)) in servers.iter().enumerate() {
                let figures = once(&measure, command, &warm[at], &compare.hub).await?;
                for (place, (figure, value)) in figures.0.into_iter().enumerate() {
                    let row = found
                        .entry((place, figure))
                        .or_insert_with(|| vec![Vec::new(); servers.len()]);
                    row[at].push(value);
                }
            }
        }
        for ((_, figure), values) in found {
            print_row(&name, &figure, values);
        }
    }
    Ok(())
}

async fn once(measure: &Measure, command: &str, warm: &Running, hub: &str) -> Result<Figures> {
    // Memory is compared in fresh processes: one that has worked has room to spare.
    let fresh = match measure {
        Measure::Start | Measure::Idle(_) => Some(start(command, hub).await?),
        Measure::Echo(_) | Measure::Broadcast(_) => None,
    };
    let Running { server, took, .. } = fresh.as_ref().unwrap_or(warm);
    match measure {
        Measure::Start => {
            let mut figures = Figures::default();
            figures.add("ms to the first negotiate", took.as_secs_f64() * 1000.0);
            Ok(figures)
        }
        Measure::Idle(idle) => idle::run(server, idle).await,
        Measure::Echo(echo) => echo::run(server, echo).await,
        Measure::Broadcast(broadcast) => broadcast::run(server, broadcast).await,
    }
}

/// Starts a server on the first core and waits until it answers.
pub(crate) async fn start(command: &str, hub: &str) -> Result<Running> {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
    let command = command.replace("{address}", &address);
    let words = ["taskset", "-c", "0"].into_iter().chain(command.split_whitespace());
    let words: Vec<_> = words.collect();
    let began = Instant::now();
    let mut child = Command::new(words[0])
        .args(&words[1..])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot start {command}"))?;
    let door = Door::new(&address, hub, None);
    while let Err(error) = door.negotiate().await {
        if began.elapsed() > DEADLINE {
            return Err(error.context(format!("{command} does not answer")));
        }
        if let Some(status) = child.try_wait()? {
            bail!("{command} ended with {status}");
        }
        sleep(Duration::from_millis(1)).await;
    }
    let took = began.elapsed();
    let server = Server::at(format!("http://{address}"), hub, child.id());
    Ok(Running { child, server, took })
}

pub(crate) fn pin_to(core: &str, pid: u32) -> Result<()> {
    let pinned = Command::new("taskset")
        .args(["-cp", core, &pid.to_string()])
        .stdout(Stdio::null())
        .status()
        .context("taskset is missing")?;
    if !pinned.success() {
        bail!("taskset cannot pin this process to core {core}");
    }
    Ok(())
}

/// The medians, and how many times the first server's figure the last one's is.
fn print_row(name: &str, figure: &str, values: Vec<Vec<f64>>) {
    let several = values.len() > 1;
    let medians: Vec<_> = values.into_iter().map(median).collect();
    let cells: String = medians.iter().map(|median| format!(" {median:.2} |")).collect();
    let ratio = match (medians.first(), medians.last()) {
        (Some(first), Some(last)) if several && *first != 0.0 => format!(" {:.2} |", last / first),
        _ if several => " |".to_owned(),
        _ => String::new(),
    };
    println!("| {name} | {figure} |{cells}{ratio}");
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
