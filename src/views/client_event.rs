//! What clients are told: the name of each client method, and its one argument.

use entities::ids::MessageId;
use entities::user_id::UserId;
use schemars::{Schema, SchemaGenerator};
use serde::Serialize;

use super::{
    Conversation, ConversationDeleted, ConversationUpdated, GroupMembership, MemberChanged, Message, MessageDeleted,
    MessagePinned, MessageReaction, MessageRead, MessageStatus, MessagesRead, Presence, UserTyping,
};

/// Declares the client methods, what each is called with, and which hub calls it.
macro_rules! client_events {
    ($($hub:ident { $(#[doc = $doc:literal] $name:ident($argument:ty),)* })*) => {
        /// One call of clients. It is written as its argument.
        #[derive(Clone, Debug, Serialize)]
        #[serde(untagged)]
        pub enum ClientEvent {
            $($(#[doc = $doc] $name(Box<$argument>),)*)*
        }

        impl ClientEvent {
            /// Every client method.
            pub const NAMES: &[&str] = &[$($(stringify!($name)),*),*];

            /// The client method.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $($(Self::$name(_) => stringify!($name),)*)*
                }
            }

            /// Every client method, with the schema of its argument.
            pub fn described(generator: &mut SchemaGenerator) -> Vec<DescribedEvent> {
                vec![$($(DescribedEvent {
                    hub: EventHub::$hub,
                    name: stringify!($name),
                    words: $doc.trim(),
                    argument: generator.subschema_for::<$argument>(),
                }),*),*]
            }
        }
    };
}

/// The hub whose clients hear an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventHub {
    Chat,
    Online,
}

/// A client method, for those who describe it.
#[derive(Clone, Debug)]
pub struct DescribedEvent {
    pub hub: EventHub,
    pub name: &'static str,
    pub words: &'static str,
    pub argument: Schema,
}

/// What an event says the standing of. A later one about the same makes it superfluous.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// How far a message has come, with somebody.
    Message(MessageId, Option<UserId>),
    Unread,
}

impl ClientEvent {
    /// Whether there are links in it, which are not the same for everybody.
    #[must_use]
    pub fn has_links(&self) -> bool {
        let has = |message: &Message| message.media.is_some();
        match self {
            Self::ReceiveMessage(message) | Self::MessageEdited(message) => has(message),
            Self::ReceiveMessageThread(messages) => messages.iter().any(has),
            Self::NewConversation(conversation) | Self::GroupUpdated(conversation) => {
                conversation.last_message.as_ref().is_some_and(has)
            }
            Self::ConversationUpdated(update) => update.last_message.as_ref().is_some_and(has),
            _ => false,
        }
    }

    /// What it says the standing of, if that is all it says.
    #[must_use]
    pub fn standing(&self) -> Option<Standing> {
        match self {
            Self::MessageStatus(status) => {
                let status = &status.data;
                Some(Standing::Message(status.message_id, status.user_id.clone()))
            }
            Self::UnreadCountUpdated(_) => Some(Standing::Unread),
            _ => None,
        }
    }
}

client_events! {
    Chat {
        /// A message was sent, by oneself too.
        ReceiveMessage(Message),
        /// What was said last in the thread that the hub's URL names by `?userId=`, once, before anything else.
        ReceiveMessageThread(Vec<Message>),
        /// How far a message of one's own has come.
        MessageStatus(MessageStatus),
        /// A message has new content.
        MessageEdited(Message),
        /// A message was deleted; only its place is left.
        MessageDeleted(MessageDeleted),
        /// Somebody reacted to a message, or took it back.
        MessageReaction(MessageReaction),
        /// A message was pinned, or is no longer.
        MessagePinned(MessagePinned),
        /// Somebody read one message.
        MessageRead(MessageRead),
        /// Somebody read several messages.
        MessagesRead(MessagesRead),
        /// Somebody else types, or stopped.
        UserTyping(UserTyping),
        /// Somebody whom one may see came, went or shows something else.
        UserPresenceChanged(Presence),
        /// One belongs to a conversation that was not there before.
        NewConversation(Conversation),
        /// Something happened in a conversation that the connection does not hear, or to what it is to oneself.
        ConversationUpdated(ConversationUpdated),
        /// A conversation is no longer in one's list.
        ConversationDeleted(ConversationDeleted),
        /// How many messages one has not read, in all conversations.
        UnreadCountUpdated(i64),
        /// A group has a new name, description or picture.
        GroupUpdated(Conversation),
        /// One was added to a group.
        AddedToGroup(GroupMembership),
        /// Somebody removed one from a group.
        RemovedFromGroup(GroupMembership),
        /// Somebody else was added to a group.
        MemberAdded(MemberChanged),
        /// Somebody else was removed from a group, or left it.
        MemberRemoved(MemberChanged),
        /// Somebody may do more in a group, or less.
        MemberRoleChanged(MemberChanged),
    }
    Online {
        /// Those who are here and share a conversation with one, once, on connecting.
        GetOnlineUsers(Vec<UserId>),
        /// Somebody came.
        UserOnline(UserId),
        /// Somebody went.
        UserOffline(UserId),
    }
}
