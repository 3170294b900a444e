//! Words for `controllers/upload.rs`.

use serde_json::json;

use super::{Error, Operation};

pub(crate) fn one() -> Operation {
    uploads("Upload a file, and send it").about(
        "With a conversation or a recipient the answer is the message that has it, else the file, for `attachmentIds` of a \
         message within 24 hours. The content decides what it is, not its name.",
    )
}

pub(crate) fn several() -> Operation {
    uploads("Upload several files, and send them").about(
        "With a conversation or a recipient the answer is one message that has all of them, with `split` one for each; else the \
         files, for `attachmentIds` of a message within 24 hours.",
    )
}

fn uploads(summary: &'static str) -> Operation {
    Operation::new(summary)
        .flag("split", "A message for each file instead of one for all.")
        .like(json!({"file": ["(the bytes)"], "recipientId": "bob", "content": "Look!"}))
        .sends()
        .limited("uploads")
        .refuses([
            Error::TooLarge("A picture may have at most 10485760 bytes".to_owned()),
            Error::UnsupportedMedia("This kind of file is not accepted".to_owned()),
        ])
}
