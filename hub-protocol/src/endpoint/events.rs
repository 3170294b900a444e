//! Server-sent events: one answer that does not end before the connection does.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::{body::Body, response::Response};
use bytes::{Bytes, BytesMut};
use hyper::body::Frame;

use super::{Endpoint, TransportKind, User, answers, refused};
use crate::{
    close::End,
    transport::{
        connections::Opened,
        pipe::{Half, Output, Pipe},
    },
};

impl Endpoint {
    pub(super) fn events(&self, id: Option<&str>, user: Option<User>) -> Response {
        let kind = TransportKind::ServerSentEvents;
        let record = match self.find_for(kind, id, user.as_ref()) {
            Ok(record) => record,
            Err(why) => return refused(why),
        };
        match self.connections.open(&record, kind) {
            Ok(Opened::First(claim)) => {
                let pipe = self.pipe(&record);
                let half = Box::new(Half::new(Arc::clone(&pipe), kind));
                tokio::spawn(self.run(half, claim, user));
                answers::event_stream(Body::new(Events { pipe, has_begun: false }))
            }
            Ok(Opened::Again) => unreachable!("only polls and resumed WebSockets come again"),
            Err(why) => refused(why),
        }
    }
}

/// The events as they come. Dropping it means that the client is gone.
struct Events {
    pipe: Arc<Pipe>,
    has_begun: bool,
}

impl Drop for Events {
    fn drop(&mut self) {
        self.pipe.end(End::Lost);
    }
}

impl hyper::body::Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if !self.has_begun {
            self.has_begun = true;
            // A comment, so that a browser's `EventSource` is open before there is anything to hear.
            return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b":\r\n")))));
        }
        Poll::Ready(match ready!(self.pipe.poll_output(cx, None)) {
            Output::Records(records, _) => Some(Ok(Frame::data(event(&records)))),
            Output::Ended | Output::Superseded => None,
        })
    }
}

/// One event. Line feeds inside, which only indented JSON has, begin further `data` lines.
fn event(records: &[u8]) -> Bytes {
    let mut event = BytesMut::with_capacity(records.len() + 16);
    for line in records.split(|byte| *byte == b'\n') {
        event.extend_from_slice(b"data: ");
        event.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        event.extend_from_slice(b"\r\n");
    }
    event.extend_from_slice(b"\r\n");
    event.freeze()
}

#[cfg(test)]
mod tests {
    use super::event;

    #[test]
    fn lines_become_lines() {
        assert_eq!(event(b"{}\x1e"), "data: {}\u{1e}\r\n\r\n");
        assert_eq!(event(b"{\r\n}\n"), "data: {\r\ndata: }\r\ndata: \r\n\r\n");
    }
}
