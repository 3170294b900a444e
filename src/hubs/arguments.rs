//! Arguments as clients give them: ids as text or numbers, options as objects, trailing ones left out.

use hub_protocol::{codec::Arguments, error::DecodeError, hub::HubError, json};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{services::Error, views::input::Text};

/// The argument at `index`; one that is left out or null is the default.
pub(super) fn object<T: DeserializeOwned + Default>(
    arguments: &Arguments,
    index: usize,
    name: &'static str,
) -> Result<T, HubError> {
    let value: Result<Option<T>, DecodeError> = if is_binary(arguments, index) {
        let read = |value: Value| json::from_slice(value.to_string().as_bytes());
        arguments.bind(index).and_then(read)
    } else {
        arguments.bind(index)
    };
    value
        .map(Option::unwrap_or_default)
        .map_err(|_| HubError::from(Error::invalid(name, "must be an object")))
}

/// Whether an object was sent in MessagePack: its maps begin with a byte that no JSON text begins with.
///
/// There a library matches names exactly, and ours are Pascal's; clients in JavaScript send Camel's, as in JSON.
fn is_binary(arguments: &Arguments, index: usize) -> bool {
    let first = arguments.items().get(index).and_then(|item| item.first());
    first.is_some_and(|byte| *byte >= 0x80)
}

/// Text that must be there.
pub(super) fn text(arguments: &Arguments, index: usize, name: &'static str) -> Result<String, HubError> {
    let missing = || HubError::from(Error::invalid(name, "is needed"));
    optional_text(arguments, index, name)?
        .filter(|text| !text.trim().is_empty())
        .ok_or_else(missing)
}

/// Text, or a number in its place.
pub(super) fn optional_text(
    arguments: &Arguments,
    index: usize,
    name: &'static str,
) -> Result<Option<String>, HubError> {
    let wrong = || HubError::from(Error::invalid(name, "must be text"));
    let value: Text = arguments.bind(index).map_err(|_| wrong())?;
    value
        .text(name)
        .map(|text| text.map(str::to_owned))
        .map_err(HubError::from)
}

/// A flag that must be there.
pub(super) fn flag(arguments: &Arguments, index: usize, name: &'static str) -> Result<bool, HubError> {
    arguments
        .bind(index)
        .map_err(|_| HubError::from(Error::invalid(name, "must be true or false")))
}

/// Whether an argument is an object, not a text or number.
pub(super) fn is_object(arguments: &Arguments, index: usize) -> bool {
    arguments.bind::<serde_json::Map<String, Value>>(index).is_ok()
}
