//! The driver: one task for each connection, which owns its transport, its protocol state and its calls.
//!
//! Four things can happen: something arrives, a call finishes, something waits to be sent, time passes.
//! Nothing else wakes the task.

mod calls;
mod lifecycle;
mod output;

use std::{
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::{Context as Task, Poll},
    time::{Duration, Instant},
};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::time::Sleep;

use self::{calls::Calls, output::Stalled};
use super::{
    Connection as Handle, Context, Feed, Hub, Pulled, User, context::Member, dispatcher::Finished, outbox::Outbox,
    place::Place,
};
use crate::{
    close::{CloseReason, End},
    connection::{Connection, Event, Unacknowledged},
    transport::{Frame, Incoming, Outgoing, Transport, connections::Claim, resumable::Line},
};

/// How often a client of which nothing is read is looked after.
const LOOK_AFTER: Duration = Duration::from_secs(5);

/// How many outboxes a client has that may come back: at 100,000 bytes a second, what it may owe Acks for in ten.
const STATEFUL_OUTBOXES: usize = 16;

pub(crate) struct Session<T> {
    hub: Hub,
    transport: Box<T>,
    core: Connection,
    member: Arc<Member>,
    /// The connect handler, then what clients call.
    calls: Calls,
    /// The client time-out rests because nothing is read while a call runs.
    resting: bool,
    pulling: Option<BoxFuture<'static, (Box<dyn Feed>, Pulled)>>,
    timer: Option<Pin<Box<Sleep>>>,
    /// The timer was polled and has not fired: it will wake the task by itself.
    armed: bool,
    /// When the task was woken. What it does until it sleeps again counts as done at once.
    now: Instant,
    /// The task has said that it waits, and is to look at the clock when it is woken.
    asleep: bool,
    /// Set while the transport has unwritten output.
    stalled: Option<Stalled>,
    /// What the client may want again, where the connection may outlive its socket.
    sent: Option<Box<Unacknowledged<Frame>>>,
    /// Where another socket may come from.
    line: Option<Arc<Line>>,
    /// Whether the connection ends with its user's token.
    expires: bool,
    /// The socket was cut; the client may come back on another.
    away: bool,
    /// A shutdown that waits for the running calls; no further one begins.
    stopping: bool,
    /// The transport has ended; what arrived before is still acted on.
    left: Option<End>,
    /// Until when what arrived before the end may wait for the calls before it.
    left_until: Option<Instant>,
    /// When to look whether the client is still there, while nothing is read.
    look_at: Option<Instant>,
    /// Messages may be unread because the client does not take the answers.
    held_back: bool,
    progress: Progress,
}

#[derive(Clone, Copy, PartialEq)]
enum Progress {
    Handshaking,
    Connecting,
    Connected,
}

/// Why the task was woken.
enum Turn {
    Incoming(Incoming),
    Finished(Finished),
    Pulled(Box<dyn Feed>, Pulled),
    Stop(CloseReason),
    Timeout,
    Room,
}

/// Takes the connection out of the hub, whatever ends the task.
struct Registration {
    hub: Hub,
    member: Arc<Member>,
    _claim: Claim,
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.member.outbox.close();
        self.member.questions.close();
        self.hub.0.local.0.remove(&self.member);
        if let Some(protocol) = self.member.protocol.get() {
            self.hub.0.meter.closed(self.member.transport, *protocol);
        }
        self.member.forget_items();
    }
}

/// Runs a connection to its end.
///
/// Not an `async fn`: what an idle connection holds is one box, not a future that holds it twice.
pub(crate) fn run<T: Transport>(
    hub: Hub,
    transport: Box<T>,
    claim: Claim,
    user: Option<User>,
    expires: bool,
) -> impl Future<Output = ()> + Send {
    let options = &hub.0.options;
    let expires_at = user.as_ref().and_then(|user| user.expires_at);
    let outbox = Outbox::new(options.outbox_bytes, options.overflow);
    let member = Arc::new(Member::new(&claim.record, transport.kind(), user, outbox));
    let line = claim.record.line.clone();
    let registration = Registration {
        hub: hub.clone(),
        member: Arc::clone(&member),
        _claim: claim,
    };
    let now = now();
    let mut core = Connection::accept(now, options.connection.clone(), transport.kind());
    if line.is_some() {
        core.offer_stateful_reconnect();
    }
    if expires {
        core.handle_authenticated(expires_at);
    }
    let session = Box::new(Session {
        hub,
        transport,
        core,
        member,
        calls: Calls::default(),
        resting: false,
        pulling: None,
        timer: None,
        armed: false,
        now,
        asleep: true,
        stalled: None,
        sent: None,
        line,
        expires,
        away: false,
        stopping: false,
        left: None,
        left_until: None,
        look_at: None,
        held_back: false,
        progress: Progress::Handshaking,
    });
    session.live(registration)
}

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

