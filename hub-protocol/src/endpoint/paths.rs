//! Paths of hubs as clients spell them: their case does not matter in ASP.NET Core.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Uri, uri::PathAndQuery};

/// A service around a router that spells the paths of hubs as the router does, whatever their case.
///
/// ```
/// # use hub_protocol::{endpoint::IgnoreCase, hub::Hub};
/// # let hub = Hub::builder("Chat").build();
/// let app: axum::Router = axum::Router::new().merge(hub.endpoint().routes("/hubs/chat"));
/// let app = IgnoreCase::new(app, &["/hubs/chat"]);
/// // axum::serve(listener, tower::make::Shared::new(app))
/// ```
#[derive(Clone, Debug)]
pub struct IgnoreCase<S> {
    inner: S,
    paths: Arc<[String]>,
}

impl<S> IgnoreCase<S> {
    /// Wraps a router whose hubs are at `paths`; what lies below them (`/negotiate`) is meant too.
    pub fn new(inner: S, paths: &[&str]) -> Self {
        let paths = paths.iter().map(|path| path.trim_end_matches('/').to_owned()).collect();
        Self { inner, paths }
    }
}

impl<S, B> tower_service::Service<Request<B>> for IgnoreCase<S>
where
    S: tower_service::Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        if let Some(uri) = spelt(&self.paths, request.uri()) {
            *request.uri_mut() = uri;
        }
        self.inner.call(request)
    }
}

/// The URI as the router spells it, where it is another.
fn spelt(paths: &[String], uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    let spelt = paths.iter().find_map(|known| {
        let (start, rest) = (path.get(..known.len())?, path.get(known.len()..)?);
        let rest = match rest {
            "" | "/" => rest,
            _ if rest.trim_end_matches('/').eq_ignore_ascii_case("/negotiate") => "/negotiate",
            _ => return None,
        };
        start.eq_ignore_ascii_case(known).then(|| format!("{known}{rest}"))
    })?;
    if spelt == path {
        return None;
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(format!("{spelt}{query}").parse::<PathAndQuery>().ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hubs_are_found_in_any_case_and_nothing_else_is_touched() {
        let paths = ["/hubs/chat".to_owned()];
        for (given, expect) in [
            ("/HUBS/Chat?id=AbC", Some("/hubs/chat?id=AbC")),
            ("/hubs/Chat/Negotiate/", Some("/hubs/chat/negotiate")),
            ("/hubs/chat", None),
            ("/hubs/chatter", None),
            ("/Other", None),
            ("/h", None),
        ] {
            let uri: Uri = given.parse().unwrap();
            assert_eq!(
                spelt(&paths, &uri).map(|uri| uri.to_string()).as_deref(),
                expect,
                "{given}"
            );
        }
    }
}
