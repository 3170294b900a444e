//! One WebSocket of a client, by hand: it can be cut within a record, and it takes little that nobody reads.

use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};
use hub_protocol::codec::{Protocol, TransferFormat};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    time::timeout,
};

use super::PATIENCE;
use crate::frames::{self, BINARY, CLOSE, FIN, PING, PONG, TEXT, frame, upgrade};

/// What the kernel keeps for a client that does not read, on each side.
const KERNEL: u32 = 8 * 1024;

/// Listens where what is not read is soon not written either.
pub(super) fn listen() -> TcpListener {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_send_buffer_size(KERNEL).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    socket.listen(64).unwrap()
}

/// Negotiates; the answer's body.
pub(super) async fn negotiate(address: SocketAddr, query: &str) -> serde_json::Value {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "POST /hub/negotiate?negotiateVersion=1&{query} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\
         Connection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let read = timeout(PATIENCE, stream.read_to_string(&mut answer)).await;
    read.expect("a negotiation is answered").unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

pub(super) struct Socket {
    stream: TcpStream,
    arrived: BytesMut,
    fragments: Vec<u8>,
}

impl Socket {
    /// Opens; the status where it is refused.
    pub(super) async fn open(address: SocketAddr, query: &str) -> Result<Self, String> {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(KERNEL).unwrap();
        let mut stream = socket.connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let request = upgrade(&format!("/hub?{query}"));
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut arrived = BytesMut::new();
        let end = loop {
            if let Some(end) = arrived.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            let read = timeout(PATIENCE, stream.read_buf(&mut arrived)).await;
            assert_ne!(
                read.expect("an upgrade is answered").unwrap(),
                0,
                "an upgrade is answered"
            );
        };
        let head = arrived.split_to(end + 4);
        let status = String::from_utf8_lossy(&head[9..12]).into_owned();
        if status != "101" {
            return Err(status);
        }
        Ok(Self {
            stream,
            arrived,
            fragments: Vec::new(),
        })
    }

    pub(super) fn frame(protocol: Protocol, record: &[u8]) -> Vec<u8> {
        let kind = match protocol.transfer_format() {
            TransferFormat::Text => TEXT,
            TransferFormat::Binary => BINARY,
        };
        frame(FIN | kind, record)
    }

    /// Writes octets. Where the server has ended there is nobody to write to, which reading will show.
    pub(super) async fn write(&mut self, octets: &[u8]) {
        let written = timeout(PATIENCE, self.stream.write_all(octets)).await;
        let _ = written.expect("the server reads on");
    }

    /// The next message; `None` at the end, which is answered as it should be.
    pub(super) async fn read(&mut self) -> Option<Bytes> {
        loop {
            if let Some((first, payload)) = frames::take(&mut self.arrived) {
                match first & !FIN {
                    CLOSE => {
                        self.write(&frame(FIN | CLOSE, &payload)).await;
                        return None;
                    }
                    PING | PONG => continue,
                    _ => self.fragments.extend_from_slice(&payload),
                }
                if first & FIN != 0 {
                    return Some(std::mem::take(&mut self.fragments).into());
                }
                continue;
            }
            self.arrived.reserve(4_096);
            let read = timeout(PATIENCE, self.stream.read_buf(&mut self.arrived)).await;
            if !matches!(read.expect("something is due"), Ok(1..)) {
                return None;
            }
        }
    }

    /// Ends at once: the server sees a reset.
    pub(super) fn reset(self) {
        self.stream.set_zero_linger().unwrap();
    }
}
