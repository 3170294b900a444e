//! Members of one group of the chat server who stop reading for a while: what the others notice of it, what each costs
//! in memory, and whether they hear everything afterwards.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::json;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{Instant, interval, sleep, timeout};

use crate::Server;
use crate::client::Connection;
use crate::process::Process;
use crate::replay::{MESSAGE, seq};
use crate::score::{Clock, Figures, Times};

#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct Stopped {
    #[arg(long, default_value_t = 500)]
    members: usize,
    /// How many of them stop reading.
    #[arg(long, default_value_t = 100)]
    stopped: usize,
    /// Messages a second, by one more member.
    #[arg(long, default_value_t = 200)]
    rate: u64,
    /// How long everybody reads, and then how long those do not.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
}

/// Not counted: connections, caches and the database become warm.
const WARM_UP: Duration = Duration::from_secs(3);
/// How many connections are being opened at a time.
const AT_ONCE: usize = 32;
/// How often a client says that it is there.
const PING_EVERY: Duration = Duration::from_secs(10);
/// How long they may take to hear what they missed.
const PATIENCE: Duration = Duration::from_secs(120);
const STAMP: &[u8] = b"\"content\":\"";

struct Tally {
    began: Instant,
    times: RefCell<Times>,
    said: Cell<u64>,
    stops_saying: Cell<bool>,
    stopped: Cell<bool>,
    /// Each member's newest place.
    heard: RefCell<Vec<u64>>,
    wrong: Cell<u64>,
}

impl Tally {
    fn now_us(&self) -> u64 {
        self.began.elapsed().as_micros() as u64
    }

    fn hear(&self, member: usize, is_healthy: bool, record: &[u8], now: u64) {
        if !record.starts_with(MESSAGE) {
            return;
        }
        let seq = seq(record).unwrap_or_default();
        let newest = &mut self.heard.borrow_mut()[member];
        if seq != *newest + 1 {
            self.wrong.set(self.wrong.get() + 1);
        }
        *newest = seq;
        if is_healthy && let Some(at) = memchr::memmem::find(record, STAMP) {
            let digits = record[at + STAMP.len()..]
                .iter()
                .take_while(|byte| byte.is_ascii_digit());
            let said = digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0'));
            self.times.borrow_mut().note(now.saturating_sub(said));
        }
    }

    /// How many have heard everything.
    fn complete(&self) -> usize {
        let said = self.said.get();
        self.heard.borrow().iter().filter(|heard| **heard == said).count()
    }

    /// Waits until all members have heard everything.
    async fn is_level(&self, members: usize) {
        while self.complete() < members {
            sleep(Duration::from_millis(1)).await;
        }
    }
}

pub(crate) async fn run(server: &Server, stopped: &Stopped) -> Result<Figures> {
    ensure!(stopped.stopped < stopped.members, "somebody has to go on reading");
    let mut opening = stream::iter(0..stopped.members)
        .map(|number| async move { Connection::open(server, &name(number)).await })
        .buffered(AT_ONCE);
    let mut members = Vec::with_capacity(stopped.members);
    while let Some(member) = opening.try_next().await? {
        members.push(member);
    }
    let mut speaker = Connection::open(server, "speaker").await?;
    let ids: Vec<String> = (0..stopped.members).map(name).collect();
    let group = json!({ "name": "Stopped", "memberIds": ids });
    let group = speaker.invoke("CreateGroup", &[group]).await?;
    let group = group.as_ref().and_then(|group| group["conversationId"].as_str());
    let group = group.context("the group has no conversationId")?.to_owned();
    let tally = Rc::new(Tally {
        began: Instant::now(),
        times: RefCell::new(Times::new()?),
        said: Cell::new(0),
        stops_saying: Cell::new(false),
        stopped: Cell::new(false),
        heard: RefCell::new(vec![0; stopped.members]),
        wrong: Cell::new(0),
    });
    let mut tasks = JoinSet::new();
    let local = LocalSet::new();
    for (number, member) in members.into_iter().enumerate() {
        let stops = number < stopped.stopped;
        tasks.spawn_local_on(listen(member, number, stops, tally.clone()), &local);
    }
    tasks.spawn_local_on(speak(speaker, group, stopped.rate, tally.clone()), &local);
    local
        .run_until(async {
            tokio::select! {
                figures = measure(server, stopped, &tally) => figures,
                ended = failure(&mut tasks) => ended,
            }
        })
        .await
}

