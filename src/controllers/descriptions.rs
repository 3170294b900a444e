//! `/openapi.json` and `/asyncapi.json`

use std::sync::LazyLock;

use axum::{
    body::{Body, Bytes},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};

use crate::described;

static OPENAPI: LazyLock<Bytes> = LazyLock::new(|| described::openapi().to_string().into());
static ASYNCAPI: LazyLock<Bytes> = LazyLock::new(|| described::asyncapi().to_string().into());

/// A description, as it is.
#[derive(Debug)]
pub struct Document(Bytes);

/// `GET /openapi.json`
pub async fn openapi() -> Document {
    Document(OPENAPI.clone())
}

/// `GET /asyncapi.json`
pub async fn asyncapi() -> Document {
    Document(ASYNCAPI.clone())
}

impl IntoResponse for Document {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.0));
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json; charset=utf-8"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response
    }
}
