//! Which web pages may call: CORS for requests, and the `Origin` check of hub paths.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};

use crate::config::Config;

/// How long a browser may remember a preflight answer, in seconds.
const PREFLIGHT_AGE: &str = "600";

/// The origins that may call.
#[derive(Debug)]
pub struct Origins {
    listed: Vec<String>,
    any_localhost: bool,
    own: Option<String>,
}

impl Origins {
    /// The listed origins; without a list and outside production, every localhost one.
    pub fn new(config: &Config) -> Self {
        Self {
            listed: config.cors_origins.clone(),
            any_localhost: config.cors_origins.is_empty() && !config.is_production(),
            own: config.public_url.as_deref().and_then(origin_of),
        }
    }

    /// Whether pages of this origin may call and read the answers.
    pub fn allows(&self, origin: &str) -> bool {
        let origin = origin.to_ascii_lowercase();
        self.listed.contains(&origin)
            || (self.any_localhost && is_localhost(&origin))
            || self.own.as_ref() == Some(&origin)
    }

    /// Whether the request may open a hub connection: no origin (not a browser), our own host, or an allowed one.
    pub(super) fn may_connect(&self, headers: &HeaderMap) -> bool {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let (Some(origin), None) = (origins.next(), origins.next()) else {
            return !headers.contains_key(header::ORIGIN);
        };
        let Ok(origin) = origin.to_str() else { return false };
        self.allows(origin) || is_own_host(origin, headers)
    }
}

fn origin_of(address: &str) -> Option<String> {
    let uri: Uri = address.parse().ok()?;
    Some(format!("{}://{}", uri.scheme_str()?, uri.authority()?).to_ascii_lowercase())
}

fn is_localhost(origin: &str) -> bool {
    let Some(host) = origin.strip_prefix("http://") else {
        return false;
    };
    let (name, port) = host.split_once(':').unwrap_or((host, "80"));
    matches!(name, "localhost" | "127.0.0.1") && port.parse::<u16>().is_ok()
}

/// Whether an origin is the host the request was sent to. The scheme is not compared: a proxy may add TLS.
fn is_own_host(origin: &str, headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let (Some(host), Some((scheme, authority))) = (host, origin.split_once("://")) else {
        return false;
    };
    let usual = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    let bare = |text: &str| text.strip_suffix(usual).unwrap_or(text).to_ascii_lowercase();
    !authority.is_empty() && bare(authority) == bare(host)
}

/// Answers preflights before anybody asks for a token, and adds the CORS headers to every answer, errors too.
pub(super) async fn cors(State(origins): State<Arc<Origins>>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let allowed = origin.filter(|origin| origin.to_str().is_ok_and(|origin| origins.allows(origin)));
    let is_preflight =
        request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if is_preflight && request.headers().contains_key(header::ORIGIN) {
        preflight(request.headers(), allowed.is_some())
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = allowed {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
            HeaderValue::from_static("true"),
        );
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("Retry-After, X-Request-Id"),
        );
    }
    response
}

fn preflight(asked: &HeaderMap, is_allowed: bool) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    if is_allowed {
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE"),
        );
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(PREFLIGHT_AGE));
        if let Some(names) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
        }
    }
    headers.append(header::VARY, HeaderValue::from_static("Access-Control-Request-Headers"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins(listed: &[&str], production: bool) -> Origins {
        let mut config = Config {
            cors_origins: listed.iter().map(|origin| (*origin).to_owned()).collect(),
            ..Config::default()
        };
        if production {
            config.env = crate::config::Environment::Production;
        }
        Origins::new(&config)
    }

    #[test]
    fn localhost_is_allowed_until_somebody_decides() {
        let open = origins(&[], false);
        for origin in [
            "http://localhost",
            "http://localhost:3000",
            "http://127.0.0.1:5173",
            "HTTP://LOCALHOST:1",
        ] {
            assert!(open.allows(origin), "{origin}");
        }
        for origin in [
            "null",
            "",
            "https://localhost:3000",
            "http://localhost.evil.test",
            "http://localhost:x",
            "http://evil.test",
            "http://127.0.0.1.evil.test:80",
        ] {
            assert!(!open.allows(origin), "{origin}");
        }
        assert!(!origins(&[], true).allows("http://localhost:3000"));
        assert!(!origins(&["https://app.test"], false).allows("http://localhost:3000"));
    }

    #[test]
    fn listed_origins_are_compared_whole() {
        let listed = origins(&["https://app.test"], true);
        assert!(listed.allows("https://app.test"));
        for origin in [
            "https://app.test.evil.com",
            "https://evilapp.test",
            "http://app.test",
            "https://app.test:444",
            "https://app.test/",
        ] {
            assert!(!listed.allows(origin), "{origin}");
        }
    }

    #[test]
    fn pages_of_our_own_host_may_connect() {
        let closed = origins(&[], true);
        let ask = |origin: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static("chat.test:5080"));
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, HeaderValue::from_str(origin).unwrap());
            }
            closed.may_connect(&headers)
        };
        assert!(ask(None) && ask(Some("http://chat.test:5080")) && ask(Some("https://CHAT.test:5080")));
        for origin in [
            "null",
            "http://chat.test",
            "http://chat.test:80",
            "http://evil.test:5080",
            "ftp://chat.test:5080",
        ] {
            assert!(!ask(Some(origin)), "{origin}");
        }
    }
}
