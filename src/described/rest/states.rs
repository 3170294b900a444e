//! Words for `controllers/states.rs`.

use serde_json::json;

use super::{Error, Operation};

pub(crate) fn mute() -> Operation {
    setting("Mute a conversation")
        .flag(
            "muted",
            "Whether it shall be, where the body does not say it. Also `mute`, `isMuted`.",
        )
        .query(
            "until",
            "When that ends by itself, where the body does not say it. Also `mutedUntil`.",
            "",
        )
        .like(json!({"until": "2026-11-29T08:00:00.000Z"}))
}

pub(crate) fn unmute() -> Operation {
    setting("Mute a conversation no longer")
}

pub(crate) fn archive() -> Operation {
    setting("Archive a conversation")
        .flag(
            "archived",
            "Whether it shall be, where the body does not say it. Also `archive`, `isArchived`.",
        )
        .like(json!({}))
}

pub(crate) fn unarchive() -> Operation {
    setting("Take a conversation out of the archive")
}

pub(crate) fn pin() -> Operation {
    setting("Pin a conversation in one's list")
        .flag(
            "pinned",
            "Whether it shall be, where the body does not say it. Also `pin`, `isPinned`.",
        )
        .like(json!({}))
}

pub(crate) fn unpin() -> Operation {
    setting("Pin a conversation no longer")
}

fn setting(summary: &'static str) -> Operation {
    Operation::new(summary)
        .about("For oneself alone. A second time changes nothing.")
        .refuses([Error::NotAParticipant])
}
