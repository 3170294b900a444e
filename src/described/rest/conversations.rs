//! Words for `controllers/conversations.rs`.

use serde_json::json;

use super::{Error, Operation, not_allowed, oneself};

pub(crate) fn list() -> Operation {
    Operation::new("One's conversations")
        .about("Pinned ones first, then those with the latest activity.")
        .flag("includeArchived", "Archived ones too.")
        .paged()
}

pub(crate) fn find() -> Operation {
    Operation::new("A conversation").refuses([Error::NotAParticipant])
}

pub(crate) fn direct() -> Operation {
    Operation::new("The direct conversation with somebody")
        .about("Made when there is none yet; two people have one.")
        .refuses([oneself()])
}

pub(crate) fn create() -> Operation {
    Operation::new("Make a group, or find the direct conversation with one person")
        .about("It is a group unless `type` is `direct`, or there is no name and one person. `skipped` says who could not be added.")
        .like(json!({"name": "Weekend", "memberIds": ["bob"]}))
        .refuses([Error::GroupFull { limit: 50, members: 51 }])
}

pub(crate) fn change() -> Operation {
    Operation::new("Change a group's name, description, picture or history")
        .about("What is null or absent stays. For its owner and admins.")
        .like(json!({"name": "Long weekend"}))
        .refuses([
            Error::NotAParticipant,
            not_allowed("Only the owner and admins may change the group"),
        ])
}

pub(crate) fn delete() -> Operation {
    Operation::new("Remove a conversation from one's list, or for everybody")
        .about(
            "For oneself a direct conversation is hidden until the next message, and a group is left. For everybody: the owner of \
             a group alone.",
        )
        .one_of("scope", "For whom; `me` when absent.", &["me", "everyone"])
        .refuses([
            Error::NotAParticipant,
            not_allowed("Only the owner may delete the group for everybody"),
        ])
}

pub(crate) fn leave() -> Operation {
    Operation::new("Leave a group, or hide a direct conversation").refuses([Error::NotAParticipant])
}

pub(crate) fn pinned() -> Operation {
    Operation::new("One's pinned conversations").paged()
}

pub(crate) fn search() -> Operation {
    Operation::new("One's conversations by the names in them")
        .needs(
            "query",
            "A part of a group's or a person's name. Also `q`, `searchTerm`, `name`.",
            "week",
        )
        .paged()
}

pub(crate) fn unread() -> Operation {
    Operation::new("How many messages one has not read, in all and in each conversation")
}
