//! The calls of clients that an event becomes, encoded once for everybody who hears them.

use hub_protocol::{hub::Encoded, json::Naming};

use crate::views::ClientEvent;

/// The call of a client method with its one argument.
pub(super) fn call(event: ClientEvent) -> Encoded<'static> {
    Encoded::new(event.name(), (event,), Naming::CamelCase)
}
