//! Words for `hubs/chat/conversations.rs`.

use super::Method;
use crate::views::input::Paging;
use serde_json::json;

pub(crate) fn join_conversation() -> Method {
    Method::new("Open a conversation")
        .about(
            "A connection that never joined hears every conversation of its user. From its first join on it hears those it joined \
             and those it sends to; the others send `ConversationUpdated`. Membership is untouched.",
        )
        .takes_conversation()
}

pub(crate) fn leave_conversation() -> Method {
    Method::new("Close a conversation that was opened")
        .about("Membership is untouched; hearing everything does not come back.")
        .takes_conversation()
}

pub(crate) fn list_conversations() -> Method {
    Method::new("One's conversations")
        .about("Pinned ones first, then those with the latest activity.")
        .may_take::<Paging>(
            "options",
            "Which page, and whether archived ones too.",
            json!({"take": 20}),
        )
}

pub(crate) fn send_typing_indicator() -> Method {
    Method::new("Say that one types, or has stopped")
        .about("The others hear it at most once a second, and the end of it by themselves ten seconds later.")
        .takes_conversation()
        .may_take::<bool>("isTyping", "Whether one types; true when absent.", true)
}

pub(crate) fn start_typing() -> Method {
    Method::new("Say that one types").takes_conversation()
}

pub(crate) fn stop_typing() -> Method {
    Method::new("Say that one types no longer").takes_conversation()
}
