//! Words for `controllers/reactions.rs`.

use serde_json::json;

use super::{Error, Operation};

pub(crate) fn list() -> Operation {
    Operation::new("Who reacted to a message")
        .paged()
        .refuses([Error::NotAParticipant])
}

pub(crate) fn summary() -> Operation {
    Operation::new("How often each reaction stands under a message").refuses([Error::NotAParticipant])
}

pub(crate) fn add() -> Operation {
    reacting("React to a message")
        .like(json!({"emoji": "👍"}))
        .refuses([Error::no_contact()])
}

pub(crate) fn toggle() -> Operation {
    reacting("React to a message, or take the same reaction back")
        .like(json!({"emoji": "👍"}))
        .refuses([Error::no_contact()])
}

pub(crate) fn remove() -> Operation {
    reacting("Take a reaction back").refuses([Error::invalid("emoji", "must be at most 32 characters")])
}

fn reacting(summary: &'static str) -> Operation {
    Operation::new(summary)
        .about("Answers with all reactions of the message.")
        .refuses([Error::NotAParticipant])
        .limited("reactions")
}
