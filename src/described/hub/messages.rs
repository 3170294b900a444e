//! Words for `hubs/chat/messages.rs`, `history.rs`, `receipts.rs`, `search.rs` and `sync.rs`.

use serde_json::json;

use super::{CONVERSATION, Error, MESSAGE, Method, too_many};
use crate::views::{
    input::{Marking, NewMessage, Paging, SearchOptions},
    words::MessageType,
};

pub(crate) fn send_message() -> Method {
    Method::new("Send a message")
        .about(
            "To a conversation, or to a person, whose direct conversation is made when there is none yet. An answer means that the \
             message is stored. Everybody who belongs to the conversation hears `ReceiveMessage`, the caller too.",
        )
        .takes::<NewMessage>("message", "What to send, and where.", json!({"recipientId": "bob", "content": "Hello, Bob!"}))
        .or()
        .takes_conversation()
        .takes::<String>("content", "The text, at most 10,000 characters.", "Hello, Bob!")
        .may_take::<MessageType>("type", "What it carries; `text` when absent.", "text")
        .refuses([
            Error::IdempotencyMismatch,
            Error::no_contact(),
            too_many("messages"),
        ])
}

pub(crate) fn list_messages() -> Method {
    Method::new("Messages of a conversation")
        .about("Pages count back from the newest message; messages ascend on their page.")
        .takes_conversation()
        .may_take::<Paging>("options", "Which page.", json!({"take": 20}))
}

pub(crate) fn stream_history() -> Method {
    Method::new("A conversation from its beginning, or from where one stopped, to its end")
        .about("Messages, oldest first, read as the client takes them. Of the options only `after` counts.")
        .takes_conversation()
        .may_take::<Paging>("options", "After which message or time.", json!({"after": MESSAGE}))
}

pub(crate) fn mark_as_read() -> Method {
    marking("Mark messages as read")
}

pub(crate) fn mark_as_delivered() -> Method {
    marking("Say that messages arrived")
        .about("Needed by nobody whose client answers Pings: arrival is proven by itself.")
}

fn marking(summary: &'static str) -> Method {
    Method::new(summary)
        .takes::<String>(
            "conversationId",
            "A conversation, or a person and so the conversation with them: all of it, or `messageIds` of it. Or a message: \
             through it.",
            CONVERSATION,
        )
        .may_take::<Vec<String>>("messageIds", "These messages.", json!([MESSAGE]))
        .or()
        .takes::<Vec<String>>("messageIds", "Messages of one conversation.", json!([MESSAGE]))
        .or()
        .takes::<Marking>("options", "The same as one object.", json!({"messageId": MESSAGE}))
        .refuses([Error::no_conversation(), Error::no_message(), Error::NotAParticipant])
}

pub(crate) fn unread_count() -> Method {
    Method::new("How many messages one has not read, in all conversations")
}

pub(crate) fn search_messages() -> Method {
    Method::new("Search in one's messages")
        .about("The best first. `highlight` of each says where it matches; `search` what could not be looked at.")
        .takes::<String>(
            "searchTerm",
            "Words that must all occur; the last may be the beginning of one.",
            "hello",
        )
        .may_take::<SearchOptions>("options", "Where, and which page.", json!({"take": 20}))
        .refuses([Error::no_conversation(), Error::NotAParticipant])
}

pub(crate) fn sync() -> Method {
    Method::new("What happened since a cursor")
        .about(
            "The calls that a connection would have heard. Without a cursor nothing, and the cursor to go on from; with `hasMore` \
             it is to be asked again at once; with `reset` the cursor was of no use and everything shown is to be loaded anew.",
        )
        .may_take::<String>("since", "`cursor` of the last answer.", "1-42")
}
