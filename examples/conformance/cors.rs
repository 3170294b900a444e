//! CORS with credentials for one origin, answered as ASP.NET Core answers it.
//!
//! An application would take a layer that somebody else keeps, such as tower-http's; clients do not mind that its
//! preflights are answered 200. Here the transcripts do.

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

/// The one origin whose pages may come with credentials.
const ORIGIN: &str = "http://localhost:5999";

/// What a preflight asks for and what allows it.
const ASKED: [(HeaderName, HeaderName); 2] = [
    (
        header::ACCESS_CONTROL_REQUEST_HEADERS,
        header::ACCESS_CONTROL_ALLOW_HEADERS,
    ),
    (
        header::ACCESS_CONTROL_REQUEST_METHOD,
        header::ACCESS_CONTROL_ALLOW_METHODS,
    ),
];

/// Answers preflights and lets pages of the origin read everything else.
pub(crate) async fn allow(request: Request, next: Next) -> Response {
    let asked = request.headers();
    let is_known = asked.get(header::ORIGIN).is_some_and(|origin| origin == ORIGIN);
    let is_preflight = request.method() == Method::OPTIONS
        && asked.contains_key(header::ORIGIN)
        && asked.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if is_preflight {
        let mut response = StatusCode::NO_CONTENT.into_response();
        if is_known {
            for (asked_for, allows) in ASKED {
                if let Some(value) = asked.get(asked_for) {
                    response.headers_mut().insert(allows, value.clone());
                }
            }
            let_in(response.headers_mut());
        }
        return response;
    }
    let mut response = next.run(request).await;
    if is_known {
        let_in(response.headers_mut());
    }
    response
}

fn let_in(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static(ORIGIN));
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
        HeaderValue::from_static("true"),
    );
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
}
