//! The shapes clients see, shared by REST bodies and hub arguments, and the shapes they send.
//!
//! Members carry .NET's names; the JSON adapter writes them in camelCase. Every member is always there, also the
//! ones nothing fills yet, so that a client never meets `undefined`.

mod attachment;
mod client_event;
mod conversation;
mod events;
pub mod input;
pub mod json;
mod links;
mod loose;
mod message;
mod people;
mod person;
mod presence;
mod reaction;
mod receipts;
mod search;
mod sync;
pub mod words;

use std::{borrow::Cow, fmt};

use chrono::{DateTime, SecondsFormat};
use hub_protocol::values;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use crate::services::paging::{self, Page};

pub use attachment::{Attachment, Uploaded};
pub use client_event::{ClientEvent, DescribedEvent, EventHub, Standing};
pub use conversation::{Conversation, ConversationState, Group, Left, Skipped, Unread, UnreadIn, Written};
pub use events::{
    ConversationDeleted, ConversationUpdated, GroupMembership, MemberChanged, MessageDeleted, MessagePinned,
    MessageReaction, MessageRead, MessageStatus, MessagesRead, Status, UserTyping,
};
pub use links::{Bound, Link, Links, Origin};
pub use loose::{List, Text};
pub use message::{ForwardedFrom, Message, MessagePage, ReplyTo};
pub use people::{Activity, Privacy, Refused, Upserted};
pub use person::{Member, Participant, Person, Sender};
pub use presence::Presence;
pub use reaction::{Former, Reaction};
pub use receipts::{Marked, MessageReceipts, PersonReceipt};
pub use search::{FoundMessages, Highlight, SearchNotes};
pub use sync::{Synced, SyncedEvent};

/// A point in time, milliseconds since 1970 UTC, shown as `2024-01-01T12:00:00.000Z`, in MessagePack as a timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub i64);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = DateTime::from_timestamp_millis(self.0).unwrap_or_default();
        f.write_str(&time.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            values::DateTime::from_unix_millis(self.0)
                .unwrap_or_default()
                .serialize(serializer)
        }
    }
}

impl JsonSchema for Time {
    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "date-time"})
    }
}

/// Where a page lies among all.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Pagination {
    /// From 1.
    pub page: i64,
    /// The size in force.
    pub limit: i64,
    pub total: i64,
    pub total_pages: i64,
    /// Whether there is more in the direction read.
    pub has_more: bool,
    /// A message id for `before` (or `after`, if that was asked with alone).
    pub next_cursor: Option<String>,
    pub prev_cursor: Option<String>,
}

impl From<&paging::Pagination> for Pagination {
    fn from(place: &paging::Pagination) -> Self {
        Self {
            page: place.page,
            limit: place.limit,
            total: place.total,
            total_pages: place.total_pages,
            has_more: place.has_more,
            next_cursor: place.next_cursor.as_ref().map(ToString::to_string),
            prev_cursor: place.prev_cursor.as_ref().map(ToString::to_string),
        }
    }
}

/// The views of a page and its place.
pub fn page<T, V>(page: &Page<T>, view: impl Fn(&T) -> V) -> (Vec<V>, Pagination) {
    (
        page.items.iter().map(view).collect(),
        Pagination::from(&page.pagination),
    )
}

#[cfg(test)]
mod tests;
