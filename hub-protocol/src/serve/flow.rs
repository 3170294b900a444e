//! The events of a stream whose head is written, in the chunks of HTTP/1.1 (RFC 9112 §7.1), without hyper.

use std::{io, pin::Pin, task::Poll};

use axum::body::Body;
use bytes::{Buf, Bytes};
use hyper::body::Body as _;
use tokio::io::AsyncWrite;

use super::socket::Socket;

/// Writes a body to its end; each event when the socket has taken the one before it.
pub(super) async fn write(socket: &mut Socket, mut body: Body) -> io::Result<()> {
    let mut waiting = Bytes::new();
    let mut has_ended = false;
    std::future::poll_fn(move |cx| {
        loop {
            if waiting.is_empty() {
                waiting = Bytes::new();
                if has_ended {
                    return Poll::Ready(Ok(()));
                }
                match Pin::new(&mut body).poll_frame(cx) {
                    Poll::Pending if socket.has_gone(cx) => return Poll::Ready(Err(gone())),
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Some(Ok(frame))) => {
                        waiting = frame.data_ref().map(chunk).unwrap_or_default();
                        continue;
                    }
                    Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(io::Error::other(error))),
                    Poll::Ready(None) => {
                        has_ended = true;
                        waiting = Bytes::from_static(b"0\r\n\r\n");
                    }
                }
            }
            match Pin::new(&mut *socket).poll_write(cx, &waiting) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(written) => waiting.advance(written?),
                Poll::Pending if socket.has_gone(cx) => return Poll::Ready(Err(gone())),
                Poll::Pending => return Poll::Pending,
            }
        }
    })
    .await
}

fn gone() -> io::Error {
    io::ErrorKind::UnexpectedEof.into()
}

/// One chunk; nothing for what is empty, which would be the end.
fn chunk(data: &Bytes) -> Bytes {
    if data.is_empty() {
        return Bytes::new();
    }
    let size = format!("{:x}\r\n", data.len());
    [size.as_bytes(), data, b"\r\n"].concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_says_its_size_in_hexadecimal_digits() {
        assert_eq!(
            chunk(&Bytes::from(vec![b'x'; 26])),
            "1a\r\nxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n"
        );
        assert_eq!(chunk(&Bytes::new()), "");
    }
}
