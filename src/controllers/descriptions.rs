//! `/openapi.json` and `/asyncapi.json`

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use serde_json::Value;

use crate::described;

/// A description, as it is.
#[derive(Debug)]
pub struct Document(&'static Value);

/// `GET /openapi.json`
pub async fn openapi() -> Document {
    Document(&described::OPENAPI)
}

/// `GET /asyncapi.json`
pub async fn asyncapi() -> Document {
    Document(&described::ASYNCAPI)
}

impl IntoResponse for Document {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.0.to_string()));
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json; charset=utf-8"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response
    }
}
