//! What the server does, for machines and people: OpenAPI of its routes, AsyncAPI of its hubs, and a client in
//! TypeScript.
//!
//! Routes, methods and events come from the tables that dispatch them, bodies and results from the types that are read and
//! written. Only words stand here: a function for each handler (`rest`) and each method (`hub`), under its name, without
//! which its row does not compile.

mod asyncapi;
mod examples;
mod handler;
pub(crate) mod hub;
mod method;
mod openapi;
mod operation;
pub(crate) mod rest;
mod schemas;
mod typescript;

use serde_json::Value;

pub(crate) use handler::{Route, route};
pub(crate) use method::{DescribedMethod, Kind, Method};
pub(crate) use schemas::Schemas;

/// The description of every REST route: OpenAPI 3.1.
pub fn openapi() -> Value {
    openapi::document()
}

/// The description of every method and event of the hubs: AsyncAPI 3.0.
pub fn asyncapi() -> Value {
    asyncapi::document()
}

/// A client of the hubs in TypeScript, as one file.
pub fn typescript() -> String {
    typescript::client(&asyncapi())
}
