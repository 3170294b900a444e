//! Hub sends whose answer may not have arrived: a client that heard nothing tries REST, and must not post twice.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use entities::ids::{ConversationNumber, MessageId, MessageNumber};
use entities::user_id::UserId;
use parking_lot::Mutex;

use crate::clock::Clock;
use crate::log::event::MessageDetails;

/// How long a send stays unproven at most.
const WINDOW: Duration = Duration::from_secs(5);
/// Sends remembered at most; when there are more, the oldest is taken for proven.
const CAPACITY: usize = 16_384;

/// SHA-256 of a message's type and content.
pub type ContentHash = [u8; 32];

/// The sends of the last 5 s that are not proven. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Unproven {
    clock: Clock,
    sends: Arc<Mutex<VecDeque<Send>>>,
}

#[derive(Debug)]
struct Send {
    until: Duration,
    sender: UserId,
    conversation: ConversationNumber,
    hash: ContentHash,
    message: Arc<MessageDetails>,
}

impl Unproven {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            sends: Arc::new(Mutex::new(VecDeque::new())),
        }
    }

    /// The answer to this send has arrived.
    pub fn proven(&self, message: MessageId) {
        let mut sends = self.sends.lock();
        // Proofs come within moments: what they prove lies near the end.
        if let Some(place) = sends.iter().rposition(|send| send.message.id == message) {
            sends.remove(place);
        }
    }

    /// Takes the text of a deleted message out of what is remembered; an equal send is still the same.
    pub(crate) fn scrub(&self, deleted: MessageNumber) {
        for send in self.sends.lock().iter_mut() {
            if let Some(scrubbed) = send.message.scrubbed(deleted) {
                send.message = scrubbed;
            }
        }
    }

    /// Remembers a send that was committed and is about to be answered.
    pub(crate) fn remember(&self, hash: ContentHash, message: &Arc<MessageDetails>) {
        let now = self.clock.elapsed();
        let mut sends = self.sends.lock();
        while sends.len() >= CAPACITY || sends.front().is_some_and(|send| send.until <= now) {
            sends.pop_front();
        }
        sends.push_back(Send {
            until: now + WINDOW,
            sender: message.sender.id.clone(),
            conversation: message.conversation,
            hash,
            message: Arc::clone(message),
        });
    }

    /// The newest unproven send that is equal, if there is one.
    pub(crate) fn find(
        &self,
        sender: &UserId,
        conversation: ConversationNumber,
        hash: &ContentHash,
    ) -> Option<Arc<MessageDetails>> {
        let now = self.clock.elapsed();
        let sends = self.sends.lock();
        sends
            .iter()
            .rev()
            .find(|send| {
                send.until > now && send.conversation == conversation && send.sender == *sender && send.hash == *hash
            })
            .map(|send| Arc::clone(&send.message))
    }
}
