//! What somebody missed, as an answer.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use super::{ClientEvent, EventHub, Time};

/// What happened since a cursor.
#[derive(Clone, Debug, Serialize, JsonSchema)]
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

/// The argument belongs to the name, which a derive could not say.
impl JsonSchema for SyncedEvent {
    fn schema_name() -> Cow<'static, str> {
        "SyncedEvent".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let at = generator.subschema_for::<Time>();
        let events = ClientEvent::described(generator).into_iter();
        let each = events.filter(|event| event.hub == EventHub::Chat).map(|event| {
            json_schema!({
                "type": "object",
                "properties": {"Type": {"const": event.name}, "Data": event.argument, "At": at},
                "required": ["Type", "Data", "At"],
            })
        });
        json_schema!({
            "description": "One call that a connection would have heard: the client method, its argument, and when.",
            "oneOf": each.collect::<Vec<_>>(),
        })
    }
}
