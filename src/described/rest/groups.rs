//! Words for `controllers/groups.rs`.

use serde_json::json;

use super::{Error, Operation, not_allowed};

pub(crate) fn create() -> Operation {
    Operation::new("Make a group")
        .about("The caller owns it. `skipped` says who could not be added.")
        .like(json!({"name": "Weekend", "memberIds": ["bob"], "history": "all"}))
        .refuses([Error::GroupFull { limit: 50, members: 51 }])
}

pub(crate) fn list() -> Operation {
    Operation::new("One's groups").paged()
}

pub(crate) fn find() -> Operation {
    Operation::new("A group").refuses([Error::NotAParticipant])
}

pub(crate) fn change() -> Operation {
    Operation::new("Change a group's name, description, picture or history")
        .about("What is null or absent stays. For its owner and admins.")
        .like(json!({"description": "Where to, and when"}))
        .refuses([
            Error::NotAParticipant,
            not_allowed("Only the owner and admins may change the group"),
        ])
}

pub(crate) fn delete() -> Operation {
    Operation::new("Leave a group, or end it for everybody")
        .about("For everybody: its owner alone.")
        .one_of("scope", "For whom; `me` when absent.", &["me", "everyone"])
        .refuses([
            Error::NotAParticipant,
            not_allowed("Only the owner may delete the group for everybody"),
        ])
}
