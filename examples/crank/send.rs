//! Messages to the chat server: how many are acknowledged a second, and how long each takes.
//!
//! Closed, each sender waits for the answer before it sends again. Open (`--rate`), messages are due at fixed times
//! whatever the server does, and the time of each counts from when it was due.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde_json::{Value, json};
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{Instant, sleep, sleep_until};

use crate::Server;
use crate::client::{Connection, Reader, Writer};
use crate::score::{Clock, Figures, Times};

/// Sent but not counted, so that connections, caches and the database are warm.
/// All come in at once and are told of each other; on PostgreSQL that takes a second and more.
const WARM_UP: Duration = Duration::from_secs(4);
/// How an answer begins, and how an event does.
const ANSWER: &[u8] = b"{\"type\":3";
const EVENT: &[u8] = b"{\"type\":1,";

#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct Send {
    #[arg(long, default_value_t = 32)]
    senders: usize,
    /// All into one group of so many members, who are all connected and hear everything. Without it each sender has a
    /// direct conversation of its own.
    #[arg(long, default_value_t = 0)]
    members: usize,
    /// Messages a second of all senders together.
    #[arg(long)]
    rate: Option<u64>,
    #[arg(long, default_value_t = 10)]
    seconds: u64,
}

/// What is measured, and when it ends.
struct Tally {
    times: RefCell<Times>,
    heard: Cell<u64>,
    stops: Cell<bool>,
}

impl Tally {
    fn note(&self, since: Instant) {
        self.times.borrow_mut().note(since.elapsed().as_micros() as u64);
    }

    fn hear(&self, record: &[u8]) {
        if record.starts_with(EVENT) {
            self.heard.set(self.heard.get() + 1);
        }
    }
}

pub(crate) async fn run(server: &Server, send: &Send) -> Result<Figures> {
    ensure!(send.senders > 0, "--senders is at least 1");
    let people = Ord::max(send.senders, send.members);
    let mut connections = Vec::with_capacity(people);
    for i in 0..people {
        connections.push(Connection::open(server, &name(i)).await?);
    }
    let group = if send.members > 0 {
        Some(create_group(&mut connections[0], people).await?)
    } else {
        None
    };
    let tally = Rc::new(Tally {
        times: RefCell::new(Times::new()?),
        heard: Cell::new(0),
        stops: Cell::new(false),
    });
    let local = LocalSet::new();
    let mut tasks = JoinSet::new();
    let mut listeners = JoinSet::new();
    let began = Instant::now();
    for (i, connection) in connections.into_iter().enumerate() {
        let tally = tally.clone();
        if i >= send.senders {
            listeners.spawn_local_on(listen(connection, tally), &local);
            continue;
        }
        let message = match &group {
            Some(id) => json!({ "conversationId": id }),
            None => json!({ "recipientId": format!("{}-friend", name(i)) }),
        };
        let Some(rate) = send.rate else {
            tasks.spawn_local_on(closed(connection, message, tally), &local);
            continue;
        };
        let every = Duration::from_secs_f64(send.senders as f64 / rate as f64);
        let first = began + every.mul_f64(i as f64 / send.senders as f64);
        tasks.spawn_local_on(open(connection, message, first, every, tally), &local);
    }
    local.run_until(measured(server, send, tally, tasks)).await
}

async fn measured(server: &Server, send: &Send, tally: Rc<Tally>, mut tasks: JoinSet<Result<()>>) -> Result<Figures> {
    sleep(WARM_UP).await;
    tally.times.borrow_mut().clear();
    tally.heard.set(0);
    let clock = Clock::start(server.server_pid)?;
    sleep(Duration::from_secs(send.seconds)).await;
    tally.stops.set(true);
    let mut figures = Figures::default();
    figures.add("heard/s", tally.heard.get() as f64 / clock.elapsed().as_secs_f64());
    {
        let times = tally.times.borrow();
        figures.add_times("acknowledged", &times);
        clock.stop(&mut figures, "message", times.count())?;
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(figures)
}

fn name(i: usize) -> String {
    format!("sender-{i}")
}

fn say(message: &mut Value, i: u64) {
    message["content"] = json!(format!(
        "message {i} of a measuring client, about as long as people write"
    ));
}

/// A group of these people, made by the first of them; its conversation id.
async fn create_group(owner: &mut Connection, people: usize) -> Result<String> {
    let members: Vec<String> = (1..people).map(name).collect();
    let made = owner
        .invoke("CreateGroup", &[json!({ "name": "Load", "memberIds": members })])
        .await?;
    let id = made
        .as_ref()
        .and_then(|group| group.get("conversationId"))
        .and_then(Value::as_str);
    Ok(id.context("the group has no conversationId")?.to_owned())
}

/// Hears what the others say, until everything ends.
async fn listen(connection: Connection, tally: Rc<Tally>) -> Result<()> {
    let Connection {
        mut reader, mut writer, ..
    } = connection;
    loop {
        let owed = reader.read(|record| tally.hear(record)).await?;
        writer.pay(&owed).await?;
    }
}

/// Sends until told to stop, one message after the other.
async fn closed(connection: Connection, mut message: Value, tally: Rc<Tally>) -> Result<()> {
    let Connection {
        mut reader, mut writer, ..
    } = connection;
    let mut waiting = VecDeque::new();
    for i in 0_u64.. {
        if tally.stops.get() {
            break;
        }
        say(&mut message, i);
        waiting.push_back(Instant::now());
        call(&mut writer, i, &message).await?;
        while !waiting.is_empty() {
            hear(&mut reader, &mut writer, &mut waiting, &tally).await?;
        }
    }
    Ok(())
}

/// Sends what is due, until told to stop, and hears what comes meanwhile.
async fn open(
    connection: Connection,
    mut message: Value,
    first: Instant,
    every: Duration,
    tally: Rc<Tally>,
) -> Result<()> {
    let Connection {
        mut reader, mut writer, ..
    } = connection;
    let mut waiting = VecDeque::new();
    let mut due = first;
    let mut i = 0;
    while !tally.stops.get() {
        tokio::select! {
            biased;
            () = sleep_until(due) => {
                say(&mut message, i);
                waiting.push_back(due);
                call(&mut writer, i, &message).await?;
                i += 1;
                due += every;
            }
            heard = hear(&mut reader, &mut writer, &mut waiting, &tally) => heard?,
        }
    }
    Ok(())
}

async fn call(writer: &mut Writer, i: u64, message: &Value) -> Result<()> {
    let call = json!({ "type": 1, "invocationId": i.to_string(), "target": "SendMessage", "arguments": [message] });
    writer.push(&call.to_string());
    writer.flush().await
}

/// Reads once. Calls of a connection are answered in the order they were made.
async fn hear(reader: &mut Reader, writer: &mut Writer, waiting: &mut VecDeque<Instant>, tally: &Tally) -> Result<()> {
    let mut refused = None;
    let owed = reader
        .read(|record| {
            if !record.starts_with(ANSWER) {
                return tally.hear(record);
            }
            if memchr::memmem::find(record, b"\"error\":").is_some() {
                refused = Some(String::from_utf8_lossy(record).into_owned());
            }
            if let Some(since) = waiting.pop_front() {
                tally.note(since);
            }
        })
        .await?;
    writer.pay(&owed).await?;
    match refused {
        Some(answer) => anyhow::bail!("a message was refused: {answer}"),
        None => Ok(()),
    }
}
