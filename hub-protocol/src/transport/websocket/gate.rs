//! The socket below tungstenite: it may read, but what it writes waits until no frame of ours is half written.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// TCP directly where the upgrade came over plain HTTP/1.1, hyper's boxed I/O otherwise.
pub(crate) enum Io {
    Tcp(TcpStream),
    Hyper(Box<TokioIo<Upgraded>>),
}

pub(super) struct Gate {
    io: Io,
    control: Vec<u8>,
}

impl Gate {
    /// Tungstenite keeps one answer to a Ping at a time and one Close: this is far more than they need.
    const CONTROL_BYTES: usize = 4 * 1024;

    pub(super) fn new(io: Io) -> Self {
        Self {
            io,
            control: Vec::new(),
        }
    }

    pub(super) fn io(&mut self) -> &mut Io {
        &mut self.io
    }

    /// The control frames that wait, whole.
    pub(super) fn take_control(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.control)
    }
}

impl AsyncRead for Gate {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Tcp(io) => Pin::new(io).poll_read(cx, buffer),
            Io::Hyper(io) => Pin::new(io).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Gate {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.control.len() + bytes.len() > Self::CONTROL_BYTES {
            // A client that sends Pings and never reads is not worth waiting for.
            return Poll::Ready(Err(io::ErrorKind::OutOfMemory.into()));
        }
        self.control.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Io {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(io) => Pin::new(io).poll_write(cx, bytes),
            Self::Hyper(io) => Pin::new(io).poll_write(cx, bytes),
        }
    }
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(io) => Pin::new(io).poll_flush(cx),
            Self::Hyper(io) => Pin::new(io).poll_flush(cx),
        }
    }
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(io) => Pin::new(io).poll_shutdown(cx),
            Self::Hyper(io) => Pin::new(io).poll_shutdown(cx),
        }
    }
}
