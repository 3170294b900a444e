//! Measures a server from outside: idle connections, acknowledged messages, cold start.
//!
//! ```text
//! cargo run --release --example load -- idle  --url http://127.0.0.1:5080 --server-pid PID --secret SECRET --connections 1000
//! cargo run --release --example load -- send  --url http://127.0.0.1:5080 --server-pid PID --secret SECRET --senders 32 --seconds 10
//! cargo run --release --example load -- start --binary target/release/hubwire
//! ```
//!
//! `--secret` is the server's `HUBWIRE_JWT_SECRET`: with it every connection is a person of its own. With `--token`
//! all are one person, and the server's limit of connections per person applies. For `send` the server runs with
//! `HUBWIRE_LIMITS_MESSAGES_PER_MINUTE=0`. CPU and memory come from `/proc`, so the server is on this machine.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its output is what it is for")]

mod client;
mod idle;
mod process;
mod send;
mod start;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand};
use jsonwebtoken::{EncodingKey, Header};

#[derive(Debug, Parser)]
#[command(about = "Measures a Hubwire server from outside")]
struct Options {
    #[command(subcommand)]
    measure: Measure,
}

#[derive(Debug, Subcommand)]
enum Measure {
    /// Opens connections that say nothing and reports the server's memory for each.
    Idle {
        #[command(flatten)]
        server: Server,
        #[arg(long, default_value_t = 1000)]
        connections: usize,
    },
    /// Sends messages as fast as they are acknowledged and reports how many, how long each took, and the CPU time.
    Send {
        #[command(flatten)]
        server: Server,
        #[arg(long, default_value_t = 32)]
        senders: usize,
        #[arg(long, default_value_t = 10)]
        seconds: u64,
        /// All into one group, instead of each into a direct conversation of its own.
        #[arg(long)]
        group: bool,
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
struct Server {
    #[arg(long, default_value = "http://127.0.0.1:5080")]
    url: String,
    #[arg(long, default_value = "/hubs/chat")]
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
}

impl Server {
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

#[tokio::main]
async fn main() -> ExitCode {
    let measured = match Options::parse().measure {
        Measure::Idle { server, connections } => idle::run(&server, connections).await,
        Measure::Send {
            server,
            senders,
            seconds,
            group,
        } => send::run(&server, senders, seconds, group).await,
        Measure::Start { binary, data_dir, runs } => start::run(&binary, data_dir, runs).await,
    };
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
