//! What waits for one client: a bounded queue of shared frames and a position.
//!
//! Anybody may push; only the connection's session takes. An outbox is **live** (pushes are queued),
//! **behind** (its feed takes over, see [`Feed`]), **sealed** (only the session's own last words are queued) or
//! **closed** (nothing is). What is not queued is dropped without an error.

mod backlog;

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicBool, Ordering},
};

use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use tokio::sync::Notify;

use self::backlog::Backlog;
use super::{Feed, Overflow};
use crate::{
    close::CloseReason,
    transport::{Frame, Outgoing},
};

/// What a push touches lies together: a broadcast does it for thousands of clients, and each line of the cache that it
/// has to fetch costs as much as the push itself.
#[repr(C)]
pub(super) struct Outbox {
    /// Wakes the session.
    waker: AtomicWaker,
    backlog: Backlog,
    state: Mutex<State>,
    /// Whether somebody asked for the end: seen without the lock.
    stops: AtomicBool,
    /// Wakes senders that wait for room.
    room: Notify,
    overflow: Overflow,
}

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Live,
    Behind,
    Sealed,
    Closed,
}

#[repr(C)]
struct State {
    mode: Mode,
    /// Allocated when the first frame waits, freed when none does: an idle client costs nothing.
    queue: VecDeque<Queued>,
    position: u64,
    /// What a closed outbox was the first to refuse, or where it was behind: its client lacks what comes after.
    lacks_after: Option<u64>,
    feed: Option<Box<dyn Feed>>,
    stop: Option<CloseReason>,
}

/// What waits, and who pays for it. No larger than without the difference.
enum Queued {
    /// One frame for many clients.
    Shared(Frame),
    Own(Outgoing),
}

impl Queued {
    /// What it counts.
    fn size(&self) -> usize {
        match self {
            Self::Shared(frame) => frame.size(),
            Self::Own(outgoing) => size_alone(outgoing),
        }
    }
}

/// What became of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pushed {
    Queued,
    /// There is no room now.
    Full,
    /// The connection is behind, past that position, or over.
    Dropped,
}

/// What the session finds.
pub(super) enum Taken {
    /// Something was handed to the transport.
    Some,
    /// Nothing waits.
    Nothing,
    /// Nothing waits, and the feed should be asked for what comes after the position.
    Pull(Box<dyn Feed>, u64),
}

impl Outbox {
    pub(super) fn new(bound: usize, overflow: Overflow) -> Self {
        let mode = match overflow {
            Overflow::Close => Mode::Live,
            // Until its feed says from where on.
            Overflow::Behind => Mode::Behind,
        };
        let state = State {
            mode,
            queue: VecDeque::new(),
            position: 0,
            lacks_after: None,
            feed: None,
            stop: None,
        };
        Self {
            backlog: Backlog::new(bound),
            state: Mutex::new(state),
            stops: AtomicBool::new(false),
            waker: AtomicWaker::new(),
            room: Notify::new(),
            overflow,
        }
    }

    /// Makes room for a client that is sent no more than it acknowledges, which it does once a second, where
    /// there is no feed to fall back on. Only for what many hear: they share it, so that it costs none of them more.
    pub(super) fn widen(&self, times: usize) {
        if self.overflow == Overflow::Close {
            self.backlog.widen(times);
        }
    }

    /// Queues a frame for one of so many: nobody waits; a full outbox drops it where a feed will speak, or overflows.
    pub(super) fn push(&self, frame: &Frame, hearers: usize) -> Pushed {
        let mut state = self.state.lock();
        if state.mode != Mode::Live {
            return Pushed::Dropped;
        }
        if !self.backlog.has_shared_room(frame.size(), hearers) {
            // A feed would not know of it: going behind would not bring it back.
            if self.overflow == Overflow::Close || state.feed.is_none() {
                self.overflow(&mut state);
            }
            return Pushed::Full;
        }
        let sleeps = state.queue.is_empty();
        self.append_shared(&mut state, frame);
        drop(state);
        self.wake_where(sleeps);
        Pushed::Queued
    }

    /// Queues a frame for this client alone; a full outbox is left as it is.
    pub(super) fn try_push(&self, frame: &Frame) -> Pushed {
        let mut state = self.state.lock();
        match state.mode {
            Mode::Sealed | Mode::Closed => return Pushed::Dropped,
            Mode::Live | Mode::Behind if !self.backlog.has_room(frame.size_alone()) => return Pushed::Full,
            Mode::Live | Mode::Behind => self.append_own(&mut state, Outgoing::Frames(frame.clone())),
        }
        drop(state);
        self.waker.wake();
        Pushed::Queued
    }

