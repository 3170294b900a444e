//! What a hub may know of the request that its connection came by.

use axum::{extract::Request, middleware::Next, response::Response};
use http::{Extensions, HeaderMap, Method, header};
use hub_protocol::hub::{Context, User};

/// The request of a transport, kept with its user, who is nobody in particular.
#[derive(Clone)]
pub(crate) struct TransportRequest {
    pub(crate) transport: &'static str,
    headers: HeaderMap,
    query: String,
}

/// Keeps the request for the hub.
pub(crate) async fn keep(mut request: Request, next: Next) -> Response {
    let headers = request.headers();
    let has = |name, value: &str| {
        let found = headers.get(name).and_then(|found| found.to_str().ok());
        found.is_some_and(|found| found.eq_ignore_ascii_case(value))
    };
    let transport = if has(header::UPGRADE, "websocket") || request.method() == Method::CONNECT {
        "WebSockets"
    } else if has(header::ACCEPT, "text/event-stream") {
        "ServerSentEvents"
    } else {
        "LongPolling"
    };
    let mut extensions = Extensions::new();
    extensions.insert(TransportRequest {
        transport,
        headers: headers.clone(),
        query: request.uri().query().unwrap_or_default().to_owned(),
    });
    request.extensions_mut().insert(User {
        extensions,
        ..User::default()
    });
    next.run(request).await
}

impl TransportRequest {
    pub(crate) fn of(cx: &Context) -> Option<&Self> {
        cx.connection().user()
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        Some(self.headers.get(name)?.to_str().ok()?.to_owned())
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        let cookies = self.headers.get_all(header::COOKIE).into_iter();
        cookies
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.to_owned())
    }

    /// As .NET reads a number of the query: what is none is an error of the call.
    pub(crate) fn number(&self, name: &str) -> Option<i32> {
        let mut pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(known, _)| *known == name)?.1.parse().ok()
    }
}
