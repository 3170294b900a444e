//! Streams that clients send: one bounded queue from the session to a method's parameter.

use std::{
    collections::VecDeque,
    marker::PhantomData,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context as Task, Poll, Waker, ready},
};

use bytes::Bytes;
use futures_util::{Stream, task::AtomicWaker};
use parking_lot::Mutex;
use serde::de::DeserializeOwned;

use super::HubError;
use crate::codec::Protocol;

/// What an item that waits costs besides its bytes. Without it items of a byte would be free.
const ITEM_BYTES: usize = 64;

/// What waits in all streams of one client together.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    bytes: AtomicUsize,
    /// How many streams have more items than may wait in one.
    full: AtomicUsize,
    session: AtomicWaker,
}

impl Waiting {
    /// Whether so much waits that nothing more should be read.
    pub(super) fn is_over(&self, most_bytes: usize) -> bool {
        self.full.load(Ordering::Acquire) > 0 || self.bytes.load(Ordering::Acquire) > most_bytes
    }

    /// Has the session woken when something of it was taken.
    pub(super) fn register(&self, cx: &Task<'_>) {
        self.session.register(cx.waker());
    }

    fn remove(&self, bytes: usize, was_full: bool) {
        self.bytes.fetch_sub(bytes, Ordering::AcqRel);
        self.full.fetch_sub(usize::from(was_full), Ordering::AcqRel);
        self.session.wake();
    }
}

/// One stream, shared by its two ends.
#[derive(Debug)]
struct Queue {
    state: Mutex<State>,
    capacity: usize,
    waiting: Arc<Waiting>,
}

/// Allocates only for what waits: a client may have a thousand of them.
#[derive(Debug, Default)]
struct State {
    items: VecDeque<Bytes>,
    reader: Option<Waker>,
    /// The session's end is gone, the method's is.
    closed: bool,
    deserted: bool,
    /// How the client ended it: `None` well, `Some` with its error. Unset while it has not.
    end: Option<Option<String>>,
}

/// The session's end of a client's stream.
#[derive(Debug)]
pub(super) struct Sink(Arc<Queue>);

/// The method's end, before it has a type.
#[derive(Debug)]
pub(super) struct Source {
    queue: Arc<Queue>,
    protocol: Protocol,
}

/// Opens a stream that holds `capacity` items, and counts them in `waiting`.
pub(super) fn open(capacity: usize, protocol: Protocol, waiting: &Arc<Waiting>) -> (Sink, Source) {
    let queue = Arc::new(Queue {
        state: Mutex::default(),
        capacity: capacity.max(1),
        waiting: Arc::clone(waiting),
    });
    let source = Source {
        queue: Arc::clone(&queue),
        protocol,
    };
    (Sink(queue), source)
}

impl Sink {
    /// Hands over an item. Where there is no room for it, it waits all the same, and [`Waiting::is_over`].
    pub(super) fn send(&self, item: Bytes) {
        let queue = &*self.0;
        let mut state = queue.state.lock();
        // A method that has stopped reading is not sent to.
        if state.deserted {
            return;
        }
        queue.waiting.bytes.fetch_add(item.len() + ITEM_BYTES, Ordering::AcqRel);
        state.items.push_back(item);
        if state.items.len() == queue.capacity + 1 {
            queue.waiting.full.fetch_add(1, Ordering::AcqRel);
        }
        let reader = state.reader.take();
        drop(state);
        reader.into_iter().for_each(Waker::wake);
    }

    /// Whether nobody reads any more.
    pub(super) fn is_deserted(&self) -> bool {
        self.0.state.lock().deserted
    }

    /// The client's end of the stream, which is behind its last item.
    pub(super) fn end(self, error: Option<String>) {
        // The rest of the end comes with the drop.
        self.0.state.lock().end = Some(error);
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        state.closed = true;
        let reader = state.reader.take();
        drop(state);
        reader.into_iter().for_each(Waker::wake);
    }
}

impl Source {
    /// The next item; `None` when there will be no more.
    fn poll_item(&self, cx: &Task<'_>) -> Poll<Option<Bytes>> {
        let mut state = self.queue.state.lock();
        let was_full = state.items.len() == self.queue.capacity + 1;
        let Some(item) = state.items.pop_front() else {
            if state.closed {
                return Poll::Ready(None);
            }
            state.reader = Some(cx.waker().clone());
            return Poll::Pending;
        };
        if state.items.is_empty() {
            state.items = VecDeque::new();
        }
        drop(state);
        self.queue.waiting.remove(item.len() + ITEM_BYTES, was_full);
        Poll::Ready(Some(item))
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        let mut state = self.queue.state.lock();
        state.deserted = true;
        let items = std::mem::take(&mut state.items);
        drop(state);
        let bytes = items.iter().map(|item| item.len() + ITEM_BYTES).sum();
        self.queue.waiting.remove(bytes, items.len() > self.queue.capacity);
    }
}

/// A stream of `T`s that the client sends to a method.
///
/// It ends when the client ends it. An item that is no `T`, an error of the client's and the end of the
/// connection each are one last error. Ten items wait here at most
/// ([`HubOptions::stream_buffer_capacity`](super::HubOptions::stream_buffer_capacity)), and 64 KiB in all streams of a
/// client together ([`HubOptions::inbox_bytes`](super::HubOptions::inbox_bytes)); while they do, nothing more is read
/// from this connection.
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
        let Some(source) = &self.source else {
            return Poll::Ready(None);
        };
        let last = match ready!(source.poll_item(cx)) {
            Some(item) => match source.protocol.decode(&item) {
                Ok(item) => return Poll::Ready(Some(Ok(item))),
                Err(_) => Some(HubError::public("Failed to bind Stream message.")),
            },
            None => match source.queue.state.lock().end.take() {
                Some(None) => None,
                Some(Some(error)) => Some(HubError::public(error)),
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
