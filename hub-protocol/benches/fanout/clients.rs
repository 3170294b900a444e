//! The process that listens: a thousand sockets read into one buffer, and a word to the sender whenever everybody has
//! what a round sent.

use std::{
    cell::{Cell, RefCell},
    io,
    pin::Pin,
    rc::Rc,
    task::ready,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf},
    net::TcpStream,
    sync::Notify,
    task::LocalSet,
};

use super::CLIENTS;

/// What arrived, of all clients together.
#[derive(Default)]
struct Arrived {
    bytes: Cell<usize>,
    changed: Notify,
}

pub(super) fn run(address: &str, is_hub: bool) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, listen(address, is_hub))
}

async fn listen(address: &str, is_hub: bool) -> io::Result<()> {
    let (control, address) = address
        .split_once(',')
        .ok_or_else(|| io::Error::other("two addresses"))?;
    let mut control = TcpStream::connect(control).await?;
    let arrived = Rc::new(Arrived::default());
    let buffer = Rc::new(RefCell::new(vec![0; 256 * 1024]));
    for _ in 0..CLIENTS {
        let mut stream = TcpStream::connect(address).await?;
        if is_hub {
            shake_hands(&mut stream).await?;
        }
        tokio::task::spawn_local(read(stream, Rc::clone(&buffer), Rc::clone(&arrived)));
    }
    control.write_u8(1).await?;
    // Each round says how many bytes it is in all.
    while let Ok(round) = control.read_u64().await {
        while arrived.bytes.get() < round as usize {
            arrived.changed.notified().await;
        }
        arrived.bytes.set(arrived.bytes.get() - round as usize);
        control.write_u8(1).await?;
    }
    Ok(())
}

async fn read(mut stream: TcpStream, buffer: Rc<RefCell<Vec<u8>>>, arrived: Rc<Arrived>) -> io::Result<()> {
    loop {
        let read = std::future::poll_fn(|cx| {
            let mut buffer = buffer.borrow_mut();
            let mut buffer = ReadBuf::new(&mut buffer);
            ready!(Pin::new(&mut stream).poll_read(cx, &mut buffer))?;
            std::task::Poll::Ready(io::Result::Ok(buffer.filled().len()))
        });
        let bytes = read.await?;
        if bytes == 0 {
            return Ok(());
        }
        arrived.bytes.set(arrived.bytes.get() + bytes);
        arrived.changed.notify_one();
    }
}

/// Opens the WebSocket without a negotiation, and the hub protocol.
async fn shake_hands(stream: &mut TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let upgrade = "GET /hub HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(upgrade.as_bytes()).await?;
    read_until(stream, b"\r\n\r\n").await?;
    let handshake = b"{\"protocol\":\"json\",\"version\":1}\x1e";
    let mut frame = vec![0x81, 0x80 | handshake.len() as u8, 0, 0, 0, 0];
    frame.extend_from_slice(handshake);
    stream.write_all(&frame).await?;
    read_until(stream, b"{}\x1e").await
}

async fn read_until(stream: &mut TcpStream, end: &[u8]) -> io::Result<()> {
    let mut read = Vec::new();
    while !read.ends_with(end) {
        read.push(stream.read_u8().await?);
    }
    Ok(())
}
