//! Between HTTP requests and a session: bytes in, records out, both bounded.
//!
//! POSTs put bytes in, a piece whenever the session asks for one; an event stream or one poll after another takes
//! records out. The session's end is a [`Transport`](super::Transport) like any other, see [`Half`].

mod half;

use std::{
    collections::VecDeque,
    task::{Context, Poll},
};

use bytes::{Bytes, BytesMut};
use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use tokio::{sync::Notify, time::Instant};

pub(crate) use self::half::Half;
use super::Incoming;
use crate::{close::End, hub::User};

/// One connection's pipe. Empty queues hold no memory.
#[derive(Debug)]
pub(crate) struct Pipe {
    state: Mutex<State>,
    /// Wakes the session.
    session: AtomicWaker,
    /// Wakes whoever takes records out.
    output: AtomicWaker,
    /// Wakes POSTs that wait for room.
    room: Notify,
    /// POSTs are accepted one after another, in the order in which they came.
    posting: tokio::sync::Mutex<()>,
    /// How many bytes wait for the client before the session does.
    outbound_bound: usize,
}

#[derive(Debug)]
struct State {
    inbound: VecDeque<Incoming>,
    /// The session has taken what was put in and has room: only then a POST reads on.
    wanted: bool,
    /// Of the newest poll, until the session has heard of it.
    user: Option<User>,
    outbound: VecDeque<Bytes>,
    outbound_bytes: usize,
    /// Bytes that were taken out last and are not known to be written.
    leaving: usize,
    /// Probes behind what waits, and those behind what the last poll took.
    asked: Vec<u64>,
    answered: Vec<u64>,
    /// Over its bound, until all of it is taken: the session waits.
    outbound_full: bool,
    /// Bytes that were taken out.
    taken: u64,
    /// The newest poll.
    poll: u64,
    /// Since when nobody polls; `None` while somebody does.
    idle_since: Option<Instant>,
    /// Since when the client's side is over.
    ended: Option<Instant>,
    /// The session's side is over.
    closed: bool,
    /// The session asks for nothing more; what is put in is dropped.
    deaf: bool,
}

/// The connection is over.
#[derive(Debug)]
pub(crate) struct Gone;

impl Pipe {
    pub(crate) fn new(outbound_bound: usize) -> Self {
        let state = State {
            inbound: VecDeque::new(),
            wanted: true,
            user: None,
            outbound: VecDeque::new(),
            outbound_bytes: 0,
            leaving: 0,
            asked: Vec::new(),
            answered: Vec::new(),
            outbound_full: false,
            taken: 0,
            poll: 0,
            idle_since: Some(Instant::now()),
            ended: None,
            closed: false,
            deaf: false,
        };
        Self {
            state: Mutex::new(state),
            session: AtomicWaker::new(),
            output: AtomicWaker::new(),
            room: Notify::new(),
            posting: tokio::sync::Mutex::new(()),
            outbound_bound,
        }
    }

