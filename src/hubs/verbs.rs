//! How a method of a hub gets its names.

use std::ops::RangeInclusive;

use futures_util::Stream;
use hub_protocol::hub::{Builder, HubError, RawFunction};
use serde::Serialize;

/// Adds a method under its first name, and the others that frontends call it by. Trailing arguments may be left out down
/// to the lower bound, and `Async` put behind any name. There is one name at least.
pub(super) fn add<R: Serialize + 'static>(
    hub: Builder,
    names: &[&str],
    arguments: RangeInclusive<usize>,
    verb: impl RawFunction<R>,
) -> Builder {
    let hub = hub.raw(names[0], arguments, verb);
    alias(hub, names)
}

/// The same for a method that answers with a stream.
pub(super) fn add_stream<S, R: Serialize + 'static>(
    hub: Builder,
    names: &[&str],
    arguments: RangeInclusive<usize>,
    verb: impl RawFunction<S>,
) -> Builder
where
    S: Stream<Item = Result<R, HubError>> + Send + 'static,
{
    let hub = hub.raw_stream(names[0], arguments, verb);
    alias(hub, names)
}

fn alias(mut hub: Builder, names: &[&str]) -> Builder {
    for alias in &names[1..] {
        hub = hub.alias(alias, names[0]);
    }
    for name in names {
        hub = hub.alias(&format!("{name}Async"), names[0]);
    }
    hub
}
