//! Drives a SignalR server from outside and measures it: Hubwire, ASP.NET Core, any that has the methods called here.
//!
//! ```text
//! cargo run --release --example crank -- echo      --url http://127.0.0.1:5310 --server-pid PID --depth 16
//! cargo run --release --example crank -- broadcast --url http://127.0.0.1:5310 --server-pid PID --window 8
//! cargo run --release --example crank -- idle      --url http://127.0.0.1:5310 --server-pid PID --transport sse
//! cargo run --release --example crank -- compare   --server 'ours=target/release/examples/conformance --listen {address}'
//! cargo run --release --example crank -- attack    --server 'target/release/examples/conformance --listen {address}'
//! cargo run --release --example crank -- send      --url http://127.0.0.1:5080 --server-pid PID --secret SECRET --senders 32
//! cargo run --release --example crank -- replay    --url http://127.0.0.1:5080 --server-pid PID --secret SECRET --messages 100000
//! cargo run --release --example crank -- stopped   --url http://127.0.0.1:5080 --server-pid PID --secret SECRET --stopped 100
//! cargo run --release --example crank -- fill      --database sqlite:///tmp/filled.db --messages 1000000
//! cargo run --release --example crank -- ask       --url http://127.0.0.1:5080 --server-pid PID --secret SECRET history
//! cargo run --release --example crank -- start     --binary target/release/hubwire
//! ```
//!
//! The hub is that of `examples/conformance` (`Echo`, `JoinGroup`, `ToGroup`), for `send`, `replay`, `stopped`, `ask` and `start` the chat server's.
//! `--secret` is the chat server's `HUBWIRE_JWT_SECRET`: with it every connection is a person of its own. With `--token`
//! all are one person, and the server's limit of connections per person applies. For `send`, `replay` and `stopped`
//! the server runs with `HUBWIRE_LIMITS_MESSAGES_PER_MINUTE=0`, for `replay` with `HUBWIRE_LIMITS_REPLAY_MESSAGES=0` too, for `stopped` with
//! `HUBWIRE_LIMITS_GROUP_MEMBERS=0`. CPU and memory come from `/proc`, so the server is on this machine.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its output is what it is for")]

mod ask;
mod attack;
mod broadcast;
mod client;
mod compare;
mod echo;
mod fill;
mod frames;
mod http;
mod idle;
mod process;
mod replay;
mod score;
mod send;
mod start;
mod stopped;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand};
use jsonwebtoken::{EncodingKey, Header};

#[derive(Debug, Parser)]
#[command(about = "Measures a SignalR server from outside")]
struct Options {
    #[command(subcommand)]
    measure: Measure,
}

#[derive(Debug, Subcommand)]
enum Measure {
    /// Calls that come back, so many under way on each connection.
    Echo {
        #[command(flatten)]
        server: Server,
        #[command(flatten)]
        echo: echo::Echo,
    },
    /// Messages to groups, in a window or at a rate; with members that stop reading, or come and go.
    Broadcast {
        #[command(flatten)]
        server: Server,
        #[command(flatten)]
        broadcast: broadcast::Broadcast,
    },
    /// Opens connections that say nothing and reports the server's memory for each.
    Idle {
        #[command(flatten)]
        server: Server,
        #[command(flatten)]
        idle: idle::Idle,
    },
    /// Starts a server for each kind of hostile client and reports what a thousand of them cost it in memory.
    Attack(attack::Attack),
    /// Starts servers and takes them through all of this in turn; a table of medians.
    Compare(compare::Compare),
    /// Sends messages as fast as they are acknowledged, or at a rate, and reports how many, how long each took, and the
    /// CPU time.
    Send {
        #[command(flatten)]
        server: Server,
        #[command(flatten)]
        send: send::Send,
    },
    /// Says so much while a device is away, and reports how fast it is told when it is back.
    Replay {
        #[command(flatten)]
        server: Server,
        #[command(flatten)]
        replay: replay::Replay,
    },
    /// Members of a group of the chat server stop reading for a while: what the others notice, what it costs, and whether
    /// they hear everything afterwards.
    Stopped {
        #[command(flatten)]
        server: Server,
        #[command(flatten)]
        stopped: stopped::Stopped,
    },
    /// Fills an empty database of the chat server.
    Fill(fill::Fill),
    /// Asks the chat server for pages of history, of the list, or for matches, on a database that was filled.
    Ask {
        #[command(flatten)]
        server: Server,
        #[command(flatten)]
        ask: ask::Ask,
    },
    /// Starts a server on an existing database and reports the time until it answers its first negotiate.
    Start {
        #[arg(long)]
        binary: PathBuf,
        /// Where its data is, or is made first; a temporary folder by default.
        #[arg(long)]
        data_dir: Option<PathBuf>,
        #[arg(long, default_value_t = 11)]
        runs: usize,
    },
}

/// A running server and who to be there.
#[derive(Args, Clone, Debug)]
#[group(skip)]
struct Server {
    #[arg(long, default_value = "http://127.0.0.1:5080")]
    url: String,
    #[arg(long, default_value = "/conformance")]
    hub: String,
    /// The server's process, for its CPU time and memory.
    #[arg(long)]
    server_pid: Option<u32>,
    /// One token for all connections.
    #[arg(long, conflicts_with = "secret")]
    token: Option<String>,
    /// The HS256 secret to sign a token for each person with.
    #[arg(long)]
    secret: Option<String>,
    /// The version to negotiate. Hubwire asks clients of version 0 for no proof of what they received.
    #[arg(long, default_value_t = 1)]
    negotiate_version: u8,
}

impl Server {
    /// A server that asks nobody who they are.
    fn at(url: String, hub: &str, pid: u32) -> Self {
        Self {
            url,
            hub: hub.to_owned(),
            server_pid: Some(pid),
            token: None,
            secret: None,
            negotiate_version: 1,
        }
    }

    /// The token of a person, or none where the hub needs none.
    fn token_of(&self, person: &str) -> Result<Option<String>> {
        let Some(secret) = &self.secret else {
            return Ok(self.token.clone());
        };
        let expires = jsonwebtoken::get_current_timestamp() + 24 * 60 * 60;
        let claims = serde_json::json!({ "sub": person, "name": person, "exp": expires });
        let token = jsonwebtoken::encode(
            &Header::default(),
            &claims,
            &EncodingKey::from_secret(secret.as_bytes()),
        )
        .context("cannot sign a token")?;
        Ok(Some(token))
    }
}

/// One core, as the other is the server's.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match measure(Options::parse().measure).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(measure: Measure) -> Result<()> {
    match measure {
        Measure::Echo { server, echo } => echo::run(&server, &echo).await?.print(),
        Measure::Broadcast { server, broadcast } => broadcast::run(&server, &broadcast).await?.print(),
        Measure::Idle { server, idle } => idle::run(&server, &idle).await?.print(),
        Measure::Attack(attack) => attack::run(&attack).await?,
        Measure::Compare(compare) => compare::run(&compare).await?,
        Measure::Send { server, send } => send::run(&server, &send).await?.print(),
        Measure::Replay { server, replay } => replay::run(&server, &replay).await?.print(),
        Measure::Stopped { server, stopped } => stopped::run(&server, &stopped).await?.print(),
        Measure::Fill(fill) => fill::run(&fill).await?,
        Measure::Ask { server, ask } => ask::run(&server, &ask).await?.print(),
        Measure::Start { binary, data_dir, runs } => start::run(&binary, data_dir, runs).await?,
    }
    Ok(())
}
