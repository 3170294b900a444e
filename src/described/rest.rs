//! What each handler of a controller does, in words: under its own name, a file for each controller.

pub(crate) mod blocks;
pub(crate) mod conversations;
pub(crate) mod descriptions;
pub(crate) mod groups;
pub(crate) mod health;
pub(crate) mod media;
pub(crate) mod members;
pub(crate) mod messages;
pub(crate) mod people;
pub(crate) mod pins;
pub(crate) mod presence;
pub(crate) mod reactions;
pub(crate) mod receipts;
pub(crate) mod search;
pub(crate) mod states;
pub(crate) mod sync;
pub(crate) mod upload;

use crate::services::Error;

use super::operation::Operation;

/// The controllers in the order a reader meets them, and what each is about.
pub(super) const TAGS: &[(&str, &str)] = &[
    (
        "messages",
        "What was said: sent, read back, edited, deleted, forwarded.",
    ),
    (
        "upload",
        "Pictures, videos, sounds and papers, sent or kept for a message.",
    ),
    ("media", "The same, shown."),
    ("reactions", "What people think of a message."),
    ("receipts", "How far messages were read, and by whom."),
    ("pins", "Messages that a conversation keeps in view."),
    ("search", "Messages, found by their words."),
    (
        "conversations",
        "Direct ones and groups, as one of their members sees them.",
    ),
    (
        "states",
        "One's own flags of a conversation: muted, archived, pinned. Never a toggle.",
    ),
    ("groups", "The same groups, as those who run them see them."),
    ("members", "Who belongs to a group, and what they may do."),
    ("people", "Profiles; administrators write them and say who may come in."),
    ("blocks", "People one wants nothing to do with."),
    ("presence", "Who is here."),
    ("sync", "What was missed."),
    ("health", "For those who run the server."),
    ("descriptions", "What you are reading, for machines."),
];

/// What is done to others only.
fn oneself() -> Error {
    Error::invalid("userId", "must be somebody else")
}

fn not_allowed(why: &str) -> Error {
    Error::Forbidden(why.to_owned())
}
