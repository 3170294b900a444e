//! Hub messages and values, to bytes and back, for each protocol.
//!
//! A protocol is chosen once, by the handshake. Values stay encoded until a method binds them, so that
//! a wrong argument is an error of that call and never of the connection.

mod json;

pub(crate) use self::json::object_members;

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    error::{DecodeError, EncodeError, ParseError},
    framing::RECORD_SEPARATOR,
    json::Naming,
    message::HubMessage,
};

/// A hub protocol: how messages are spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// `json`: UTF-8 text.
    Json,
}

/// What a transport must be able to carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransferFormat {
    /// UTF-8 text.
    Text,
    /// Any bytes.
    Binary,
}

impl Protocol {
    /// Every protocol, in the order of [`Protocol::index`].
    pub const ALL: [Self; 1] = [Self::Json];

    /// The newest version that is spoken; all before it are too.
    pub const VERSION: i64 = 2;

    /// Finds a protocol by its name, ignoring case.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|protocol| protocol.name().eq_ignore_ascii_case(name))
    }

    /// The name in the handshake.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
        }
    }

    /// What its records need of a transport.
    pub const fn transfer_format(self) -> TransferFormat {
        match self {
            Self::Json => TransferFormat::Text,
        }
    }

    /// Its place in arrays that hold one thing for each protocol.
    pub const fn index(self) -> usize {
        match self {
            Self::Json => 0,
        }
    }

    /// Reads one record without its frame. `None` is a message of an unknown type, to be ignored.
    ///
    /// # Errors
    ///
    /// Fails for what is no hub message; that ends the connection. Arguments of the wrong type are no such error.
    pub fn parse(self, record: &Bytes) -> Result<Option<HubMessage>, ParseError> {
        match self {
            Self::Json => json::parse(record),
        }
    }

    /// Writes one whole record, its frame included, behind what `out` holds.
    pub fn write(self, message: &HubMessage, out: &mut Vec<u8>) {
        match self {
            Self::Json => {
                json::write(message, out);
                out.push(RECORD_SEPARATOR);
            }
        }
    }

    /// Encodes a value.
    ///
    /// # Errors
    ///
    /// Fails for values that the protocol cannot carry.
    pub fn encode<T: Serialize + ?Sized>(self, value: &T, naming: Naming) -> Result<Bytes, EncodeError> {
        match self {
            Self::Json => crate::json::to_vec(value, naming).map(Bytes::from),
        }
    }

    /// Decodes a value.
    ///
    /// # Errors
    ///
    /// Fails where the value is of another type.
    pub fn decode<T: DeserializeOwned>(self, value: &[u8]) -> Result<T, DecodeError> {
        match self {
            Self::Json => crate::json::from_slice(value),
        }
    }
}

/// The arguments of a call, encoded until something binds them.
#[derive(Clone, Debug, PartialEq)]
pub struct Arguments {
    protocol: Protocol,
    items: Vec<Bytes>,
}

impl Arguments {
    /// Takes arguments that are encoded already, one element each.
    pub fn new(protocol: Protocol, items: Vec<Bytes>) -> Self {
        Self { protocol, items }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Binds the argument at `index` to a type; one that is missing reads as null.
    ///
    /// # Errors
    ///
    /// Fails where the argument is of another type.
    pub fn bind<T: DeserializeOwned>(&self, index: usize) -> Result<T, DecodeError> {
        let null = Bytes::from_static(b"null");
        self.protocol.decode(self.items.get(index).unwrap_or(&null))
    }

    /// The encoded elements.
    pub fn items(&self) -> &[Bytes] {
        &self.items
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
