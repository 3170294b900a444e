//! What can be wrong with received bytes.

use thiserror::Error;

/// These bytes are no hub message. The connection ends with a Close that says so.
///
/// The text is ASP.NET Core's, which shows it only with detailed errors.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct ParseError(pub(crate) String);

impl ParseError {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn missing(property: &str) -> Self {
        Self(format!("Missing required property '{property}'."))
    }

    pub(crate) fn expected(property: &str, kind: &str) -> Self {
        Self(format!("Expected '{property}' to be of type {kind}."))
    }
}

/// A value that its protocol cannot carry, such as a NaN in JSON.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct EncodeError(pub(crate) String);

/// A value that does not fit the type it is bound to.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct DecodeError(pub(crate) String);

impl serde::ser::Error for EncodeError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl From<serde_json::Error> for EncodeError {
    fn from(error: serde_json::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<serde_json::Error> for DecodeError {
    fn from(error: serde_json::Error) -> Self {
        Self(error.to_string())
    }
}
