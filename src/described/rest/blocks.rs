//! Words for `controllers/blocks.rs`.

use super::{Operation, oneself};

pub(crate) fn block() -> Operation {
    Operation::new("Block somebody").about(
        "Neither can write to the other in a direct conversation any more, nor sees whether the other is here. A second time \
         changes nothing.",
    )
    .refuses([oneself()])
}

pub(crate) fn unblock() -> Operation {
    Operation::new("Block somebody no longer")
        .about("A second time changes nothing.")
        .refuses([oneself()])
}

pub(crate) fn list() -> Operation {
    Operation::new("Whom one blocks").paged()
}
