//! Code around every call, connect and disconnect, as `IHubFilter` in .NET.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::{Answer, Context, Disconnected, HubError, Inner, method::Method, upload::Source};
use crate::codec::Arguments;

/// One call on its way to its method.
#[derive(Debug)]
pub struct Call {
    /// Who calls.
    pub context: Context,
    /// The method's declared name.
    pub method: Arc<str>,
    /// With what.
    pub arguments: Arguments,
    /// The streams that come with it; filters hand them on.
    pub(super) uploads: Vec<Source>,
}

/// The rest of the way: further filters, then the method.
pub struct Next<'a> {
    pub(super) hub: &'a Inner,
    pub(super) filters: usize,
    pub(super) method: Option<&'a Method>,
}

impl std::fmt::Debug for Next<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Next")
            .field("filters", &(self.hub.filters.len() - self.filters))
            .finish()
    }
}

impl<'a> Next<'a> {
    /// Calls on. The answer is encoded for the caller's protocol; a stream has not begun to run.
    ///
    /// # Errors
    ///
    /// What the method or an inner filter answers.
    pub fn call(mut self, call: Call) -> BoxFuture<'a, Result<Answer, HubError>> {
        let filter = self.hub.filters.get(self.filters);
        self.filters += 1;
        match (filter, self.method) {
            (Some(filter), _) => filter.call(call, self),
            (None, Some(method)) => method.handler.call(call.context, call.arguments, call.uploads),
            (None, None) => Box::pin(std::future::ready(Err(HubError::no_such_method()))),
        }
    }

    /// Connects on.
    ///
    /// # Errors
    ///
    /// What the connect handler or an inner filter answers.
    pub fn connected(mut self, context: Context) -> BoxFuture<'a, Result<(), HubError>> {
        let filter = self.hub.filters.get(self.filters);
        self.filters += 1;
        match (filter, &self.hub.connected) {
            (Some(filter), _) => filter.connected(context, self),
            (None, Some(handler)) => handler(context),
            (None, None) => Box::pin(std::future::ready(Ok(()))),
        }
    }

    /// Disconnects on.
    pub fn disconnected(mut self, context: Context, how: Disconnected) -> BoxFuture<'a, ()> {
        let filter = self.hub.filters.get(self.filters);
        self.filters += 1;
        match (filter, &self.hub.disconnected) {
            (Some(filter), _) => filter.disconnected(context, how, self),
            (None, Some(handler)) => handler(context, how),
            (None, None) => Box::pin(std::future::ready(())),
        }
    }
}

/// Wraps what a hub does. Each method may act before and after `next`, or answer without it.
pub trait Filter: Send + Sync {
    /// Around a call of a method that exists.
    fn call<'a>(&'a self, call: Call, next: Next<'a>) -> BoxFuture<'a, Result<Answer, HubError>> {
        next.call(call)
    }

    /// Around the connect handler.
    fn connected<'a>(&'a self, context: Context, next: Next<'a>) -> BoxFuture<'a, Result<(), HubError>> {
        next.connected(context)
    }

    /// Around the disconnect handler.
    fn disconnected<'a>(&'a self, context: Context, how: Disconnected, next: Next<'a>) -> BoxFuture<'a, ()> {
        next.disconnected(context, how)
    }
}
