//! What somebody missed, as an answer.

use serde::Serialize;

use super::{ClientEvent, Time};

/// What happened since a cursor.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Synced {
    /// Oldest first.
    pub events: Vec<SyncedEvent>,
    /// For the next time.
    pub cursor: String,
    /// Whether there is more by now: to be asked for with the cursor at once.
    pub has_more: bool,
    /// Whether the cursor given is of no use: everything shown is to be loaded anew.
    pub reset: bool,
}

/// One call that a connection would have heard.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SyncedEvent {
    /// The client method.
    #[serde(rename = "Type")]
    pub name: &'static str,
    /// Its argument.
    pub data: ClientEvent,
    pub at: Time,
}
