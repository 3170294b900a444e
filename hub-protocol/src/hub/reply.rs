//! What a client is asked, and what it answered.

use serde::de::DeserializeOwned;

use super::HubError;
use crate::{
    codec::{Protocol, ToArguments},
    json::Naming,
    message::Outcome,
};

/// A call of a client whose result is wanted.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The client's method.
    pub target: &'a str,
    /// With what.
    pub arguments: &'a (dyn ToArguments + Send + Sync),
    /// How the hub spells members.
    pub naming: Naming,
}

impl std::fmt::Debug for Question<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Question")
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

/// A client's answer, still encoded.
#[derive(Clone, Debug)]
pub struct Reply {
    /// How it is encoded.
    pub protocol: Protocol,
    /// The result, or the client's error.
    pub outcome: Outcome,
}

impl Reply {
    /// Binds the result to a type; the texts are .NET's.
    pub(super) fn bind<T: DeserializeOwned>(self) -> Result<T, HubError> {
        match self.outcome {
            Outcome::Result(result) => self.protocol.decode(&result).map_err(|error| {
                let name = dotnet_name(std::any::type_name::<T>());
                HubError::public(format!("Error trying to deserialize result to {name}. {error}"))
            }),
            Outcome::Error(error) => Err(HubError::public(error)),
            Outcome::Void => Err(HubError::public(
                "Exception of type 'Microsoft.AspNetCore.SignalR.HubException' was thrown.",
            )),
        }
    }
}

/// What .NET calls a type; of our own types the last part of the name.
fn dotnet_name(name: &'static str) -> &'static str {
    match name {
        "i8" => "SByte",
        "u8" => "Byte",
        "i16" => "Int16",
        "u16" => "UInt16",
        "i32" => "Int32",
        "u32" => "UInt32",
        "i64" => "Int64",
        "u64" => "UInt64",
        "f32" => "Single",
        "f64" => "Double",
        "bool" => "Boolean",
        "alloc::string::String" => "String",
        _ => name.rsplit("::").next().unwrap_or(name).trim_end_matches('>'),
    }
}
