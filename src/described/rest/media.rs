//! Words for `controllers/media.rs`.

use super::{Error, Operation};

pub(crate) fn whole() -> Operation {
    shows("A file")
}

pub(crate) fn thumbnail() -> Operation {
    shows("A small picture of a file")
}

fn shows(summary: &'static str) -> Operation {
    Operation::new(summary)
        .about(
            "By a link of a message or an answer, which needs no token and is good for a week, or by the token of somebody who may \
             see a message with it. A `Range` of bytes is answered with that part.",
        )
        .query("e", "Until when the link is good.", "")
        .query("s", "The link's signature.", "")
        .header("Range", "The part that is wanted.", "bytes=0-1023")
        .in_part("The part that was asked for.")
        .bare(304, "The client has it.")
        .bare(416, "There is no such part.")
        .refuses([Error::NotAParticipant])
}
