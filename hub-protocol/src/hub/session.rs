//! The driver: one task for each connection, which owns its transport, its protocol state and its calls.
//!
//! Four things can happen: something arrives, a call finishes, something waits to be sent, time passes.
//! Nothing else wakes the task.

use std::{
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::{Context as Task, Poll},
    time::Instant,
};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::time::Sleep;

use super::{
    Connection as Handle, Context, Disconnected, Feed, Hub, Next, Pulled, User,
    context::Member,
    dispatcher::{Finished, Running, dispatch},
    outbox::{Outbox, Taken},
};
use crate::{
    close::CloseReason,
    codec::TransferFormat,
    connection::{Connection, Event},
    transport::{Frame, Incoming, Outgoing, Transport, connections::Claim},
};

/// How much is handed to a transport for one write.
const WRITE_BYTES: usize = 64 * 1024;

pub(crate) struct Session<T> {
    hub: Hub,
    transport: T,
    core: Connection,
    member: Arc<Member>,
    /// The connect handler, then one call at a time.
    call: Option<Running>,
    pulling: Option<BoxFuture<'static, (Box<dyn Feed>, Pulled)>>,
    timer: Option<Pin<Box<Sleep>>>,
    /// Since when the transport has had unwritten output.
    stalled: Option<Instant>,
    /// A shutdown that waits for the running call.
    stopping: bool,
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
struct Registration<'a>(&'a Hub, Arc<Member>);

impl Drop for Registration<'_> {
    fn drop(&mut self) {
        self.1.outbox.close();
        self.0.0.registry.remove(&self.1);
        self.1.forget_items();
    }
}

/// Runs a connection to its end.
pub(crate) async fn run<T: Transport>(hub: Hub, transport: T, claim: Claim, user: Option<User>) {
    let options = &hub.0.options;
    let outbox = Outbox::new(options.outbox_bytes, options.overflow);
    let member = Arc::new(Member::new(claim.id.clone(), claim.version, user, outbox));
    let registration_hub = hub.clone();
    let registration = Registration(&registration_hub, Arc::clone(&member));
    let core = Connection::accept(now(), options.connection.clone());
    let mut session = Session {
        hub,
        transport,
        core,
        member,
        call: None,
        pulling: None,
        timer: None,
        stalled: None,
        stopping: false,
        held_back: false,
        progress: Progress::Handshaking,
    };
    let reason = session.drive().await;
    session.say_goodbye(&reason).await;
    drop(registration);
    drop(claim);
    let close_timeout = session.hub.0.options.close_timeout;
    let closed = std::future::poll_fn(|cx| session.transport.poll_close(cx));
    let _ = tokio::time::timeout(close_timeout, closed).await;
}

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

