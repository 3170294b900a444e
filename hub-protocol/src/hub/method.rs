//! Functions as hub methods: arguments and streams bound to parameters, results and items encoded.

use std::{marker::PhantomData, ops::RangeInclusive, sync::Arc};

use futures_util::{Stream, StreamExt, future::BoxFuture, stream::BoxStream};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    Context, HubError, Policy,
    meter::MethodMeter,
    upload::{Source, Upload},
};
use crate::codec::Arguments;
use bytes::Bytes;

/// A method as the dispatcher knows it.
pub(super) struct Method {
    /// As declared.
    pub(super) name: Arc<str>,
    pub(super) handler: Arc<dyn Handler>,
    pub(super) policy: Option<Policy>,
    pub(super) meter: MethodMeter,
}

/// A call with its types erased: what comes back is encoded for the caller's protocol.
pub(super) trait Handler: Send + Sync {
    /// Whether the method answers with a stream.
    fn is_streaming(&self) -> bool;

    /// How many streams it takes.
    fn uploads(&self) -> usize;

    fn call(
        &self,
        cx: Context,
        arguments: Arguments,
        uploads: Vec<Source>,
    ) -> BoxFuture<'static, Result<Answer, HubError>>;
}

/// What a method answered, encoded for the caller's protocol: one value, or a stream of them.
pub struct Answer(pub(super) Kind);

pub(super) enum Kind {
    Value(Bytes),
    Stream(Items),
}

/// The items of a stream, encoded.
pub(super) type Items = BoxStream<'static, Result<Bytes, HubError>>;

impl Answer {
    /// Whether it is a stream, which begins to run after the filters have returned.
    pub fn is_stream(&self) -> bool {
        matches!(self.0, Kind::Stream(_))
    }

    /// A value instead of the method's own.
    ///
    /// # Errors
    ///
    /// Fails for values that the caller's protocol cannot carry.
    pub fn value<T: Serialize + ?Sized>(cx: &Context, value: &T) -> Result<Self, HubError> {
        cx.connection().encode(value).map(Kind::Value).map(Self)
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("is_stream", &self.is_stream()).finish()
    }
}

/// Hands out a call's arguments and streams, each in the order of the parameters.
#[derive(Debug)]
pub struct Binder {
    arguments: Arguments,
    next: usize,
    uploads: std::vec::IntoIter<Source>,
}

impl Binder {
    fn new(arguments: Arguments, uploads: Vec<Source>) -> Self {
        Self {
            arguments,
            next: 0,
            uploads: uploads.into_iter(),
        }
    }

    fn argument<T: DeserializeOwned>(&mut self) -> Result<T, HubError> {
        let index = self.next;
        self.next += 1;
        Ok(self.arguments.bind(index)?)
    }
}

/// A type that a hub method can take: anything that deserializes takes an argument, an [`Upload`] takes a stream.
///
/// There are no others: a type of one's own becomes a parameter by `Deserialize`.
pub trait Parameter: Sized {
    /// Whether it is a stream, which is no argument.
    const IS_STREAM: bool = false;

    /// Takes the next argument, or the next stream.
    ///
    /// # Errors
    ///
    /// The call fails with a binding error; the connection lives.
    fn bind(binder: &mut Binder) -> Result<Self, HubError>;
}

impl<T: DeserializeOwned> Parameter for T {
    fn bind(binder: &mut Binder) -> Result<Self, HubError> {
        binder.argument()
    }
}

impl<T: DeserializeOwned> Parameter for Upload<T> {
    const IS_STREAM: bool = true;

    fn bind(binder: &mut Binder) -> Result<Self, HubError> {
        // The count was checked before the call was begun.
        let source = binder.uploads.next().ok_or_else(|| HubError::wrong_streams(0, 1))?;
        Ok(Self::new(source))
    }
}

/// An async function of a [`Context`] and up to eight [`Parameter`]s. `P` is made up by the compiler.
pub trait Function<P>: Send + Sync + 'static {
    #[doc(hidden)]
    const PARAMETERS: usize;
    #[doc(hidden)]
    const STREAMS: usize;

    #[doc(hidden)]
    fn invoke(&self, cx: Context, binder: Binder) -> BoxFuture<'static, Result<Answer, HubError>>;
}