/// The first of them that fails.
async fn failure(tasks: &mut JoinSet<Result<()>>) -> Result<Figures> {
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    bail!("everybody has gone")
}

async fn measure(server: &Server, stopped: &Stopped, tally: &Tally) -> Result<Figures> {
    let mut figures = Figures::default();
    sleep(WARM_UP).await;
    // Whoever was told late of a large new group is not late in what is measured.
    let told = timeout(PATIENCE, tally.is_level(stopped.members)).await;
    ensure!(told.is_ok(), "not everybody hears as fast as is spoken");
    slice(server, stopped, tally, "all read", &mut figures).await?;
    let process = server.server_pid.map(Process);
    let resident = || process.map_or(Ok(0), Process::resident_kb);
    let before = resident()?;
    tally.stopped.set(true);
    slice(server, stopped, tally, "stopped", &mut figures).await?;
    let each = (resident()? as f64 - before as f64) / stopped.stopped as f64;
    figures.add("memory KB each that does not read", each);
    tally.stopped.set(false);
    tally.times.borrow_mut().clear();
    let clock = Clock::start(server.server_pid)?;
    tally.stops_saying.set(true);
    let in_time = timeout(PATIENCE, tally.is_level(stopped.members)).await.is_ok();
    figures.add("caught up after s", clock.elapsed().as_secs_f64());
    figures.add("complete afterwards", tally.complete() as f64);
    figures.add("missed, doubled or out of order", tally.wrong.get() as f64);
    ensure!(in_time, "not everybody heard everything: {figures:?}");
    Ok(figures)
}

async fn slice(server: &Server, stopped: &Stopped, tally: &Tally, what: &str, figures: &mut Figures) -> Result<()> {
    tally.times.borrow_mut().clear();
    let clock = Clock::start(server.server_pid)?;
    sleep(Duration::from_secs(stopped.seconds)).await;
    let times = tally.times.borrow();
    let mut slice = Figures::default();
    clock.stop(&mut slice, "delivery", times.count())?;
    slice.add_times("heard", &times);
    for (name, figure) in slice.0 {
        figures.add(format!("{what}: {name}"), figure);
    }
    Ok(())
}

fn name(number: usize) -> String {
    format!("member-{number}")
}

/// Says what is due, stamped with when that was.
async fn speak(speaker: Connection, group: String, rate: u64, tally: Rc<Tally>) -> Result<()> {
    let Connection {
        mut reader, mut writer, ..
    } = speaker;
    let mut due = interval(Duration::from_secs(1) / rate as u32);
    loop {
        let mut refused = None;
        tokio::select! {
            _ = due.tick(), if !tally.stops_saying.get() => {
                let number = tally.said.get();
                let content = format!("{} of a measuring client, about as long as people write", tally.now_us());
                let message = json!({ "conversationId": group, "content": content });
                let call = json!({ "type": 1, "invocationId": number.to_string(), "target": "SendMessage", "arguments": [message] });
                writer.push(&call.to_string());
                writer.flush().await?;
                tally.said.set(number + 1);
            }
            owed = reader.read(|record| {
                if record.starts_with(b"{\"type\":3") && memchr::memmem::find(record, b"\"error\":").is_some() {
                    refused = Some(String::from_utf8_lossy(record).into_owned());
                }
            }) => writer.pay(&owed?).await?,
        }
        if let Some(answer) = refused {
            bail!("a message was refused: {answer}");
        }
    }
}

async fn listen(member: Connection, number: usize, stops: bool, tally: Rc<Tally>) -> Result<()> {
    let Connection {
        mut reader, mut writer, ..
    } = member;
    let mut ping = interval(PING_EVERY);
    loop {
        let is_stopped = stops && tally.stopped.get();
        tokio::select! {
            _ = ping.tick() => {
                writer.push("{\"type\":6}");
                writer.flush().await?;
            }
            () = sleep(Duration::from_millis(100)), if is_stopped => {}
            owed = reader.read(|record| tally.hear(number, !stops, record, tally.now_us())), if !is_stopped => {
                writer.pay(&owed?).await?;
            }
        }
    }
}
