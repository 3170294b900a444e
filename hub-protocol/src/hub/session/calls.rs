//! The calls and streams of one connection: what may begin, what runs, and what each stream belongs to.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
    task::{Context as Task, Poll},
};

use bytes::Bytes;
use futures_util::{
    FutureExt, StreamExt,
    future::{AbortHandle, Abortable},
    stream::FuturesUnordered,
};

use super::Session;
use crate::{
    hub::{
        HubError,
        dispatcher::{Admitted, Finished, Running, admit, answer, run},
        meter::Outcome as Went,
        place::{Place, Slot},
        upload::{self, Sink, Source, Waiting},
    },
    message::{Completion, HubMessage, Invocation, Outcome},
    transport::Transport,
};

/// What runs for one client. Allocates only what there is.
#[derive(Default)]
pub(super) struct Calls {
    /// Nearly always the only one.
    first: Option<Running>,
    others: Option<Box<FuturesUnordered<Running>>>,
    streams: Option<Box<Streams>>,
    /// What waits in streams from the client, those that it has ended too.
    waiting: Option<Arc<Waiting>>,
    /// What the calls that run came with, in bytes.
    bytes: usize,
}

#[derive(Default)]
struct Streams {
    /// Streams to the client, by the id of their call.
    down: HashMap<String, AbortHandle>,
    /// Streams from the client, by their own id.
    up: HashMap<String, Sink>,
}

impl Calls {
    pub(super) fn push(&mut self, call: Running) {
        if self.first.is_none() {
            self.first = Some(call);
        } else {
            self.others.get_or_insert_default().push(call);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first.is_none() && self.others.as_ref().is_none_or(|others| others.is_empty())
    }

    /// The next call that finishes.
    pub(super) fn poll_finished(&mut self, cx: &mut Task<'_>) -> Poll<Finished> {
        if let Some(call) = &mut self.first
            && let Poll::Ready(finished) = call.poll_unpin(cx)
        {
            self.first = None;
            return Poll::Ready(self.forget(finished));
        }
        let Some(others) = &mut self.others else {
            return Poll::Pending;
        };
        let finished = match others.poll_next_unpin(cx) {
            Poll::Ready(finished) => finished,
            Poll::Pending => return Poll::Pending,
        };
        // At once: whoever waits for the last one asks `is_empty`, and nothing would wake them again.
        if others.is_empty() {
            self.others = None;
        }
        match finished {
            Some(finished) => Poll::Ready(self.forget(finished)),
            None => Poll::Pending,
        }
    }

    /// Has the session look again when a method has taken something.
    pub(super) fn register(&self, cx: &Task<'_>) {
        if let Some(waiting) = &self.waiting {
            waiting.register(cx);
        }
    }

    /// The connection is over: streams to the client are dropped, those from it end with an error.
    pub(super) fn end_streams(&mut self) {
        for (_, stream) in self.streams.take().into_iter().flat_map(|streams| streams.down) {
            stream.abort();
        }
    }

    fn count(&self) -> usize {
        self.streams
            .as_ref()
            .map_or(0, |streams| streams.down.len() + streams.up.len())
    }

    fn is_streaming(&self, id: &str) -> bool {
        self.streams
            .as_ref()
            .is_some_and(|streams| streams.down.contains_key(id))
    }

    fn is_uploading(&self, id: &str) -> bool {
        self.streams.as_ref().is_some_and(|streams| streams.up.contains_key(id))
    }

    fn forget(&mut self, finished: Finished) -> Finished {
        self.bytes -= finished.bytes;
        if let Some(streams) = &mut self.streams {
            if let Some(id) = &finished.stream {
                streams.down.remove(id);
            }
            for id in &finished.uploads {
                // The client may have ended its stream and given the id to that of another call.
                if streams.up.get(id).is_some_and(Sink::is_deserted) {
                    streams.up.remove(id);
                }
            }
            if streams.down.is_empty() && streams.up.is_empty() {
                self.streams = None;
            }
        }
        finished
    }
}

impl<T: Transport> Session<T> {
    /// Acts on one message; what belongs to nothing, or to something that is over, is a normal race.
    pub(super) fn dispatch(&mut self, message: HubMessage) {
        match message {
            HubMessage::Invocation(call) => self.begin(call, false),
            HubMessage::StreamInvocation(call) => self.begin(call, true),
            HubMessage::StreamItem(item) => {
                if let Some(streams) = &self.calls.streams
                    && let Some(sink) = streams.up.get(&item.invocation_id)
                {
                    sink.send(own(&item.item));
                }
            }
            HubMessage::Completion(completion) => self.complete(completion),
            HubMessage::CancelInvocation(cancel) => {
                if let Some(streams) = &self.calls.streams
                    && let Some(stream) = streams.down.get(&cancel.invocation_id)
                {
                    stream.abort();
                }
            }
            // The connection's state machine keeps these to itself.
            HubMessage::Ping | HubMessage::Close(_) | HubMessage::Ack(_) | HubMessage::Sequence(_) => {}
        }
    }

    /// The end of a stream from the client, or its answer to a question.
    fn complete(&mut self, completion: Completion) {
        let Completion { invocation_id, outcome } = completion;
        let streams = self.calls.streams.as_mut();
        match streams.and_then(|streams| streams.up.remove(&invocation_id)) {
            Some(sink) => sink.end(match outcome {
                Outcome::Error(error) => Some(error),
                Outcome::Void | Outcome::Result(_) => None,
            }),
            None => self.member.questions.answer(&invocation_id, outcome),
        }
    }