impl<T: Transport> Session<T> {
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
                    pulled
                        .frames
                        .into_iter()
                        .for_each(|frame| self.transport.send(Outgoing::Frames(frame)));
                }
                Turn::Stop(CloseReason::Shutdown) if self.call.is_some() => self.stopping = true,
                Turn::Stop(reason) => self.core.handle_end(reason),
                Turn::Timeout => self.expire(),
                Turn::Room => {}
            }
        }
    }

    /// Acts on everything that can be acted on now; the reason when the connection is over.
    fn advance(&mut self) -> Option<CloseReason> {
        self.held_back = self.member.outbox.is_full();
        let mut ended = None;
        while ended.is_none() && self.may_read() {
            match self.core.poll_event(now()) {
                None => break,
                Some(Event::Connected(protocol)) => {
                    let _ = self.member.protocol.set(protocol);
                    // The answer to the handshake comes before anything that others send.
                    self.queue_own();
                    self.hub.0.registry.add(&self.member);
                    self.progress = Progress::Connecting;
                    self.call = Some(self.connect());
                }
                Some(Event::Message(message)) => {
                    tracing::trace!(connection.id = %self.member.id, "received {}", message.describe());
                    let cx = self.context();
                    self.call = dispatch(&self.hub, cx, message);
                    if self.call.is_none() {
                        self.core.handle_dispatched(now());
                    }
                }
                Some(Event::Ended(reason)) => ended = Some(reason),
            }
        }
        self.held_back |= self.member.outbox.is_full();
        let ended = ended.or_else(|| self.core.poll_end());
        self.queue_own();
        ended
    }

    /// One call at a time, and none while the client does not take the answers.
    fn may_read(&self) -> bool {
        self.call.is_none() && !self.member.outbox.is_full()
    }

    fn queue_own(&mut self) {
        while let Some(record) = self.core.poll_transmit() {
            let format = self
                .member
                .protocol
                .get()
                .map_or(TransferFormat::Text, |protocol| protocol.transfer_format());
            self.member
                .outbox
                .push_own(Outgoing::Frames(Frame::new(format, &record)));
        }
    }

    fn poll_turn(&mut self, cx: &mut Task<'_>) -> Poll<Turn> {
        self.member.outbox.register(cx);
        if let Some(reason) = self.member.outbox.take_stop() {
            return Poll::Ready(Turn::Stop(reason));
        }
        if let Some(call) = &mut self.call
            && let Poll::Ready(finished) = call.poll_unpin(cx)
        {
            return Poll::Ready(Turn::Finished(finished));
        }
        if self.core.buffered() < self.hub.0.options.inbox_bytes.max(self.largest_message())
            && let Poll::Ready(incoming) = self.transport.poll_receive(cx)
        {
            return Poll::Ready(Turn::Incoming(incoming));
        }
        if let Some(turn) = self.poll_output(cx) {
            return Poll::Ready(turn);
        }
        if self.held_back && !self.member.outbox.is_full() {
            return Poll::Ready(Turn::Room);
        }
        self.poll_timer(cx).map(|()| Turn::Timeout)
    }

    /// A message that is allowed must be able to arrive whole.
    fn largest_message(&self) -> usize {
        self.hub
            .0
            .options
            .connection
            .maximum_receive_message_size
            .map_or(usize::MAX, |limit| limit + 1)
    }

    /// Writes what waits, in as few writes as the socket allows.
    fn poll_output(&mut self, cx: &mut Task<'_>) -> Option<Turn> {
        loop {
            match self.transport.poll_flush(cx) {
                Poll::Pending => {
                    self.stalled.get_or_insert_with(now);
                    return None;
                }
                // Whoever receives learns how it ended.
                Poll::Ready(Err(_)) => return None,
                Poll::Ready(Ok(())) => self.stalled = None,
            }
            if let Some(pulling) = &mut self.pulling {
                let Poll::Ready((feed, pulled)) = pulling.poll_unpin(cx) else {
                    return None;
                };
                self.pulling = None;
                return Some(Turn::Pulled(feed, pulled));
            }
            match self
                .member
                .outbox
                .take(WRITE_BYTES, |outgoing| self.transport.send(outgoing))
            {
                Taken::Some => {}
                Taken::Nothing => return None,
                Taken::Pull(feed, after) => {
                    let protocol = *self.member.protocol.get().expect("feeds come after the handshake");
                    self.pulling = Some(feed.pull(after, protocol));
                }
            }
        }
    }

    fn poll_timer(&mut self, cx: &mut Task<'_>) -> Poll<()> {
        let stalled = self.stalled.map(|since| since + self.hub.0.options.send_timeout);
        let Some(due) = self.core.poll_timeout().into_iter().chain(stalled).min() else {
            return Poll::Pending;
        };
        let due = tokio::time::Instant::from_std(due);
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
        if timer.deadline() != due {
            timer.as_mut().reset(due);
        }
        timer.as_mut().poll(cx)
    }

    fn receive(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::Bytes(bytes) => self.core.handle_bytes(bytes),
            Incoming::Proven(nonce) => {
                if let Some(proven) = &self.hub.0.proven {
                    proven(&self.handle(), nonce);
                }
            }
            Incoming::TooLarge => self.core.handle_too_large(),
            Incoming::End(end) => {
                // What arrived before the end counts, a Close above all.
                self.core.handle_last_bytes();
                self.core.handle_end(CloseReason::Transport(end));
            }
        }
    }

    fn finish(&mut self, finished: Finished) {
        self.call = None;
        if self.progress == Progress::Connecting {
            self.progress = Progress::Connected;
        }
        match finished {
            Finished::Done => self.core.handle_dispatched(now()),
            Finished::End(reason) => {
                if matches!(reason, CloseReason::ConnectFailed(_)) {
                    self.progress = Progress::Connecting;
                }
                self.core.handle_end(reason);
            }
        }
        if self.stopping {
            self.core.handle_end(CloseReason::Shutdown);
        }
    }

    fn expire(&mut self) {
        let now = now();
        self.core.handle_timeout(now);
        if self
            .stalled
            .is_some_and(|since| since + self.hub.0.options.send_timeout <= now)
        {
            self.core.handle_end(CloseReason::SendTimeout);
        }
    }

    fn handle(&self) -> Handle {
        Handle {
            member: Arc::clone(&self.member),
            hub: self.hub.clone(),
        }
    }

    fn context(&self) -> Context {
        Context::new(self.handle())
    }

    fn connect(&self) -> Running {
        let (hub, cx) = (self.hub.clone(), self.context());
        Box::pin(async move {
            let next = Next {
                hub: &hub.0,
                filters: 0,
                method: None,
            };
            match AssertUnwindSafe(next.connected(cx)).catch_unwind().await {
                Ok(Ok(())) => Finished::Done,
                Ok(Err(error)) => {
                    tracing::debug!(hub.name = hub.0.name, "a connection was refused by its hub: {error}");
                    Finished::End(CloseReason::ConnectFailed(error.detail()))
                }
                Err(_) => Finished::End(CloseReason::ConnectFailed(
                    "Panic: the connect handler panicked".to_owned(),
                )),
            }
        })
    }

    /// Last words, the rest of the running call, and the disconnect handler, in this order.
    async fn say_goodbye(&mut self, reason: &CloseReason) {
        tracing::debug!(
            connection.id = %self.member.id,
            hub.name = self.hub.0.name,
            reason = reason.name(),
            "a connection ended"
        );
        match reason {
            CloseReason::Transport(_) => {}
            CloseReason::SlowConsumer | CloseReason::SendTimeout => self.transport.send(Outgoing::Abort),
            _ => {
                let patience = self.hub.0.options.close_timeout;
                let written = std::future::poll_fn(|cx| self.poll_last_words(cx));
                let _ = tokio::time::timeout(patience, written).await;
            }
        }
        self.member.outbox.close();
        if let Some(call) = self.call.take() {
            // What a method has begun it ends, though nobody hears its answer.
            let finished = AssertUnwindSafe(call).catch_unwind().await;
            // A connect handler that succeeds after all is owed its disconnect.
            if self.progress == Progress::Connecting && matches!(finished, Ok(Finished::Done)) {
                self.progress = Progress::Connected;
            }
        }
        if self.progress == Progress::Connected {
            let (cx, how) = (
                self.context(),
                Disconnected {
                    end: reason.end(),
                    reason: reason.clone(),
                },
            );
            let next = Next {
                hub: &self.hub.0,
                filters: 0,
                method: None,
            };
            if AssertUnwindSafe(next.disconnected(cx, how))
                .catch_unwind()
                .await
                .is_err()
            {
                tracing::error!(hub.name = self.hub.0.name, "a disconnect handler panicked");
            }
        }
    }

    fn poll_last_words(&mut self, cx: &mut Task<'_>) -> Poll<()> {
        loop {
            match self.transport.poll_flush(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Ready(Ok(())) => {}
            }
            let taken = self
                .member
                .outbox
                .take(WRITE_BYTES, |outgoing| self.transport.send(outgoing));
            if !matches!(taken, Taken::Some) {
                return Poll::Ready(());
            }
        }
    }
}
