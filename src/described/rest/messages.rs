//! Words for `controllers/messages.rs`.

use serde_json::json;

use super::{Error, Operation, not_allowed};

const CONVERSATION: &str = "The conversation's id. Also `chatId`, `roomId`, `room_id`.";

pub(crate) fn send() -> Operation {
    Operation::new("Send a message")
        .about(
            "To a conversation, or to a person, whose direct conversation is made when there is none yet. An answer means that the \
             message is stored. A person may send 30 a minute; repeats of one key are answered with the stored message.",
        )
        .like(json!({"recipientId": "bob", "content": "Hello, Bob!", "clientMessageId": "7f1c2e"}))
        .sends()
}

pub(crate) fn send_to() -> Operation {
    Operation::new("Send a message to this conversation")
        .about("As `POST /api/Chat/messages`; the path says where it goes.")
        .like(json!({"content": "Hello, Bob!"}))
        .sends()
}

pub(crate) fn list() -> Operation {
    Operation::new("Messages of a conversation")
        .about("Pages count back from the newest message; messages ascend on their page.")
        .needs("conversationId", CONVERSATION, "0190a1b2-0000-7000-8000-0000000000c1")
        .paged_by_time()
        .refuses([Error::NotAParticipant, Error::no_conversation()])
}

pub(crate) fn list_in() -> Operation {
    Operation::new("Messages of this conversation")
        .about("Pages count back from the newest message; messages ascend on their page.")
        .paged_by_time()
        .refuses([Error::NotAParticipant])
}

pub(crate) fn find() -> Operation {
    Operation::new("A message").refuses([Error::NotAParticipant])
}

pub(crate) fn edit() -> Operation {
    Operation::new("Give one's message new content")
        .about("One's own that is not a forwarded one, for 15 minutes.")
        .like(json!({"content": "Hello, dear Bob!"}))
        .refuses([
            Error::NotAParticipant,
            not_allowed("Only the sender can edit a message"),
            Error::no_contact(),
            Error::EditWindowOver {
                minutes: 15,
                age_minutes: 20,
            },
        ])
}

pub(crate) fn delete() -> Operation {
    Operation::new("Delete a message")
        .about(
            "One's own; in a group also those of others, for its owner and admins. A tombstone without content stays.",
        )
        .refuses([
            Error::NotAParticipant,
            not_allowed("Only the sender or an admin can delete a message"),
        ])
}

pub(crate) fn forward() -> Operation {
    Operation::new("Forward a message")
        .about("The target is named as for sending; what it says is the message's own.")
        .like(json!({"recipientId": "bob"}))
        .sends()
}

pub(crate) fn edits() -> Operation {
    Operation::new("What a message said before it was edited").refuses([Error::NotAParticipant])
}

pub(crate) fn attachments() -> Operation {
    Operation::new("Messages with files in this conversation")
        .about("The newest first.")
        .one_of("type", "Only those of this type.", &["image", "video", "audio", "file"])
        .paged()
        .refuses([Error::NotAParticipant])
}

pub(crate) fn thread() -> Operation {
    Operation::new("Answers to a message")
        .about("Pages count back from the newest answer.")
        .paged_by_time()
        .refuses([Error::NotAParticipant])
}
