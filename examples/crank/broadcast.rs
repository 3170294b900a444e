//! One message to many: publishers call `ToGroup`, members hear `said`, and every delivery is checked.
//!
//! Closed, each publisher has so many messages under way and sends the next when all members have one. Open (`--rate`),
//! messages are due at fixed times whatever the server does, and a delivery's time counts from when its message was due.

mod members;
mod publishers;
mod tally;

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::sleep;

use self::tally::Tally;
use crate::Server;
use crate::client::Connection;
use crate::process::Process;
use crate::score::{Clock, Figures};

#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct Broadcast {
    #[arg(long, default_value_t = 1000)]
    pub(crate) members: usize,
    #[arg(long, default_value_t = 1)]
    pub(crate) publishers: usize,
    /// Messages that each publisher has under way.
    #[arg(long, default_value_t = 1)]
    pub(crate) window: usize,
    /// Messages a second of all publishers together, instead of a window.
    #[arg(long)]
    pub(crate) rate: Option<u64>,
    /// Members are spread over so many groups, and publishers too.
    #[arg(long, default_value_t = 1)]
    pub(crate) groups: usize,
    /// Characters of a message.
    #[arg(long, default_value_t = 150)]
    pub(crate) size: usize,
    /// After a first measurement so many members stop reading, and the others are measured again.
    #[arg(long, default_value_t = 0)]
    pub(crate) stalled: usize,
    /// Connections that join the first group and leave again, a second.
    #[arg(long, default_value_t = 0)]
    pub(crate) churn: u64,
    #[arg(long, default_value_t = 5)]
    pub(crate) seconds: u64,
}

/// Not counted: connections, pages and a runtime that compiles as it goes become warm.
const WARM_UP: Duration = Duration::from_secs(2);
/// How long what is under way may take when nothing more is published.
const PATIENCE: Duration = Duration::from_secs(15);
/// How many connections are being opened at a time.
const AT_ONCE: usize = 64;

pub(crate) async fn run(server: &Server, broadcast: &Broadcast) -> Result<Figures> {
    if broadcast.members < broadcast.groups
        || !broadcast
            .publishers
            .is_multiple_of(broadcast.groups.min(broadcast.publishers))
    {
        bail!("every group needs members, and the publishers spread over the groups evenly");
    }
    LocalSet::new().run_until(measure(server, broadcast)).await
}

async fn measure(server: &Server, broadcast: &Broadcast) -> Result<Figures> {
    let tally = Rc::new(Tally::new(broadcast)?);
    let mut members = members::open(server, broadcast, &tally).await?;
    let mut publishing = JoinSet::new();
    for number in 0..broadcast.publishers {
        let connection = Connection::open(server, &format!("publisher-{number}")).await?;
        publishing.spawn_local(publishers::run(connection, number, broadcast.clone(), tally.clone()));
    }
    let mut churning = JoinSet::new();
    if broadcast.churn > 0 {
        churning.spawn_local(members::churn(server.clone(), broadcast.churn));
    }

    sleep(WARM_UP).await;
    let mut figures = Figures::default();
    slice(server, broadcast, &tally, &mut figures).await?;
    if broadcast.stalled > 0 {
        let memory = resident_kb(server)?;
        tally.stall(broadcast.stalled);
        let mut stalled = Figures::default();
        let most = Cell::new(0);
        tokio::select! {
            measured = slice(server, broadcast, &tally, &mut stalled) => measured?,
            watched = watch(server, &most) => watched?,
        }
        if let (Some(before), Some(after)) = (memory, resident_kb(server)?) {
            let each = |kb: u64| (kb as f64 - before as f64) / broadcast.stalled as f64;
            stalled.add("memory KB each that does not read", each(after));
            stalled.add("the most of it, KB each", each(most.get().max(after)));
        }
        for (name, figure) in stalled.0 {
            figures.add(format!("stalled: {name}"), figure);
        }
    }
    churning.shutdown().await;
    tally.stop();
    while let Some(ended) = publishing.join_next().await {
        ended??;
    }
    let in_time = tokio::time::timeout(PATIENCE, tally.settled()).await.is_ok();
    // A member that failed says more than what is missing at its end.
    while let Some(ended) = members.try_join_next() {
        ended??;
    }
    members.shutdown().await;
    figures.add("missing", tally.missing() as f64);
    figures.add("doubled or out of order", tally.wrong() as f64);
    if !in_time && broadcast.stalled == 0 {
        figures.add("did not keep up", 1.0);
    }
    Ok(figures)
}

async fn slice(server: &Server, broadcast: &Broadcast, tally: &Tally, figures: &mut Figures) -> Result<()> {
    tally.clear();
    let clock = Clock::start(server.server_pid)?;
    sleep(Duration::from_secs(broadcast.seconds)).await;
    clock.stop(figures, "delivery", tally.deliveries())?;
    tally.add_times(figures);
    Ok(())
}

/// Notes the most memory that the server has, for as long as it is polled: a server may give up who does not read.
async fn watch(server: &Server, most: &Cell<u64>) -> Result<()> {
    loop {
        sleep(Duration::from_millis(100)).await;
        most.set(most.get().max(resident_kb(server)?.unwrap_or(0)));
    }
}

fn resident_kb(server: &Server) -> Result<Option<u64>> {
    server.server_pid.map(|pid| Process(pid).resident_kb()).transpose()
}