    /// Waits for the POSTs before this one.
    pub(crate) async fn post(&self) -> impl Drop + '_ {
        self.posting.lock().await
    }

    /// Waits until there is room: whoever reads no more until then holds nothing that waits.
    pub(crate) async fn room(&self) -> Result<(), Gone> {
        loop {
            let room = self.room.notified();
            tokio::pin!(room);
            room.as_mut().enable();
            {
                let state = self.state.lock();
                if state.ended.is_some() {
                    return Err(Gone);
                }
                // The hub is done with the client, who is told so by its next poll: as there, not by this.
                if state.closed || state.deaf || state.wanted {
                    return Ok(());
                }
            }
            room.await;
        }
    }

    /// Puts bytes in, when there is room. One at a time, see [`post`](Self::post).
    pub(crate) async fn put(&self, bytes: Bytes) -> Result<(), Gone> {
        self.room().await?;
        let mut state = self.state.lock();
        if state.ended.is_some() {
            return Err(Gone);
        }
        if !state.closed && !state.deaf {
            state.wanted = false;
            state.inbound.push_back(Incoming::Bytes(bytes));
        }
        drop(state);
        self.session.wake();
        Ok(())
    }

    /// The client's side is over.
    pub(crate) fn end(&self, end: End) {
        self.end_since(end, Instant::now());
    }

    /// The same, of a client that was last seen then.
    pub(crate) fn end_since(&self, end: End, seen: Instant) {
        let mut state = self.state.lock();
        if state.ended.is_none() {
            state.ended = Some(seen);
            state.hear(Incoming::End(end));
        }
        drop(state);
        self.session.wake();
        self.room.notify_waiters();
    }

    /// A request takes over from the poll before it, and shows that the client has what that one answered.
    pub(crate) fn begin_poll(&self, user: Option<User>) -> u64 {
        let mut state = self.state.lock();
        state.poll += 1;
        state.leaving = 0;
        let poll = state.poll;
        state.idle_since = None;
        let proven = std::mem::take(&mut state.answered);
        proven.into_iter().for_each(|nonce| state.hear(Incoming::Proven(nonce)));
        // Only the newest counts: a session that is busy must not collect a user from each poll.
        if user.is_some() {
            state.user = user;
        }
        drop(state);
        self.session.wake();
        self.output.wake();
        poll
    }

    /// A poll is over, unless another has begun.
    pub(crate) fn end_poll(&self, poll: u64) {
        let mut state = self.state.lock();
        if state.poll == poll {
            state.idle_since = Some(Instant::now());
        }
    }

    /// Since when nobody polls.
    pub(crate) fn idle_since(&self) -> Option<Instant> {
        self.state.lock().idle_since
    }

    /// The last poll's answer was written whole.
    fn note_answered(&self, probes: Vec<u64>) {
        self.state.lock().answered = probes;
    }

    /// Takes everything out that waits, as soon as anything does.
    pub(crate) fn poll_output(&self, cx: &Context<'_>, poll: Option<u64>) -> Poll<Output> {
        let mut state = self.state.lock();
        if poll.is_some_and(|poll| poll != state.poll) {
            return Poll::Ready(Output::Superseded);
        }
        // Only now: the poll that took over waits here too.
        self.output.register(cx.waker());
        // An event stream asks when what it took before is written.
        if poll.is_none() && std::mem::take(&mut state.leaving) > 0 {
            self.session.wake();
        }
        // A probe alone is worth an empty answer: the next poll proves it. An event stream has no next one.
        let is_asked = poll.is_some() && !state.asked.is_empty();
        if state.outbound.is_empty() && !is_asked {
            return if state.closed {
                Poll::Ready(Output::Ended)
            } else {
                Poll::Pending
            };
        }
        let records = join(std::mem::take(&mut state.outbound), state.outbound_bytes);
        state.taken += records.len() as u64;
        state.leaving = records.len();
        (state.outbound_bytes, state.outbound_full) = (0, false);
        let probes = std::mem::take(&mut state.asked);
        drop(state);
        self.session.wake();
        Poll::Ready(Output::Records(records, Answered(probes)))
    }
}

impl State {
    fn hear(&mut self, incoming: Incoming) {
        if !self.deaf {
            self.inbound.push_back(incoming);
        }
    }

    /// What waits for a client that has gone is fetched by nobody.
    fn drop_unfetched(&mut self) {
        if self.ended.is_some() {
            self.outbound = Default::default();
        }
    }
}

/// What was found to send.
#[derive(Debug)]
pub(crate) enum Output {
    Records(Bytes, Answered),
    /// There will be no more.
    Ended,
    /// A later poll takes what comes.
    Superseded,
}

/// The probes that an answer carries, proven by the poll after it.
#[derive(Debug)]
pub(crate) struct Answered(Vec<u64>);

impl Answered {
    /// The answer was written whole.
    pub(crate) fn note(self, pipe: &Pipe) {
        if !self.0.is_empty() {
            pipe.note_answered(self.0);
        }
    }
}

