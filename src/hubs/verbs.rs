//! How a method of a hub gets its names.

use std::ops::RangeInclusive;

use hub_protocol::hub::{Builder, RawFunction};
use serde::Serialize;

/// Adds a method under its first name, and the others that frontends call it by. Trailing arguments may be left out down
/// to the lower bound, and `Async` put behind any name.
pub(super) fn add<R: Serialize + 'static>(
    hub: Builder,
    names: &[&str],
    arguments: RangeInclusive<usize>,
    verb: impl RawFunction<R>,
) -> Builder {
    let [method, aliases @ ..] = names else { return hub };
    let mut hub = hub.raw(method, arguments, verb);
    for alias in aliases {
        hub = hub.alias(alias, method);
    }
    for name in names {
        hub = hub.alias(&format!("{name}Async"), method);
    }
    hub
}
