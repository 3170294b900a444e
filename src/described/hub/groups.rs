//! Words for `hubs/chat/groups.rs`.

use serde_json::json;

use super::{Error, Method, not_allowed};
use crate::views::input::GroupDraft;

pub(crate) fn create_group() -> Method {
    Method::new("Make a group")
        .about("The caller owns it. `skipped` says who could not be added.")
        .takes::<GroupDraft>(
            "group",
            "Its name and its members.",
            json!({"name": "Weekend", "memberIds": ["bob"]}),
        )
        .refuses([Error::GroupFull { limit: 50, members: 51 }])
}

pub(crate) fn leave_group() -> Method {
    Method::new("Leave a group").takes_conversation()
}

pub(crate) fn add_member() -> Method {
    Method::new("Add somebody to a group")
        .about("For its owner and admins.")
        .takes_conversation()
        .takes::<String>("userId", "Whom.", "carol")
        .refuses([
            not_allowed("Only the owner and admins may add members"),
            Error::GroupFull { limit: 50, members: 51 },
        ])
}

pub(crate) fn remove_member() -> Method {
    Method::new("Remove somebody from a group")
        .about("For its owner and admins; oneself for everybody.")
        .takes_conversation()
        .takes::<String>("userId", "Whom.", "carol")
        .refuses([not_allowed("Only the owner and admins may remove members")])
}
