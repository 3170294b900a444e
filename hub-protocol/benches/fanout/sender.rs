//! Both senders, and the CPU time that each takes for a delivery.

use std::{
    fs,
    io::{self, Write},
    time::Duration,
};

use hub_protocol::hub::{Context, Hub};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::Instant,
};

use super::{CLIENTS, FRAME_BYTES, start_clients};

/// How long each is measured; the kernel counts CPU time in steps of 10 ms.
const MEASURED: Duration = Duration::from_secs(2);
const WARM_UP_ROUNDS: usize = 20;

#[derive(Clone, Copy)]
pub(super) enum Sender {
    /// One buffer of k frames, one write for each socket.
    Raw,
    /// k calls of a group.
    Hub,
}

/// CPU-µs of this process for each delivery, with `k` frames that wait for each client.
pub(super) fn measure(sender: Sender, k: usize) -> io::Result<f64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let control = TcpListener::bind("127.0.0.1:0").await?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let addresses = format!("{},{}", control.local_addr()?, listener.local_addr()?);
        let kind = match sender {
            Sender::Raw => "raw",
            Sender::Hub => "hub",
        };
        let mut clients = start_clients(&addresses, kind)?;
        let (mut control, _) = control.accept().await?;
        let measured = match sender {
            Sender::Raw => raw(listener, &mut control, k).await,
            Sender::Hub => hub(listener, &mut control, k).await,
        };
        drop(control);
        clients.kill()?;
        clients.wait()?;
        measured
    })
}

async fn raw(listener: TcpListener, control: &mut TcpStream, k: usize) -> io::Result<f64> {
    let mut sockets = Vec::with_capacity(CLIENTS);
    for _ in 0..CLIENTS {
        let socket = listener.accept().await?.0.into_std()?;
        socket.set_nodelay(true)?;
        socket.set_nonblocking(false)?;
        sockets.push(socket);
    }
    control.read_u8().await?;
    let frames = vec![b'x'; FRAME_BYTES * k];
    rounds(control, k, async || {
        for socket in &sockets {
            (&*socket).write_all(&frames)?;
        }
        Ok(())
    })
    .await
}

async fn hub(listener: TcpListener, control: &mut TcpStream, k: usize) -> io::Result<f64> {
    let hub = Hub::builder("Bench")
        .on_connected(async |cx: Context| cx.groups().add(cx.connection_id(), "everybody").await)
        .build();
    let app = axum::Router::new().merge(hub.endpoint().routes("/hub"));
    let serving = tokio::spawn(async move { axum::serve(listener, app).await });
    control.read_u8().await?;
    let clients = hub.handle().clients();
    // `{"type":1,"target":"said","arguments":["…"]}` and the separator.
    let text = "x".repeat(FRAME_BYTES - 4 - 44);
    let measured = rounds(control, k, async || {
        for _ in 0..k {
            let sent = clients.group("everybody").send("said", (&text,)).await;
            sent.map_err(|error| io::Error::other(error.to_string()))?;
        }
        Ok(())
    })
    .await;
    serving.abort();
    measured
}

/// Sends, and waits until everybody has it, again and again.
async fn rounds(control: &mut TcpStream, k: usize, mut send: impl AsyncFnMut() -> io::Result<()>) -> io::Result<f64> {
    let bytes = (CLIENTS * k * FRAME_BYTES) as u64;
    let mut round = async || {
        control.write_u64(bytes).await?;
        send().await?;
        control.read_u8().await.map(drop)
    };
    for _ in 0..WARM_UP_ROUNDS {
        round().await?;
    }
    let (mut sent, began, cpu) = (0, Instant::now(), cpu_us()?);
    while began.elapsed() < MEASURED {
        round().await?;
        sent += CLIENTS * k;
    }
    Ok((cpu_us()? - cpu) as f64 / sent as f64)
}

/// CPU time of this process so far.
fn cpu_us() -> io::Result<u64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The name of the program comes first, in parentheses, and may hold anything.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok());
    Ok(ticks.sum::<u64>() * 10_000)
}
