//! Credentials → `Principal`: who is calling, for REST, hubs and gateways alike.
//!
//! A token is verified against every configured key; the algorithm comes from the key, never from the token.
//! No token, and nothing of one, is ever logged or shown.

mod claims;
pub mod keys;
pub mod signing_key;

use std::{path::Path, time::Duration};

use axum::extract::Query;
use entities::user_id::UserId;
use http::{HeaderMap, Uri, header};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Map, Value};

use crate::{
    clock::Clock,
    config::{self, Config},
    services::Principal,
};
use claims::Rules;
use keys::Keys;

/// Longest token that is looked at, in bytes.
const LONGEST_TOKEN: usize = 16 * 1024;
/// Below this a secret gets a warning, and is refused in production (RFC 7518 §3.2).
const SHORTEST_SECRET: usize = 32;

/// Who is calling, and until when that is known.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The person of the token.
    pub principal: Principal,
    /// When the token ends, in milliseconds since 1970 UTC, without the leeway.
    pub expires_at: i64,
    /// The session it belongs to (`sid`), if it says so.
    pub session: Option<String>,
}

impl Verified {
    /// How long the token is still good: until its end, or for the leeway where it was accepted after it.
    pub fn remaining(&self, now: i64) -> Duration {
        let end = if now < self.expires_at {
            self.expires_at
        } else {
            self.expires_at.saturating_add(claims::LEEWAY)
        };
        Duration::from_millis(u64::try_from(end.saturating_sub(now)).unwrap_or(0))
    }
}

/// Why nobody is calling. The reasons are for the log; a client sees one sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There was no token at all.
    #[error("no token")]
    Missing,
    /// The token is not one, or no key of ours signed it.
    #[error("not signed by a known key")]
    Signature,
    /// Its time is over.
    #[error("expired")]
    Expired,
    /// Its time has not come.
    #[error("not yet valid")]
    Early,
    /// A claim is missing or not what it has to be.
    #[error("claim {0} is missing or not acceptable")]
    Claim(&'static str),
}

/// The keys and rules of this server.
#[derive(Debug)]
pub struct Auth {
    keys: Keys,
    rules: Rules,
    clock: Clock,
    signer: Option<Signer>,
    made_up: bool,
}

/// What `hubwire token` and the demo page put into a token.
#[derive(Clone, Debug, Default)]
pub struct NewToken<'a> {
    /// The user id.
    pub user: &'a str,
    /// Shown name, claim `name`.
    pub name: Option<&'a str>,
    /// Claim `preferred_username`.
    pub username: Option<&'a str>,
    /// Claim `scope`: words with blanks between them.
    pub scope: Option<&'a str>,
    /// How long it lives.
    pub lifetime: Duration,
}

impl Auth {
    /// Loads the configured keys, or the made-up one of the data folder, which is made when it is missing.
    pub fn open(config: &Config, clock: Clock) -> Result<Self, config::Error> {
        let mut keys = Keys::load(config, clock.clone())?;
        let mut signer = None;
        let mut made_up = false;
        if let Some(secret) = &config.jwt_secret {
            check_secret(config, secret.expose())?;
            signer = Some(Signer(EncodingKey::from_secret(secret.expose().as_bytes())));
        }
        if keys.is_empty() {
            let secret = made_up_secret(config)?;
            keys.add_secret(&secret);
            signer = Some(Signer(EncodingKey::from_secret(&secret)));
            made_up = true;
        }
        Ok(Self {
            keys,
            rules: Rules::new(config),
            clock,
            signer,
            made_up,
        })
    }

    /// What tokens would be verified with. Makes no key.
    pub fn look(config: &Config, clock: Clock) -> Result<String, config::Error> {
        let keys = Keys::load(config, clock)?;
        if let Some(secret) = &config.jwt_secret {
            check_secret(config, secret.expose())?;
        }
        if keys.is_empty() {
            refuse_made_up(config)?;
            return Ok("a key that the server makes up: for trying it out, refused in production".to_owned());
        }
        let configured = [
            (config.jwt_secret.is_some(), "jwt_secret"),
            (config.jwt_public_key.is_some(), "jwt_public_key"),
            (config.jwt_jwks.is_some(), "jwt_jwks"),
        ];
        let names: Vec<_> = configured.iter().filter(|(is, _)| *is).map(|(_, name)| *name).collect();
        Ok(names.join(" and "))
    }

