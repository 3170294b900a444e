//! Words for `controllers/search.rs`.

use super::{Error, Operation};

const TERM: &str =
    "Words that must all occur; \"quoted ones\" side by side; the last may be the beginning of one. Also `q`, `query`.";
const ABOUT: &str = "The best first. `highlight` of each says where it matches; `search` what could not be looked at.";

pub(crate) fn messages() -> Operation {
    Operation::new("Search in one's messages")
        .about(ABOUT)
        .needs("searchTerm", TERM, "hello")
        .query(
            "conversationId",
            "Only in this conversation. Also `chatId`, `roomId`, `room_id`.",
            "",
        )
        .found()
        .refuses([Error::NotAParticipant, Error::no_conversation()])
}

pub(crate) fn messages_in() -> Operation {
    Operation::new("Search in the messages of a conversation")
        .about(ABOUT)
        .needs("searchTerm", TERM, "hello")
        .found()
        .refuses([Error::NotAParticipant])
}
