//! What clients are told: the name of each client method, and its one argument.

use entities::ids::MessageId;
use entities::user_id::UserId;
use serde::Serialize;

use super::{
    Conversation, ConversationDeleted, ConversationUpdated, GroupMembership, MemberChanged, Message, MessageDeleted,
    MessagePinned, MessageReaction, MessageRead, MessageStatus, MessagesRead, Presence, UserTyping,
};

/// Declares the client methods and what each is called with.
macro_rules! client_events {
    ($($name:ident($argument:ty),)*) => {
        /// One call of clients. It is written as its argument.
        #[derive(Clone, Debug, Serialize)]
        #[serde(untagged)]
        pub enum ClientEvent {
            $($name(Box<$argument>),)*
        }

        impl ClientEvent {
            /// Every client method.
            pub const NAMES: &[&str] = &[$(stringify!($name)),*];

            /// The client method.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($name),)*
                }
            }
        }
    };
}

/// What an event says the standing of. A later one about the same makes it superfluous.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// How far a message has come, with somebody.
    Message(MessageId, Option<UserId>),
    Unread,
}

impl ClientEvent {
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
    ReceiveMessage(Message),
    ReceiveMessageThread(Vec<Message>),
    MessageStatus(MessageStatus),
    MessageEdited(Message),
    MessageDeleted(MessageDeleted),
    MessageReaction(MessageReaction),
    MessagePinned(MessagePinned),
    MessageRead(MessageRead),
    MessagesRead(MessagesRead),
    UserTyping(UserTyping),
    UserPresenceChanged(Presence),
    GetOnlineUsers(Vec<UserId>),
    UserOnline(UserId),
    UserOffline(UserId),
    NewConversation(Conversation),
    ConversationUpdated(ConversationUpdated),
    ConversationDeleted(ConversationDeleted),
    UnreadCountUpdated(i64),
    GroupUpdated(Conversation),
    AddedToGroup(GroupMembership),
    RemovedFromGroup(GroupMembership),
    MemberAdded(MemberChanged),
    MemberRemoved(MemberChanged),
    MemberRoleChanged(MemberChanged),
}
