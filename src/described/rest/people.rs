//! Words for `controllers/people.rs`.

use serde_json::json;

use super::{Error, Operation, not_allowed, oneself};

fn for_administrators(summary: &'static str) -> Operation {
    Operation::new(summary).refuses([not_allowed("Only an administrator may do this")])
}

pub(crate) fn me() -> Operation {
    Operation::new("One's own profile")
}

pub(crate) fn rename_me() -> Operation {
    Operation::new("Change one's own profile").like(json!({"fullName": "Ann Lee"}))
}

pub(crate) fn privacy() -> Operation {
    Operation::new("What others learn of one")
}

pub(crate) fn set_privacy() -> Operation {
    Operation::new("Say what others learn of one")
        .about("Whoever hides what they read does not see what others read.")
        .like(json!({"readReceipts": false}))
}

pub(crate) fn find() -> Operation {
    Operation::new("Somebody's profile")
}

pub(crate) fn put() -> Operation {
    for_administrators("Write somebody's profile")
        .about("Made when there is none yet. For administrators.")
        .like(json!({"username": "bob", "fullName": "Bob Ray"}))
}

pub(crate) fn put_all() -> Operation {
    for_administrators("Write many profiles")
        .about("At most 1,000. What cannot be stored is in `errors`, the others are. For administrators.")
        .like(json!({"users": [{"id": "bob", "fullName": "Bob Ray"}]}))
        .refuses([Error::TooLarge("At most 1000 users at once".to_owned())])
}

pub(crate) fn search() -> Operation {
    Operation::new("People by their names")
        .query(
            "query",
            "A part of an id or a name; everybody when absent. Also `q`, `searchTerm`.",
            "bo",
        )
        .paged()
}

pub(crate) fn deactivate() -> Operation {
    for_administrators("Let somebody in no more")
        .about("Their connections are closed; what they wrote stays. For administrators.")
        .refuses([oneself()])
}

pub(crate) fn reactivate() -> Operation {
    for_administrators("Let somebody in again")
        .about("For administrators.")
        .refuses([oneself()])
}