/// An async function as [`Function`], whose result is a stream of `Result`s.
pub trait StreamFunction<P>: Send + Sync + 'static {
    #[doc(hidden)]
    const PARAMETERS: usize;
    #[doc(hidden)]
    const STREAMS: usize;

    #[doc(hidden)]
    fn invoke(&self, cx: Context, binder: Binder) -> BoxFuture<'static, Result<Answer, HubError>>;
}

macro_rules! functions {
    ($($count:literal ($($name:ident)*))*) => {$(
        impl<F, T, R, $($name),*> Function<(T, R, $($name,)*)> for F
        where
            F: Fn(Context, $($name),*) -> T + Send + Sync + 'static,
            T: Future<Output = Result<R, HubError>> + Send + 'static,
            R: Serialize,
            $($name: Parameter,)*
        {
            const STREAMS: usize = 0 $(+ $name::IS_STREAM as usize)*;
            const PARAMETERS: usize = $count - <Self as Function<(T, R, $($name,)*)>>::STREAMS;

            fn invoke(&self, cx: Context, binder: Binder) -> BoxFuture<'static, Result<Answer, HubError>> {
                let caller = cx.clone();
                match bound!(self cx binder $($name)*) {
                    Ok(answer) => Box::pin(async move { Answer::value(&caller, &answer.await?) }),
                    Err(error) => failed(error),
                }
            }
        }

        impl<F, T, S, R, $($name),*> StreamFunction<(T, S, R, $($name,)*)> for F
        where
            F: Fn(Context, $($name),*) -> T + Send + Sync + 'static,
            T: Future<Output = Result<S, HubError>> + Send + 'static,
            S: Stream<Item = Result<R, HubError>> + Send + 'static,
            R: Serialize,
            $($name: Parameter,)*
        {
            const STREAMS: usize = 0 $(+ $name::IS_STREAM as usize)*;
            const PARAMETERS: usize = $count - <Self as StreamFunction<(T, S, R, $($name,)*)>>::STREAMS;

            fn invoke(&self, cx: Context, binder: Binder) -> BoxFuture<'static, Result<Answer, HubError>> {
                let caller = cx.clone();
                match bound!(self cx binder $($name)*) {
                    Ok(answer) => Box::pin(async move { Ok(stream(caller, answer.await?)) }),
                    Err(error) => failed(error),
                }
            }
        }
    )*};
}

/// Calls a function with its bound parameters.
macro_rules! bound {
    ($function:ident $cx:ident $binder:ident $($name:ident)*) => {{
        #[allow(unused_mut, unused_variables, reason = "a macro over all counts")]
        let mut binder = $binder;
        // In the order of the parameters, as tuples are.
        #[allow(non_snake_case, reason = "a macro over all counts")]
        let bind = || Ok::<_, HubError>(($($name::bind(&mut binder)?,)*));
        #[allow(unused_mut, reason = "a macro over all counts")]
        let mut bind = bind;
        #[allow(non_snake_case, reason = "a macro over all counts")]
        bind().map(|($($name,)*)| $function($cx, $($name),*))
    }};
}

functions! {
    0 ()
    1 (A)
    2 (A B)
    3 (A B C)
    4 (A B C D)
    5 (A B C D E)
    6 (A B C D E G)
    7 (A B C D E G H)
    8 (A B C D E G H I)
}

fn stream<S, R>(caller: Context, items: S) -> Answer
where
    S: Stream<Item = Result<R, HubError>> + Send + 'static,
    R: Serialize,
{
    let items = items.map(move |item| caller.connection().encode(&item?));
    Answer(Kind::Stream(items.boxed()))
}

fn failed(error: HubError) -> BoxFuture<'static, Result<Answer, HubError>> {
    Box::pin(std::future::ready(Err(error)))
}

/// An async function of a [`Context`] and the [`Arguments`] as they came.
pub trait RawFunction<R>: Send + Sync + 'static {
    #[doc(hidden)]
    fn invoke(&self, cx: Context, arguments: Arguments) -> BoxFuture<'static, Result<R, HubError>>;
}

impl<F, T, R> RawFunction<R> for F
where
    F: Fn(Context, Arguments) -> T + Send + Sync + 'static,
    T: Future<Output = Result<R, HubError>> + Send + 'static,
{
    fn invoke(&self, cx: Context, arguments: Arguments) -> BoxFuture<'static, Result<R, HubError>> {
        Box::pin(self(cx, arguments))
    }
}

