//! Words for `controllers/health.rs`.

use super::{Error, Operation};

pub(crate) fn alive() -> Operation {
    Operation::new("Whether the process answers")
}

pub(crate) fn ready() -> Operation {
    Operation::new("Whether it should be sent requests")
        .about("The database answers and the server is not stopping.")
        .refuses([Error::Unavailable])
}
