//! Which answers to `SendMessage` have certainly arrived.
//!
//! A client that hears no answer tries REST; until an answer is proven, an equal REST send is taken for that retry.
//! A Ping behind the answer asks, its Pong proves; one is unanswered at a time. Where a client polls, its next poll is the
//! Pong.

use entities::ids::MessageId;
use parking_lot::Mutex;

/// Answers remembered at most; the oldest is taken for proven when there are more, and all are after 5 s anyway.
const MOST: usize = 64;

/// The answers on one connection.
#[derive(Debug)]
pub(super) struct Proof {
    /// Clients that mishandle Pings, and those that cannot answer, are never asked.
    can_prove: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Asked, and waiting for this nonce.
    asked: Option<u64>,
    /// Answered before the Ping that is out.
    covered: Vec<MessageId>,
    /// Answered since.
    since: Vec<MessageId>,
}

impl Proof {
    pub(super) fn new(can_prove: bool) -> Self {
        Self {
            can_prove,
            state: Mutex::default(),
        }
    }

    /// A message is about to be answered. Returns the nonce of a Ping to send behind the answer, if one is due.
    pub(super) fn answering(&self, message: MessageId) -> Option<u64> {
        if !self.can_prove {
            return None;
        }
        let mut state = self.state.lock();
        if state.since.len() >= MOST {
            state.since.remove(0);
        }
        state.since.push(message);
        state.ask()
    }

    /// A Pong came. Returns what it proves, and the nonce of the next Ping if more was answered meanwhile.
    pub(super) fn proven(&self, nonce: u64) -> (Vec<MessageId>, Option<u64>) {
        let mut state = self.state.lock();
        if state.asked != Some(nonce) {
            return (Vec::new(), None);
        }
        state.asked = None;
        let proven = std::mem::take(&mut state.covered);
        (proven, state.ask())
    }
}

impl State {
    fn ask(&mut self) -> Option<u64> {
        if self.asked.is_some() || self.since.is_empty() {
            return None;
        }
        // Random numbers: a client cannot prove what it was not sent.
        let mut nonce = [0; 8];
        getrandom::fill(&mut nonce).ok()?;
        let nonce = u64::from_be_bytes(nonce);
        self.asked = Some(nonce);
        self.covered = std::mem::take(&mut self.since);
        Some(nonce)
    }
}

#[cfg(test)]
mod tests {
    use entities::ids::MessageId;
    use uuid::Uuid;

    use super::Proof;

    #[test]
    fn a_pong_proves_what_was_answered_before_its_ping() {
        let [first, second] = [1, 2].map(|number| MessageId(Uuid::from_u128(number)));
        let proof = Proof::new(true);
        let nonce = proof.answering(first).unwrap();
        assert_eq!(proof.answering(second), None, "one Ping at a time");
        assert_eq!(proof.proven(nonce.wrapping_add(1)), (vec![], None));
        let (proven, next) = proof.proven(nonce);
        assert_eq!(proven, [first]);
        assert_eq!(proof.proven(next.unwrap()), (vec![second], None));
    }

    #[test]
    fn who_mishandles_pings_is_never_asked() {
        assert_eq!(Proof::new(false).answering(MessageId(Uuid::nil())), None);
    }
}