    /// Waits until frames have left, and tries again until the frame is queued. False when the client is gone.
    pub(super) async fn push_when_room(&self, frame: &Frame) -> bool {
        loop {
            let left = self.room.notified();
            tokio::pin!(left);
            left.as_mut().enable();
            match self.try_push(frame) {
                Pushed::Full => {}
                Pushed::Queued => return true,
                Pushed::Dropped => return false,
            }
            left.await;
        }
    }

    /// Queues the session's own words: answers, Pings, the last Close. The session reads no further message
    /// while the outbox is over its bound, and that is what bounds these.
    ///
    /// Wakes nobody: the session itself comes by before it sleeps.
    pub(super) fn push_own(&self, outgoing: Outgoing) {
        let mut state = self.state.lock();
        if state.mode != Mode::Closed {
            self.append_own(&mut state, outgoing);
        }
    }

    /// Queues all frames of one position, or none: not what was heard already, and not while behind.
    pub(super) fn deliver(&self, position: u64, frames: &[&Frame]) -> Pushed {
        let mut state = self.state.lock();
        if position <= state.position {
            return Pushed::Dropped;
        }
        if state.mode != Mode::Live {
            if state.mode != Mode::Behind {
                state.lacks_after.get_or_insert(position - 1);
            }
            return Pushed::Dropped;
        }
        let size = frames.iter().map(|frame| frame.size()).sum();
        if !self.backlog.has_shared_room(size, usize::MAX) {
            // What lay before and was not delivered did not concern this client: its feed need not look there.
            state.position = state.position.max(position - 1);
            self.overflow(&mut state);
            return Pushed::Full;
        }
        state.position = position;
        let sleeps = state.queue.is_empty();
        for frame in frames {
            self.append_shared(&mut state, frame);
        }
        drop(state);
        self.wake_where(sleeps);
        Pushed::Queued
    }

    /// Gives the connection a feed that takes over at once, after `position`.
    pub(super) fn follow(&self, feed: Box<dyn Feed>, position: u64) {
        let mut state = self.state.lock();
        match state.mode {
            Mode::Live | Mode::Behind => {
                state.feed = Some(feed);
                // What was delivered meanwhile is not heard again.
                state.position = state.position.max(position);
                state.mode = Mode::Behind;
            }
            // What lies before was never for it.
            Mode::Sealed | Mode::Closed => state.lacks_after = state.lacks_after.map(|after| after.max(position)),
        }
        drop(state);
        self.waker.wake();
    }

    /// Everything up to here that concerns the client was queued or lies behind it.
    pub(super) fn position(&self) -> u64 {
        self.state.lock().position
    }

    /// Where the client is while its feed speaks, or was when it ended: it lacks what comes after. `None` is nothing.
    pub(super) fn lacks_after(&self) -> Option<u64> {
        let state = self.state.lock();
        match state.mode {
            Mode::Live => None,
            Mode::Behind => Some(state.position),
            Mode::Sealed | Mode::Closed => state.lacks_after,
        }
    }

