//! Hub messages and values, to bytes and back, for each protocol.
//!
//! A protocol is chosen once, by the handshake. Values stay encoded until a method binds them, so that
//! a wrong argument is an error of that call and never of the connection.

mod arguments;
mod json;
#[cfg(feature = "messagepack")]
mod messagepack;

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};

pub use self::arguments::{Arguments, ToArguments};
pub(crate) use self::json::object_members;
use crate::{
    error::{DecodeError, EncodeError, ParseError},
    framing::{Framing, RECORD_SEPARATOR},
    json::Naming,
    message::HubMessage,
};

/// A hub protocol: how messages are spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// `json`: UTF-8 text.
    Json,
    /// `messagepack`: binary.
    #[cfg(feature = "messagepack")]
    MessagePack,
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
    /// Every protocol that is compiled in, in the order of [`Protocol::index`].
    pub const ALL: &'static [Self] = &[
        Self::Json,
        #[cfg(feature = "messagepack")]
        Self::MessagePack,
    ];

    /// The newest version that is spoken; all before it are too.
    pub const VERSION: i64 = 2;

    /// Finds a protocol by its name, ignoring case.
    pub fn named(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|protocol| protocol.name().eq_ignore_ascii_case(name))
    }

    /// The name in the handshake.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            #[cfg(feature = "messagepack")]
            Self::MessagePack => "messagepack",
        }
    }

    /// What its records need of a transport.
    pub const fn transfer_format(self) -> TransferFormat {
        match self {
            Self::Json => TransferFormat::Text,
            #[cfg(feature = "messagepack")]
            Self::MessagePack => TransferFormat::Binary,
        }
    }

    /// How its records are told apart.
    pub const fn framing(self) -> Framing {
        match self {
            Self::Json => Framing::Separator,
            #[cfg(feature = "messagepack")]
            Self::MessagePack => Framing::LengthPrefix,
        }
    }

    /// Its place in arrays that hold one thing for each protocol.
    pub const fn index(self) -> usize {
        match self {
            Self::Json => 0,
            #[cfg(feature = "messagepack")]
            Self::MessagePack => 1,
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
            #[cfg(feature = "messagepack")]
            Self::MessagePack => messagepack::parse(record),
        }
    }

    /// Writes one whole record, its frame included, behind what `out` holds.
    pub fn write(self, message: &HubMessage, out: &mut Vec<u8>) {
        match self {
            Self::Json => {
                json::write(message, out);
                out.push(RECORD_SEPARATOR);
            }
            #[cfg(feature = "messagepack")]
            Self::MessagePack => messagepack::write(message, out),
        }
    }

    /// Encodes a value. `naming` is JSON's: MessagePack has the declared names.
    ///
    /// # Errors
    ///
    /// Fails for values that the protocol cannot carry.
    pub fn encode<T: Serialize + ?Sized>(self, value: &T, naming: Naming) -> Result<Bytes, EncodeError> {
        match self {
            Self::Json => crate::json::to_vec(value, naming).map(Bytes::from),
            #[cfg(feature = "messagepack")]
            Self::MessagePack => crate::messagepack::to_vec(value).map(Bytes::from),
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
            #[cfg(feature = "messagepack")]
            Self::MessagePack => crate::messagepack::from_slice(value),
        }
    }

    /// The encoded null.
    const fn null(self) -> &'static [u8] {
        match self {
            Self::Json => b"null",
            #[cfg(feature = "messagepack")]
            Self::MessagePack => &[0xC0],
        }
    }
}