impl<T: Transport> Session<T> {
    async fn live(mut self: Box<Self>, registration: Registration) {
        let reason = match AssertUnwindSafe(self.drive()).catch_unwind().await {
            Ok(reason) => reason,
            Err(_) => self.give_up(),
        };
        self.hub.0.meter.ended(&reason);
        self.say_goodbye(&reason).await;
        drop(registration);
        let close_timeout = self.hub.0.options.close_timeout;
        let closed = std::future::poll_fn(|cx| self.transport.poll_close(cx));
        let _ = tokio::time::timeout(close_timeout, closed).await;
    }

    async fn drive(&mut self) -> CloseReason {
        loop {
            if let Some(reason) = self.advance() {
                return reason;
            }
            match std::future::poll_fn(|cx| self.poll_turn(cx)).await {
                Turn::Incoming(incoming) => self.receive(incoming),
                Turn::Finished(finished) => self.finish(finished),
                Turn::Pulled(feed, pulled) => {
                    self.member.outbox.pulled(feed, pulled.position);
                    self.hub.0.meter.sent.add(pulled.frames.len() as u64);
                    pulled
                        .frames
                        .into_iter()
                        .for_each(|frame| self.hand_over(Outgoing::Frames(frame)));
                }
                Turn::Stop(CloseReason::Shutdown) if self.running() > 0 => self.stopping = true,
                Turn::Stop(reason) => self.core.handle_end(reason),
                Turn::Timeout => self.expire(),
                Turn::Room => {}
            }
        }
    }

    /// Code of the application panicked: its pull may be half done and is not looked at again.
    fn give_up(&mut self) -> CloseReason {
        tracing::error!(hub.name = self.hub.0.name, "a feed or a proof handler panicked");
        self.pulling = None;
        self.core.handle_end(CloseReason::Panicked);
        self.member.outbox.seal();
        self.queue_own();
        CloseReason::Panicked
    }

    /// Acts on everything that can be acted on now; the reason when the connection is over.
    fn advance(&mut self) -> Option<CloseReason> {
        self.read_acknowledgements();
        self.held_back = self.is_clogged();
        let (mut ended, mut received) = (None, 0);
        while ended.is_none() && self.may_read() {
            if std::mem::take(&mut self.resting) {
                self.core.handle_dispatched(self.now);
            }
            match self.core.poll_event(self.now) {
                None => match self.left {
                    Some(end) => self.core.handle_end(CloseReason::Transport(end)),
                    None => break,
                },
                Some(Event::Connected(protocol)) => {
                    self.hub.0.meter.opened(self.member.transport, protocol);
                    let _ = self.member.protocol.set(protocol);
                    if self.core.is_stateful() {
                        let limit = self.hub.0.options.stateful_reconnect_buffer_bytes;
                        self.sent = Some(Box::new(Unacknowledged::new(limit)));
                        self.member.outbox.widen(STATEFUL_OUTBOXES);
                        self.set_line(true);
                    }
                    // The answer to the handshake comes before anything that others send.
                    self.queue_own();
                    self.hub.0.local.0.add(&self.member);
                    self.progress = Progress::Connecting;
                    let connect = self.connect();
                    self.calls.push(connect);
                }
                Some(Event::Acknowledged(number)) => {
                    if let Some(sent) = &mut self.sent {
                        sent.acknowledge(number);
                    }
                }
                Some(Event::Message(message)) => {
                    tracing::trace!(connection.id = %self.member.id, "received {}", message.describe());
                    received += 1;
                    self.dispatch(message);
                    self.resting = true;
                }
                Some(Event::Ended(reason)) => ended = Some(reason),
            }
        }
        if received > 0 {
            self.hub.0.meter.received.add(received);
        }
        self.held_back |= self.is_clogged();
        let ended = ended.or_else(|| self.core.poll_end());
        if ended.is_some() {
            self.member.outbox.seal();
            self.set_line(false);
        }
        self.queue_own();
        ended
    }

    /// As many calls at a time as there are slots, and none while the client does not take the answers.
    fn may_read(&self) -> bool {
        self.progress != Progress::Connecting && !self.stopping && self.has_slot() && !self.is_clogged()
    }

    fn poll_turn(&mut self, cx: &mut Task<'_>) -> Poll<Turn> {
        if self.asleep {
            self.now = now();
            // Once a wake-up is enough: whoever wakes the task from here on has it polled again.
            self.member.outbox.register(cx);
        }
        let turn = self.look_around(cx);
        self.asleep = turn.is_pending();
        turn
    }

    fn look_around(&mut self, cx: &mut Task<'_>) -> Poll<Turn> {
        if let Some(reason) = self.member.outbox.take_stop() {
            return Poll::Ready(Turn::Stop(reason));
        }
        if let Poll::Ready(finished) = self.calls.poll_finished(cx) {
            return Poll::Ready(Turn::Finished(finished));
        }
        if self.stopping && self.running() == 0 {
            return Poll::Ready(Turn::Stop(CloseReason::Shutdown));
        }
        self.calls.register(cx);
        if self.resting && self.may_read() {
            // A call gave its slot up to wait for its client, or took an item that waited.
            return Poll::Ready(Turn::Room);
        }
        if self.left.is_some() {
            return self.poll_timer(cx).map(|()| Turn::Timeout);
        }
        if self.has_room() {
            self.look_at = None;
            if let Poll::Ready(incoming) = self.transport.poll_receive(cx) {
                return Poll::Ready(Turn::Incoming(incoming));
            }
        } else {
            self.look_after();
        }
        if let Some(turn) = self.poll_output(cx) {
            return Poll::Ready(turn);
        }
        if self.held_back && !self.is_clogged() {
            return Poll::Ready(Turn::Room);
        }
        self.poll_timer(cx).map(|()| Turn::Timeout)
    }

