//! The socket below hyper, and alone while hyper is away.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::{Buf, Bytes, BytesMut};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::seat::Seat;

/// A TCP stream that knows whether hyper has written all it had, and gives back what was read too early.
pub(crate) struct Socket {
    tcp: TcpStream,
    /// Read from the stream and not asked for yet.
    ahead: Bytes,
    seat: Arc<Seat>,
}

/// How much is read while nothing should come.
const EARLY_BYTES: usize = 512;

impl Socket {
    pub(super) fn new(tcp: TcpStream, seat: Arc<Seat>) -> Self {
        Self {
            tcp,
            ahead: Bytes::new(),
            seat,
        }
    }

    /// The stream, with what was read from it and not asked for.
    pub(crate) fn into_parts(self) -> (TcpStream, Bytes) {
        (self.tcp, self.ahead)
    }

    /// The next bytes to read, before all others. They are copied: as they are they would hold a larger buffer.
    pub(crate) fn unread(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            let mut all = BytesMut::with_capacity(bytes.len() + self.ahead.len());
            all.extend_from_slice(bytes);
            all.extend_from_slice(&self.ahead);
            self.ahead = all.freeze();
        }
    }

    /// Whether the client has gone. A client that sends more instead is not looked at again: it will be answered.
    pub(super) fn has_gone(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.ahead.is_empty() {
            return false;
        }
        let mut early = [0; EARLY_BYTES];
        let mut early = ReadBuf::new(&mut early);
        match Pin::new(&mut self.tcp).poll_read(cx, &mut early) {
            Poll::Pending => false,
            Poll::Ready(Err(_)) => true,
            Poll::Ready(Ok(())) => {
                self.ahead = Bytes::copy_from_slice(early.filled());
                self.ahead.is_empty()
            }
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.ahead.is_empty() {
            return Pin::new(&mut self.tcp).poll_read(cx, buffer);
        }
        let now = self.ahead.len().min(buffer.remaining());
        buffer.put_slice(&self.ahead[..now]);
        self.ahead.advance(now);
        if self.ahead.is_empty() {
            self.ahead = Bytes::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.seat.note_written(false);
        Pin::new(&mut self.tcp).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.seat.note_written(false);
        Pin::new(&mut self.tcp).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    /// hyper asks for it when there is nothing left to write, and only then.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.seat.note_written(true);
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}
