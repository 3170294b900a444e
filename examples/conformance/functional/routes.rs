//! The second set's routes beside its hubs: redirects, refusals, cookies, and a question to one client.

use std::sync::atomic::{AtomicUsize, Ordering};

use axum::{
    extract::{Path, Query, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, Uri, header};
use hub_protocol::hub::HubHandle;

const COOKIES: [&str; 3] = [
    "testCookie=testValue; path=/",
    "testCookie2=testValue2; path=/",
    "expiredCookie=doesntmatter; expires=Thu, 01 Jan 1970 00:00:00 GMT; path=/",
];

#[derive(serde::Deserialize)]
pub(crate) struct Base {
    #[serde(rename = "baseUrl")]
    url: String,
}

/// Every answer to a negotiation hands out two cookies and takes one back.
pub(crate) async fn set_cookies(request: Request, next: Next) -> Response {
    let is_negotiation = request.uri().path().contains("/negotiate");
    let mut response = next.run(request).await;
    if is_negotiation {
        for cookie in COOKIES {
            let cookie = HeaderValue::from_static(cookie);
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    response
}

/// The same path and query with `echo` for `echoredirect`, to be asked in the same way.
pub(crate) async fn to_echo(uri: Uri) -> Response {
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    let location = path.replacen("echoredirect", "echo", 1);
    (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, location)]).into_response()
}

/// A negotiation that sends the client on, and counts how often it did.
pub(crate) async fn to_test_hub(Query(base): Query<Base>) -> Response {
    static REDIRECTS: AtomicUsize = AtomicUsize::new(0);
    let count = REDIRECTS.fetch_add(1, Ordering::Relaxed) + 1;
    let url = format!("{}/testHub?numRedirects={count}", base.url);
    let body = serde_json::json!({ "url": url }).to_string();
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

pub(crate) async fn bad() -> (StatusCode, &'static str) {
    (StatusCode::BAD_REQUEST, "Some response from server")
}

pub(crate) async fn nothing() -> StatusCode {
    StatusCode::NOT_FOUND
}

/// Asks one client for a number; an error is an answer too.
pub(crate) async fn ask(State(hub): State<HubHandle>, Path(connection): Path<String>) -> String {
    let answer = hub.clients().client(connection).invoke::<i32>("Result", ()).await;
    match answer {
        Ok(number) => number.to_string(),
        Err(error) => error.text().to_owned(),
    }
}
