//! What the chat server tells a device that was lost: how fast it comes, and in which order.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde_json::{Value, json};
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{sleep, timeout};

use crate::Server;
use crate::client::Connection;
use crate::score::{Clock, Figures};

const WHO: &str = "absentee";
/// How a heard message begins.
pub(crate) const MESSAGE: &[u8] = b"{\"type\":1,\"target\":\"ReceiveMessage\"";
/// After its last message a client that was lost is told for so long that nothing more comes.
const QUIET: Duration = Duration::from_secs(5);
/// A lost connection is noticed and its place kept.
const NOTICED: Duration = Duration::from_secs(2);

#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct Replay {
    /// How many messages it misses.
    #[arg(long, default_value_t = 100_000)]
    messages: u64,
    /// Who say them, all into one group.
    #[arg(long, default_value_t = 32)]
    senders: usize,
}

pub(crate) async fn run(server: &Server, replay: &Replay) -> Result<Figures> {
    ensure!(replay.senders > 0, "--senders is at least 1");
    let mut senders = Vec::with_capacity(replay.senders);
    for i in 0..replay.senders {
        senders.push(Connection::open(server, &name(i)).await?);
    }
    let absentee = Connection::open(server, WHO).await?;
    let members: Vec<String> = (1..replay.senders).map(name).chain([WHO.to_owned()]).collect();
    let group = json!({ "name": "Replay", "memberIds": members });
    let group = senders[0].invoke("CreateGroup", &[group]).await?;
    let group = group.as_ref().and_then(|group| group["conversationId"].as_str());
    let group = group.context("the group has no conversationId")?.to_owned();
    drop(absentee);
    sleep(NOTICED).await;

    let local = LocalSet::new();
    let mut tasks = JoinSet::new();
    for (i, sender) in senders.into_iter().enumerate() {
        let share = (0..replay.messages).skip(i).step_by(replay.senders).count();
        tasks.spawn_local_on(say(sender, group.clone(), share), &local);
    }
    local
        .run_until(async {
            while let Some(said) = tasks.join_next().await {
                said??;
            }
            Ok::<_, anyhow::Error>(())
        })
        .await?;

    let clock = Clock::start(server.server_pid)?;
    let Connection {
        mut reader, mut writer, ..
    } = Connection::open(server, WHO).await?;
    let (mut heard, mut last, mut out_of_order, mut bytes) = (0, 0, 0, 0);
    while heard < replay.messages {
        let read = reader.read(|record| {
            bytes += record.len();
            if record.starts_with(MESSAGE) {
                let seq = seq(record).unwrap_or_default();
                out_of_order += u64::from(seq <= last);
                last = seq;
                heard += 1;
            }
        });
        let owed = timeout(QUIET, read)
            .await
            .with_context(|| format!("nothing more came after {heard} messages"))??;
        writer.pay(&owed).await?;
    }
    let mut figures = Figures::default();
    clock.stop(&mut figures, "replayed message", heard)?;
    figures.add("bytes a message", bytes as f64 / heard as f64);
    figures.add("out of order or twice", out_of_order as f64);
    Ok(figures)
}

fn name(i: usize) -> String {
    format!("replay-{i}")
}

async fn say(mut sender: Connection, group: String, messages: usize) -> Result<()> {
    for i in 0..messages {
        let content = format!("message {i} of a measuring client, about as long as people write");
        let message: Value = json!({ "conversationId": group, "content": content });
        sender.invoke("SendMessage", &[message]).await?;
    }
    Ok(())
}

/// The place of a message in its conversation.
pub(crate) fn seq(record: &[u8]) -> Option<u64> {
    const NAME: &[u8] = b"\"seq\":";
    let at = memchr::memmem::rfind(record, NAME)? + NAME.len();
    let digits = record[at..].iter().take_while(|byte| byte.is_ascii_digit());
    Some(digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}
