//! Words for `controllers/sync.rs`.

use super::Operation;

pub(crate) fn since() -> Operation {
    Operation::new("What happened since a cursor")
        .about(
            "The calls that a connection would have heard. Without a cursor nothing, and the cursor to go on from; with `hasMore` \
             it is to be asked again at once; with `reset` the cursor was of no use and everything shown is to be loaded anew.",
        )
        .query("since", "`cursor` of the last answer.", "")
}
