//! Words for `hubs/chat/actions.rs`.

use super::{Error, Method, not_allowed, too_many};

const EMOJI: &str = "An emoji, or a short word.";

pub(crate) fn edit_message() -> Method {
    let content = "The new text.";
    Method::new("Give one's message new content")
        .about("One's own that is not a forwarded one, for 15 minutes.")
        .takes_message()
        .takes::<String>("content", content, "Hello, dear Bob!")
        .or()
        .takes_conversation()
        .takes_message()
        .takes::<String>("content", content, "Hello, dear Bob!")
        .refuses([
            not_allowed("Only the sender can edit a message"),
            Error::no_contact(),
            Error::EditWindowOver {
                minutes: 15,
                age_minutes: 20,
            },
        ])
}

pub(crate) fn delete_message() -> Method {
    Method::new("Delete a message")
        .about(
            "One's own; in a group also those of others, for its owner and admins. A tombstone without content stays.",
        )
        .takes_message()
        .or()
        .takes_conversation()
        .takes_message()
        .refuses([not_allowed("Only the sender or an admin can delete a message")])
}

pub(crate) fn add_reaction() -> Method {
    reacting("React to a message").refuses([Error::no_contact()])
}

pub(crate) fn remove_reaction() -> Method {
    reacting("Take a reaction back")
}

pub(crate) fn toggle_reaction() -> Method {
    reacting("React to a message, or take the same reaction back").refuses([Error::no_contact()])
}

fn reacting(summary: &'static str) -> Method {
    Method::new(summary)
        .about("Answers with all reactions of the message: each and how often it stands there.")
        .takes_message()
        .takes::<String>("reaction", EMOJI, "👍")
        .or()
        .takes_conversation()
        .takes_message()
        .takes::<String>("reaction", EMOJI, "👍")
        .refuses([too_many("reactions")])
}

pub(crate) fn pin_message() -> Method {
    Method::new("Pin a message")
        .about("In a group for its owner and admins, in a direct conversation for both.")
        .takes_message()
        .may_take::<bool>("isPinned", "Whether it shall be; true when absent.", true)
        .refuses([not_allowed("Only an admin can pin messages in a group")])
}

pub(crate) fn unpin_message() -> Method {
    Method::new("Pin a message no longer")
        .takes_message()
        .refuses([not_allowed("Only an admin can pin messages in a group")])
}

pub(crate) fn forward_message() -> Method {
    Method::new("Forward a message")
        .takes_message()
        .takes_conversation()
        .refuses([Error::no_contact(), too_many("messages")])
}
