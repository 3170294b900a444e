//! What a device is recognised by when it comes back: a cookie of ours; else the session of its token; else person,
//! program and address.
//!
//! It has no authority: whoever brings it must be the same person anyway, and learns at most what they may hear.

use aws_lc_rs::digest;
use http::{HeaderMap, HeaderValue, header};
use uuid::Uuid;

use crate::{auth::Verified, config::Config, services::tickets::Device};

const NAME: &str = "hubwire_device";

/// How the cookie is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cookies {
    /// Over HTTPS: for pages of other sites too, which may be what speaks to us.
    Secure,
    /// For trying out, over HTTP.
    Lax,
    /// In production without a public address of HTTPS: one that is not `Secure` would be worth less than none.
    None,
}

/// Who comes in, as a device.
pub(super) struct Recognised {
    pub(super) device: Device,
    /// To set in the answer, where the device has none.
    pub(super) cookie: Option<HeaderValue>,
}

impl Cookies {
    pub(super) fn new(config: &Config) -> Self {
        let is_https = config
            .public_url
            .as_deref()
            .is_some_and(|url| url.starts_with("https://"));
        match (is_https, config.is_production()) {
            (true, _) => Self::Secure,
            (false, false) => Self::Lax,
            (false, true) => Self::None,
        }
    }

    /// Says once what that means, where it means something.
    pub(super) fn warn(self) {
        if self == Self::None {
            tracing::warn!(
                "public_url is no https address: devices get no cookie and are recognised by session, or by program \
                 and address"
            );
        }
    }

    /// Recognises the device behind a request, or gives it a cookie.
    pub(super) fn recognise(self, headers: &HeaderMap, who: &Verified, peer: &str) -> Recognised {
        let hashed = |kind: &str, value: &str| hash(&[kind, who.principal.user_id.as_str(), value]);
        if let Some(known) = known(headers) {
            let device = Device {
                key: hashed("cookie", &known.to_string()),
                alias: None,
            };
            return Recognised { device, cookie: None };
        }
        let program = headers.get(header::USER_AGENT).map_or(&b""[..], HeaderValue::as_bytes);
        let key = match &who.session {
            Some(session) => hashed("session", session),
            None => hashed("program", &format!("{} {peer}", String::from_utf8_lossy(program))),
        };
        let fresh = Uuid::new_v4();
        let cookie = self.text(fresh).and_then(|text| HeaderValue::from_str(&text).ok());
        let alias = cookie.is_some().then(|| hashed("cookie", &fresh.to_string()));
        let device = Device { key, alias };
        Recognised { device, cookie }
    }

    fn text(self, value: Uuid) -> Option<String> {
        let how = match self {
            Self::Secure => "Secure; SameSite=None",
            Self::Lax => "SameSite=Lax",
            Self::None => return None,
        };
        Some(format!("{NAME}={value}; Path=/; HttpOnly; {how}"))
    }
}

/// The first cookie of ours that is one.
fn known(headers: &HeaderMap) -> Option<Uuid> {
    let lines = headers.get_all(header::COOKIE).iter();
    let mut cookies = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'));
    cookies.find_map(|cookie| {
        let (name, value) = cookie.split_once('=')?;
        (name.trim() == NAME)
            .then(|| Uuid::try_parse(value.trim()).ok())
            .flatten()
    })
}

/// Parts that nobody can shift between each other, as hexadecimal text.
fn hash(parts: &[&str]) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    let digest = context.finish();
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::{Principal, Profile};

    fn ann(session: Option<&str>) -> Verified {
        Verified {
            principal: Principal {
                user_id: "ann".parse().unwrap(),
                profile: Profile::default(),
                is_admin: false,
            },
            expires_at: 0,
            session: session.map(str::to_owned),
        }
    }

    fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn a_cookie_is_what_a_device_is_recognised_by() {
        let first = Cookies::Lax.recognise(&HeaderMap::new(), &ann(None), "127.0.0.1");
        let cookie = first.cookie.unwrap();
        let brought = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
        let again = headers(&[(header::COOKIE, &format!("theme=dark; {brought}"))]);
        let second = Cookies::Lax.recognise(&again, &ann(Some("s")), "127.0.0.2");
        assert!(second.device.is(&first.device) && second.cookie.is_none());
        let other = Cookies::Lax.recognise(&HeaderMap::new(), &ann(None), "127.0.0.2");
        assert!(!other.device.is(&second.device));
    }

    #[test]
    fn without_cookies_the_session_counts_and_then_program_and_address() {
        let none = |session, program, peer| {
            let headers = headers(&[(header::USER_AGENT, program)]);
            Cookies::None.recognise(&headers, &ann(session), peer).device
        };
        assert!(none(Some("s"), "a", "1").is(&none(Some("s"), "b", "2")));
        assert!(!none(Some("s"), "a", "1").is(&none(Some("t"), "a", "1")));
        assert!(none(None, "a", "1").is(&none(None, "a", "1")));
        assert!(!none(None, "a", "1").is(&none(None, "a", "2")));
        assert!(!none(None, "a", "1").is(&none(None, "b", "1")));
    }

    #[test]
    fn a_device_cookie_is_for_the_server_alone_and_secure_over_https() {
        let text = |cookies: Cookies| cookies.text(Uuid::nil());
        let lax = text(Cookies::Lax).unwrap();
        assert!(lax.contains("HttpOnly") && lax.contains("SameSite=Lax"), "{lax}");
        let secure = text(Cookies::Secure).unwrap();
        assert!(secure.contains("HttpOnly; Secure; SameSite=None"), "{secure}");
    }

    #[test]
    fn in_production_without_https_no_cookie_is_set() {
        let of = |env, url: Option<&str>| {
            Cookies::new(&Config {
                env,
                public_url: url.map(str::to_owned),
                ..Config::default()
            })
        };
        use crate::config::Environment::{Development, Production};
        assert_eq!(of(Production, None), Cookies::None);
        assert_eq!(of(Production, Some("http://chat.example")), Cookies::None);
        assert_eq!(of(Production, Some("https://chat.example")), Cookies::Secure);
        assert_eq!(of(Development, None), Cookies::Lax);
        let refused = Cookies::None.recognise(&HeaderMap::new(), &ann(None), "127.0.0.1");
        assert!(refused.cookie.is_none() && refused.device.alias.is_none());
    }
}
