//! Functions as hub methods: arguments bound to parameters, results encoded.

use std::{marker::PhantomData, ops::RangeInclusive};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde::{Serialize, de::DeserializeOwned};

use super::{Context, HubError, Policy};
use crate::codec::Arguments;

/// A method as the dispatcher knows it.
pub(super) struct Method {
    /// As declared.
    pub(super) name: String,
    pub(super) handler: std::sync::Arc<dyn Handler>,
    pub(super) policy: Option<Policy>,
}

/// A call with its types erased: the result comes back encoded for the caller's protocol.
pub(super) trait Handler: Send + Sync {
    fn call(&self, cx: Context, arguments: Arguments) -> BoxFuture<'static, Result<Bytes, HubError>>;
}

/// A type that a hub method can take from an argument: anything that deserializes.
pub trait Parameter: Sized {
    /// Binds the argument at `index`.
    ///
    /// # Errors
    ///
    /// The call fails with a binding error; the connection lives.
    fn bind(arguments: &Arguments, index: usize) -> Result<Self, HubError>;
}

impl<T: DeserializeOwned> Parameter for T {
    fn bind(arguments: &Arguments, index: usize) -> Result<Self, HubError> {
        Ok(arguments.bind(index)?)
    }
}

/// An async function of a [`Context`] and up to eight [`Parameter`]s. `P` is made up by the compiler.
pub trait Function<P>: Send + Sync + 'static {
    #[doc(hidden)]
    const PARAMETERS: usize;

    #[doc(hidden)]
    fn invoke(&self, cx: Context, arguments: &Arguments) -> BoxFuture<'static, Result<Bytes, HubError>>;
}

macro_rules! functions {
    ($($count:literal ($($name:ident $index:literal)*))*) => {$(
        impl<F, T, R, $($name),*> Function<(T, R, $($name,)*)> for F
        where
            F: Fn(Context, $($name),*) -> T + Send + Sync + 'static,
            T: Future<Output = Result<R, HubError>> + Send + 'static,
            R: Serialize,
            $($name: Parameter,)*
        {
            const PARAMETERS: usize = $count;

            #[allow(unused_variables, reason = "a macro over all counts")]
            fn invoke(&self, cx: Context, arguments: &Arguments) -> BoxFuture<'static, Result<Bytes, HubError>> {
                let bind = || Ok::<_, HubError>(($($name::bind(arguments, $index)?,)*));
                #[allow(non_snake_case, reason = "a macro over all counts")]
                let ($($name,)*) = match bind() {
                    Ok(parameters) => parameters,
                    Err(error) => return Box::pin(std::future::ready(Err(error))),
                };
                let connection = cx.connection().clone();
                let answer = self(cx, $($name),*);
                Box::pin(async move { connection.encode(&answer.await?) })
            }
        }
    )*};
}
functions! {
    0 ()
    1 (A 0)
    2 (A 0 B 1)
    3 (A 0 B 1 C 2)
    4 (A 0 B 1 C 2 D 3)
    5 (A 0 B 1 C 2 D 3 E 4)
    6 (A 0 B 1 C 2 D 3 E 4 G 5)
    7 (A 0 B 1 C 2 D 3 E 4 G 5 H 6)
    8 (A 0 B 1 C 2 D 3 E 4 G 5 H 6 I 7)
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

pub(super) struct Typed<F, P> {
    function: F,
    parameters: PhantomData<fn() -> P>,
}

impl<F, P> Typed<F, P> {
    pub(super) fn new(function: F) -> Self {
        Self {
            function,
            parameters: PhantomData,
        }
    }
}

impl<F: Function<P>, P> Handler for Typed<F, P> {
    fn call(&self, cx: Context, arguments: Arguments) -> BoxFuture<'static, Result<Bytes, HubError>> {
        if arguments.len() != F::PARAMETERS {
            let error = HubError::wrong_count(arguments.len(), &F::PARAMETERS.to_string());
            return Box::pin(std::future::ready(Err(error)));
        }
        self.function.invoke(cx, &arguments)
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
    fn call(&self, cx: Context, arguments: Arguments) -> BoxFuture<'static, Result<Bytes, HubError>> {
        if !self.arity.contains(&arguments.len()) {
            let (least, most) = (self.arity.start(), self.arity.end());
            let expected = if least == most {
                least.to_string()
            } else {
                format!("{least} to {most}")
            };
            return Box::pin(std::future::ready(Err(HubError::wrong_count(
                arguments.len(),
                &expected,
            ))));
        }
        let connection = cx.connection().clone();
        let answer = self.function.invoke(cx, arguments);
        Box::pin(async move { connection.encode(&answer.await?) })
    }
}
