//! Long polling: one request after another, each answered when there is something to say.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use hyper::body::{Frame, SizeHint};

use super::{Endpoint, TransportKind, User, Waiting, refused, text};
use crate::transport::{
    connections::Opened,
    pipe::{Answered, Half, Output, Pipe},
};

impl Endpoint {
    pub(super) async fn poll(&self, id: Option<&str>, user: Option<User>, waiting: &Waiting) -> Response {
        let kind = TransportKind::LongPolling;
        let record = match self.find_for(kind, id, user.as_ref()) {
            Ok(record) => record,
            Err(why) => return refused(why),
        };
        match self.connections.open(&record, kind) {
            // The first poll only opens the connection.
            Ok(Opened::First(claim)) => {
                let pipe = self.pipe(&record);
                let poll = pipe.begin_poll(None);
                let half = Box::new(Half::new(Arc::clone(&pipe), kind));
                tokio::spawn(self.run(half, claim, user));
                pipe.end_poll(poll);
                return records(Body::empty());
            }
            Ok(Opened::Again) => {}
            Err(why) => return refused(why),
        }
        let pipe = self.pipe(&record);
        let polling = Polling {
            poll: pipe.begin_poll(user),
            pipe,
        };
        waiting.note();
        let output = std::future::poll_fn(|cx| polling.pipe.poll_output(cx, Some(polling.poll)));
        match tokio::time::timeout(self.application.options().poll_timeout, output).await {
            // hyper does not ask for a body of no bytes.
            Ok(Output::Records(bytes, answered)) if bytes.is_empty() => {
                answered.note(&polling.pipe);
                records(Body::empty())
            }
            Ok(Output::Records(bytes, answered)) => records(Body::new(Answer {
                bytes: Some(bytes),
                answered: Some(answered),
                polling,
            })),
            Ok(Output::Ended) => {
                self.connections.forget(&record);
                text(StatusCode::NO_CONTENT, "")
            }
            Ok(Output::Superseded) => text(StatusCode::NO_CONTENT, ""),
            Err(_) => text(StatusCode::OK, ""),
        }
    }
}

fn records(body: Body) -> Response {
    let mut response = Response::new(body);
    let kind = HeaderValue::from_static("application/octet-stream");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// A poll, until its answer is written or its client has gone.
struct Polling {
    pipe: Arc<Pipe>,
    poll: u64,
}

impl Drop for Polling {
    fn drop(&mut self) {
        self.pipe.end_poll(self.poll);
    }
}

/// What a poll is answered with, in one piece.
struct Answer {
    bytes: Option<Bytes>,
    answered: Option<Answered>,
    polling: Polling,
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(bytes) = self.bytes.take() else {
            return Poll::Ready(None);
        };
        // The socket takes it; that it has arrived is shown by the next poll.
        if let Some(answered) = self.answered.take() {
            answered.note(&self.polling.pipe);
        }
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
