//! `GET /metrics`: the server's numbers for Prometheus, outside of the API and its envelope.
//!
//! By default only for this machine and for administrators. A proxy beside the server makes all the world look like this
//! machine, so that a request counts as local only under a local name, where no proxy says that it passes something on, and
//! where nothing that is set says that there is one.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    body::Body,
    extract::{ConnectInfo, State},
    http::request::Parts,
    response::Response,
};
use http::{HeaderName, HeaderValue, Version, header};

use super::{Failure, request::is_loopback_name};
use crate::{
    app::App,
    config::{Config, MetricsAccess},
};

/// What proxies add.
const FORWARDED: [HeaderName; 4] = [
    header::FORWARDED,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-real-ip"),
    header::VIA,
];

/// `GET /metrics`
pub async fn show(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    parts: Parts,
) -> Result<Response, Failure> {
    if app.config.metrics != MetricsAccess::Open && !is_local(&app.config, peer, &parts) {
        let verified = app.auth.verify_request(&parts.uri, &parts.headers)?;
        if !verified.principal.is_admin {
            return Err(Failure::forbidden("This is for administrators"));
        }
        app.services.people.admit(&verified.principal.user_id)?;
    }
    let mut response = Response::new(Body::from(app.metrics()));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn is_local(config: &Config, peer: SocketAddr, parts: &Parts) -> bool {
    let is_behind = config.is_production() || config.public_url.is_some();
    let passes_on = parts.version < Version::HTTP_11 || FORWARDED.iter().any(|name| parts.headers.contains_key(name));
    !is_behind && peer.ip().is_loopback() && !passes_on && is_loopback_name(&parts.headers)
}
