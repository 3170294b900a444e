//! What happens to a message after it was posted.

use entities::ids::{ConversationId, MessageId, Seq};
use entities::moves;
use entities::user_id::UserId;
use serde::{Deserialize, Serialize};

use super::message::{MessageRef, ReactionSummary};
use super::person::Person;

/// Somebody reacted, or took a reaction back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reacted {
    pub message: MessageRef,
    pub person: Person,
    pub emoji: String,
    pub added: bool,
    /// What stands under the message now.
    pub summary: ReactionSummary,
}

/// A message was pinned, or unpinned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pinned {
    pub message: MessageRef,
    pub is_pinned: bool,
}

/// A member received or read messages: those with a `seq` in `from_seq..=up_to_seq` that were not covered before, some
/// of others among them. Of what is read, everything up to `up_to_seq` is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    pub conversation_id: ConversationId,
    pub kind: moves::Kind,
    pub person: Person,
    pub from_seq: Seq,
    pub up_to_seq: Seq,
    /// The newest message that is covered now, whoever sent it.
    pub last: MessageId,
    /// The newly covered messages of others, in order; the newest 100 of them.
    pub covered: Vec<Covered>,
    /// Nobody but the reader learns of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_hidden: bool,
}

/// A member has read further where there was nothing of others: no receipt changes. Concerns that person alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointerMoved {
    pub conversation_id: ConversationId,
    /// Everything up to here is read.
    pub read_seq: Seq,
}

/// Devices of members have received messages, as their connections prove.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivered {
    pub conversation_id: ConversationId,
    /// In no order.
    pub arrivals: Vec<Arrival>,
    /// The messages that arrived, in order; of each member the newest 100.
    pub covered: Vec<Covered>,
}

/// Messages with a `seq` in `from_seq..=up_to_seq` arrived at a member's device for the first time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    pub user: UserId,
    pub from_seq: Seq,
    pub up_to_seq: Seq,
}

/// A message that a move covered, and what its author is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Covered {
    pub id: MessageId,
    pub seq: Seq,
    pub sender: UserId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_message_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temp_id: Option<String>,
}
