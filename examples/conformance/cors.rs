//! CORS with credentials for one origin or for all, answered as ASP.NET Core answers it.
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

/// Lets pages of the one origin read everything.
pub(crate) async fn one(request: Request, next: Next) -> Response {
    answer(request, next, |origin| origin == ORIGIN).await
}

/// Lets all pages read everything, as no application should that keeps its users in cookies.
pub(crate) async fn all(request: Request, next: Next) -> Response {
    answer(request, next, |_| true).await
}

/// Answers preflights and lets the answers to everything else be read.
async fn answer(request: Request, next: Next, is_known: fn(&HeaderValue) -> bool) -> Response {
    let asked = request.headers();
    let origin = asked.get(header::ORIGIN).filter(|origin| is_known(origin)).cloned();
    let is_preflight = request.method() == Method::OPTIONS
        && asked.contains_key(header::ORIGIN)
        && asked.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if is_preflight {
        let mut response = StatusCode::NO_CONTENT.into_response();
        if let Some(origin) = origin {
            for (asked_for, allows) in ASKED {
                if let Some(value) = asked.get(asked_for) {
                    response.headers_mut().insert(allows, value.clone());
                }
            }
            let_in(response.headers_mut(), origin);
        }
        return response;
    }
    let mut response = next.run(request).await;
    if let Some(origin) = origin {
        let_in(response.headers_mut(), origin);
    }
    response
}

fn let_in(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
        HeaderValue::from_static("true"),
    );
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
}
