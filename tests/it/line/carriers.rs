//! The bytes of a connection: over a WebSocket, as server-sent events, or by polling.

use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        Message,
        client::IntoClientRequest as _,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use crate::support::{Answer, ask};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carrier {
    WebSockets,
    Events,
    Polls,
}

/// An open connection without its meaning.
pub(crate) struct Wire {
    pub(crate) address: SocketAddr,
    token: String,
    /// What its device is recognised by.
    pub(crate) cookie: String,
    /// The hub with the connection's token.
    pub(crate) path: String,
    socket: Socket,
}

enum Socket {
    Web(Box<WebSocketStream<MaybeTlsStream<TcpStream>>>),
    Events(Box<Events>),
    Polls,
}

impl Wire {
    /// Negotiates and opens.
    pub(crate) async fn open(address: SocketAddr, token: &str, hub: &str, carrier: Carrier) -> Self {
        let bearer = format!("Bearer {token}");
        let negotiate = format!("{hub}/negotiate?negotiateVersion=1");
        let answer = ask(address, "POST", &negotiate, &[("authorization", &bearer)], b"").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let cookie = answer.header("set-cookie").and_then(|cookie| cookie.split(';').next());
        let cookie = cookie.expect("a device has a cookie").to_owned();
        let answer = answer.json();
        let offered = answer["availableTransports"].as_array().unwrap().len();
        assert_eq!(offered, 3, "every transport is offered: {answer}");
        let path = format!("{hub}?id={}", answer["connectionToken"].as_str().unwrap());
        let mut wire = Self {
            address,
            token: token.to_owned(),
            cookie,
            path,
            socket: Socket::Polls,
        };
        match carrier {
            Carrier::WebSockets => {
                let mut request = format!("ws://{address}{}", wire.path).into_client_request().unwrap();
                request.headers_mut().insert("authorization", bearer.parse().unwrap());
                request.headers_mut().insert("cookie", wire.cookie.parse().unwrap());
                let (socket, _) = connect_async(request).await.unwrap();
                wire.socket = Socket::Web(Box::new(socket));
            }
            Carrier::Events => wire.socket = Socket::Events(Box::new(Events::open(&wire).await)),
            Carrier::Polls => {
                let first = wire.request("GET", b"").await;
                assert_eq!((first.status, first.text()), (200, ""), "the first poll only opens");
            }
        }
        wire
    }

    /// One request of the connection.
    pub(crate) async fn request(&self, method: &str, body: &[u8]) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let headers = [("authorization", bearer.as_str()), ("cookie", &self.cookie)];
        ask(self.address, method, &self.path, &headers, body).await
    }

    /// Goes on with another token.
    pub(crate) fn renew(&mut self, token: String) {
        self.token = token;
    }

    pub(crate) async fn send(&mut self, bytes: &[u8], is_binary: bool) {
        if let Socket::Web(socket) = &mut self.socket {
            let message = if is_binary {
                Message::binary(bytes.to_vec())
            } else {
                Message::text(std::str::from_utf8(bytes).unwrap())
            };
            socket.send(message).await.unwrap();
        } else {
            let answer = self.request("POST", bytes).await;
            assert_eq!((answer.status, answer.text()), (200, ""));
        }
    }

    /// More bytes; `None` when the connection is over.
    pub(crate) async fn receive(&mut self) -> Option<Vec<u8>> {
        if matches!(self.socket, Socket::Polls) {
            let answer = self.request("GET", b"").await;
            return match answer.status {
                200 => Some(answer.body),
                204 => None,
                // Sent away for good; the Close went with an earlier poll or not at all.
                403 => None,
                status => panic!("{status}: {}", answer.text()),
            };
        }
        match &mut self.socket {
            Socket::Web(socket) => loop {
                match socket.next().await? {
                    Ok(Message::Text(text)) => return Some(text.as_bytes().to_vec()),
                    Ok(Message::Binary(bytes)) => return Some(bytes.to_vec()),
                    Ok(Message::Ping(_)) => drop(socket.flush().await),
                    Ok(_) => {}
                    Err(_) => return None,
                }
            },
            Socket::Events(events) => events.next().await,
            Socket::Polls => unreachable!("polled above"),
        }
    }

    /// As a page that is left: its sockets go, and where it polls it says so.
    pub(crate) async fn leave(mut self) {
        match &mut self.socket {
            Socket::Web(socket) => {
                let (code, reason) = (CloseCode::Away, "".into());
                drop(socket.send(Message::Close(Some(CloseFrame { code, reason }))).await);
                while let Some(Ok(_)) = socket.next().await {}
            }
            Socket::Events(_) => {}
            Socket::Polls => assert_eq!(self.request("DELETE", b"").await.status, 202),
        }
    }
}

/// An answer of events in chunks.
struct Events {
    socket: TcpStream,
    /// Came, and is not a whole chunk.
    chunked: Vec<u8>,
    /// Came, and is not a whole event.
    text: Vec<u8>,
}

impl Events {
    async fn open(wire: &Wire) -> Self {
        let mut socket = TcpStream::connect(wire.address).await.unwrap();
        let request = format!(
            "GET {} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\ncookie: {}\r\n\
             accept: text/event-stream\r\n\r\n",
            wire.path, wire.address, wire.token, wire.cookie
        );
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut events = Self {
            socket,
            chunked: Vec::new(),
            text: Vec::new(),
        };
        let end = loop {
            if let Some(end) = find(&events.chunked, b"\r\n\r\n") {
                break end;
            }
            assert!(events.read().await, "a head");
        };
        let head: Vec<_> = events.chunked.drain(..end + 4).collect();
        let head = String::from_utf8(head).unwrap();
        assert!(
            head.starts_with("HTTP/1.1 200") && head.contains("text/event-stream"),
            "{head}"
        );
        events
    }

    async fn read(&mut self) -> bool {
        let mut chunk = [0; 4096];
        match self.socket.read(&mut chunk).await {
            Ok(count) if count > 0 => {
                self.chunked.extend_from_slice(&chunk[..count]);
                true
            }
            _ => false,
        }
    }

    /// The data of the next event.
    async fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            while self.unchunk() {}
            while let Some(end) = find(&self.text, b"\r\n") {
                let line: Vec<_> = self.text.drain(..end + 2).collect();
                if let Some(data) = line.strip_prefix(b"data: ") {
                    return Some(data[..data.len() - 2].to_vec());
                }
            }
            if !self.read().await {
                return None;
            }
        }
    }

    /// Takes one chunk out of its wrapping.
    fn unchunk(&mut self) -> bool {
        let Some(end) = find(&self.chunked, b"\r\n") else {
            return false;
        };
        let size = std::str::from_utf8(&self.chunked[..end]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        if self.chunked.len() < end + 2 + size + 2 {
            return false;
        }
        self.text.extend_from_slice(&self.chunked[end + 2..end + 2 + size]);
        self.chunked.drain(..end + 2 + size + 2);
        size > 0
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