    /// Whether the key was made up by the server, for somebody who is trying it out.
    pub fn is_made_up(&self) -> bool {
        self.made_up
    }

    /// Verifies the token of a request: `Authorization: Bearer`, else `?access_token=`.
    pub fn verify_request(&self, uri: &Uri, headers: &HeaderMap) -> Result<Verified, Error> {
        match bearer(headers) {
            Some(token) => self.verify(token),
            None => self.verify(&query_token(uri).ok_or(Error::Missing)?),
        }
    }

    /// Verifies a token on its own, as gateways receive it.
    pub fn verify(&self, token: &str) -> Result<Verified, Error> {
        if token.is_empty() {
            return Err(Error::Missing);
        }
        if token.len() > LONGEST_TOKEN {
            return Err(Error::Signature);
        }
        let claims = self.keys.verify(token).ok_or(Error::Signature)?;
        self.rules.check(&claims, self.clock.now())
    }

    /// Signs a token with the configured secret or the made-up key; `None` when only others can sign.
    pub fn sign(&self, token: &NewToken<'_>) -> Option<String> {
        let signer = self.signer.as_ref()?;
        let claims = self.rules.write(token, self.clock.now());
        signer.sign(&claims)
    }
}

struct Signer(EncodingKey);

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer")
    }
}

impl Signer {
    fn sign(&self, claims: &Map<String, Value>) -> Option<String> {
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &self.0).ok()
    }
}

fn check_secret(config: &Config, secret: &str) -> Result<(), config::Error> {
    if secret.len() >= SHORTEST_SECRET {
        return Ok(());
    }
    if config.is_production() {
        return Err(config::Error::new(
            "jwt_secret",
            format!("in production it must have {SHORTEST_SECRET} bytes or more"),
        ));
    }
    tracing::warn!("jwt_secret is shorter than {SHORTEST_SECRET} bytes: it can be guessed");
    Ok(())
}

fn refuse_made_up(config: &Config) -> Result<(), config::Error> {
    if config.is_production() {
        let reason =
            "production needs a key somebody chose: set HUBWIRE_JWT_SECRET, HUBWIRE_JWT_PUBLIC_KEY or HUBWIRE_JWT_JWKS";
        return Err(config::Error::new("jwt_secret", reason));
    }
    Ok(())
}

fn made_up_secret(config: &Config) -> Result<Vec<u8>, config::Error> {
    refuse_made_up(config)?;
    signing_key::open(Path::new(&config.data_dir)).map_err(|error| {
        config::Error::new(
            "data_dir",
            format!("{} cannot hold the signing key: {error}", config.data_dir.display()),
        )
    })
}

/// The token of an `Authorization: Bearer` header; another scheme counts as no token.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn query_token(uri: &Uri) -> Option<String> {
    parameters(uri)
        .find(|(name, value)| name == "access_token" && !value.is_empty())
        .map(|(_, token)| token)
}

/// Whether `?userId=` names another person than the token does. Absent, empty, `undefined` and `null` name nobody.
pub fn names_somebody_else(uri: &Uri, user: &UserId) -> bool {
    let named = parameters(uri)
        .filter(|(name, _)| name.eq_ignore_ascii_case("userId"))
        .map(|(_, value)| value);
    let mut named = named.filter(|value| !matches!(value.trim(), "" | "undefined" | "null"));
    named.any(|value| value.parse::<UserId>().map_or(true, |named| named != *user))
}

fn parameters(uri: &Uri) -> impl Iterator<Item = (String, String)> {
    let pairs = Query::<Vec<(String, String)>>::try_from_uri(uri);
    pairs.map(|Query(pairs)| pairs).unwrap_or_default().into_iter()
}

#[cfg(test)]
mod tests;