    fn begin(&mut self, call: Invocation, streaming: bool) {
        // Streams take no slot: neither the ones that go nor those that come.
        let slot = if streaming || !call.stream_ids.is_empty() {
            Slot::none()
        } else {
            Slot::take(&self.member)
        };
        let cx = self.context(Place::Call(slot));
        let bytes = size(&call);
        let admitted = admit(&cx, &call, streaming)
            .and_then(|method| self.has_room_for(&method.name, bytes).map(|()| method))
            .and_then(|method| Ok((self.open_streams(&method.name, &call, streaming)?, method)));
        let (uploads, method) = match admitted {
            Ok(admitted) => admitted,
            Err(sentence) => {
                cx.release();
                self.count_refused(&call.target);
                if let Some(id) = call.invocation_id {
                    answer(&cx, id, Outcome::Error(sentence));
                }
                return;
            }
        };
        self.calls.bytes += bytes;
        let streamed = streaming.then(|| call.invocation_id.clone()).flatten();
        let Some(id) = streamed else {
            return self.calls.push(Box::pin(run(Admitted {
                cx,
                method,
                call,
                uploads,
                bytes,
            })));
        };
        let uploads_of_call = call.stream_ids.clone();
        let counted = Arc::clone(&method);
        let running = run(Admitted {
            cx: cx.clone(),
            method,
            call,
            uploads,
            bytes,
        });
        let (abort, registration) = AbortHandle::new_pair();
        let streams = self.calls.streams.get_or_insert_default();
        streams.down.insert(id.clone(), abort);
        let running = Abortable::new(Box::pin(running), registration);
        self.calls.push(Box::pin(async move {
            match running.await {
                Ok(finished) => finished,
                // Cancelled is ended well; the method and its stream have been dropped.
                Err(_) => {
                    counted.meter.count(Went::Canceled);
                    answer(&cx, id.clone(), Outcome::Void);
                    Finished {
                        end: None,
                        stream: Some(id),
                        uploads: uploads_of_call,
                        bytes,
                    }
                }
            }
        }));
    }

    fn count_refused(&self, target: &str) {
        match self.hub.0.methods.named(target) {
            Some(method) => method.meter.count(Went::Refused),
            None => self.hub.0.meter.unknown(),
        }
    }

    /// Opens the streams that come with a call, in the order of its parameters; the sentence where it may not have them.
    fn open_streams(&mut self, method: &str, call: &Invocation, streaming: bool) -> Result<Vec<Source>, String> {
        let ids = &call.stream_ids;
        let options = &self.hub.0.options;
        if let Some(id) = call.invocation_id.as_deref().filter(|_| streaming)
            && self.calls.is_streaming(id)
        {
            return Err(format!("Invocation ID '{id}' is already in use."));
        }
        let refuse = |text: String| Err(HubError::public(text).sentence(method, false));
        let taken = |(at, id): (usize, &String)| self.calls.is_uploading(id) || ids[..at].contains(id);
        if let Some(at) = ids.iter().enumerate().position(taken) {
            return refuse(format!("Stream ID '{}' is already in use.", ids[at]));
        }
        let wanted = ids.len() + usize::from(streaming);
        if wanted > 0 && self.calls.count() + wanted > options.maximum_streams {
            return refuse(format!(
                "A connection has at most {} streams at a time.",
                options.maximum_streams
            ));
        }
        let protocol = *self.member.protocol.get().expect("calls come after the handshake");
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let waiting = self.calls.waiting.get_or_insert_default();
        let open = |id: &String| {
            let (sink, source) = upload::open(options.stream_buffer_capacity, protocol, waiting);
            (id.clone(), sink, source)
        };
        let opened: Vec<_> = ids.iter().map(open).collect();
        Ok(opened
            .into_iter()
            .map(|(id, sink, source)| {
                self.calls.streams.get_or_insert_default().up.insert(id, sink);
                source
            })
            .collect())
    }

    /// Whether a call may begin beside those that run, by what they came with; else the sentence for the caller.
    fn has_room_for(&self, method: &str, bytes: usize) -> Result<(), String> {
        let most = self.hub.0.options.inbox_bytes;
        if self.calls.bytes > 0 && self.calls.bytes + bytes > most {
            let text = format!("The calls of a connection have at most {most} bytes at a time.");
            return Err(HubError::public(text).sentence(method, false));
        }
        Ok(())
    }

    /// Whether another message may be acted on: there is a slot, and no stream is full.
    pub(super) fn has_slot(&self) -> bool {
        let most = self.hub.0.options.maximum_parallel_invocations.max(1);
        self.running() < most && !self.is_blocked()
    }

    /// Whether an item waits for room in its stream, or too much waits in all streams together.
    pub(super) fn is_blocked(&self) -> bool {
        let most = self.hub.0.options.inbox_bytes;
        self.calls.waiting.as_ref().is_some_and(|waiting| waiting.is_over(most))
    }

    /// How many calls hold a slot.
    pub(super) fn running(&self) -> usize {
        self.member.running.load(Ordering::Acquire)
    }
}

/// What a call holds while it runs, in bytes: its arguments, and its ids, each of which is kept in several places.
fn size(call: &Invocation) -> usize {
    let ids = call.invocation_id.iter().chain(&call.stream_ids);
    let arguments = call.arguments.items().iter();
    ids.map(|id| 4 * id.len()).sum::<usize>() + arguments.map(Bytes::len).sum::<usize>()
}

/// A small item that waits must not hold the large buffer that it came in.
fn own(item: &Bytes) -> Bytes {
    Bytes::copy_from_slice(item)
}
