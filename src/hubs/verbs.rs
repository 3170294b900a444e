//! How a method of a hub gets its names.

use hub_protocol::hub::Builder;

/// Lets a method, which was added under the first of these names, be called by the others that frontends know, and by
/// each with `Async` behind it.
pub(super) fn named(mut hub: Builder, names: &[&str]) -> Builder {
    for alias in &names[1..] {
        hub = hub.alias(alias, names[0]);
    }
    for name in names {
        hub = hub.alias(&format!("{name}Async"), names[0]);
    }
    hub
}
