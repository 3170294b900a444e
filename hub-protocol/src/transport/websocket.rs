//! RFC 6455: tungstenite shakes hands, reads and checks; data frames are written as they are.
//!
//! Frames arrive here framed and shared, so tungstenite's writer would only copy them. What it wants to
//! write by itself (answers to Pings) goes through a [`Gate`] and leaves between our frames.

mod gate;
mod upgrade;

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes, BytesMut};
use futures_util::Stream;
use tokio::{io::AsyncWrite, time::Instant};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        error::ProtocolError,
        protocol::{Role, WebSocketConfig, frame::coding::CloseCode},
    },
};

use self::gate::Gate;
pub(crate) use self::{gate::Io, upgrade::Upgrade};
use super::{Incoming, Lost, Outgoing, Transport};
use crate::{close::End, negotiate::TransportKind};

/// One client over a WebSocket.
pub(crate) struct WebSocket {
    /// Gone with all it has read when the client has: half a message may be large, and nobody sends the rest.
    socket: Option<WebSocketStream<Gate>>,
    output: Output,
    /// The code of our Close frame: ASP.NET Core always says 1000, whatever the client said.
    close_code: u16,
    /// Found behind a long message while tungstenite was made to part with its buffer.
    early: VecDeque<Found>,
    /// The last look found nothing whole; only more bytes can change that.
    waits: bool,
    peer_closed: bool,
    close_sent: bool,
    broken: bool,
    flooded: bool,
}

/// What a look into tungstenite finds.
type Found = Option<Result<Message, Error>>;

/// A message that is longer is worth another look, see [`WebSocket::part_with_buffer`].
const LONG_BYTES: usize = 2 * 1024;

/// The same, and nothing of the buffer that it was found in.
fn alone(found: Found) -> Found {
    let message = match found? {
        Ok(Message::Text(text)) => Message::Binary(Bytes::copy_from_slice(text.as_bytes())),
        Ok(Message::Binary(bytes)) => Message::Binary(Bytes::copy_from_slice(&bytes)),
        Ok(Message::Pong(nonce)) => Message::Pong(Bytes::copy_from_slice(&nonce)),
        Ok(Message::Ping(_)) => Message::Ping(Bytes::new()),
        other => return Some(other),
    };
    Some(Ok(message))
}

/// What waits to be written, and what is being written.
#[derive(Default)]
struct Output {
    /// One waiting frame is written from where it is shared; only several are joined.
    single: Bytes,
    joined: BytesMut,
    writing: Bytes,
    /// Bytes that the socket has taken.
    written: u64,
}

/// What is set aside when frames begin to be joined; more is when it is needed.
const JOINED_BYTES: usize = 4 * 1024;

impl Output {
    fn push(&mut self, bytes: &Bytes) {
        if !self.joined.is_empty() {
            self.joined.extend_from_slice(bytes);
        } else if self.single.is_empty() {
            self.single = bytes.clone();
        } else {
            // Where two wait there are often more.
            self.joined.reserve((self.single.len() + bytes.len()).max(JOINED_BYTES));
            self.joined.extend_from_slice(&std::mem::take(&mut self.single));
            self.joined.extend_from_slice(bytes);
        }
    }

    fn take(&mut self) -> Bytes {
        if self.joined.is_empty() {
            std::mem::take(&mut self.single)
        } else {
            std::mem::take(&mut self.joined).freeze()
        }
    }
}

impl WebSocket {
    /// Takes over an upgraded socket with what was already `read` from it.
    ///
    /// `limit` is the longest hub message; one WebSocket message may hold several, so it may be longer.
    pub(crate) async fn accept(io: Io, read: Bytes, limit: Option<usize>) -> Self {
        let limit = limit.map(|limit| limit.saturating_add(64 * 1024));
        // Tungstenite's defaults cost 128 KiB a connection. What is there to read waits in the gate.
        let config = WebSocketConfig::default()
            .read_buffer_size(0)
            .write_buffer_size(0)
            .max_write_buffer_size(16 * 1024)
            .max_message_size(limit)
            .max_frame_size(limit);
        let gate = Gate::new(io, read, limit);
        let socket = WebSocketStream::from_raw_socket(gate, Role::Server, Some(config)).await;
        Self {
            socket: Some(socket),
            output: Output::default(),
            close_code: CloseCode::Normal.into(),
            early: VecDeque::new(),
            waits: false,
            peer_closed: false,
            close_sent: false,
            broken: false,
            flooded: false,
        }
    }

    /// The client is gone without a goodbye: nothing is read or written any more.
    fn lose(&mut self) {
        self.broken = true;
        (self.socket, self.early) = (None, VecDeque::new());
        self.output = Output {
            written: self.output.written,
            ..Output::default()
        };
    }

    /// Tungstenite goes on in the buffer of a message, as long as nobody else does: it would keep it for as long as nothing
    /// more comes. While somebody holds the message it looks for what comes next in a buffer of a few bytes, unless it has
    /// room for those: where many long messages come without a pause.
    fn part_with_buffer(&mut self, cx: &mut Context<'_>, message: Bytes) -> Bytes {
        if message.len() > LONG_BYTES
            && let Some(socket) = &mut self.socket
        {
            socket.get_mut().shut(true);
            // Fourteen bytes at most have been read with the message: two frames.
            while let Poll::Ready(found) = Pin::new(&mut *socket).poll_next(cx) {
                let goes_on = matches!(found, Some(Ok(_)));
                self.early.push_back(alone(found));
                if !goes_on {
                    break;
                }
            }
            socket.get_mut().shut(false);
        }
        message
    }

