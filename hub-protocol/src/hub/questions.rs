//! Calls of the server that wait for a client's result.
//!
//! Each connection knows its own: the answer of another client, or to nothing, finds no question
//! (ids are counted, so they can be guessed).

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering},
};

use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::message::Outcome;

/// How many questions may wait for one client: calls that wait for it have given their places up, so that a client
/// which never answers could begin any number of them.
const MOST: usize = 100;

/// Why nothing can be asked.
pub(super) enum Unasked {
    /// The connection is over.
    Closed,
    /// Too much is asked already.
    TooMany,
}

/// What one client is asked.
#[derive(Default)]
pub(super) struct Questions(Mutex<State>);

#[derive(Default)]
enum State {
    #[default]
    Quiet,
    Asked(HashMap<String, oneshot::Sender<Outcome>>),
    /// The connection is over.
    Closed,
}

/// A question that waits; dropping it forgets it.
pub(super) struct Question<'a> {
    questions: &'a Questions,
    id: String,
    answer: oneshot::Receiver<Outcome>,
}

impl Questions {
    /// Opens a question, while the connection lives.
    pub(super) fn ask(&self) -> Result<Question<'_>, Unasked> {
        // As .NET's: told apart from the ids that clients choose by the letter.
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = format!("s{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let (sender, answer) = oneshot::channel();
        let mut state = self.0.lock();
        match &mut *state {
            State::Closed => return Err(Unasked::Closed),
            State::Asked(asked) if asked.len() >= MOST => return Err(Unasked::TooMany),
            State::Asked(asked) => drop(asked.insert(id.clone(), sender)),
            State::Quiet => *state = State::Asked(HashMap::from([(id.clone(), sender)])),
        }
        drop(state);
        Ok(Question {
            questions: self,
            id,
            answer,
        })
    }

    /// A client's Completion; one that nobody asked for is ignored.
    pub(super) fn answer(&self, id: &str, outcome: Outcome) {
        if let Some(waiting) = self.take(id) {
            // Whoever asked may have stopped waiting.
            let _ = waiting.send(outcome);
        }
    }

    /// Nobody answers any more.
    pub(super) fn close(&self) {
        let state = std::mem::replace(&mut *self.0.lock(), State::Closed);
        // Not under the lock: whoever waits is woken.
        drop(state);
    }

    fn take(&self, id: &str) -> Option<oneshot::Sender<Outcome>> {
        let mut state = self.0.lock();
        let State::Asked(asked) = &mut *state else { return None };
        let waiting = asked.remove(id);
        if asked.is_empty() {
            *state = State::Quiet;
        }
        waiting
    }
}

impl Question<'_> {
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// What the client answered; `None` when it has gone.
    pub(super) async fn answer(mut self) -> Option<Outcome> {
        (&mut self.answer).await.ok()
    }
}

impl Drop for Question<'_> {
    fn drop(&mut self) {
        self.questions.take(&self.id);
    }
}
