//! Words for `controllers/receipts.rs`.

use serde_json::json;

use super::{Error, Operation};

pub(crate) fn read_message() -> Operation {
    Operation::new("Mark messages as read")
        .about(
            "Without a body through this message; with `messageIds` those, of this message's conversation, and an empty list is \
             everything in it. Answers with where one is now.",
        )
        .like(json!({}))
        .refuses([Error::NotAParticipant])
}

pub(crate) fn read_conversation() -> Operation {
    Operation::new("Mark a conversation as read")
        .about("Without a body all of it. Answers with where one is now.")
        .like(json!({}))
        .refuses([Error::NotAParticipant])
}

pub(crate) fn of_message() -> Operation {
    Operation::new("Who received and read a message").refuses([Error::NotAParticipant])
}
