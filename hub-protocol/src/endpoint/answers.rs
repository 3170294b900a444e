//! What requests are told, in ASP.NET Core's words.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header, request::Parts};

use super::Refused;

/// A plain text, mostly an empty one.
pub(super) fn text(status: StatusCode, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

/// Why a request may not have a connection.
pub(super) fn refused(refused: Refused) -> Response {
    match refused {
        Refused::Unnamed => text(StatusCode::BAD_REQUEST, "Connection ID required"),
        Refused::NotOffered(kind) => {
            let name = kind.name();
            let sentence = format!("{name} transport not supported by this end point type");
            text(StatusCode::NOT_FOUND, sentence)
        }
        Refused::Unknown => text(StatusCode::NOT_FOUND, "No Connection with that ID"),
        // As .NET 11: a token that leaked opens nothing.
        Refused::OtherUser => text(
            StatusCode::FORBIDDEN,
            "The user associated with this connection changed.",
        ),
        Refused::OtherTransport => text(StatusCode::BAD_REQUEST, "Cannot change transports mid-connection"),
        Refused::InUse => text(StatusCode::CONFLICT, ""),
    }
}

/// Every answer to a poll, errors too.
pub(super) fn never_cached(mut response: Response) -> Response {
    const HEADERS: [(HeaderName, &str); 3] = [
        (header::CACHE_CONTROL, "no-cache, no-store"),
        (header::PRAGMA, "no-cache"),
        (header::EXPIRES, "Thu, 01 Jan 1970 00:00:00 GMT"),
    ];
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Whether a request wants server-sent events: the media type alone, one with parameters is another.
pub(super) fn accepts_events(parts: &Parts) -> bool {
    let accepted = parts
        .headers
        .get_all(header::ACCEPT)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    accepted
        .flat_map(|value| value.split(','))
        .any(|kind| kind.trim().eq_ignore_ascii_case("text/event-stream"))
}

/// The head of an event stream.
pub(super) fn event_stream(body: Body) -> Response {
    const HEADERS: [(HeaderName, &str); 4] = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-cache,no-store"),
        (header::PRAGMA, "no-cache"),
        (header::CONTENT_ENCODING, "identity"),
    ];
    (HEADERS, body).into_response()
}
