//! What a connection's client has certainly received: answers to `SendMessage`, and what it was told.
//!
//! A Ping behind what was sent asks, its Pong proves; where a client polls, its next poll is the Pong. Of what it was
//! told it is asked once a second at most, and not again before it has answered, unless that takes long: a question may
//! be lost with the socket of a client that comes back on another.
//!
//! A client that hears no answer tries REST; until an answer is proven, an equal REST send is taken for that retry.

use std::{collections::VecDeque, time::Duration};

use entities::{
    ids::{ConversationNumber, MessageId, Seq},
    user_id::UserId,
};
use hub_protocol::hub::Connection;
use parking_lot::Mutex;
use tokio::{sync::oneshot, time::Instant};

use crate::log::event::MessageDetails;

/// Answers remembered at most; the oldest is taken for proven when there are more, and all are after 5 s anyway.
const MOST_ANSWERS: usize = 64;
/// Intervals of messages that wait for a proof; more stay undelivered until they are read.
const MOST_MESSAGES: usize = 1_024;
/// Least time between two questions about what was told.
const INTERVAL: Duration = Duration::from_secs(1);
/// A question that was not answered for so long may be lost: another is asked.
const PATIENCE: Duration = Duration::from_secs(5);
/// Unanswered questions at most; then two become one.
const MOST_ASKED: usize = 4;
/// What was sent to those who cannot prove anything counts as received after this.
const UNPROVABLE: Duration = Duration::from_secs(60);
/// How finely that is remembered.
const SLOT: Duration = Duration::from_secs(10);

/// What is proven of one connection.
#[derive(Debug)]
pub(super) struct Proof {
    /// Clients that mishandle Pings, and those that cannot answer, are never asked.
    can_prove: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Oldest first.
    asked: VecDeque<Asked>,
    asked_at: Option<Instant>,
    /// Since the last question.
    since: Sent,
    /// Of a client that cannot prove: when what was sent first, oldest slot first.
    slots: VecDeque<(Instant, u64)>,
    /// Who waits for a sign of life.
    waiting: Vec<(u64, oneshot::Sender<()>)>,
}

#[derive(Debug)]
struct Asked {
    nonce: u64,
    sent: Sent,
}

/// What was sent, and what its proof means.
#[derive(Debug, Default)]
struct Sent {
    answers: Vec<MessageId>,
    /// The first and the last position.
    positions: Option<(u64, u64)>,
    /// Messages, by where they lie in their conversations.
    messages: Vec<Arrived>,
}

/// Messages of a conversation from the first to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrived {
    pub(super) conversation: ConversationNumber,
    pub(super) first: Seq,
    pub(super) last: Seq,
    /// Whether one of them is not of the connection's own person: nobody is told that an author has their own.
    pub(super) of_others: bool,
    /// Where the last of them lies in the log.
    position: u64,
}

/// What a Pong proves.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Proven {
    pub(super) answers: Vec<MessageId>,
    pub(super) messages: Vec<Arrived>,
}

impl Proof {
    pub(super) fn new(can_prove: bool) -> Self {
        Self {
            can_prove,
            state: Mutex::default(),
        }
    }

    /// A message is about to be answered. Returns the nonce of a Ping to send behind the answer, if one is due.
    pub(super) fn answering(&self, message: MessageId, connection: &Connection) -> Option<u64> {
        if !self.can_prove {
            return None;
        }
        let mut state = self.state.lock();
        if state.since.answers.len() >= MOST_ANSWERS {
            state.since.answers.remove(0);
        }
        state.since.answers.push(message);
        state.ask_if_due(connection.position())
    }

    /// Something of the log was sent to the connection of `user`; a message perhaps.
    pub(super) fn sent(&self, position: u64, message: Option<&MessageDetails>, user: &UserId) {
        let mut state = self.state.lock();
        if !self.can_prove {
            return state.note_slot(position);
        }
        let positions = &mut state.since.positions;
        *positions = Some(positions.map_or((position, position), |(first, _)| (first, position)));
        if let Some(message) = message {
            state.since.add(message, position, message.sender.id == *user);
        }
    }

    /// The nonce of a Ping that is due now, to be sent behind everything up to `position`.
    pub(super) fn ask(&self, position: impl FnOnce() -> u64) -> Option<u64> {
        let mut state = self.state.lock();
        if state.since.positions.is_none() && state.since.answers.is_empty() {
            return None;
        }
        let is_late = state.asked_at.is_none_or(|at| at.elapsed() >= INTERVAL);
        (self.can_prove && is_late)
            .then(|| state.ask_if_due(position()))
            .flatten()
    }

    /// Whether its client can show that it is there.
    pub(super) fn is_possible(&self) -> bool {
        self.can_prove
    }