/// One waiting record is shared, several are joined.
fn join(mut records: VecDeque<Bytes>, bytes: usize) -> Bytes {
    if records.len() == 1
        && let Some(only) = records.pop_front()
    {
        return only;
    }
    let mut joined = BytesMut::with_capacity(bytes);
    records.iter().for_each(|record| joined.extend_from_slice(record));
    joined.freeze()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::FutureExt;

    use super::*;
    use crate::{negotiate::TransportKind, transport::Transport};

    #[tokio::test]
    async fn posts_wait_while_the_session_does_not_read() {
        let pipe = Pipe::new(4);
        pipe.put(Bytes::from_static(b"12345")).await.unwrap();
        assert!(pipe.put(Bytes::from_static(b"6")).now_or_never().is_none());
        pipe.end(End::Closed);
        assert!(pipe.put(Bytes::from_static(b"6")).await.is_err());
    }

    #[tokio::test]
    async fn of_many_polls_a_busy_session_hears_the_newest_user_once() {
        let pipe = Arc::new(Pipe::new(4));
        for name in ["first", "second"] {
            let identifier = Some(name.to_owned());
            pipe.begin_poll(Some(User {
                identifier,
                ..User::default()
            }));
        }
        let mut half = Half::new(Arc::clone(&pipe), TransportKind::LongPolling);
        let mut received = || std::future::poll_fn(|cx| half.poll_receive(cx)).now_or_never();
        assert!(
            matches!(received(), Some(Incoming::Authenticated(user)) if user.identifier.as_deref() == Some("second"))
        );
        assert!(received().is_none());
    }

    #[tokio::test]
    async fn a_probe_alone_is_answered_and_proven_by_the_next_poll() {
        let pipe = Arc::new(Pipe::new(4));
        let mut half = Half::new(Arc::clone(&pipe), TransportKind::LongPolling);
        let poll = pipe.begin_poll(None);
        half.send(crate::transport::Outgoing::Probe(7));
        let output = std::future::poll_fn(|cx| pipe.poll_output(cx, Some(poll))).await;
        let Output::Records(bytes, answered) = output else {
            panic!("{output:?}")
        };
        assert!(bytes.is_empty());
        answered.note(&pipe);
        pipe.begin_poll(None);
        let received = std::future::poll_fn(|cx| half.poll_receive(cx)).now_or_never();
        assert!(matches!(received, Some(Incoming::Proven(7))));
    }

    #[tokio::test]
    async fn what_an_event_stream_or_a_poll_has_taken_counts_until_it_asks_for_more() {
        let pipe = Arc::new(Pipe::new(4));
        let mut half = Half::new(Arc::clone(&pipe), TransportKind::LongPolling);
        let send = |half: &mut Half| {
            let frame = crate::transport::Frame::new(crate::codec::TransferFormat::Text, b"12345");
            half.send(crate::transport::Outgoing::Frames(frame));
        };
        let take = async |poll| std::future::poll_fn(|cx| pipe.poll_output(cx, poll)).now_or_never();
        send(&mut half);
        assert!(take(None).await.is_some());
        assert_eq!(half.unwritten(), 5);
        assert!(take(None).await.is_none(), "it asks for more");
        assert_eq!(half.unwritten(), 0);
        let poll = pipe.begin_poll(None);
        send(&mut half);
        assert!(take(Some(poll)).await.is_some());
        pipe.end_poll(poll);
        assert_eq!(half.unwritten(), 5, "the next poll shows that it has arrived");
        pipe.begin_poll(None);
        assert_eq!(half.unwritten(), 0);
    }

    #[tokio::test]
    async fn nothing_waits_for_a_client_that_has_gone_once_its_session_is_over() {
        let pipe = Arc::new(Pipe::new(4));
        let mut half = Half::new(Arc::clone(&pipe), TransportKind::LongPolling);
        let frame = crate::transport::Frame::new(crate::codec::TransferFormat::Text, b"12345");
        half.send(crate::transport::Outgoing::Frames(frame));
        pipe.end(End::Lost);
        drop(half);
        let poll = pipe.begin_poll(None);
        let output = std::future::poll_fn(|cx| pipe.poll_output(cx, Some(poll))).await;
        assert!(matches!(output, Output::Ended), "{output:?}");
    }

    #[tokio::test]
    async fn a_later_poll_takes_what_comes() {
        let pipe = Pipe::new(4);
        let first = pipe.begin_poll(None);
        let waiting = std::future::poll_fn(|cx| pipe.poll_output(cx, Some(first)));
        tokio::pin!(waiting);
        assert!(waiting.as_mut().now_or_never().is_none());
        let second = pipe.begin_poll(None);
        assert!(matches!(waiting.await, Output::Superseded));
        pipe.end_poll(first);
        assert!(pipe.idle_since().is_none());
        pipe.end_poll(second);
        assert!(pipe.idle_since().is_some());
    }
}
