//! What every request gets: an id, one line in the log without the query, safe headers, and no panic reaches the socket.

use std::{any::Any, sync::Arc, time::Duration};

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{HeaderName, HeaderValue, Method, StatusCode, Version, header};
use tokio::time::Instant;
use tracing::{Instrument as _, Span};
use uuid::Uuid;

use super::{HUB_PATHS, traffic::Traffic};
use crate::{
    app::App,
    controllers::{self, Failure},
    telemetry::spans::{self, Parent},
    views::Origin,
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest id taken over from a request, in characters.
const LONGEST_ID: usize = 64;

/// The id of a request: the `traceId` of its failure, the `x-request-id` of its answer, a field in the log. The caller's
/// `x-request-id`, else the trace of its `traceparent`, else one made up.
#[derive(Clone, Debug)]
pub(super) struct TraceId(pub(super) String);

/// Names the request, logs its outcome and writes failures out as the envelope.
pub(super) async fn observe(State(traffic): State<Arc<Traffic>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let parent = parent(&request);
    let trace = given_id(&request).or_else(|| parent.map(|parent| format!("{:032x}", parent.trace)));
    let trace = TraceId(trace.unwrap_or_else(|| Uuid::new_v4().simple().to_string()));
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route_name = route.as_ref().map_or("other", MatchedPath::as_str);
    let span = spans::request(&method, route_name, &trace.0, parent);
    // What is logged on the way bears the id. Not of the hubs: a poll waits, and holds as little as it can.
    let line = if HUB_PATHS.contains(&route_name) {
        Span::none()
    } else {
        tracing::error_span!("request", trace_id = trace.0)
    };
    request.extensions_mut().insert(trace.clone());
    let answer = if has_one_host(&request) {
        next.run(request).instrument(line).instrument(span.clone()).await
    } else {
        no_host().into_response()
    };
    let mut response = controllers::render(answer, &trace.0);
    let id = HeaderValue::from_str(&trace.0).expect("ids are checked or made of hexadecimal digits");
    response.headers_mut().insert(REQUEST_ID, id);
    response
        .headers_mut()
        .insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let (status, time) = (response.status(), started.elapsed());
    spans::answered(&span, status.as_u16());
    traffic.count(route.as_ref().map(MatchedPath::as_str), &method, status, time);
    report(&method, &path, status, time, &trace);
    response
}

/// Whatever is answered has links that begin as the request did.
pub(super) async fn link(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let links = app.links.at(&Origin::of(request.headers()));
    links.reading(next.run(request)).await
}

/// RFC 9112 §3.2: HTTP/1.1 names the host, once. Two of them could mean one thing to a proxy and another here.
fn has_one_host(request: &Request) -> bool {
    let hosts = request.headers().get_all(header::HOST).iter().count();
    hosts == 1 || (hosts == 0 && request.version() < Version::HTTP_11)
}

fn no_host() -> Failure {
    Failure::invalid(Some("Host"), "The Host header must be there once")
}

fn report(method: &Method, path: &str, status: StatusCode, time: Duration, trace: &TraceId) {
    let (status, duration_ms) = (status.as_u16(), u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
    if status >= 500 && status != 503 {
        tracing::error!(%method, path, status, duration_ms, trace_id = trace.0, "request failed");
    } else {
        tracing::debug!(%method, path, status, duration_ms, trace_id = trace.0, "request");
    }
}

/// What the caller says it belongs to, if it says so as W3C has it.
fn parent(request: &Request) -> Option<Parent> {
    Parent::read(request.headers().get("traceparent")?.to_str().ok()?)
}

/// The caller's own id, if it is harmless in a header and a log.
fn given_id(request: &Request) -> Option<String> {
    let id = request.headers().get(REQUEST_ID)?.to_str().ok()?;
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    ((1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(harmless)).then(|| id.to_owned())
}

/// The answer when a handler panicked. The panic itself is in the log already.
pub(super) fn panicked(_: Box<dyn Any + Send>) -> Response {
    Failure::internal().into_response()
}

#[cfg(test)]
mod tests {
    use axum::{Router, body::Body, middleware, routing::get};
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;
    use tower_http::catch_panic::CatchPanicLayer;

    use super::*;

    #[tokio::test]
    async fn panic_is_an_internal_failure_without_detail() {
        let router = Router::new()
            .route("/", get(async || -> Response { panic!("the secret of the house") }))
            .layer(CatchPanicLayer::custom(panicked))
            .layer(middleware::from_fn_with_state(
                Arc::new(Traffic::new(std::iter::empty())),
                observe,
            ));
        let request = Request::builder()
            .uri("/?access_token=t")
            .header(REQUEST_ID, "r1")
            .header(header::HOST, "x")
            .body(Body::empty())
            .unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()[REQUEST_ID], "r1");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let expected = r#"{"success":false,"error":"Something went wrong on the server","code":"internal","data":null,"traceId":"r1"}"#;
        assert_eq!(body, expected);
    }
}
