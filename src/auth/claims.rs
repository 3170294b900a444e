//! What a verified token says: its times, its issuer and audience, and the person.

use serde_json::{Map, Value, json};

use super::{Error, NewToken, Verified};
use crate::{
    config::Config,
    services::{Principal, Profile},
};
use entities::user_id::UserId;

/// How far clocks may differ, in milliseconds.
pub(super) const LEEWAY: i64 = 30_000;
/// Claims that hold the user id, first one first.
const USER_CLAIMS: [&str; 3] = [
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier",
    "nameid",
    "sub",
];

/// Claims that hold scopes: a list, or words in one text (RFC 8693).
const SCOPE_CLAIMS: [&str; 2] = ["scope", "scp"];
/// Claims that hold a role or a list of them, .NET's name last.
const ROLE_CLAIMS: [&str; 3] = [
    "role",
    "roles",
    "http://schemas.microsoft.com/ws/2008/06/identity/claims/role",
];
/// Which of them make an administrator, unless the configuration names another.
const ADMIN_SCOPES: [&str; 2] = ["admin", "hubwire.admin"];

/// What has to hold for the claims of a token.
#[derive(Debug)]
pub(super) struct Rules {
    issuer: Option<String>,
    audience: Option<String>,
    user_claim: Option<String>,
    admin_scope: Option<String>,
}

impl Rules {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            issuer: config.jwt_issuer.clone(),
            audience: config.jwt_audience.clone(),
            user_claim: config.jwt_user_claim.clone(),
            admin_scope: config.jwt_admin_scope.clone(),
        }
    }

    /// Checks the claims at `now` and says whose they are.
    pub(super) fn check(&self, claims: &Map<String, Value>, now: i64) -> Result<Verified, Error> {
        let expires_at = time(claims.get("exp")).ok_or(Error::Claim("exp"))?;
        if now >= expires_at.saturating_add(LEEWAY) {
            return Err(Error::Expired);
        }
        if let Some(value) = claims.get("nbf").filter(|value| !value.is_null()) {
            let begins_at = time(Some(value)).ok_or(Error::Claim("nbf"))?;
            if now < begins_at.saturating_sub(LEEWAY) {
                return Err(Error::Early);
            }
        }
        if self
            .issuer
            .as_deref()
            .is_some_and(|issuer| claims.get("iss").and_then(Value::as_str) != Some(issuer))
        {
            return Err(Error::Claim("iss"));
        }
        if self
            .audience
            .as_deref()
            .is_some_and(|audience| !holds(claims.get("aud"), audience))
        {
            return Err(Error::Claim("aud"));
        }
        let user_id = self.user_id(claims).ok_or(Error::Claim("user id"))?;
        Ok(Verified {
            principal: Principal {
                user_id,
                profile: profile(claims, now),
                is_admin: self.is_admin(claims),
            },
            expires_at,
            session: claims.get("sid").and_then(Value::as_str).map(str::to_owned),
        })
    }

    fn user_id(&self, claims: &Map<String, Value>) -> Option<UserId> {
        let value = match &self.user_claim {
            Some(name) => claims.get(name.as_str())?,
            None => USER_CLAIMS
                .iter()
                .find_map(|name| claims.get(*name).filter(|value| !value.is_null()))?,
        };
        match value {
            Value::String(text) => text.parse().ok(),
            Value::Number(number) if number.is_i64() || number.is_u64() => number.to_string().parse().ok(),
            _ => None,
        }
    }

    /// Whether a scope or role of the token is one of an administrator.
    fn is_admin(&self, claims: &Map<String, Value>) -> bool {
        let is_admin = |name: &str| match &self.admin_scope {
            Some(scope) => name == scope,
            None => ADMIN_SCOPES.contains(&name),
        };
        let scopes = SCOPE_CLAIMS.iter().filter_map(|claim| claims.get(*claim));
        let roles = ROLE_CLAIMS.iter().filter_map(|claim| claims.get(*claim));
        scopes
            .clone()
            .filter_map(Value::as_str)
            .any(|list| list.split(' ').any(is_admin))
            || scopes.chain(roles).any(|value| match value {
                Value::String(name) => is_admin(name),
                Value::Array(names) => names.iter().filter_map(Value::as_str).any(is_admin),
                _ => false,
            })
    }

    /// The claims of a token of our own, such that `check` accepts them.
    pub(super) fn write(&self, token: &NewToken<'_>, now: i64) -> Map<String, Value> {
        let seconds = now.div_euclid(1000);
        let lifetime = i64::try_from(token.lifetime.as_secs()).unwrap_or(i64::MAX);
        let mut claims = Map::new();
        claims.insert(
            self.user_claim.clone().unwrap_or_else(|| "sub".to_owned()),
            json!(token.user),
        );
        claims.insert("iat".to_owned(), json!(seconds));
        claims.insert("exp".to_owned(), json!(seconds.saturating_add(lifetime)));
        let optional = [
            ("name", token.name),
            ("preferred_username", token.username),
            ("scope", token.scope),
        ];
        let configured = [("iss", self.issuer.as_deref()), ("aud", self.audience.as_deref())];
        for (name, value) in optional.into_iter().chain(configured) {
            if let Some(value) = value {
                claims.insert(name.to_owned(), json!(value));
            }
        }
        claims
    }
}

/// Seconds since 1970, whole or not, as milliseconds.
fn time(value: Option<&Value>) -> Option<i64> {
    let seconds = value?.as_f64().filter(|seconds| seconds.is_finite())?;
    Some((seconds * 1000.0) as i64)
}

fn holds(value: Option<&Value>, audience: &str) -> bool {
    match value {
        Some(Value::String(text)) => text == audience,
        Some(Value::Array(items)) => items.iter().any(|item| item.as_str() == Some(audience)),
        _ => false,
    }
}

fn profile(claims: &Map<String, Value>, now: i64) -> Profile {
    let text = |name: &str| {
        claims
            .get(name)
            .and_then(Value::as_str)
            .map(str::trim)
            .filter(|text| !text.is_empty())
    };
    Profile {
        // One from the future would be the newest for ever.
        issued_at: time(claims.get("iat")).filter(|at| *at <= now.saturating_add(LEEWAY)),
        username: text("preferred_username")
            .or_else(|| text("unique_name"))
            .map(str::to_owned),
        full_name: text("name").map(str::to_owned),
        avatar: text("picture").map(str::to_owned),
    }
}
