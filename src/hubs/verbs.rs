//! The tables of the hubs' methods: what they are called, what they do, and what runs.

use std::sync::Arc;

use futures_util::{Stream, TryStreamExt as _};
use hub_protocol::{
    codec::Arguments,
    hub::{Builder, Context, HubError},
};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Chat, listeners::Listener};
use crate::{
    described::{DescribedMethod, Kind, Method, Schemas},
    services::Services,
    views::{Bound, Links},
};

/// What verbs are called with besides the call.
pub(super) trait State: Clone + Send + Sync + 'static {
    /// How links in an answer are written for the caller, where there may be some.
    fn links(&self, _: &Context) -> Result<Option<Links>, HubError> {
        Ok(None)
    }
}

impl State for Arc<Services> {}

impl State for Arc<Chat> {
    fn links(&self, cx: &Context) -> Result<Option<Links>, HubError> {
        let origin = &Listener::of(cx.connection())?.visitor.origin;
        Ok(Some(self.links.at(origin)))
    }
}

/// What rows are added to: a hub, or a description of it. `S` is what the verbs are called with besides the call.
pub(super) trait Table<S>: Sized {
    /// A method by its own name, by the others that frontends know, and by each with `Async` behind it.
    fn add<R, F>(
        self,
        names: &'static [&'static str],
        words: fn() -> Method,
        verb: impl Fn(S, Context, Arguments) -> F + Send + Sync + 'static,
    ) -> Self
    where
        R: Serialize + JsonSchema + Send + 'static,
        F: Future<Output = Result<R, HubError>> + Send + 'static;

    /// The same for one that answers with a stream.
    fn add_stream<I, R, F>(
        self,
        names: &'static [&'static str],
        words: fn() -> Method,
        verb: impl Fn(S, Context, Arguments) -> F + Send + Sync + 'static,
    ) -> Self
    where
        I: Stream<Item = Result<R, HubError>> + Send + 'static,
        R: Serialize + JsonSchema + 'static,
        F: Future<Output = Result<I, HubError>> + Send + 'static;
}

/// A hub while its methods are added.
pub(super) struct Verbs<S> {
    pub(super) hub: Builder,
    pub(super) state: S,
}

impl<S: State> Table<S> for Verbs<S> {
    fn add<R, F>(
        mut self,
        names: &'static [&'static str],
        words: fn() -> Method,
        verb: impl Fn(S, Context, Arguments) -> F + Send + Sync + 'static,
    ) -> Self
    where
        R: Serialize + JsonSchema + Send + 'static,
        F: Future<Output = Result<R, HubError>> + Send + 'static,
    {
        let state = self.state.clone();
        let verb = move |cx: Context, arguments| {
            let links = state.links(&cx);
            let answer = verb(state.clone(), cx, arguments);
            async move { Ok(Bound::new(links?, answer.await?)) }
        };
        self.hub = named(self.hub.raw(names[0], words().arity(), verb), names);
        self
    }

    fn add_stream<I, R, F>(
        mut self,
        names: &'static [&'static str],
        words: fn() -> Method,
        verb: impl Fn(S, Context, Arguments) -> F + Send + Sync + 'static,
    ) -> Self
    where
        I: Stream<Item = Result<R, HubError>> + Send + 'static,
        R: Serialize + JsonSchema + 'static,
        F: Future<Output = Result<I, HubError>> + Send + 'static,
    {
        let state = self.state.clone();
        let verb = move |cx: Context, arguments| {
            let links = state.links(&cx);
            let answer = verb(state.clone(), cx, arguments);
            async move {
                let links = links?;
                Ok(answer.await?.map_ok(move |item| Bound::new(links.clone(), item)))
            }
        };
        self.hub = named(self.hub.raw_stream(names[0], words().arity(), verb), names);
        self
    }
}

fn named(mut hub: Builder, names: &[&str]) -> Builder {
    for alias in &names[1..] {
        hub = hub.alias(alias, names[0]);
    }
    for name in names {
        hub = hub.alias(&format!("{name}Async"), names[0]);
    }
    hub
}

/// A description while its methods are added. Nothing runs.
pub(super) struct Describing<'a> {
    schemas: &'a mut Schemas,
    pub(super) methods: Vec<DescribedMethod>,
}

impl<'a> Describing<'a> {
    pub(super) fn new(schemas: &'a mut Schemas) -> Self {
        Self {
            schemas,
            methods: Vec::new(),
        }
    }

    fn with<R: JsonSchema>(mut self, names: &'static [&'static str], words: fn() -> Method, kind: Kind) -> Self {
        self.methods.push(DescribedMethod {
            names,
            kind,
            words: words(),
            result: self.schemas.answer::<R>(),
        });
        self
    }
}

impl<S> Table<S> for Describing<'_> {
    fn add<R, F>(
        self,
        names: &'static [&'static str],
        words: fn() -> Method,
        _: impl Fn(S, Context, Arguments) -> F + Send + Sync + 'static,
    ) -> Self
    where
        R: Serialize + JsonSchema + Send + 'static,
        F: Future<Output = Result<R, HubError>> + Send + 'static,
    {
        self.with::<R>(names, words, Kind::Result)
    }

    fn add_stream<I, R, F>(
        self,
        names: &'static [&'static str],
        words: fn() -> Method,
        _: impl Fn(S, Context, Arguments) -> F + Send + Sync + 'static,
    ) -> Self
    where
        I: Stream<Item = Result<R, HubError>> + Send + 'static,
        R: Serialize + JsonSchema + 'static,
        F: Future<Output = Result<I, HubError>> + Send + 'static,
    {
        self.with::<R>(names, words, Kind::Stream)
    }
}
