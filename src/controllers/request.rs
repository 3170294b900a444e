//! What controllers take from a request: the caller, the ids of the path, the parameters, the body.

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::request::Parts,
};
use http::{HeaderMap, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use super::Failure;
use crate::{
    app::App,
    services::{Error, Principal, paging::PageRequest},
    views,
};

/// Largest body of a JSON request, in bytes.
const LARGEST_BODY: usize = 1024 * 1024;
/// Time for a whole body to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Who is calling, from the token.
#[derive(Debug)]
pub struct Caller(pub Principal);

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        let verified = app.auth.verify_request(&parts.uri, &parts.headers);
        match verified {
            Ok(verified) => {
                app.services.people.admit(&verified.principal.user_id)?;
                Ok(Self(verified.principal))
            }
            Err(error) => {
                tracing::debug!(path = parts.uri.path(), "unauthorized: {error}");
                Err(error.into())
            }
        }
    }
}

/// The id in a path, as the client wrote it. What cannot be one does not exist.
#[derive(Debug)]
pub struct Reference(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Reference {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        path.map(|Path(id)| Self(id))
            .map_err(|_| Failure::not_found("There is nothing with this id"))
    }
}

/// The ids in a path, in their order.
#[derive(Debug)]
pub struct References<const N: usize>(pub [String; N]);

impl<S: Send + Sync, const N: usize> FromRequestParts<S> for References<N> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let missing = || Failure::not_found("There is nothing with these ids");
        let path = Path::<Vec<String>>::from_request_parts(parts, state).await;
        let Path(ids) = path.map_err(|_| missing())?;
        ids.try_into().map(Self).map_err(|_| missing())
    }
}

/// The conversation in a path, and the person behind it where the route names one.
#[derive(Debug)]
pub struct Place {
    pub conversation: String,
    pub person: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Place {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let path = Path::<Vec<String>>::from_request_parts(parts, state).await;
        let mut ids = path.map(|Path(ids)| ids.into_iter()).unwrap_or_default();
        match ids.next() {
            Some(conversation) => Ok(Self {
                conversation,
                person: ids.next(),
            }),
            None => Err(Failure::not_found("There is nothing with this id")),
        }
    }
}

/// The parameters of the query. Names ignore case, the first of a repeated one counts (of a list each), an empty one is
/// absent.
#[derive(Debug)]
pub struct Params(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        pairs
            .map(|Query(pairs)| Self(pairs))
            .map_err(|_| Failure::invalid(None, "The query is not valid"))
    }
}

impl Params {
    /// The first of several names that has a value.
    pub fn first(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.value(name))
    }

    /// The parameters as JSON would say them, for inputs that may come either way.
    pub fn input<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let members = self
            .0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str().into()));
        input(members)
    }

    fn value(&self, name: &str) -> Option<&str> {
        let found = self
            .0
            .iter()
            .find(|(given, value)| given.eq_ignore_ascii_case(name) && !value.trim().is_empty());
        found.map(|(_, value)| value.as_str())
    }

    /// A flag, false when absent.
    pub fn flag(&self, name: &'static str) -> Result<bool, Failure> {
        match self.value(name).map(str::to_ascii_lowercase).as_deref() {
            None | Some("false" | "0") => Ok(false),
            Some("true" | "1") => Ok(true),
            Some(_) => Err(Error::invalid(name, "must be true or false").into()),
        }
    }

    /// Which page is asked for, in whatever style.
    pub fn page(&self) -> PageRequest {
        let value = |name: &str| self.value(name).map(str::to_owned);
        PageRequest {
            skip: value("skip"),
            take: value("take"),
            page: value("page"),
            limit: value("limit"),
            page_number: value("pageNumber"),
            page_size: value("pageSize"),
            offset: value("offset"),
            before: value("before"),
            after: value("after"),
            order: value("order"),
        }
    }
}

/// A JSON object as the body.
#[derive(Debug)]
pub struct Input<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Input<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        if !is_json(request.headers()) {
            return Err(Failure::not_json());
        }
        parsed(&body(request).await?).map(Self)
    }
}

/// A JSON object as the body, or no body at all, which is the default.
#[derive(Debug)]
pub struct OptionalInput<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for OptionalInput<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        let is_json = is_json(request.headers());
        let body = body(request).await?;
        match body.trim_ascii() {
            b"" | b"null" => Ok(Self(T::default())),
            _ if !is_json => Err(Failure::not_json()),
            _ => parsed(&body).map(Self),
        }
    }
}

/// The whole body, if it is neither too large nor too slow.
async fn body(request: Request) -> Result<Bytes, Failure> {
    let body = Limited::new(request.into_body(), LARGEST_BODY);
    let body = tokio::time::timeout(BODY_TIMEOUT, body.collect()).await;
    let body = body.map_err(|_| Failure::invalid(None, "The body did not arrive in time"))?;
    let body = body.map_err(|error| match error.downcast_ref::<LengthLimitError>() {
        Some(_) => Failure::body_too_large(LARGEST_BODY),
        None => Failure::invalid(None, "The body did not arrive whole"),
    })?;
    Ok(body.to_bytes())
}

/// An input made of members by name, in any case: an empty text is absent, and the first of a repeated one counts, but of
/// a list each.
pub(super) fn input<'a, T: DeserializeOwned>(
    given: impl Iterator<Item = (&'a str, serde_json::Value)>,
) -> Result<T, Failure> {
    let mut members = serde_json::Map::new();
    let is_empty = |value: &serde_json::Value| value.as_str().is_some_and(|text| text.trim().is_empty());
    for (name, value) in given.filter(|(_, value)| !is_empty(value)) {
        let name = name.to_ascii_lowercase();
        match members.get_mut(&name) {
            None => drop(members.insert(name, value)),
            Some(serde_json::Value::Array(list)) => list.push(value),
            Some(first) if name.ends_with("ids") => *first = vec![first.take(), value].into(),
            Some(_) => {}
        }
    }
    parsed(serde_json::Value::from(members).to_string().as_bytes())
}

fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    views::json::from_slice(body).map_err(|bad| Failure::invalid(bad.field.as_deref(), bad.reason))
}

/// `application/json` and its kin; a client that announces nothing sends JSON.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return true;
    };
    let essence = value
        .to_str()
        .unwrap_or("?")
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence.is_empty() || essence == "application/json" || essence == "text/json" || essence.ends_with("+json")
}

/// The `Idempotency-Key` of a request, the same key as `clientMessageId`.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Failure> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    match value.to_str() {
        Ok(key) if key.trim().is_empty() => Ok(None),
        Ok(key) => Ok(Some(key.trim().to_owned())),
        Err(_) => Err(Error::invalid("Idempotency-Key", "must be plain text").into()),
    }
}

/// Whether the server was asked under a name of this machine, and not under one that only points here.
pub(super) fn is_loopback_name(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else {
        return false;
    };
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_are_answered() {
        let ask = |host: &'static str| {
            is_loopback_name(&HeaderMap::from_iter([(
                header::HOST,
                http::HeaderValue::from_static(host),
            )]))
        };
        assert!(ask("localhost:5080") && ask("127.0.0.1") && ask("[::1]:5080") && ask("LOCALHOST"));
        assert!(
            !ask("evil.test:5080")
                && !ask("localhost.evil.test")
                && !ask("192.168.0.1")
                && !is_loopback_name(&HeaderMap::new())
        );
    }
}
