//! A span around each call, where traces are collected; elsewhere the filter is not there.

use futures_util::{FutureExt as _, future::BoxFuture};
use hub_protocol::hub::{Answer, Builder, Call, Filter, HubError, Next};
use tracing::Instrument as _;

use crate::telemetry::spans;

/// Knows its hub's name.
struct Traced(&'static str);

impl Filter for Traced {
    fn call<'a>(&'a self, call: Call, next: Next<'a>) -> BoxFuture<'a, Result<Answer, HubError>> {
        let span = spans::call(self.0, &call.method);
        if span.is_none() {
            return next.call(call);
        }
        next.call(call).instrument(span).boxed()
    }
}

/// Adds it to a hub of this name.
pub(super) fn traced(hub: Builder, name: &'static str) -> Builder {
    if spans::are_made() {
        hub.filter(Traced(name))
    } else {
        hub
    }
}
