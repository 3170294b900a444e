//! Calls that come back: each connection keeps so many under way, and every answer is checked.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{Instant, sleep};

use crate::Server;
use crate::client::Connection;
use crate::score::{Clock, Figures, Times};

#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct Echo {
    #[arg(long, default_value_t = 100)]
    pub(crate) connections: usize,
    /// Calls that each connection has under way.
    #[arg(long, default_value_t = 1)]
    pub(crate) depth: usize,
    #[arg(long, default_value_t = 5)]
    pub(crate) seconds: u64,
}

/// Not counted: connections, pages and a runtime that compiles as it goes become warm.
const WARM_UP: Duration = Duration::from_secs(2);

#[derive(Debug)]
struct Score {
    answers: u64,
    times: Times,
    stops: bool,
}

pub(crate) async fn run(server: &Server, echo: &Echo) -> Result<Figures> {
    let score = Rc::new(RefCell::new(Score {
        answers: 0,
        times: Times::new()?,
        stops: false,
    }));
    let local = LocalSet::new();
    local
        .run_until(async {
            let mut callers = JoinSet::new();
            for i in 0..echo.connections {
                let connection = Connection::open(server, &format!("echo-{i}")).await?;
                callers.spawn_local(call(connection, echo.depth, score.clone()));
            }
            sleep(WARM_UP).await;
            {
                let mut score = score.borrow_mut();
                score.answers = 0;
                score.times.clear();
            }
            let clock = Clock::start(server.server_pid)?;
            sleep(Duration::from_secs(echo.seconds)).await;
            let mut figures = Figures::default();
            clock.stop(&mut figures, "call", score.borrow().answers)?;
            figures.add_times("answer", &score.borrow().times);
            score.borrow_mut().stops = true;
            while let Some(ended) = callers.join_next().await {
                ended??;
            }
            Ok(figures)
        })
        .await
}

/// Calls until told to stop; as many calls follow as answers came, in one write.
async fn call(mut connection: Connection, depth: usize, score: Rc<RefCell<Score>>) -> Result<()> {
    let mut under_way = VecDeque::with_capacity(depth);
    let (mut calls, mut wrong, mut text) = (0_u64, None, String::new());
    let mut due = depth;
    loop {
        for _ in 0..due {
            text.clear();
            write!(
                text,
                "{{\"type\":1,\"invocationId\":\"{calls}\",\"target\":\"Echo\",\"arguments\":[\"call {calls}\"]}}"
            )?;
            connection.writer.push(&text);
            under_way.push_back((calls, Instant::now()));
            calls += 1;
        }
        connection.writer.flush().await?;
        due = 0;
        let owed = connection
            .reader
            .read(|record| match check(record, &mut under_way) {
                Ok(None) => {}
                Ok(Some(sent)) => {
                    due += 1;
                    let mut score = score.borrow_mut();
                    score.answers += 1;
                    score.times.note(sent.elapsed().as_micros() as u64);
                }
                Err(error) => wrong = Some(error),
            })
            .await?;
        if let Some(error) = wrong {
            return Err(error);
        }
        connection.writer.pay(&owed).await?;
        if score.borrow().stops {
            return Ok(());
        }
    }
}

/// When the call that a record answers was sent; `None` where it is a Ping. Answers come in the order of calls.
fn check(record: &[u8], under_way: &mut VecDeque<(u64, Instant)>) -> Result<Option<Instant>> {
    if record == b"{\"type\":6}" {
        return Ok(None);
    }
    let (number, sent) = under_way.pop_front().context("an answer to nothing")?;
    let due = format!("{{\"type\":3,\"invocationId\":\"{number}\",\"result\":\"call {number}\"}}");
    if record != due.as_bytes() {
        bail!("{due} was due, not {}", String::from_utf8_lossy(record));
    }
    Ok(Some(sent))
}
