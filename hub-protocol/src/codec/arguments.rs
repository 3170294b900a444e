//! What calls are made with: on the way in encoded until something binds it, on the way out a tuple.

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};

use super::Protocol;
use crate::{
    error::{DecodeError, EncodeError},
    json::Naming,
};

/// The arguments of a call, encoded until something binds them.
#[derive(Clone, Debug, PartialEq)]
pub struct Arguments {
    protocol: Protocol,
    items: Result<Vec<Bytes>, DecodeError>,
}

impl Arguments {
    /// Takes arguments that are encoded already, one element each.
    pub fn new(protocol: Protocol, items: Vec<Bytes>) -> Self {
        Self {
            protocol,
            items: Ok(items),
        }
    }

    /// What was sent in the place of arguments is no list of them; `text` says so.
    #[cfg(feature = "messagepack")]
    pub(crate) fn unreadable(protocol: Protocol, text: &str) -> Self {
        Self {
            protocol,
            items: Err(DecodeError(text.to_owned())),
        }
    }

    /// Whether there is a list of arguments at all, before anybody counts or binds them.
    ///
    /// # Errors
    ///
    /// Fails for a MessagePack call that has something else in their place. That is an error of the call, and
    /// its text is ASP.NET Core's.
    pub fn check(&self) -> Result<(), DecodeError> {
        self.items.as_ref().map(drop).map_err(Clone::clone)
    }

    /// How they are encoded.
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// How many there are: none where [`check`](Self::check) fails.
    pub fn len(&self) -> usize {
        self.items().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items().is_empty()
    }

    /// Binds the argument at `index` to a type; one that is missing reads as null.
    ///
    /// # Errors
    ///
    /// Fails where the argument is of another type, and where [`check`](Self::check) does.
    pub fn bind<T: DeserializeOwned>(&self, index: usize) -> Result<T, DecodeError> {
        let items = self.items.as_ref().map_err(Clone::clone)?;
        match items.get(index) {
            Some(item) => self.protocol.decode(item),
            None => self.protocol.decode(self.protocol.null()),
        }
    }

    /// The encoded elements.
    pub fn items(&self) -> &[Bytes] {
        self.items.as_deref().unwrap_or_default()
    }
}

/// What a call is made with: a tuple of values, `()` for none.
///
/// It is written as that many arguments. Clients in .NET and Java drop a call with another count than
/// their handler has, so the count is part of a method's contract.
pub trait ToArguments {
    /// Encodes each value.
    ///
    /// # Errors
    ///
    /// Fails for values that the protocol cannot carry.
    fn encode(&self, protocol: Protocol, naming: Naming) -> Result<Arguments, EncodeError>;
}

macro_rules! tuples {
    ($(($($name:ident)*))*) => {$(
        impl<$($name: Serialize),*> ToArguments for ($($name,)*) {
            #[allow(non_snake_case, unused_variables, clippy::unused_unit, reason = "a macro over all sizes")]
            fn encode(&self, protocol: Protocol, naming: Naming) -> Result<Arguments, EncodeError> {
                let ($($name,)*) = self;
                Ok(Arguments::new(protocol, vec![$(protocol.encode($name, naming)?),*]))
            }
        }
    )*};
}
tuples! { () (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H) }
