//! Paths as clients spell them → paths as the routes are written: case and one trailing slash do not matter.
//!
//! Only literal segments are changed; ids keep their case. Where several templates fit, the first segment that
//! is literal in one and a parameter in the other decides for the literal, as the router itself does.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{body::Body, response::Response};
use http::{Request, Uri, uri::PathAndQuery};
use tower::Service;

/// The path as the route templates spell it, or `None` when it is so already or fits none.
pub(super) fn canonical(templates: &[&str], path: &str) -> Option<String> {
    let trimmed = match path.strip_suffix('/') {
        Some(rest) if !rest.is_empty() => rest,
        _ => path,
    };
    let fitting = templates.iter().filter(|template| fits(template, trimmed));
    let template = fitting.max_by_key(|template| literals(template))?;
    let segments = template.split('/').zip(trimmed.split('/'));
    let spelt: Vec<_> = segments
        .map(|(wanted, given)| if is_parameter(wanted) { given } else { wanted })
        .collect();
    let spelt = spelt.join("/");
    (spelt != path).then_some(spelt)
}

fn is_parameter(segment: &str) -> bool {
    segment.starts_with('{')
}

fn fits(template: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) if is_parameter(wanted) && !given.is_empty() => {}
            (Some(wanted), Some(given)) if wanted.eq_ignore_ascii_case(given) => {}
            _ => return false,
        }
    }
}

/// Which segments are literal, first one first; greater is more particular.
fn literals(template: &str) -> Vec<bool> {
    template.split('/').map(|segment| !is_parameter(segment)).collect()
}

/// Rewrites the path of a request before the routes see it.
#[derive(Clone, Debug)]
pub(super) struct CanonicalPaths<S> {
    templates: Arc<[&'static str]>,
    inner: S,
}

impl<S> CanonicalPaths<S> {
    /// Wraps a router whose routes are `templates`.
    pub(super) fn new(templates: Arc<[&'static str]>, inner: S) -> Self {
        Self { templates, inner }
    }
}

impl<S> Service<Request<Body>> for CanonicalPaths<S>
where
    S: Service<Request<Body>, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> S::Future {
        if let Some(path) = canonical(&self.templates, request.uri().path()) {
            *request.uri_mut() = with_path(request.uri(), path);
        }
        self.inner.call(request)
    }
}

fn with_path(uri: &Uri, path: String) -> Uri {
    let text = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    let mut parts = uri.clone().into_parts();
    // Both halves come from a URI that was parsed, so together they parse.
    parts.path_and_query = text.parse::<PathAndQuery>().ok().or(parts.path_and_query);
    Uri::from_parts(parts).unwrap_or_else(|_| uri.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATES: &[&str] = &[
        "/api/Chat/messages",
        "/api/Chat/conversations/{id}",
        "/api/Chat/conversations/direct/{user}",
        "/hubs/chat",
        "/",
    ];

    #[test]
    fn literals_ignore_case_and_ids_keep_it() {
        let cases = [
            ("/api/Chat/messages", None),
            ("/API/chat/Messages/", Some("/api/Chat/messages")),
            ("/api/chat/conversations/AbC", Some("/api/Chat/conversations/AbC")),
            ("/api/Chat/conversations/AbC/", Some("/api/Chat/conversations/AbC")),
            (
                "/api/Chat/conversations/DIRECT/Ann",
                Some("/api/Chat/conversations/direct/Ann"),
            ),
            ("/Hubs/Chat", Some("/hubs/chat")),
            ("/", None),
            ("//", Some("/")),
            ("/api/Chat/conversations//", None),
            ("/api/Chat/nothing", None),
        ];
        for (given, expected) in cases {
            assert_eq!(canonical(TEMPLATES, given).as_deref(), expected, "{given}");
        }
    }

    #[test]
    fn the_query_stays() {
        let uri: Uri = "/HUBS/chat/?access_token=a%20b".parse().unwrap();
        let path = canonical(TEMPLATES, uri.path()).unwrap();
        assert_eq!(with_path(&uri, path).to_string(), "/hubs/chat?access_token=a%20b");
    }
}
