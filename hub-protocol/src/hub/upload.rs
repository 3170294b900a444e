//! Streams that clients send: one bounded queue from the session to a method's parameter.

use std::{
    marker::PhantomData,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context as Task, Poll, ready},
};

use bytes::Bytes;
use futures_util::{FutureExt, Stream, future::BoxFuture};
use serde::de::DeserializeOwned;
use tokio::sync::mpsc::{self, error::TrySendError};

use super::HubError;
use crate::codec::Protocol;

/// How a stream ended: `None` well, `Some` with the client's error. Unset while it has not.
type End = Arc<OnceLock<Option<String>>>;

/// The session's end of a client's stream.
#[derive(Debug)]
pub(super) struct Sink {
    items: mpsc::Sender<Bytes>,
    end: End,
}

/// The method's end, before it has a type.
#[derive(Debug)]
pub(super) struct Source {
    items: mpsc::Receiver<Bytes>,
    end: End,
    protocol: Protocol,
}

/// Opens a stream that holds `capacity` items.
pub(super) fn open(capacity: usize, protocol: Protocol) -> (Sink, Source) {
    let (sender, receiver) = mpsc::channel(capacity.max(1));
    let end = End::default();
    let source = Source {
        items: receiver,
        end: Arc::clone(&end),
        protocol,
    };
    (Sink { items: sender, end }, source)
}

impl Sink {
    /// Hands over an item. Where there is no room, returns what to wait for before anything else is read.
    pub(super) fn send(&self, item: Bytes) -> Option<BoxFuture<'static, ()>> {
        match self.items.try_send(item) {
            // A method that has stopped reading is not sent to.
            Ok(()) | Err(TrySendError::Closed(_)) => None,
            Err(TrySendError::Full(item)) => {
                let room = self.items.clone().reserve_owned();
                Some(
                    room.map(|room| {
                        if let Ok(room) = room {
                            room.send(item);
                        }
                    })
                    .boxed(),
                )
            }
        }
    }

    /// Whether nobody reads any more.
    pub(super) fn is_deserted(&self) -> bool {
        self.items.is_closed()
    }

    /// The client's end of the stream, which is behind its last item.
    pub(super) fn end(self, error: Option<String>) {
        // Nobody else sets it; the sender goes with `self`, and the reader looks here when it has gone.
        let _ = self.end.set(error);
    }
}

/// A stream of `T`s that the client sends to a method.
///
/// It ends when the client ends it. An item that is no `T`, an error of the client's and the end of the
/// connection each are one last error. Ten items wait here at most
/// ([`HubOptions::stream_buffer_capacity`](super::HubOptions::stream_buffer_capacity)); while they do, nothing more
/// is read from this connection.
#[derive(Debug)]
pub struct Upload<T> {
    source: Option<Source>,
    item: PhantomData<fn() -> T>,
}

impl<T> Upload<T> {
    pub(super) fn new(source: Source) -> Self {
        Self {
            source: Some(source),
            item: PhantomData,
        }
    }
}

impl<T: DeserializeOwned> Stream for Upload<T> {
    type Item = Result<T, HubError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Task<'_>) -> Poll<Option<Self::Item>> {
        let Some(source) = &mut self.source else {
            return Poll::Ready(None);
        };
        let last = match ready!(source.items.poll_recv(cx)) {
            Some(item) => match source.protocol.decode(&item) {
                Ok(item) => return Poll::Ready(Some(Ok(item))),
                Err(_) => Some(HubError::public("Failed to bind Stream message.")),
            },
            None => match source.end.get() {
                Some(None) => None,
                Some(Some(error)) => Some(HubError::public(error.clone())),
                None => Some(HubError::unexpected(
                    "OperationCanceledException",
                    "The underlying connection was closed.",
                )),
            },
        };
        self.source = None;
        Poll::Ready(last.map(Err))
    }
}