    /// Whether more is read.
    fn has_room(&self) -> bool {
        // The message on top of what may be owed is as much less of this.
        let owed = self.sent.as_ref().map_or(0, |sent| sent.excess());
        let inbox = self.hub.0.options.inbox_bytes.saturating_sub(owed);
        self.core.buffered() < inbox.max(self.largest_message())
    }

    /// Nothing is read, so that the end of a client would not be seen either: it is looked for, now and then.
    fn look_after(&mut self) {
        if self.look_at.is_some_and(|at| self.now < at) {
            return;
        }
        self.look_at = Some(self.now + LOOK_AFTER);
        if self.left_until.is_none()
            && let Some(since) = self.transport.gone_since()
        {
            self.left_until = Some(since.into_std() + self.hub.0.options.disconnect_timeout);
        }
    }

    /// A message that is allowed must be able to arrive whole.
    fn largest_message(&self) -> usize {
        self.hub
            .0
            .options
            .connection
            .maximum_receive_message_size
            .map_or(usize::MAX, |limit| limit.saturating_add(1))
    }

    fn poll_timer(&mut self, cx: &mut Task<'_>) -> Poll<()> {
        let others = self
            .stalled_until()
            .into_iter()
            .chain(self.left_until)
            .chain(self.look_at);
        let Some(due) = self.core.poll_timeout().into_iter().chain(others).min() else {
            return Poll::Pending;
        };
        let due = tokio::time::Instant::from_std(due);
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
        if timer.deadline() != due {
            timer.as_mut().reset(due);
        } else if self.armed && self.now < due.into_std() {
            return Poll::Pending;
        }
        let fired = timer.as_mut().poll(cx);
        // A timer that is asked when the task has used up its turn (tokio's budget) does not remember who asked.
        self.armed = fired.is_pending() && tokio::task::coop::has_budget_remaining();
        fired
    }

    fn receive(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::Bytes(bytes) => self.core.handle_bytes(bytes),
            Incoming::Proven(nonce) => {
                if let Some(proven) = &self.hub.0.proven {
                    proven(&self.handle(), nonce);
                }
            }
            Incoming::Authenticated(user) if self.expires => self.core.handle_authenticated(user.expires_at),
            Incoming::Authenticated(_) => {}
            Incoming::Gap => {
                (self.away, self.stalled, self.left_until) = (true, None, None);
                self.core.handle_gap(now() + self.hub.0.options.disconnect_timeout);
            }
            Incoming::Resumed => {
                // Whatever a look has found of the socket before.
                (self.away, self.stalled, self.left_until) = (false, None, None);
                self.core.handle_resumed(now());
                self.send_again();
            }
            Incoming::TooLarge => self.core.handle_too_large(),
            Incoming::End(end) => {
                // What arrived before the end counts, as in ASP.NET Core: a client that sends and then leaves has
                // sent. Nobody hears the answers.
                self.left = Some(end);
                // A look may have found it before; a client that polls has been gone for as long as it did not poll.
                let since = self
                    .transport
                    .gone_since()
                    .map_or_else(now, tokio::time::Instant::into_std);
                let until = since + self.hub.0.options.disconnect_timeout;
                self.left_until.get_or_insert(until);
                self.member.outbox.close();
                (self.pulling, self.stalled) = (None, None);
            }
        }
    }

    fn finish(&mut self, finished: Finished) {
        if self.progress == Progress::Connecting && !matches!(finished.end, Some(CloseReason::ConnectFailed(_))) {
            self.progress = Progress::Connected;
            self.core.handle_dispatched(self.now);
        }
        if let Some(reason) = finished.end {
            self.core.handle_end(reason);
        }
        // Before another message is read: whoever is sent away does nothing more.
        if let Some(reason) = self.member.outbox.take_stop() {
            self.core.handle_end(reason);
        }
    }

    fn expire(&mut self) {
        let now = now();
        self.core.handle_timeout(now);
        if self.stalled_until().is_some_and(|until| until <= now) {
            self.core.handle_end(CloseReason::SendTimeout);
        }
        // The calls before what waits may run for long, and a method may wait for what its client never sent.
        if self.left_until.take_if(|until| *until <= now).is_some() {
            self.core
                .handle_end(CloseReason::Transport(self.left.unwrap_or(End::Lost)));
        }
    }

    /// Lets another socket take over, or no longer.
    fn set_line(&self, open: bool) {
        if let Some(line) = &self.line {
            line.set_open(open);
        }
    }

    fn handle(&self) -> Handle {
        Handle {
            member: Arc::clone(&self.member),
            hub: self.hub.clone(),
        }
    }

    fn context(&self, place: Place) -> Context {
        Context::new(self.handle(), place)
    }
}

#[cfg(test)]
mod tests;
