//! Words for `controllers/members.rs`.

use serde_json::json;

use super::{Error, Operation, not_allowed};

const WHO: &str = "Who is meant, where neither path nor body says it. Also `memberId`, `participantId`.";

pub(crate) fn add() -> Operation {
    Operation::new("Add people to a group")
        .about("For its owner and admins. `skipped` says who could not be added, and why.")
        .query("userId", WHO, "")
        .like(json!({"memberIds": ["carol"]}))
        .refuses([
            Error::NotAParticipant,
            not_allowed("Only the owner and admins may add members"),
            Error::GroupFull { limit: 50, members: 51 },
        ])
}

pub(crate) fn remove() -> Operation {
    Operation::new("Remove people from a group")
        .about(
            "For its owner and admins; an admin is removed by the owner alone. Whoever names themselves leaves, and so does a \
             plain member who names nobody.",
        )
        .query("userId", WHO, "")
        .like(json!({"memberIds": ["carol"]}))
        .refuses([Error::NotAParticipant, not_allowed("Only the owner and admins may remove members")])
}

pub(crate) fn change_role() -> Operation {
    Operation::new("Make somebody an admin, or no longer")
        .about("For the owner of a group.")
        .query("userId", WHO, "")
        .query(
            "role",
            "The role they get, where the body does not say it: `admin` or `member`.",
            "",
        )
        .like(json!({"memberIds": ["bob"], "role": "admin"}))
        .refuses([
            Error::NotAParticipant,
            not_allowed("Only the owner may make and unmake admins"),
        ])
}

pub(crate) fn transfer() -> Operation {
    Operation::new("Give a group to another of its members")
        .about("For its owner, who stays as an admin.")
        .query("userId", WHO, "")
        .like(json!({"memberIds": ["bob"]}))
        .refuses([
            Error::NotAParticipant,
            not_allowed("Only the owner may transfer ownership"),
            Error::deactivated_person(),
        ])
}
