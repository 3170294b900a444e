//! Words for `controllers/presence.rs`.

use serde_json::json;

use super::Operation;

pub(crate) fn list() -> Operation {
    Operation::new("Who is here")
        .about("Those whom the caller may see: they share a conversation and neither blocks the other.")
}

pub(crate) fn find() -> Operation {
    Operation::new("Whether somebody is here").about("Whoever one may not see is offline.")
}

pub(crate) fn set_status() -> Operation {
    Operation::new("Say what others see of one").like(json!({"status": "away"}))
}

pub(crate) fn look() -> Operation {
    Operation::new("Whether these people are here")
        .about("In the order of the ids.")
        .like(json!({"userIds": ["bob", "carol"]}))
}

pub(crate) fn heartbeat() -> Operation {
    Operation::new("Say that one is here").about("Counts for five minutes, for clients without a connection to a hub.")
}