    /// Asks the session to end. The first reason stays.
    pub(super) fn stop(&self, reason: CloseReason) {
        self.state.lock().stop.get_or_insert(reason);
        self.stops.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Whoever queued something first has woken the session, and it does not sleep while something waits that its
    /// socket would take.
    fn wake_where(&self, sleeps: bool) {
        if sleeps {
            self.waker.wake();
        }
    }

    /// Lets the session look around.
    pub(super) fn wake(&self) {
        self.waker.wake();
    }

    pub(super) fn take_stop(&self) -> Option<CloseReason> {
        // The flag is for a look in passing, which most are.
        if !self.stops.load(Ordering::Acquire) || !self.stops.swap(false, Ordering::AcqRel) {
            return None;
        }
        self.state.lock().stop.take()
    }

    pub(super) fn register(&self, cx: &std::task::Context<'_>) {
        self.waker.register(cx.waker());
    }

    /// Whether more waits than the bound, where so much waits elsewhere.
    pub(super) fn is_over(&self, elsewhere: usize) -> bool {
        self.backlog.is_over(elsewhere)
    }

    /// How many bytes wait that are this client's alone.
    pub(super) fn own_bytes(&self) -> usize {
        self.backlog.own()
    }

    /// Hands what waits to the transport with what each counts: `most` bytes of it, or one that is longer.
    pub(super) fn take(&self, most: usize, mut send: impl FnMut(Outgoing, usize)) -> Taken {
        let mut state = self.state.lock();
        if state.queue.is_empty() {
            return state.after_the_queue();
        }
        let (mut taken, mut own) = (0, 0);
        // One that is longer goes alone, so that it need not be joined.
        while let Some(size) = state.queue.front().map(Queued::size)
            && (taken == 0 || taken + size <= most)
            && let Some(queued) = state.queue.pop_front()
        {
            let outgoing = match queued {
                Queued::Shared(frame) => Outgoing::Frames(frame),
                Queued::Own(outgoing) => {
                    own += size;
                    outgoing
                }
            };
            taken += size;
            send(outgoing, size);
        }
        self.backlog.subtract(taken, own);
        if state.queue.is_empty() {
            state.queue = VecDeque::new();
        }
        let room = self.backlog.is_low();
        drop(state);
        if room {
            self.room.notify_waiters();
        }
        Taken::Some
    }

    /// Takes the feed back after a pull that reached `position`.
    pub(super) fn pulled(&self, feed: Box<dyn Feed>, position: u64) {
        let mut state = self.state.lock();
        state.position = state.position.max(position);
        state.feed = Some(feed);
    }

    /// Takes nothing more from others, so that nothing follows the last words.
    pub(super) fn seal(&self) {
        let mut state = self.state.lock();
        if state.mode != Mode::Closed {
            state.note_end();
            state.mode = Mode::Sealed;
        }
        drop(state);
        self.room.notify_waiters();
    }

    /// Drops what waits and everything that will come.
    pub(super) fn close(&self) {
        let mut state = self.state.lock();
        state.note_end();
        state.mode = Mode::Closed;
        state.queue = VecDeque::new();
        self.backlog.clear();
        state.feed = None;
        drop(state);
        self.room.notify_waiters();
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(self.state.lock().mode, Mode::Sealed | Mode::Closed)
    }

    /// Waits until nothing more is queued for others.
    pub(super) async fn closed(&self) {
        loop {
            let left = self.room.notified();
            tokio::pin!(left);
            left.as_mut().enable();
            if self.is_closed() {
                return;
            }
            left.await;
        }
    }

    fn append_shared(&self, state: &mut State, frame: &Frame) {
        self.backlog.add(frame.size(), 0);
        state.queue.push_back(Queued::Shared(frame.clone()));
    }

    fn append_own(&self, state: &mut State, outgoing: Outgoing) {
        let size = size_alone(&outgoing);
        self.backlog.add(size, size);
        state.queue.push_back(Queued::Own(outgoing));
    }

    fn overflow(&self, state: &mut State) {
        match self.overflow {
            Overflow::Behind if state.feed.is_some() => state.mode = Mode::Behind,
            Overflow::Close | Overflow::Behind => {
                state.stop.get_or_insert(CloseReason::SlowConsumer);
                self.stops.store(true, Ordering::Release);
                state.note_end();
                state.mode = Mode::Closed;
            }
        }
        self.waker.wake();
    }
}

impl State {
    fn note_end(&mut self) {
        if self.mode == Mode::Behind {
            self.lacks_after = Some(self.position);
        }
    }

    fn after_the_queue(&mut self) -> Taken {
        if self.mode != Mode::Behind {
            return Taken::Nothing;
        }
        match self.feed.take() {
            // Under the lock: a delivery at a newer position either shows in the head or finds us live.
            Some(feed) if feed.head() <= self.position => {
                self.feed = Some(feed);
                self.mode = Mode::Live;
                Taken::Nothing
            }
            Some(feed) => Taken::Pull(feed, self.position),
            None => Taken::Nothing,
        }
    }
}

fn size_alone(outgoing: &Outgoing) -> usize {
    match outgoing {
        Outgoing::Frames(frame) => frame.size_alone(),
        Outgoing::Probe(_) => 10,
        Outgoing::Abort => 0,
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::BoxFuture;

    use super::*;
    use crate::{codec::Protocol, hub::Pulled};

    struct Nothing;

    impl Feed for Nothing {
        fn head(&self) -> u64 {
            0
        }

        fn pull(self: Box<Self>, after: u64, _: Protocol) -> BoxFuture<'static, (Box<dyn Feed>, Pulled)> {
            let pulled = Pulled {
                frames: Vec::new(),
                position: after,
            };
            Box::pin(async { (self as Box<dyn Feed>, pulled) })
        }
    }

    #[test]
    fn who_ends_before_its_feed_says_where_it_begins_lacks_what_comes_after_that() {
        let outbox = Outbox::new(1_000, Overflow::Behind);
        outbox.close();
        outbox.follow(Box::new(Nothing), 7);
        assert_eq!(outbox.lacks_after(), Some(7));
    }
}
