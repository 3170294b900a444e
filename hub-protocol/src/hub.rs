//! A hub: named methods that clients call, and the clients they can call back.
//!
//! Build one with [`Hub::builder`], mount it with [`Hub::endpoint`](crate::endpoint), and send from outside
//! with a [`HubHandle`].

mod clients;
mod context;
mod dispatcher;
mod encoded;
mod error;
mod feed;
mod filter;
mod lifetime;
mod meter;
mod method;
mod options;
mod outbox;
mod place;
mod questions;
mod registry;
mod reply;
pub(crate) mod session;
mod upload;

use std::{collections::HashMap, ops::RangeInclusive, sync::Arc};

use futures_util::{Stream, future::BoxFuture};
use serde::Serialize;

use crate::codec::ToArguments;

use self::meter::{Meter, MethodMeter};
use self::method::{Handler, Method, Raw, RawStreaming, Streaming, Typed};
pub use self::{
    clients::{Audience, Client, Clients, Groups, HubHandle},
    context::{Connection, Context, Disconnected, User},
    encoded::Encoded,
    error::HubError,
    feed::{Feed, Pulled},
    filter::{Call, Filter, Next},
    lifetime::{InMemory, LifetimeManager, Local, Target},
    meter::{ConnectionCounts, Counts, MethodCounts},
    method::{Answer, Binder, Function, Parameter, RawFunction, StreamFunction},
    options::{HubOptions, Overflow},
    reply::{Question, Reply},
    upload::Upload,
};

type Lifecycle = Arc<dyn Fn(Context) -> BoxFuture<'static, Result<(), HubError>> + Send + Sync>;
type Goodbye = Arc<dyn Fn(Context, Disconnected) -> BoxFuture<'static, ()> + Send + Sync>;
type Policy = Arc<dyn Fn(&Context) -> bool + Send + Sync>;
type Proof = Arc<dyn Fn(&Connection, u64) + Send + Sync>;

/// A hub with everything its connections share. Cloning shares it.
#[derive(Clone)]
pub struct Hub(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) name: String,
    pub(crate) options: HubOptions,
    methods: Methods,
    connected: Option<Lifecycle>,
    disconnected: Option<Goodbye>,
    proven: Option<Proof>,
    filters: Vec<Arc<dyn Filter>>,
    manager: Box<dyn LifetimeManager>,
    pub(crate) local: Local,
    meter: Meter,
}

/// The methods of a hub, found ignoring case.
struct Methods {
    by_lower_case: HashMap<String, Arc<Method>>,
    /// As most callers spell them: found without making another text.
    as_declared: HashMap<Arc<str>, Arc<Method>>,
}

impl Methods {
    fn new(by_lower_case: HashMap<String, Arc<Method>>) -> Self {
        let as_declared = by_lower_case
            .values()
            .map(|method| (Arc::clone(&method.name), Arc::clone(method)))
            .collect();
        Self {
            by_lower_case,
            as_declared,
        }
    }

    fn named(&self, target: &str) -> Option<&Arc<Method>> {
        self.as_declared
            .get(target)
            .or_else(|| self.by_lower_case.get(&target.to_lowercase()))
    }
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub")
            .field("name", &self.0.name)
            .field("connections", &self.0.local.0.len())
            .finish()
    }
}

impl Hub {
    /// Begins a hub; the name appears in logs.
    pub fn builder(name: impl Into<String>) -> Builder {
        Builder {
            name: name.into(),
            options: HubOptions::default(),
            methods: HashMap::new(),
            connected: None,
            disconnected: None,
            proven: None,
            filters: Vec::new(),
            manager: Box::new(InMemory),
        }
    }

    async fn send(&self, to: &Target, target: &str, arguments: impl ToArguments + Send + Sync) -> Result<(), HubError> {
        let mut call = Encoded::new(target, arguments, self.0.options.naming);
        if let Some(protocol) = self.0.local.0.protocol_of(to) {
            call = call.only_for(protocol)?;
        }
        self.0.manager.send(&self.0.local, to, &call).await
    }

    /// The names of the methods that clients may call, in order; without aliases.
    pub fn methods(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.0.methods.as_declared.keys().map(|name| &**name).collect();
        names.sort_unstable();
        names
    }

    /// What was counted since the hub was built. Reading it costs what is listed and disturbs nobody.
    pub fn counts(&self) -> Counts {
        let methods = self.0.methods.as_declared.values();
        let mut methods: Vec<_> = methods.map(|method| method.meter.read(&method.name)).collect();
        methods.sort_unstable_by(|one, other| one.method.cmp(&other.method));
        self.0.meter.read(methods)
    }

    /// A handle that sends to this hub's clients from anywhere.
    pub fn handle(&self) -> HubHandle {
        HubHandle::new(self.clone())
    }
}

/// Collects a hub's methods and options.
#[must_use = "a builder does nothing until `build`"]
pub struct Builder {
    name: String,
    options: HubOptions,
    methods: HashMap<String, Arc<Method>>,
    connected: Option<Lifecycle>,
    disconnected: Option<Goodbye>,
    proven: Option<Proof>,
    filters: Vec<Arc<dyn Filter>>,
    manager: Box<dyn LifetimeManager>,
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("name", &self.name)
            .field("methods", &self.methods.keys())
            .finish()
    }
}

impl Builder {
    /// Replaces the options.
    pub fn options(mut self, options: HubOptions) -> Self {
        self.options = options;
        self
    }

    /// Adds a method with typed parameters: `async |cx: Context, a: i32, b: i32| Ok(a + b)`.
    ///
    /// Clients must give exactly as many arguments. Names are matched ignoring case; texts of errors spell
    /// the name as it is given here.
    ///
    /// # Panics
    ///
    /// Where the name is taken: like ASP.NET Core's, hubs have no overloads.
    pub fn method<F, P>(self, name: &str, function: F) -> Self
    where
        F: Function<P>,
        P: 'static,
    {
        self.add(name, Arc::new(Typed::new(function)))
    }

