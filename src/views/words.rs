//! The words that members of views and inputs have as values, for those who describe them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// Declares what a member may say.
macro_rules! words {
    ($(#[doc = $doc:literal] $name:ident: $($word:literal),+;)*) => {$(
        #[doc = $doc]
        #[derive(Debug)]
        pub struct $name;

        impl $name {
            /// All of them.
            pub const ALL: &[&str] = &[$($word),+];
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "enum": Self::ALL, "description": $doc.trim()})
            }
        }
    )*};
}

words! {
    /// What a conversation is.
    ConversationType: "direct", "group";
    /// Why something was refused.
    ErrorCode: "unauthorized", "forbidden", "not_a_participant", "not_found", "method_not_allowed", "validation_failed",
        "idempotency_mismatch", "group_full", "edit_window_over", "too_large", "unsupported_media", "rate_limited",
        "internal", "unavailable";
    /// What newcomers to a group see of what was said before.
    HistoryScope: "all", "from_join";
    /// What a member may do; the owner of a group shows as an admin.
    MemberRole: "admin", "member";
    /// How far a message has come: in a group, with everybody.
    MessageState: "sent", "delivered", "read";
    /// What became of a message.
    MessageStatusType: "message.sent", "message.delivered", "message.read";
    /// What a message carries; nobody here can read what is `encrypted`.
    MessageType: "text", "image", "video", "file", "audio", "location", "system", "encrypted";
    /// How messages stand on a page, by their age.
    PageOrder: "asc", "desc";
    /// What somebody shows; away and do not disturb (`dnd`) are online.
    PresenceStatus: "online", "away", "dnd", "offline";
    /// Whether a reaction came or went.
    ReactionAction: "added", "removed";
    /// Why somebody was left out of a write to a group.
    SkipReason: "malformed_id", "unknown_user", "deactivated", "already_member", "not_a_member";
    /// Why a conversation is told of.
    UpdateReason: "message", "edited", "deleted", "members", "read", "muted", "archived", "pinned";
}
