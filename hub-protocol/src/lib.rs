#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod close;
pub mod codec;
pub mod connection;
pub mod error;
pub mod framing;
pub mod handshake;
pub mod json;
pub mod message;
#[cfg(feature = "messagepack")]
pub mod messagepack;
pub mod negotiate;
pub mod values;

#[cfg(feature = "server")]
pub mod endpoint;
#[cfg(feature = "server")]
pub mod hub;
#[cfg(feature = "server")]
pub mod serve;
#[cfg(feature = "server")]
pub mod transport;
