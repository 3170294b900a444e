//! The calls of clients that an event becomes: names and arguments, encoded once for everybody who hears them.

use std::sync::Arc;

use entities::{ids::ConversationNumber, user_id::UserId};
use hub_protocol::{hub::Encoded, json::Naming};
use serde::Serialize;

use super::listeners::Listener;
use crate::{
    services::{details::ConversationDetails, details::MessageDetails, typing::TypingEvent},
    views,
};

/// One call of `target` with one argument, as every event of the chat has.
pub(super) fn call(target: &'static str, argument: impl Serialize + Send + Sync + 'static) -> Encoded<'static> {
    Encoded::new(target, (argument,), Naming::CamelCase)
}

/// What a posted message becomes: two encodings of it, and what its author is told.
pub(super) struct MessageCalls {
    conversation: ConversationNumber,
    sender: UserId,
    own: Encoded<'static>,
    others: Encoded<'static>,
    status: Encoded<'static>,
}

impl MessageCalls {
    pub(super) fn new(message: &Arc<MessageDetails>) -> Self {
        Self {
            conversation: message.conversation,
            sender: message.sender.id.clone(),
            own: call("ReceiveMessage", views::Message::for_sender(message)),
            others: call("ReceiveMessage", views::Message::for_others(message)),
            status: call("MessageStatus", views::MessageStatus::sent(message)),
        }
    }

    /// The calls for one connection of a member, in order; none where it does not hear the conversation.
    pub(super) fn for_listener(&self, listener: &Listener) -> Vec<&Encoded<'static>> {
        let hears = listener.hears(self.conversation);
        match (*listener.user() == self.sender, hears) {
            (true, true) => vec![&self.own, &self.status],
            (true, false) => vec![&self.status],
            (false, true) => vec![&self.others],
            (false, false) => Vec::new(),
        }
    }
}

/// Somebody has a new conversation.
pub(super) fn new_conversation(details: &ConversationDetails, user: &UserId) -> Encoded<'static> {
    call("NewConversation", views::Conversation::seen_by(details, user))
}

/// Something happened in a conversation that a connection does not hear.
pub(super) fn conversation_updated(details: &ConversationDetails, user: &UserId) -> Encoded<'static> {
    call(
        "ConversationUpdated",
        views::ConversationUpdated::message(details, user),
    )
}

/// Somebody types, or stopped.
pub(super) fn user_typing(event: &TypingEvent) -> Encoded<'static> {
    call("UserTyping", views::UserTyping::from(event))
}
