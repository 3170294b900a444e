//! What a search in messages found.

use entities::user_id::UserId;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Message, Pagination};
use crate::services::search::{self, Found, Hit};

/// A piece of a message around what matched: plain text, cut with `…`. A client shows it as text and marks the ranges.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Highlight {
    pub text: String,
    /// Start and length of each match in `text`, in UTF-16 code units as JavaScript counts them, ascending and apart.
    pub ranges: Vec<[usize; 2]>,
}

impl From<&search::Highlight> for Highlight {
    fn from(highlight: &search::Highlight) -> Self {
        Self {
            text: highlight.text.clone(),
            ranges: highlight
                .ranges
                .iter()
                .map(|(start, length)| [*start, *length])
                .collect(),
        }
    }
}

/// What a search could not look at.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct SearchNotes {
    /// More messages match than are ranked and counted: only the newest thousand are. Or there are more conversations than
    /// are searched: only the five hundred that were active last are.
    pub is_limited: bool,
    /// There are encrypted messages there, which only the people's own devices can search.
    pub skipped_encrypted: bool,
}

/// A page of what was found, the best first; what the hub's `SearchMessages` answers.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct FoundMessages {
    pub messages: Vec<Message>,
    pub pagination: Pagination,
    pub search: SearchNotes,
}

impl FoundMessages {
    /// The page for `viewer`, who searched.
    pub fn seen_by(found: &Found, viewer: &UserId) -> Self {
        let (messages, pagination) = super::page(&found.page, |hit: &Hit| Message {
            highlight: Some(Highlight::from(&hit.highlight)),
            ..Message::seen_by(&hit.message, viewer)
        });
        Self {
            messages,
            pagination,
            search: SearchNotes {
                is_limited: found.is_limited,
                skipped_encrypted: found.skipped_encrypted,
            },
        }
    }
}
