//! Arguments as clients give them: ids as text or numbers, options as objects, trailing ones left out.

use hub_protocol::{
    codec::{Arguments, Protocol},
    hub::HubError,
    json,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{
    services::Error,
    views::{List, input::Text},
};

/// The argument at `index`; one that is left out or null is the default.
pub(super) fn object<T: DeserializeOwned + Default>(
    arguments: &Arguments,
    index: usize,
    name: &'static str,
) -> Result<T, HubError> {
    let value: Result<Option<T>, _> = match arguments.protocol() {
        Protocol::Json => arguments.bind(index),
        // Exact names are .NET's rule for MessagePack; here clients may spell them as in JSON.
        _ => arguments
            .bind(index)
            .and_then(|value: Value| json::from_slice(value.to_string().as_bytes())),
    };
    value
        .map(Option::unwrap_or_default)
        .map_err(|_| HubError::from(Error::invalid(name, "must be an object")))
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

/// A flag that may be left out.
pub(super) fn optional_flag(arguments: &Arguments, index: usize, name: &'static str) -> Result<Option<bool>, HubError> {
    arguments
        .bind(index)
        .map_err(|_| HubError::from(Error::invalid(name, "must be true or false")))
}

/// A list of ids, one alone, or nothing.
pub(super) fn list(arguments: &Arguments, index: usize, name: &'static str) -> Result<List, HubError> {
    arguments
        .bind(index)
        .map_err(|_| HubError::from(Error::invalid(name, "must be a list of ids")))
}

/// Whether an argument is a list.
pub(super) fn is_list(arguments: &Arguments, index: usize) -> bool {
    arguments.bind::<Vec<Value>>(index).is_ok()
}

/// Whether an argument is an object, not a text or number.
pub(super) fn is_object(arguments: &Arguments, index: usize) -> bool {
    arguments.bind::<Map<String, Value>>(index).is_ok()
}
