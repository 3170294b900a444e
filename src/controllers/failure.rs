//! What a request that cannot be granted gets: a status, a code, one sentence. Nothing internal.

use std::time::Duration;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    auth, services,
    views::{self, words::ErrorCode},
};

/// A refusal on its way to the client; `render` writes it out once the request's id is known.
#[derive(Clone, Debug)]
pub struct Failure {
    status: StatusCode,
    code: &'static str,
    sentence: String,
    field: Option<String>,
    retry_after: Option<Duration>,
}

impl Failure {
    fn new(status: StatusCode, code: &'static str, sentence: impl Into<String>) -> Self {
        Self {
            status,
            code,
            sentence: sentence.into(),
            field: None,
            retry_after: None,
        }
    }

    /// A value that cannot be used, and the field it came in where that is known.
    pub fn invalid(field: Option<&str>, sentence: impl Into<String>) -> Self {
        Self {
            field: field.map(str::to_owned),
            ..Self::new(StatusCode::BAD_REQUEST, "validation_failed", sentence)
        }
    }

    /// Refused for good, with the reason.
    pub fn forbidden(sentence: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", sentence)
    }

    /// Something that is not there, or not for the caller to know of.
    pub fn not_found(sentence: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", sentence)
    }

    /// No route has this path.
    pub fn unknown_route() -> Self {
        Self::not_found("There is nothing at this address")
    }

    /// The path exists, but not for this method.
    pub fn wrong_method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "This address does not accept that method",
        )
    }

    /// The body is over `limit` bytes.
    pub fn body_too_large(limit: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            format!("The body may have at most {limit} bytes"),
        )
    }

    /// The body is announced as something that is not JSON.
    pub fn not_json() -> Self {
        Self::unsupported_media("The body must be application/json")
    }

    /// The body is of a kind that is not taken here.
    pub fn unsupported_media(sentence: &str) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media", sentence)
    }

    /// The server stops, starts, or cannot reach its database.
    pub fn unavailable(sentence: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", sentence)
    }

    /// Something went wrong that is not the client's business.
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong on the server",
        )
    }
}

impl Failure {
    /// The status it is answered with.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Its body, in the answer to the request with this id.
    pub(crate) fn body<'a>(&'a self, trace_id: &'a str) -> Refused<'a> {
        Refused {
            success: false,
            error: &self.sentence,
            code: self.code,
            data: None,
            details: self.field.as_deref().map(|field| Details { field }),
            trace_id,
        }
    }
}

impl From<auth::Error> for Failure {
    fn from(error: auth::Error) -> Self {
        let sentence = match error {
            auth::Error::Missing => "This needs a bearer token",
            _ => "The token is not valid",
        };
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", sentence)
    }
}

impl From<services::Error> for Failure {
    fn from(error: services::Error) -> Self {
        use services::Error as E;
        let status = match &error {
            E::Unauthorized => StatusCode::UNAUTHORIZED,
            E::Forbidden(_) | E::NotAParticipant => StatusCode::FORBIDDEN,
            E::NotFound(_) => StatusCode::NOT_FOUND,
            E::Invalid { .. } => StatusCode::BAD_REQUEST,
            E::IdempotencyMismatch | E::GroupFull { .. } | E::EditWindowOver { .. } => StatusCode::CONFLICT,
            E::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            E::UnsupportedMedia(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            E::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            E::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            E::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let mut failure = Self::new(status, error.code(), error.to_string());
        match error {
            E::Invalid { field, .. } => failure.field = Some(field.to_owned()),
            E::TooMany { retry_after, .. } => failure.retry_after = Some(retry_after),
            _ => {}
        }
        failure
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(wait) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Failure> for Response {
    fn from(failure: Failure) -> Self {
        failure.into_response()
    }
}

/// Rounded up: who waits that long is let in.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_millis().div_ceil(1000).max(1).try_into().unwrap_or(u64::MAX)
}

/// A request that was not granted, and why.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
#[schemars(rename = "Failure")]
pub(crate) struct Refused<'a> {
    #[schemars(extend("const" = false))]
    success: bool,
    /// A sentence for people.
    error: &'a str,
    #[schemars(with = "ErrorCode")]
    code: &'static str,
    #[schemars(with = "()")]
    data: Option<()>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Details<'a>>,
    /// The id of the request, as in the header `X-Request-Id` and in the server's log.
    trace_id: &'a str,
}

/// What in the request is at fault.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
#[schemars(rename = "FailureDetails")]
pub(crate) struct Details<'a> {
    /// The member of the body, the parameter or the header.
    field: &'a str,
}

/// Gives a failure its body; every other response passes as it is.
pub fn render(mut response: Response, trace_id: &str) -> Response {
    let Some(failure) = response.extensions_mut().remove::<Failure>() else {
        return response;
    };
    *response.body_mut() = Body::from(views::json::to_vec(&failure.body(trace_id)));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
