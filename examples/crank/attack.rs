//! Connections that each send the worst input that is accepted: what that costs the server in memory, and whether it
//! gives it back. Fails where a kind of attack costs more than the goal.
//!
//! Each kind has a fresh server, since one that was attacked has room to spare; `taskset` must be there.

mod inputs;
mod requests;
mod sockets;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{Instant, sleep};

use crate::Server;
use crate::compare::{self, Running};
use crate::http::Door;
use crate::process::Process;

#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct Attack {
    /// The command that starts the server; `{address}` in it becomes the address to listen on.
    #[arg(long)]
    server: String,
    #[arg(long, default_value = "/conformance")]
    hub: String,
    #[arg(long, default_value_t = 1000)]
    connections: usize,
    /// One kind; all in turn unless told.
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// What a connection may cost, in KB.
    #[arg(long, default_value_t = 300)]
    most: u64,
    /// How much of it may be left half a minute after all have gone, in KB.
    #[arg(long, default_value_t = 10 * 1024)]
    left: u64,
}

/// Each fills other buffers of the server.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// A request's head that does not end, as long as the server takes one.
    Head,
    /// A POST that does not end, to a hub that is busy.
    Body,
    /// An event stream that is not read, and a POST of calls whose answers are long.
    Events,
    /// The same, and a poll that is not read.
    Polls,
    /// A WebSocket message one byte short of the limit.
    Message,
    /// One in fragments that do not end, behind calls that wait.
    Fragments,
    /// A JSON record of values that are much larger decoded.
    Record,
    /// Such a value that a method holds while its client does not read.
    Json,
    /// The same in MessagePack.
    Messagepack,
    /// Calls whose answers are longer than they are, and are not read.
    Answers,
    /// Calls whose answers are as short as they can be, and are not read.
    Small,
    /// As many streams as the server takes.
    Streams,
    /// The same, with the longest ids.
    Ids,
    /// Streams from the client whose items nobody reads.
    Uploads,
    /// Questions of the server that stay without an answer.
    Questions,
    /// A client that may come back, acknowledges nothing, and is cut.
    Unacknowledged,
    /// The same with the shortest answers.
    Crumbs,
    /// The same, with messages to its own group.
    Group,
}

/// How many attacks are under way at a time; those that are through stay.
const AT_ONCE: usize = 512;
/// The first connections are not measured: they fill caches and pools once.
const WARM_UP: usize = 8;
/// Time for the server to come to rest.
const REST: Duration = Duration::from_secs(2);
/// How long all attackers stay when the last is through.
const HOLD: Duration = Duration::from_secs(5);
/// How often an attacker takes a sip: whoever takes nothing for ten seconds is given up, and costs nothing any more.
const SIP: Duration = Duration::from_millis(250);
/// When the memory must be back.
const BACK: Duration = Duration::from_secs(30);
/// Attacks that take longer are broken.
const DEADLINE: Duration = Duration::from_secs(240);

/// What an attacker holds open.
#[derive(Debug)]
struct Held(Vec<TcpStream>);

impl Held {
    /// Takes what has arrived; false where the server has ended a connection.
    fn sip(&self) -> bool {
        let mut buffer = [0; 16 * 1024];
        self.0.iter().all(|stream| match stream.try_read(&mut buffer) {
            Ok(read) => read > 0,
            Err(error) => error.kind() == std::io::ErrorKind::WouldBlock,
        })
    }
}

/// How far the attackers are.
#[derive(Debug, Default)]
struct Score {
    through: Cell<usize>,
    /// Ended by the server, though they sent nothing that is not accepted.
    given_up: Cell<usize>,
    /// Not let in, or ended before they were through.
    refused: Cell<usize>,
    /// Why the last of them was.
    why: RefCell<Option<anyhow::Error>>,
}

impl Score {
    fn cost(&self, base_kb: f64, kb_each: f64, left_kb: Option<f64>) -> Cost {
        Cost {
            base_kb,
            kb_each,
            left_kb,
            given_up: self.given_up.get(),
            refused: self.refused.get(),
        }
    }
}

pub(crate) async fn run(attack: &Attack) -> Result<()> {
    compare::pin_to("1", std::process::id())?;
    println!(
        "| attack | base MB | KB a connection | left after {} s MB | given up | refused |",
        BACK.as_secs()
    );
    println!("|---|---:|---:|---:|---:|---:|");
    let kinds = attack
        .kind
        .map_or_else(|| Kind::value_variants().to_vec(), |kind| vec![kind]);
    let mut missed = Vec::new();
    for kind in kinds {
        let cost = measure(attack, kind).await?;
        let name = format!("{kind:?}").to_lowercase();
        let mb = |kb: f64| kb / 1024.0;
        let left = cost
            .left_kb
            .map_or_else(|| "–".to_owned(), |left| format!("{:.1}", mb(left)));
        println!(
            "| {name} | {:.1} | {:.1} | {left} | {} | {} |",
            mb(cost.base_kb),
            cost.kb_each,
            cost.given_up,
            cost.refused
        );
        if cost.kb_each > attack.most as f64 || cost.left_kb.is_none_or(|left| left > attack.left as f64) {
            missed.push(name);
        }
    }
    if !missed.is_empty() {
        bail!("too much memory: {}", missed.join(", "));
    }
    Ok(())
}

