//! What each method of the hubs does, in words: under the name of its verb, a file for each that has the verbs.

mod actions;
mod conversations;
mod groups;
mod messages;
mod presence;

pub(crate) use actions::{
    add_reaction, delete_message, edit_message, forward_message, pin_message, remove_reaction, toggle_reaction,
    unpin_message,
};
pub(crate) use conversations::{
    join_conversation, leave_conversation, list_conversations, send_typing_indicator, start_typing, stop_typing,
};
pub(crate) use groups::{add_member, create_group, leave_group, remove_member};
pub(crate) use messages::{
    list_messages, mark_as_delivered, mark_as_read, search_messages, send_message, stream_history, sync, unread_count,
};
pub(crate) use presence::{heartbeat, is_online, list_online_users, list_states, ping, set_status};

use super::{method::Method, operation::too_many};
use crate::services::Error;

const CONVERSATION: &str = "0190a1b2-0000-7000-8000-0000000000c1";
const MESSAGE: &str = "0190a1b2-0000-7000-8000-0000000000a1";

impl Method {
    /// The next argument names a conversation.
    fn takes_conversation(self) -> Self {
        let words = "The conversation's id, or the id of the person whose direct conversation it is.";
        self.takes::<String>("conversationId", words, CONVERSATION)
            .refuses([Error::no_conversation(), Error::NotAParticipant])
    }

    /// The next argument names a message.
    fn takes_message(self) -> Self {
        self.takes::<String>("messageId", "The message's id or number.", MESSAGE)
            .refuses([Error::no_message(), Error::NotAParticipant])
    }
}

fn not_allowed(why: &str) -> Error {
    Error::Forbidden(why.to_owned())
}
