//! Query parameters as ASP.NET Core finds them.

use http::request::Parts;

/// A query parameter. Names ignore case; a repeated one is joined with commas.
pub(super) fn query(parts: &Parts, name: &str) -> Option<String> {
    let pairs = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
    let values: Vec<_> = pairs
        .filter(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.into_owned())
        .collect();
    (!values.is_empty()).then(|| values.join(","))
}