fn check_arity(arguments: &Arguments, arity: &RangeInclusive<usize>) -> Result<(), HubError> {
    arguments.check().map_err(HubError::unreadable)?;
    if arity.contains(&arguments.len()) {
        return Ok(());
    }
    let (least, most) = (arity.start(), arity.end());
    let expected = if least == most {
        least.to_string()
    } else {
        format!("{least} to {most}")
    };
    Err(HubError::wrong_count(arguments.len(), &expected))
}

/// A function with typed parameters; `P` tells functions of different shapes apart.
pub(super) struct Typed<F, P> {
    function: F,
    parameters: PhantomData<fn() -> P>,
}

/// As [`Typed`], for functions that answer with a stream.
pub(super) struct Streaming<F, P>(Typed<F, P>);

impl<F, P> Typed<F, P> {
    pub(super) fn new(function: F) -> Self {
        Self {
            function,
            parameters: PhantomData,
        }
    }
}

impl<F, P> Streaming<F, P> {
    pub(super) fn new(function: F) -> Self {
        Self(Typed::new(function))
    }
}

fn check_count(arguments: &Arguments, expected: usize) -> Result<(), HubError> {
    check_arity(arguments, &(expected..=expected))
}

impl<F: Function<P>, P> Handler for Typed<F, P> {
    fn is_streaming(&self) -> bool {
        false
    }
    fn uploads(&self) -> usize {
        F::STREAMS
    }
    fn call(
        &self,
        cx: Context,
        arguments: Arguments,
        uploads: Vec<Source>,
    ) -> BoxFuture<'static, Result<Answer, HubError>> {
        match check_count(&arguments, F::PARAMETERS) {
            Ok(()) => self.function.invoke(cx, Binder::new(arguments, uploads)),
            Err(error) => failed(error),
        }
    }
}

impl<F: StreamFunction<P>, P> Handler for Streaming<F, P> {
    fn is_streaming(&self) -> bool {
        true
    }
    fn uploads(&self) -> usize {
        F::STREAMS
    }
    fn call(
        &self,
        cx: Context,
        arguments: Arguments,
        uploads: Vec<Source>,
    ) -> BoxFuture<'static, Result<Answer, HubError>> {
        match check_count(&arguments, F::PARAMETERS) {
            Ok(()) => self.0.function.invoke(cx, Binder::new(arguments, uploads)),
            Err(error) => failed(error),
        }
    }
}

pub(super) struct Raw<F, R> {
    function: F,
    arity: RangeInclusive<usize>,
    result: PhantomData<fn() -> R>,
}

impl<F, R> Raw<F, R> {
    pub(super) fn new(arity: RangeInclusive<usize>, function: F) -> Self {
        Self {
            function,
            arity,
            result: PhantomData,
        }
    }
}

impl<F: RawFunction<R>, R: Serialize + 'static> Handler for Raw<F, R> {
    fn is_streaming(&self) -> bool {
        false
    }
    fn uploads(&self) -> usize {
        0
    }
    fn call(&self, cx: Context, arguments: Arguments, _: Vec<Source>) -> BoxFuture<'static, Result<Answer, HubError>> {
        if let Err(error) = check_arity(&arguments, &self.arity) {
            return failed(error);
        }
        let caller = cx.clone();
        let answer = self.function.invoke(cx, arguments);
        Box::pin(async move { Answer::value(&caller, &answer.await?) })
    }
}

/// As [`Raw`], for functions that answer with a stream.
pub(super) struct RawStreaming<F, S>(Raw<F, S>);

impl<F, S> RawStreaming<F, S> {
    pub(super) fn new(arity: RangeInclusive<usize>, function: F) -> Self {
        Self(Raw::new(arity, function))
    }
}

impl<F, S, R> Handler for RawStreaming<F, S>
where
    F: RawFunction<S>,
    S: Stream<Item = Result<R, HubError>> + Send + 'static,
    R: Serialize,
{
    fn is_streaming(&self) -> bool {
        true
    }
    fn uploads(&self) -> usize {
        0
    }
    fn call(&self, cx: Context, arguments: Arguments, _: Vec<Source>) -> BoxFuture<'static, Result<Answer, HubError>> {
        if let Err(error) = check_arity(&arguments, &self.0.arity) {
            return failed(error);
        }
        let caller = cx.clone();
        let answer = self.0.function.invoke(cx, arguments);
        Box::pin(async move { Ok(stream(caller, answer.await?)) })
    }
}