    /// Adds a method that answers with a stream: its function returns something that yields `Result`s.
    ///
    /// ```
    /// # use hub_protocol::hub::{Context, Hub};
    /// use futures_util::stream;
    ///
    /// let hub = Hub::builder("Counter")
    ///     .stream("Count", async |_: Context, upto: i32| Ok(stream::iter((0..upto).map(Ok))));
    /// ```
    ///
    /// Items are sent as the client takes them. When the client cancels, or its connection ends, the stream (or the
    /// function, where it has not returned yet) is dropped; there is nothing else to listen to. An `Err` is the
    /// stream's last item.
    ///
    /// # Panics
    ///
    /// As [`method`](Self::method).
    pub fn stream<F, P>(self, name: &str, function: F) -> Self
    where
        F: StreamFunction<P>,
        P: 'static,
    {
        self.add(name, Arc::new(Streaming::new(function)))
    }

    /// Adds a method that binds its own arguments, any number within `arity`.
    ///
    /// # Panics
    ///
    /// As [`method`](Self::method).
    pub fn raw<F, R>(self, name: &str, arity: RangeInclusive<usize>, function: F) -> Self
    where
        F: RawFunction<R>,
        R: Serialize + 'static,
    {
        self.add(name, Arc::new(Raw::new(arity, function)))
    }

    /// Adds a method that binds its own arguments and answers with a stream, as [`stream`](Self::stream) does.
    ///
    /// # Panics
    ///
    /// As [`method`](Self::method).
    pub fn raw_stream<F, S, R>(self, name: &str, arity: RangeInclusive<usize>, function: F) -> Self
    where
        F: RawFunction<S>,
        S: Stream<Item = Result<R, HubError>> + Send + 'static,
        R: Serialize + 'static,
    {
        self.add(name, Arc::new(RawStreaming::new(arity, function)))
    }

    /// Lets a method be called by another name too. Texts of errors spell the method's own.
    ///
    /// # Panics
    ///
    /// Where there is no such method, or the alias is taken.
    pub fn alias(mut self, alias: &str, name: &str) -> Self {
        let method = self
            .methods
            .get(&name.to_lowercase())
            .cloned()
            .expect("an alias is of a method");
        let taken = self.methods.insert(alias.to_lowercase(), method);
        assert!(
            taken.is_none(),
            "Duplicate definitions of '{alias}'. Overloading is not supported."
        );
        self
    }

    /// Lets only callers that the policy accepts call a method; others get the authorisation error.
    ///
    /// # Panics
    ///
    /// Where there is no such method, or it has an alias already.
    pub fn authorize(mut self, name: &str, policy: impl Fn(&Context) -> bool + Send + Sync + 'static) -> Self {
        let method = self
            .methods
            .get_mut(&name.to_lowercase())
            .expect("a policy is of a method");
        let method = Arc::get_mut(method).expect("policies come before aliases");
        method.policy = Some(Arc::new(policy));
        self
    }

    /// Runs for every connection after its handshake, before its first message is read.
    ///
    /// What others send may reach the client before this returns. An error ends the connection.
    pub fn on_connected<F, T>(mut self, function: F) -> Self
    where
        F: Fn(Context) -> T + Send + Sync + 'static,
        T: Future<Output = Result<(), HubError>> + Send + 'static,
    {
        self.connected = Some(Arc::new(move |cx| Box::pin(function(cx))));
        self
    }

    /// Runs once for every connection whose connect handler succeeded, when it has ended.
    ///
    /// Sending to it is a silent no-op by then; its groups are left after this returns.
    pub fn on_disconnected<F, T>(mut self, function: F) -> Self
    where
        F: Fn(Context, Disconnected) -> T + Send + Sync + 'static,
        T: Future<Output = ()> + Send + 'static,
    {
        self.disconnected = Some(Arc::new(move |cx, how| Box::pin(function(cx, how))));
        self
    }

    /// Hears that a probe was answered: everything sent to the connection before it has arrived.
    ///
    /// Runs on the connection's own task and must not block.
    pub fn on_proven(mut self, function: impl Fn(&Connection, u64) + Send + Sync + 'static) -> Self {
        self.proven = Some(Arc::new(function));
        self
    }

    /// Wraps calls, connects and disconnects; the first filter is the outermost.
    pub fn filter(mut self, filter: impl Filter + 'static) -> Self {
        self.filters.push(Arc::new(filter));
        self
    }

    /// Finds connections, groups and users elsewhere than in this process alone.
    pub fn lifetime_manager(mut self, manager: impl LifetimeManager) -> Self {
        self.manager = Box::new(manager);
        self
    }

    /// Finishes the hub.
    pub fn build(self) -> Hub {
        let Self {
            name,
            options,
            methods,
            connected,
            disconnected,
            proven,
            filters,
            manager,
        } = self;
        Hub(Arc::new(Inner {
            name,
            options,
            methods: Methods::new(methods),
            connected,
            disconnected,
            proven,
            filters,
            manager,
            local: Local::default(),
            meter: Meter::default(),
        }))
    }

    fn add(mut self, name: &str, handler: Arc<dyn Handler>) -> Self {
        let method = Arc::new(Method {
            name: name.into(),
            handler,
            policy: None,
            meter: MethodMeter::default(),
        });
        let taken = self.methods.insert(name.to_lowercase(), method);
        assert!(
            taken.is_none(),
            "Duplicate definitions of '{name}'. Overloading is not supported."
        );
        self
    }
}
