//! Connections that say nothing: what each costs the server in memory, by transport.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::Server;
use crate::client::Connection;
use crate::http::{Door, exchange};
use crate::process::Process;
use crate::score::Figures;

#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct Idle {
    #[arg(long, default_value_t = 1000)]
    pub(crate) connections: usize,
    #[arg(long, value_enum, default_value_t = Transport::WebSockets)]
    pub(crate) transport: Transport,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Transport {
    #[value(name = "websockets")]
    WebSockets,
    #[value(name = "sse")]
    ServerSentEvents,
    #[value(name = "polling")]
    LongPolling,
}

/// How many connections are being opened at a time.
const AT_ONCE: usize = 32;
/// The first connections are not measured: they fill caches and pools once.
const WARM_UP: usize = 8;
/// Time for the server to come to rest before its memory is read.
const REST: Duration = Duration::from_secs(2);
/// How long the CPU time of doing nothing is measured.
const WATCH: Duration = Duration::from_secs(5);

/// An open connection; nobody reads what it is sent.
#[derive(Debug)]
enum Open {
    WebSocket { _connection: Connection },
    Stream { _stream: TcpStream },
}

pub(crate) async fn run(server: &Server, idle: &Idle) -> Result<Figures> {
    let process = Process(
        server
            .server_pid
            .context("--server-pid is needed for the server's memory")?,
    );
    let mut figures = Figures::default();
    figures.add("memory as found KB", process.resident_kb()? as f64);
    let warm = open(server, idle.transport, 0, WARM_UP).await?;
    sleep(REST).await;
    let before = process.resident_kb()?;
    let began = Instant::now();
    let opened = open(server, idle.transport, WARM_UP, idle.connections).await?;
    figures.add("opened/s", idle.connections as f64 / began.elapsed().as_secs_f64());
    sleep(REST).await;
    let grown = process.resident_kb()? as f64 - before as f64;
    figures.add("KB a connection", grown / idle.connections as f64);
    let cpu = process.cpu_us()?;
    sleep(WATCH).await;
    let spent = (process.cpu_us()? - cpu) as f64 / WATCH.as_micros() as f64;
    figures.add("CPU % of a core while idle", spent * 100.0);
    drop((warm, opened));
    Ok(figures)
}

async fn open(server: &Server, transport: Transport, first: usize, count: usize) -> Result<Vec<Open>> {
    stream::iter(first..first + count)
        .map(|i| async move {
            let person = format!("idle-{i}");
            Ok(match transport {
                Transport::WebSockets => Open::WebSocket {
                    _connection: Connection::open(server, &person).await?,
                },
                Transport::ServerSentEvents => Open::Stream {
                    _stream: stream_of_events(&Door::of(server, &person)?).await?,
                },
                Transport::LongPolling => Open::Stream {
                    _stream: poll(&Door::of(server, &person)?).await?,
                },
            })
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

const HANDSHAKE: &str = "{\"protocol\":\"json\",\"version\":1}\u{1e}";

async fn stream_of_events(door: &Door) -> Result<TcpStream> {
    let id = door.negotiate().await?;
    let mut events = door.connect().await?;
    let request = door.request("GET", &format!("?id={id}"), "Accept: text/event-stream\r\n", "");
    accepted(&exchange(&mut events, &request).await?.0)?;
    let mut post = door.connect().await?;
    let request = door.request("POST", &format!("?id={id}"), "Connection: close\r\n", HANDSHAKE);
    accepted(&exchange(&mut post, &request).await?.0)?;
    Ok(events)
}

/// One connection for all requests; the last poll waits.
async fn poll(door: &Door) -> Result<TcpStream> {
    let id = door.negotiate().await?;
    let mut polls = door.connect().await?;
    let poll = door.request("GET", &format!("?id={id}"), "", "");
    accepted(&exchange(&mut polls, &poll).await?.0)?;
    let post = door.request("POST", &format!("?id={id}"), "", HANDSHAKE);
    accepted(&exchange(&mut polls, &post).await?.0)?;
    // The answer to the handshake.
    let (head, body) = exchange(&mut polls, &poll).await?;
    accepted(&head)?;
    if body != b"{}\x1e" {
        bail!("the handshake was answered with {body:?}");
    }
    polls.write_all(poll.as_bytes()).await?;
    Ok(polls)
}

fn accepted(head: &str) -> Result<()> {
    if !head.starts_with("HTTP/1.1 200 ") {
        bail!("a request was answered with {head}");
    }
    Ok(())
}