#[derive(Debug)]
struct Cost {
    base_kb: f64,
    kb_each: f64,
    /// None where the attack was stopped, since it would have taken all memory.
    left_kb: Option<f64>,
    /// How many attackers the server sent away, or did not let in: they cost nothing, so that many make the rest
    /// look cheap.
    given_up: usize,
    refused: usize,
}

async fn measure(attack: &Attack, kind: Kind) -> Result<Cost> {
    let Running { server, child, .. } = &compare::start(&attack.server, &attack.hub).await?;
    let process = Process(child.id());
    let longest_head = match kind {
        Kind::Head => requests::longest_head(&Door::of(server, "probe")?).await?,
        _ => 0,
    };
    let local = LocalSet::new();
    local
        .run_until(async {
            drop(open_quietly(server).await?);
            sleep(REST).await;
            let base_kb = process.resident_kb()? as f64;
            let each = |kb: u64| (kb as f64 - base_kb) / attack.connections as f64;
            let score = Rc::new(Score::default());
            let turns = Rc::new(Semaphore::new(AT_ONCE));
            let mut attackers = JoinSet::new();
            for number in 0..attack.connections {
                let door = Door::of(server, &format!("attacker-{number}"))?;
                let (score, turns) = (Rc::clone(&score), Rc::clone(&turns));
                attackers.spawn_local(stay(kind, door, longest_head, score, turns));
            }
            let began = Instant::now();
            let mut all_since = None;
            while all_since.is_none_or(|since: Instant| since.elapsed() < HOLD) {
                sleep(Duration::from_millis(100)).await;
                while let Some(ended) = attackers.try_join_next() {
                    ended?;
                }
                // It is missed, and the machine may have less memory than it would take.
                if each(process.resident_kb()?) > 4.0 * attack.most as f64 {
                    let kb_each = each(process.resident_kb()?);
                    return Ok(score.cost(base_kb, kb_each, None));
                }
                if began.elapsed() > DEADLINE {
                    bail!(
                        "{kind:?}: {} of {} attacks are through",
                        score.through.get(),
                        attack.connections
                    );
                }
                if score.through.get() == attack.connections {
                    all_since.get_or_insert_with(Instant::now);
                }
            }
            if score.refused.get() == attack.connections
                && let Some(error) = score.why.take()
            {
                return Err(error.context(format!("{kind:?}: all attacks were refused")));
            }
            let kb_each = each(process.peak_kb()?);
            drop(attackers);
            sleep(BACK).await;
            let left_kb = process.resident_kb()? as f64 - base_kb;
            Ok(score.cost(base_kb, kb_each, Some(left_kb)))
        })
        .await
}

/// One attacker, who stays until it is dropped.
async fn stay(kind: Kind, door: Door, longest_head: usize, score: Rc<Score>, turns: Rc<Semaphore>) {
    let held = {
        let _turn = turns.acquire().await;
        attack(kind, &door, longest_head).await
    };
    score.through.set(score.through.get() + 1);
    let held = match held {
        Ok(held) => held,
        Err(error) => {
            score.refused.set(score.refused.get() + 1);
            score.why.replace(Some(error));
            return;
        }
    };
    while held.sip() {
        sleep(SIP).await;
    }
    score.given_up.set(score.given_up.get() + 1);
}

async fn attack(kind: Kind, door: &Door, longest_head: usize) -> Result<Held> {
    match kind {
        Kind::Head => requests::head(door, longest_head).await,
        Kind::Body => requests::body(door).await,
        Kind::Events => requests::events(door).await,
        Kind::Polls => requests::polls(door).await,
        Kind::Message => sockets::message(door).await,
        Kind::Fragments => sockets::fragments(door).await,
        Kind::Record => sockets::record(door).await,
        Kind::Json => sockets::held_json(door).await,
        Kind::Messagepack => sockets::held_messagepack(door).await,
        Kind::Answers => sockets::answers(door).await,
        Kind::Small => sockets::small(door).await,
        Kind::Streams => sockets::streams(door, 1).await,
        Kind::Ids => sockets::streams(door, inputs::LONGEST_ID).await,
        Kind::Uploads => sockets::uploads(door).await,
        Kind::Questions => sockets::questions(door).await,
        Kind::Unacknowledged => sockets::unacknowledged(door).await,
        Kind::Crumbs => sockets::crumbs(door).await,
        Kind::Group => sockets::group(door).await,
    }
}

/// Some connections that do no harm.
async fn open_quietly(server: &Server) -> Result<Vec<TcpStream>> {
    let mut quiet = Vec::new();
    for number in 0..WARM_UP {
        let door = Door::of(server, &format!("quiet-{number}"))?;
        quiet.push(sockets::open(&door, "", sockets::JSON).await?);
    }
    Ok(quiet)
}