    /// A question for a sign of life: its nonce, and what resolves when it is answered. `None` where nobody could.
    pub(super) fn call_out(&self) -> Option<(u64, oneshot::Receiver<()>)> {
        let nonce = self.can_prove.then(nonce).flatten()?;
        let (answer, answered) = oneshot::channel();
        self.state.lock().waiting.push((nonce, answer));
        Some((nonce, answered))
    }

    /// A Pong came. Returns what it proves, and the nonce of the next Ping if more was answered meanwhile.
    pub(super) fn proven(&self, nonce: u64, connection: &Connection) -> (Proven, Option<u64>) {
        let mut state = self.state.lock();
        for (_, answer) in state.waiting.extract_if(.., |(known, _)| *known == nonce) {
            // Who asked may have given up.
            let _ = answer.send(());
        }
        let Some(place) = state.asked.iter().position(|asked| asked.nonce == nonce) else {
            return (Proven::default(), None);
        };
        let mut proven = Proven::default();
        for asked in state.asked.drain(..=place) {
            proven.answers.extend(asked.sent.answers);
            proven.messages.extend(asked.sent.messages);
        }
        // What was told can wait for its second.
        let is_answering = !state.since.answers.is_empty();
        let next = is_answering.then(|| state.ask_if_due(connection.position())).flatten();
        (proven, next)
    }

    /// Everything before this position that was sent has arrived; `None` where that is all.
    pub(super) fn unproven_from(&self) -> Option<u64> {
        let mut state = self.state.lock();
        if !self.can_prove {
            state.forget_slots();
            return state.slots.front().map(|(_, position)| *position);
        }
        let asked = state.asked.iter().map(|asked| &asked.sent);
        let mut unproven = asked.chain([&state.since]).filter_map(|sent| sent.positions);
        unproven.next().map(|(first, _)| first)
    }
}

impl State {
    /// Asks unless a question is out, and says which Ping to send.
    fn ask_if_due(&mut self, position: u64) -> Option<u64> {
        let is_lost = self.asked_at.is_none_or(|at| at.elapsed() >= PATIENCE);
        if !self.asked.is_empty() && !is_lost {
            return None;
        }
        let nonce = nonce()?;
        let sent = self.since.up_to(position);
        self.asked_at = Some(Instant::now());
        self.asked.push_back(Asked { nonce, sent });
        if self.asked.len() > MOST_ASKED
            && let Some(oldest) = self.asked.pop_front()
            && let Some(next) = self.asked.front_mut()
        {
            next.sent.begin_with(oldest.sent);
        }
        Some(nonce)
    }

    fn note_slot(&mut self, position: u64) {
        let now = Instant::now();
        self.forget_slots();
        if self.slots.back().is_none_or(|(began, _)| now - *began >= SLOT) {
            self.slots.push_back((now, position));
        }
    }

    fn forget_slots(&mut self) {
        while self
            .slots
            .front()
            .is_some_and(|(began, _)| began.elapsed() >= UNPROVABLE + SLOT)
        {
            self.slots.pop_front();
        }
    }
}

impl Sent {
    fn add(&mut self, message: &MessageDetails, position: u64, is_own: bool) {
        let (conversation, seq) = (message.conversation, message.seq);
        let is_full = self.messages.len() >= MOST_MESSAGES;
        let mut lately = self.messages.iter_mut().rev().take(8);
        match lately.find(|arrived| arrived.conversation == conversation) {
            Some(last) if last.last.next() == seq => {
                (last.last, last.position) = (seq, position);
                last.of_others |= !is_own;
            }
            _ if is_full => {}
            _ => self.messages.push(Arrived {
                conversation,
                first: seq,
                last: seq,
                of_others: !is_own,
                position,
            }),
        }
    }

    /// Takes out what a Ping behind this position proves: what lies beyond it may still wait to be sent.
    fn up_to(&mut self, position: u64) -> Self {
        let positions = self.positions.filter(|(first, _)| *first <= position);
        self.positions = self
            .positions
            .and_then(|(first, last)| (last > position).then(|| (first.max(position + 1), last)));
        let messages = self
            .messages
            .extract_if(.., |arrived| arrived.position <= position)
            .collect();
        Self {
            answers: std::mem::take(&mut self.answers),
            positions: positions.map(|(first, last)| (first, last.min(position))),
            messages,
        }
    }

    fn begin_with(&mut self, mut earlier: Self) {
        earlier.answers.append(&mut self.answers);
        earlier.messages.append(&mut self.messages);
        let ends = [earlier.positions, self.positions].into_iter().flatten();
        earlier.positions = ends.reduce(|(first, _), (_, last)| (first, last));
        *self = earlier;
    }
}

/// Random numbers: a client cannot prove what it was not sent.
fn nonce() -> Option<u64> {
    let mut nonce = [0; 8];
    getrandom::fill(&mut nonce).ok()?;
    Some(u64::from_be_bytes(nonce))
}

#[cfg(test)]
mod tests;
