//! Words for `hubs/presence.rs`.

use serde_json::json;

use super::Method;
use crate::views::words::PresenceStatus;

pub(crate) fn list_online_users() -> Method {
    Method::new("Who is here of those who share a conversation with one")
}

pub(crate) fn list_states() -> Method {
    Method::new("Whether these people are here")
        .about("By the ids as they were written. Whoever one may not see is not here.")
        .takes::<Vec<String>>("userIds", "Whom to look at.", json!(["bob", "carol"]))
}

pub(crate) fn is_online() -> Method {
    Method::new("Whether somebody is here").takes::<String>("userId", "Whom to look at.", "bob")
}

pub(crate) fn set_status() -> Method {
    Method::new("Say what others see of one").takes::<PresenceStatus>("status", "What they see from now on.", "away")
}

pub(crate) fn heartbeat() -> Method {
    Method::new("The time on the server").about("The connection itself is the sign of life.")
}

pub(crate) fn ping() -> Method {
    Method::new("Whether the hub answers").about("Answers `pong`.")
}
