//! The keys tokens are verified with: a secret, a PEM, and a JSON Web Key Set that may change while we run.

use std::{fmt, fs, path::PathBuf, sync::Arc};

use jsonwebtoken::{
    Algorithm, DecodingKey, Validation,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet},
};
use parking_lot::Mutex;
use serde_json::{Map, Value};

use crate::{
    clock::Clock,
    config::{self, Config},
};

/// How often at most an unknown key id makes us read the key set again, in milliseconds.
const REREAD_EVERY: i64 = 10_000;

/// Every key of this server.
#[derive(Debug)]
pub struct Keys {
    fixed: Vec<Key>,
    set: Option<KeySet>,
}

/// One key with the algorithms that go with it; the token has no say in them.
struct Key {
    id: Option<String>,
    key: DecodingKey,
    validation: Validation,
}

impl Keys {
    /// Reads the keys the configuration names; there may be none.
    pub fn load(config: &Config, clock: Clock) -> Result<Self, config::Error> {
        let mut keys = Self {
            fixed: Vec::new(),
            set: None,
        };
        if let Some(secret) = &config.jwt_secret {
            keys.add_secret(secret.expose().as_bytes());
        }
        if let Some(text) = &config.jwt_public_key {
            keys.fixed.push(from_pem(text)?);
        }
        if let Some(path) = &config.jwt_jwks {
            keys.set = Some(KeySet::open(path.clone(), clock)?);
        }
        Ok(keys)
    }

    /// Whether no token could ever be verified.
    pub fn is_empty(&self) -> bool {
        self.fixed.is_empty() && self.set.is_none()
    }

    /// Adds a shared secret, for all three sizes of HMAC.
    pub fn add_secret(&mut self, secret: &[u8]) {
        let hmac = vec![Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];
        self.fixed.push(Key::new(None, DecodingKey::from_secret(secret), hmac));
    }

    /// The claims of a token one of the keys signed. Times and names are not checked here.
    pub fn verify(&self, token: &str) -> Option<Map<String, Value>> {
        let id = jsonwebtoken::decode_header(token).ok()?.kid;
        self.fixed
            .iter()
            .find_map(|key| key.verify(token))
            .or_else(|| self.set.as_ref()?.verify(token, id.as_deref()))
    }
}

impl Key {
    fn new(id: Option<String>, key: DecodingKey, algorithms: Vec<Algorithm>) -> Self {
        // Signature only: the claims are checked in `claims.rs`, against our own clock.
        let mut validation = Validation::new(algorithms[0]);
        validation.algorithms = algorithms;
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        Self { id, key, validation }
    }

    fn verify(&self, token: &str) -> Option<Map<String, Value>> {
        jsonwebtoken::decode(token, &self.key, &self.validation)
            .ok()
            .map(|data| data.claims)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("id", &self.id)
            .field("algorithms", &self.validation.algorithms)
            .finish_non_exhaustive()
    }
}

/// A public key from PEM text or a file of it.
fn from_pem(text: &str) -> Result<Key, config::Error> {
    let wrong = |reason: String| config::Error::new("jwt_public_key", reason);
    let pem = if text.contains("-----BEGIN") {
        text.replace("\\n", "\n")
    } else {
        fs::read_to_string(text).map_err(|error| wrong(format!("{text} cannot be read: {error}")))?
    };
    let bytes = pem.as_bytes();
    let found = DecodingKey::from_rsa_pem(bytes)
        .map(|key| (key, Algorithm::RS256))
        .or_else(|_| DecodingKey::from_ec_pem(bytes).map(|key| (key, Algorithm::ES256)))
        .or_else(|_| DecodingKey::from_ed_pem(bytes).map(|key| (key, Algorithm::EdDSA)));
    let (key, algorithm) =
        found.map_err(|_| wrong("it is not the PEM of an RSA, P-256 or Ed25519 public key".to_owned()))?;
    Ok(Key::new(None, key, vec![algorithm]))
}

/// A key set in a file, with the time it was last read.
#[derive(Debug)]
struct KeySet {
    path: PathBuf,
    clock: Clock,
    state: Mutex<Read>,
}

#[derive(Debug)]
struct Read {
    keys: Arc<Vec<Key>>,
    at: i64,
}

impl KeySet {
    fn open(path: PathBuf, clock: Clock) -> Result<Self, config::Error> {
        let keys =
            read_set(&path).map_err(|reason| config::Error::new("jwt_jwks", format!("{} {reason}", path.display())))?;
        let state = Mutex::new(Read {
            keys: Arc::new(keys),
            at: clock.now(),
        });
        Ok(Self { path, clock, state })
    }

    fn verify(&self, token: &str, id: Option<&str>) -> Option<Map<String, Value>> {
        let mut keys = self.state.lock().keys.clone();
        let knows = |keys: &[Key], id: &str| keys.iter().any(|key| key.id.as_deref() == Some(id));
        if id.is_some_and(|id| !knows(&keys, id)) {
            keys = self.reread();
        }
        let candidates = keys
            .iter()
            .filter(|key| id.is_none() || key.id.is_none() || key.id.as_deref() == id);
        candidates.into_iter().find_map(|key| key.verify(token))
    }

    /// The set as the file has it now, read at most every ten seconds; a broken file leaves the old keys.
    fn reread(&self) -> Arc<Vec<Key>> {
        let mut state = self.state.lock();
        let now = self.clock.now();
        if now - state.at >= REREAD_EVERY {
            state.at = now;
            match read_set(&self.path) {
                Ok(keys) => state.keys = Arc::new(keys),
                Err(reason) => tracing::warn!("jwt_jwks: {} {reason}; the old keys stay", self.path.display()),
            }
        }
        state.keys.clone()
    }
}

fn read_set(path: &PathBuf) -> Result<Vec<Key>, String> {
    let text = fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    // One key we do not understand must not hide the others, so each is parsed on its own.
    let document: Value = serde_json::from_slice(&text).map_err(|_| "is not JSON".to_owned())?;
    let listed = document
        .get("keys")
        .and_then(Value::as_array)
        .ok_or("has no list called keys")?;
    let parsed = listed
        .iter()
        .filter_map(|key| serde_json::from_value::<Jwk>(key.clone()).ok());
    let set = JwkSet { keys: parsed.collect() };
    let keys: Vec<_> = set.keys.iter().filter_map(from_jwk).collect();
    if keys.is_empty() {
        Err("holds no RSA, P-256 or Ed25519 key for signatures".to_owned())
    } else {
        Ok(keys)
    }
}

/// A verification key of a set; symmetric keys are never taken from a public document.
fn from_jwk(jwk: &Jwk) -> Option<Key> {
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => Algorithm::ES256,
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => Algorithm::EdDSA,
        _ => return None,
    };
    let named = jwk.common.key_algorithm.map(|algorithm| algorithm.to_string());
    if named.is_some_and(|named| named != format!("{algorithm:?}")) {
        return None;
    }
    Some(Key::new(
        jwk.common.key_id.clone(),
        DecodingKey::from_jwk(jwk).ok()?,
        vec![algorithm],
    ))
}
