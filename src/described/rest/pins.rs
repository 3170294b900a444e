//! Words for `controllers/pins.rs`.

use super::{Error, Operation, not_allowed};

pub(crate) fn list() -> Operation {
    Operation::new("Pinned messages of a conversation")
        .paged()
        .refuses([Error::NotAParticipant])
}

pub(crate) fn pin() -> Operation {
    Operation::new("Pin a message")
        .about("In a group for its owner and admins, in a direct conversation for both.")
        .refuses([
            Error::NotAParticipant,
            not_allowed("Only an admin can pin messages in a group"),
        ])
}

pub(crate) fn unpin() -> Operation {
    Operation::new("Pin a message no longer").refuses([
        Error::NotAParticipant,
        not_allowed("Only an admin can pin messages in a group"),
    ])
}