    /// Whether the socket is gone without a goodbye.
    pub(crate) fn is_cut(&self) -> bool {
        self.broken && !self.peer_closed && !self.flooded
    }

    fn end(&mut self, error: &Error) -> Incoming {
        match error {
            Error::Capacity(_) => return Incoming::TooLarge,
            Error::Io(_) if self.flooded => self.close_code = CloseCode::Policy.into(),
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => self.lose(),
            Error::Protocol(_) => self.close_code = CloseCode::Protocol.into(),
            Error::Utf8(_) => self.close_code = CloseCode::Invalid.into(),
            _ => self.lose(),
        }
        Incoming::End(End::Lost)
    }
}

impl Transport for WebSocket {
    fn kind(&self) -> TransportKind {
        TransportKind::WebSockets
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Incoming> {
        // Most wake-ups of a client that listens are for something to write.
        if self.waits && self.socket.as_ref().is_some_and(|socket| socket.get_ref().is_quiet()) {
            return Poll::Pending;
        }
        loop {
            let Some(socket) = &mut self.socket else {
                return Poll::Ready(Incoming::End(End::Lost));
            };
            let next = match self.early.pop_front() {
                Some(found) => Poll::Ready(found),
                None => Pin::new(&mut *socket).poll_next(cx),
            };
            self.waits = next.is_pending();
            self.flooded = socket.get_ref().is_flooded();
            let message = match ready!(next) {
                Some(Ok(message)) => message,
                Some(Err(error)) => return Poll::Ready(self.end(&error)),
                None => {
                    self.lose();
                    return Poll::Ready(Incoming::End(End::Lost));
                }
            };
            match message {
                Message::Text(text) if text.is_empty() => {}
                Message::Binary(bytes) if bytes.is_empty() => {}
                // The opcode means nothing here: JSON comes in binary frames too.
                Message::Text(text) => {
                    socket.get_mut().note_message();
                    return Poll::Ready(Incoming::Bytes(self.part_with_buffer(cx, text.into())));
                }
                Message::Binary(bytes) => {
                    socket.get_mut().note_message();
                    return Poll::Ready(Incoming::Bytes(self.part_with_buffer(cx, bytes)));
                }
                Message::Pong(nonce) => {
                    if let Ok(nonce) = <[u8; 8]>::try_from(&nonce[..]) {
                        return Poll::Ready(Incoming::Proven(u64::from_be_bytes(nonce)));
                    }
                }
                Message::Close(close) => {
                    self.peer_closed = true;
                    // What tungstenite makes of a code that may not be sent (RFC 6455 §7.4).
                    if close.as_ref().is_some_and(|close| close.reason == "Protocol violation") {
                        self.close_code = CloseCode::Protocol.into();
                    }
                    let left = close.is_some_and(|close| close.code == CloseCode::Away);
                    return Poll::Ready(Incoming::End(if left { End::Closed } else { End::Lost }));
                }
                Message::Ping(_) | Message::Frame(_) => {}
            }
        }
    }

    fn gone_since(&self) -> Option<Instant> {
        let has_gone = self.socket.as_ref().is_none_or(|socket| socket.get_ref().has_gone());
        has_gone.then(Instant::now)
    }

    fn let_go(&mut self) {
        // Whoever said goodbye is answered.
        if self.gone_since().is_some() && !self.peer_closed {
            self.lose();
        }
    }

    fn send(&mut self, outgoing: Outgoing) {
        match outgoing {
            Outgoing::Frames(frame) => self.output.push(frame.websocket()),
            Outgoing::Probe(nonce) => {
                let mut ping = vec![0x89, 8];
                ping.extend_from_slice(&nonce.to_be_bytes());
                self.output.push(&ping.into());
            }
            Outgoing::Abort => self.broken = true,
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Lost>> {
        let Some(socket) = self.socket.as_mut().filter(|_| !self.broken) else {
            return Poll::Ready(Err(Lost));
        };
        loop {
            if self.output.writing.is_empty() {
                // Here, and only here, no frame is half written.
                let control = socket.get_mut().take_control();
                if !control.is_empty() && !self.peer_closed {
                    self.output.push(&control.into());
                }
                self.output.writing = self.output.take();
                if self.output.writing.is_empty() {
                    return Poll::Ready(Ok(()));
                }
            }
            let io = Pin::new(socket.get_mut().io());
            match ready!(io.poll_write(cx, &self.output.writing)) {
                Ok(written) if written > 0 => {
                    tracing::trace!(bytes = written, "wrote");
                    self.output.writing.advance(written);
                    self.output.written += written as u64;
                }
                _ => {
                    self.broken = true;
                    return Poll::Ready(Err(Lost));
                }
            }
        }
    }

    fn written(&self) -> u64 {
        self.output.written
    }

    fn unwritten(&self) -> usize {
        self.output.single.len() + self.output.joined.len() + self.output.writing.len()
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.close_sent {
            self.close_sent = true;
            let mut close = vec![0x88, 2];
            close.extend_from_slice(&self.close_code.to_be_bytes());
            self.output.push(&close.into());
        }
        if ready!(self.poll_flush(cx)).is_ok() {
            while !self.peer_closed && !self.broken {
                // What still comes is not for us; it is read so that the client's Close is not lost to a reset.
                if let Incoming::End(_) | Incoming::TooLarge = ready!(self.poll_receive(cx)) {
                    break;
                }
            }
            if let Some(socket) = &mut self.socket {
                let _ = ready!(Pin::new(socket.get_mut().io()).poll_shutdown(cx));
            }
        }
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests;
