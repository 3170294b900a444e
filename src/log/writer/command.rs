//! What the writer can be asked for.

use std::sync::Arc;

use entities::ids::{ConversationNumber, EventId, MessageId};
use entities::message;
use entities::user_id::UserId;
use serde_json::value::RawValue;
use tokio::sync::oneshot;

use super::change::Asked;
use crate::log::Error;
use crate::log::event::{Attachment, Forwarded, MessageDetails, Person, Quoted, ReactionSummary};
use crate::log::unproven::ContentHash;

/// A new message, checked as far as it can be without the writer.
#[derive(Clone, Debug)]
pub struct Post {
    /// Made before the first attempt to store it.
    pub id: MessageId,
    pub conversation: ConversationNumber,
    /// A person who is stored already.
    pub sender: Person,
    pub kind: message::Kind,
    pub content: String,
    pub hash: ContentHash,
    /// The answered message of the same conversation.
    pub quoted: Option<Quoted>,
    /// Each once.
    pub mentions: Vec<UserId>,
    pub forwarded: Option<Forwarded>,
    pub attachments: Vec<Attachment>,
    /// The files are those of the forwarded message; else the sender's own, which no message has yet.
    pub shares_files: bool,
    pub metadata: Option<Box<RawValue>>,
    pub client_message_id: Option<String>,
    pub temp_id: Option<String>,
    pub repeats: Repeats,
}

/// How a send without a key takes part in recognising repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeats {
    /// A hub send: remembered until its answer is proven.
    Remember,
    /// A REST send without a key: an equal unproven hub send is the same.
    Recall,
    /// Neither.
    No,
}

/// What became of a [`Post`].
#[derive(Clone, Debug)]
pub struct Posted {
    pub message: Arc<MessageDetails>,
    /// The event it caused; `None` when the message was there already.
    pub event: Option<EventId>,
    /// The message was there already, and nobody was told anything.
    pub repeated: bool,
}

/// What is to become of a reaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Add,
    Remove,
    /// Take it back if it stands there, else add it.
    Toggle,
}

/// What stands under a message after somebody reacted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub summary: ReactionSummary,
    /// Whether their reaction stands there.
    pub stands: bool,
}

/// Which of one's own flags of a conversation, and what it shall be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    /// For good, or until then (milliseconds since 1970, UTC). What is over is not muted.
    Muted {
        is_muted: bool,
        until: Option<i64>,
    },
    Archived(bool),
    Pinned(bool),
}

pub(crate) type Reply<T> = oneshot::Sender<Result<T, Error>>;

/// A command on its way to the writer.
#[derive(Debug)]
pub(crate) enum Command {
    Post(Box<Post>, Reply<Posted>),
    Change(Box<dyn Asked>),
    Close(oneshot::Sender<()>),
}

impl Command {
    /// Roughly what it costs to carry, in bytes.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::Post(post, _) => {
                post.content.len()
                    + post.metadata.as_ref().map_or(0, |metadata| metadata.get().len())
                    + 512 * post.attachments.len()
                    + 256
            }
            Self::Change(change) => change.weight(),
            Self::Close(_) => 0,
        }
    }

    /// Answers with an error.
    pub(crate) fn refuse(self, error: Error) {
        match self {
            Self::Post(_, reply) => drop(reply.send(Err(error))),
            Self::Change(change) => change.refuse(error),
            Self::Close(reply) => drop(reply.send(())),
        }
    }
}
