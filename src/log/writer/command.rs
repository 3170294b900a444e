//! What the writer can be asked for.

use std::sync::Arc;

use entities::ids::{ConversationId, ConversationNumber, EventId, MessageId};
use entities::message;
use entities::user_id::UserId;
use serde_json::value::RawValue;
use tokio::sync::oneshot;

use crate::log::Error;
use crate::log::event::{MessageDetails, Person};
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
    /// A message of the same conversation.
    pub parent: Option<MessageId>,
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

/// A direct conversation, made unless it is there.
#[derive(Clone, Debug)]
pub struct NewDirect {
    pub id: ConversationId,
    pub creator: UserId,
    pub other: UserId,
    /// Whether an unknown `other` becomes a placeholder.
    pub create_unknown: bool,
}

/// A group.
#[derive(Clone, Debug)]
pub struct NewGroup {
    pub id: ConversationId,
    pub creator: UserId,
    pub name: String,
    pub description: Option<String>,
    pub avatar: Option<String>,
    /// Others, each once.
    pub members: Vec<UserId>,
    /// Whether unknown members become placeholders.
    pub create_unknown: bool,
    /// Members at most, the creator included; 0 is no limit.
    pub limit: u32,
}

/// What became of a [`NewGroup`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupMade {
    pub number: ConversationNumber,
    /// Unknown people who may not become placeholders.
    pub unknown: Vec<UserId>,
}

/// Somebody signed in: what the token says overrides what is stored, what it does not say stays.
#[derive(Clone, Debug)]
pub struct SignIn {
    pub id: UserId,
    pub username: Option<String>,
    pub full_name: Option<String>,
    pub avatar: Option<String>,
}

pub(crate) type Reply<T> = oneshot::Sender<Result<T, Error>>;

/// A command on its way to the writer.
#[derive(Debug)]
pub(crate) enum Command {
    Post(Box<Post>, Reply<Posted>),
    Direct(Box<NewDirect>, Reply<ConversationNumber>),
    Group(Box<NewGroup>, Reply<GroupMade>),
    SignIn(Box<SignIn>, Reply<Person>),
    Close(oneshot::Sender<()>),
}

impl Command {
    /// Roughly what it costs to carry, in bytes.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::Post(post, _) => {
                post.content.len() + post.metadata.as_ref().map_or(0, |metadata| metadata.get().len()) + 256
            }
            Self::Group(group, _) => group.members.len() * 256 + 1_024,
            Self::Direct(..) | Self::SignIn(..) | Self::Close(_) => 512,
        }
    }

    /// Answers with an error.
    pub(crate) fn refuse(self, error: Error) {
        match self {
            Self::Post(_, reply) => drop(reply.send(Err(error))),
            Self::Direct(_, reply) => drop(reply.send(Err(error))),
            Self::Group(_, reply) => drop(reply.send(Err(error))),
            Self::SignIn(_, reply) => drop(reply.send(Err(error))),
            Self::Close(reply) => drop(reply.send(())),
        }
    }
}
