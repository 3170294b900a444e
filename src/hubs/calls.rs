//! The calls of clients that an event becomes: names and arguments, encoded once for everybody who hears them.

use hub_protocol::{hub::Encoded, json::Naming};
use serde::Serialize;

/// One call of `target` with one argument, as every event of the chat has.
pub(super) fn call(target: &'static str, argument: impl Serialize + Send + Sync + 'static) -> Encoded<'static> {
    Encoded::new(target, (argument,), Naming::CamelCase)
}
