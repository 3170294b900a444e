//! Words for `controllers/descriptions.rs`.

use super::Operation;

pub(crate) fn openapi() -> Operation {
    Operation::new("The routes, as OpenAPI 3.1")
}

pub(crate) fn asyncapi() -> Operation {
    Operation::new("The hubs' methods and events, as AsyncAPI 3.0")
}
