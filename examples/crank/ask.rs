//! Asks the chat server over REST, on a database that `fill` made: a page of history, a page of the list, a search.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::Instant;

use crate::Server;
use crate::fill::text::{Text, word};
use crate::http::{self, Door};
use crate::score::{Clock, Figures, Times};

/// Not counted.
const WARM_UP: Duration = Duration::from_secs(1);

#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct Ask {
    #[arg(value_enum)]
    what: What,
    #[arg(long, default_value_t = 1)]
    clients: usize,
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Items of a page.
    #[arg(long, default_value_t = 50)]
    take: u64,
    /// History: pages lie anywhere among so many messages of conversation 1.
    #[arg(long, default_value_t = 5_000)]
    messages: u64,
    /// Search: in conversation 1 instead of in all.
    #[arg(long)]
    one: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum What {
    History,
    Conversations,
    Search,
}

pub(crate) async fn run(server: &Server, ask: &Ask) -> Result<Figures> {
    let times = Rc::new(RefCell::new(Times::new()?));
    let stops = Rc::new(Cell::new(false));
    let local = LocalSet::new();
    let mut tasks = JoinSet::new();
    for client in 0..ask.clients {
        let (server, ask, times, stops) = (server.clone(), ask.clone(), times.clone(), stops.clone());
        tasks.spawn_local_on(
            async move { client_of(&server, &ask, client as u64, &times, &stops).await },
            &local,
        );
    }
    local
        .run_until(async move {
            tokio::time::sleep(WARM_UP).await;
            times.borrow_mut().clear();
            let clock = Clock::start(server.server_pid)?;
            tokio::time::sleep(Duration::from_secs(ask.seconds)).await;
            stops.set(true);
            let mut figures = Figures::default();
            {
                let measured = times.borrow();
                figures.add_times("answer", &measured);
                figures.add("answer p95 ms", measured.millis_at(0.95));
                clock.stop(&mut figures, "answer", measured.count())?;
            }
            while let Some(ended) = tasks.join_next().await {
                ended??;
            }
            Ok(figures)
        })
        .await
}

async fn client_of(server: &Server, ask: &Ask, number: u64, times: &RefCell<Times>, stops: &Cell<bool>) -> Result<()> {
    let door = Door::new(
        http::authority(&server.url)?,
        "/api/Chat",
        server.token_of("person-0")?.as_deref(),
    );
    let mut stream = door.connect().await?;
    let mut text = Text::new();
    for _ in 0..number * 1_000 {
        text.below(2);
    }
    while !stops.get() {
        let path = path(ask, &mut text);
        let began = Instant::now();
        answer(&mut stream, &door.request("GET", &path, "", ""))
            .await
            .with_context(|| path.clone())?;
        times.borrow_mut().note(began.elapsed().as_micros() as u64);
    }
    Ok(())
}

fn path(ask: &Ask, text: &mut Text) -> String {
    let take = ask.take;
    match ask.what {
        What::History => {
            let skip = text.below(ask.messages.saturating_sub(take).max(1));
            format!("/conversations/1/messages?take={take}&skip={skip}")
        }
        What::Conversations => format!("/conversations?take={take}"),
        What::Search => {
            let of = if ask.one { "/conversations/1" } else { "" };
            format!("{of}/messages/search?take={take}&q={}", term(text))
        }
    }
}

/// What people look for: a common word, a rare one, two, a phrase, the beginning of one.
fn term(text: &mut Text) -> String {
    let mut term = String::new();
    let common = text.below(30);
    let rarer = 30 + text.below(1_000);
    let rare = 1_000 + text.below(15_000);
    let mut add = |rank, after| {
        word(rank, &mut term);
        term.push_str(after);
    };
    match text.below(6) {
        0 => add(common, "+"),
        1 => add(rarer, "+"),
        2 => add(rare, "+"),
        3 => {
            add(common, "+");
            add(rarer, "+");
        }
        4 => {
            add(common, "+");
            add(rare, "");
        }
        _ => {
            add(rarer, "");
            term.truncate(4);
        }
    }
    term
}

/// One request and its whole answer.
async fn answer(stream: &mut TcpStream, request: &str) -> Result<()> {
    stream.write_all(request.as_bytes()).await?;
    let mut read = Vec::with_capacity(64 * 1024);
    let end = loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut read).await? == 0 {
            bail!("the server ended the connection instead of answering");
        }
    };
    let head = String::from_utf8_lossy(&read[..end]).to_ascii_lowercase();
    if !head.starts_with("http/1.1 200 ") {
        bail!("answered with {}", String::from_utf8_lossy(&read));
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.context("the answer has no length")?.trim().parse()?;
    while read.len() < end + length {
        if stream.read_buf(&mut read).await? == 0 {
            bail!("the answer ends early");
        }
    }
    Ok(())
}
