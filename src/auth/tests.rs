//! Which tokens are let in, and as whom.

use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der},
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use serde_json::json;

use super::*;
use crate::config::Secret;

const NOW: i64 = 1_700_000_000_000;
const SECRET: &str = "a secret of thirty-two bytes or more";
const NET_CLAIM: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier";

fn with_secret() -> Config {
    Config {
        jwt_secret: Some(Secret::new(SECRET)),
        ..Config::default()
    }
}

fn open(config: &Config) -> Auth {
    Auth::open(config, Clock::fixed(NOW)).unwrap()
}

fn sign(algorithm: Algorithm, key: &EncodingKey, kid: Option<&str>, claims: &Value) -> String {
    let header = Header {
        kid: kid.map(str::to_owned),
        ..Header::new(algorithm)
    };
    jsonwebtoken::encode(&header, claims, key).unwrap()
}

fn signed(claims: &Value) -> String {
    sign(
        Algorithm::HS256,
        &EncodingKey::from_secret(SECRET.as_bytes()),
        None,
        claims,
    )
}

fn in_seconds(seconds: i64) -> i64 {
    NOW / 1000 + seconds
}

fn ann() -> Value {
    json!({"sub": "ann", "exp": in_seconds(60)})
}

#[test]
fn all_three_hmac_sizes_are_accepted_for_a_secret() {
    let auth = open(&with_secret());
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        let verified = auth.verify(&sign(algorithm, &key, None, &ann())).unwrap();
        assert_eq!(verified.principal.user_id.as_str(), "ann");
        assert_eq!(verified.expires_at, NOW + 60_000);
    }
}

#[test]
fn tokens_are_refused_for_the_right_reason() {
    let auth = open(&Config {
        jwt_issuer: Some("me".into()),
        jwt_audience: Some("chat".into()),
        ..with_secret()
    });
    let claims = |change: Value| {
        let mut claims = json!({"sub": "ann", "exp": in_seconds(60), "iss": "me", "aud": ["web", "chat"]});
        for (name, value) in change.as_object().unwrap() {
            claims[name.as_str()] = value.clone();
        }
        signed(&claims)
    };
    let cases = [
        (json!({}), None),
        (json!({"exp": in_seconds(-29)}), None),
        (json!({"exp": in_seconds(-30)}), Some(Error::Expired)),
        (json!({"exp": in_seconds(60) as f64 + 0.5}), None),
        (json!({"exp": "soon"}), Some(Error::Claim("exp"))),
        (json!({"exp": null}), Some(Error::Claim("exp"))),
        (json!({"nbf": in_seconds(30)}), None),
        (json!({"nbf": in_seconds(31)}), Some(Error::Early)),
        (json!({"nbf": "later"}), Some(Error::Claim("nbf"))),
        (json!({"iss": "you"}), Some(Error::Claim("iss"))),
        (json!({"iss": null}), Some(Error::Claim("iss"))),
        (json!({"aud": "chat"}), None),
        (json!({"aud": "chats"}), Some(Error::Claim("aud"))),
        (json!({"aud": null}), Some(Error::Claim("aud"))),
        (json!({"sub": null}), Some(Error::Claim("user id"))),
        (json!({"sub": ""}), Some(Error::Claim("user id"))),
        (json!({"sub": "a\u{0}b"}), Some(Error::Claim("user id"))),
        (json!({"sub": "x".repeat(129)}), Some(Error::Claim("user id"))),
        (json!({"sub": 7}), None),
        (json!({"sub": {}}), Some(Error::Signature)),
        (json!({"sub": 1.5}), Some(Error::Claim("user id"))),
    ];
    for (change, refused) in cases {
        assert_eq!(auth.verify(&claims(change.clone())).err(), refused, "{change}");
    }
}

#[test]
fn what_is_no_token_is_refused() {
    let auth = open(&with_secret());
    let good = signed(&ann());
    let none = format!(
        "{}.{}.",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#),
        good.split('.').nth(1).unwrap()
    );
    let mut flipped = good.clone().into_bytes();
    flipped[good.len() - 10] ^= 1;
    let flipped = String::from_utf8(flipped).unwrap();
    let other = sign(
        Algorithm::HS256,
        &EncodingKey::from_secret(b"another secret of thirty-two bytes.."),
        None,
        &ann(),
    );
    for token in [
        "x",
        "a.b.c",
        "..",
        "....",
        &none,
        &flipped,
        &good[..good.len() - 1],
        &other,
        &"a".repeat(20_000),
        "é.é.é",
    ] {
        assert_eq!(auth.verify(token).err(), Some(Error::Signature), "{token}");
    }
    assert_eq!(auth.verify("").err(), Some(Error::Missing));
}

#[test]
fn the_net_name_comes_before_nameid_and_sub() {
    let auth = open(&with_secret());
    let user = |claims: Value| auth.verify(&signed(&claims)).unwrap().principal.user_id.to_string();
    let exp = in_seconds(60);
    assert_eq!(
        user(json!({NET_CLAIM: "net", "nameid": "id", "sub": "sub", "exp": exp})),
        "net"
    );
    assert_eq!(user(json!({"nameid": 42, "sub": "sub", "exp": exp})), "42");
    assert_eq!(user(json!({"nameid": null, "sub": "sub", "exp": exp})), "sub");
    assert_eq!(
        user(json!({"sub": "018F3C2A-7B1E-7C4D-9A2B-0123456789AB", "exp": exp})),
        "018f3c2a-7b1e-7c4d-9a2b-0123456789ab"
    );
    let configured = open(&Config {
        jwt_user_claim: Some("uid".into()),
        ..with_secret()
    });
    let claims = json!({"uid": "mine", "sub": "sub", "exp": exp});
    assert_eq!(
        configured.verify(&signed(&claims)).unwrap().principal.user_id.as_str(),
        "mine"
    );
    assert_eq!(configured.verify(&signed(&ann())).err(), Some(Error::Claim("user id")));
}

#[test]
fn profile_comes_from_the_name_claims() {
    let claims = json!({"sub": "ann", "exp": in_seconds(60), "name": "Ann Lee", "unique_name": "annlee", "picture": "https://a.test/a.png"});
    let profile = open(&with_secret()).verify(&signed(&claims)).unwrap().principal.profile;
    assert_eq!(profile.full_name.as_deref(), Some("Ann Lee"));
    assert_eq!(profile.username.as_deref(), Some("annlee"));
    assert_eq!(profile.avatar.as_deref(), Some("https://a.test/a.png"));
}

#[test]
fn a_token_is_as_old_as_it_says_unless_that_is_in_the_future() {
    for (issued, known) in [(-5, Some(NOW - 5_000)), (10, Some(NOW + 10_000)), (3_600, None)] {
        let claims = json!({"sub": "ann", "exp": in_seconds(60), "iat": in_seconds(issued)});
        let profile = open(&with_secret()).verify(&signed(&claims)).unwrap().principal.profile;
        assert_eq!(profile.issued_at, known, "{issued}");
    }
}

#[test]
fn header_comes_before_query_and_other_schemes_are_no_token() {
    let auth = open(&with_secret());
    let good = signed(&ann());
    let ask = |path: &str, authorization: Option<&str>| {
        let mut headers = HeaderMap::new();
        if let Some(value) = authorization {
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        }
        auth.verify_request(&path.parse().unwrap(), &headers)
            .map(|verified| verified.principal.user_id.to_string())
    };
    let query = format!("/hubs/chat?id=1&access_token={good}");
    assert_eq!(ask(&query, None).as_deref(), Ok("ann"));
    assert_eq!(ask("/", Some(&format!("bearer {good}"))).as_deref(), Ok("ann"));
    assert_eq!(ask(&query, Some("Basic YTpi")).as_deref(), Ok("ann"));
    assert_eq!(ask(&query, Some("Bearer wrong")), Err(Error::Signature));
    for path in ["/", "/?access_token=", "/?token=x"] {
        assert_eq!(ask(path, None), Err(Error::Missing), "{path}");
    }
}

fn pem(der: &[u8], label: &str) -> String {
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        STANDARD.encode(der)
    )
}

/// An RSA pair: what signs, and the public half as PEM.
fn rsa() -> (EncodingKey, String) {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let private: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    (
        EncodingKey::from_rsa_pem(pem(private.as_ref(), "PRIVATE KEY").as_bytes()).unwrap(),
        pem(public.as_ref(), "PUBLIC KEY"),
    )
}

fn ec() -> (EncodingKey, String) {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    (
        EncodingKey::from_ec_der(pair.to_pkcs8v1().unwrap().as_ref()),
        pem(public.as_ref(), "PUBLIC KEY"),
    )
}

fn ed() -> (EncodingKey, String) {
    let pair = Ed25519KeyPair::generate().unwrap();
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    (
        EncodingKey::from_ed_der(pair.to_pkcs8v1().unwrap().as_ref()),
        pem(public.as_ref(), "PUBLIC KEY"),
    )
}

#[test]
fn pem_keys_bring_their_algorithm() {
    for (algorithm, (private, public)) in [
        (Algorithm::RS256, rsa()),
        (Algorithm::ES256, ec()),
        (Algorithm::EdDSA, ed()),
    ] {
        let auth = open(&Config {
            jwt_public_key: Some(public.clone()),
            ..Config::default()
        });
        assert_eq!(
            auth.verify(&sign(algorithm, &private, None, &ann()))
                .unwrap()
                .principal
                .user_id
                .as_str(),
            "ann"
        );
        // The public key, known to everybody, used as if it were a shared secret.
        for text in [public.as_bytes(), public.trim().as_bytes()] {
            let confused = sign(Algorithm::HS256, &EncodingKey::from_secret(text), None, &ann());
            assert_eq!(auth.verify(&confused).err(), Some(Error::Signature));
        }
        assert!(
            auth.sign(&NewToken {
                user: "ann",
                ..NewToken::default()
            })
            .is_none()
        );
        assert!(!auth.is_made_up());
    }
    let (private, public) = rsa();
    let auth = open(&Config {
        jwt_public_key: Some(public),
        ..Config::default()
    });
    assert!(
        auth.verify(&sign(Algorithm::RS512, &private, None, &ann())).is_err(),
        "RS256 is what was agreed"
    );
}

fn set(keys: &[(&EncodingKey, Algorithm, &str)]) -> String {
    let keys = keys.iter().map(|(key, algorithm, id)| {
        let mut jwk = Jwk::from_encoding_key(key, *algorithm).unwrap();
        jwk.common.key_id = Some((*id).to_owned());
        jwk
    });
    serde_json::to_string(&JwkSet { keys: keys.collect() }).unwrap()
}

#[test]
fn key_set_is_read_again_for_an_unknown_key_but_not_more_often_than_every_ten_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    let ((first, _), (second, _)) = (ec(), rsa());
    std::fs::write(&path, set(&[(&first, Algorithm::ES256, "one")])).unwrap();
    let clock = Clock::fixed(NOW);
    let auth = Auth::open(
        &Config {
            jwt_jwks: Some(path.clone()),
            ..Config::default()
        },
        clock.clone(),
    )
    .unwrap();
    let old = sign(Algorithm::ES256, &first, Some("one"), &ann());
    let new = sign(Algorithm::RS256, &second, Some("two"), &ann());
    assert!(auth.verify(&old).is_ok());
    assert!(
        auth.verify(&sign(Algorithm::ES256, &first, None, &ann())).is_ok(),
        "without a key id every key is tried"
    );
    std::fs::write(&path, set(&[(&second, Algorithm::RS256, "two")])).unwrap();
    assert_eq!(
        auth.verify(&new).err(),
        Some(Error::Signature),
        "read less than ten seconds ago"
    );
    clock.advance(Duration::from_secs(10));
    assert!(auth.verify(&new).is_ok());
    assert_eq!(
        auth.verify(&old).err(),
        Some(Error::Signature),
        "the old key was withdrawn"
    );
    clock.advance(Duration::from_secs(10));
    std::fs::write(&path, "{").unwrap();
    assert_eq!(auth.verify(&old).err(), Some(Error::Signature));
    assert!(auth.verify(&new).is_ok(), "a broken file leaves the keys as they were");
}

#[test]
fn symmetric_keys_of_a_set_are_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    std::fs::write(
        &path,
        json!({"keys": [{"kty": "oct", "k": URL_SAFE_NO_PAD.encode(SECRET), "alg": "HS256"}]}).to_string(),
    )
    .unwrap();
    let error = Auth::open(
        &Config {
            jwt_jwks: Some(path),
            ..Config::default()
        },
        Clock::fixed(NOW),
    )
    .unwrap_err();
    assert!(error.to_string().starts_with("jwt_jwks: "), "{error}");
}

#[test]
fn bad_keys_are_bad_settings() {
    let config = |public_key: &str| Config {
        jwt_public_key: Some(public_key.into()),
        ..Config::default()
    };
    let sentence = |config: &Config| Auth::open(config, Clock::fixed(NOW)).unwrap_err().to_string();
    assert!(sentence(&config("/nowhere/key.pem")).starts_with("jwt_public_key: /nowhere/key.pem cannot be read: "));
    let bad = sentence(&config("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"));
    assert_eq!(
        bad,
        "jwt_public_key: it is not the PEM of an RSA, P-256 or Ed25519 public key."
    );
    let production = Config {
        env: config::Environment::Production,
        ..Config::default()
    };
    assert!(sentence(&production).starts_with("jwt_secret: production needs a key somebody chose"));
    let short = Config {
        jwt_secret: Some(Secret::new("short")),
        ..production
    };
    assert_eq!(
        sentence(&short),
        "jwt_secret: in production it must have 32 bytes or more."
    );
}

#[test]
fn made_up_key_signs_what_it_verifies() {
    let folder = tempfile::tempdir().unwrap();
    let auth = open(&Config {
        data_dir: folder.path().into(),
        jwt_issuer: Some("me".into()),
        ..Config::default()
    });
    assert!(auth.is_made_up());
    let token = NewToken {
        user: "ann",
        name: Some("Ann Lee"),
        username: Some("annlee"),
        scope: None,
        lifetime: Duration::from_secs(60),
    };
    let verified = auth.verify(&auth.sign(&token).unwrap()).unwrap();
    assert_eq!(
        (verified.principal.user_id.as_str(), verified.expires_at),
        ("ann", NOW + 60_000)
    );
    assert_eq!(verified.principal.profile.username.as_deref(), Some("annlee"));
}

#[test]
fn user_id_of_the_query_must_be_the_tokens() {
    let guid = "018f3c2a-7b1e-7c4d-9a2b-0123456789ab".parse().unwrap();
    let ann = "ann".parse().unwrap();
    let named = |query: &str, user| names_somebody_else(&format!("/hubs/chat?{query}").parse().unwrap(), user);
    for query in [
        "",
        "userId=",
        "userId=undefined",
        "userId=null",
        "userId=ann",
        "USERID=ann",
        "id=bob",
    ] {
        assert!(!named(query, &ann), "{query}");
    }
    for query in [
        "userId=bob",
        "userid=bob",
        "userId=Ann",
        "userId=ann&userId=bob",
        "userId=%00",
    ] {
        assert!(named(query, &ann), "{query}");
    }
    assert!(!named("userId=018F3C2A-7B1E-7C4D-9A2B-0123456789AB", &guid));
}

#[test]
fn a_scope_or_role_makes_an_administrator() {
    let auth = open(&with_secret());
    let is_admin = |auth: &Auth, name: &str, value: Value| {
        let mut claims = ann();
        claims[name] = value;
        auth.verify(&signed(&claims)).unwrap().principal.is_admin
    };
    let net_role = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";
    for (name, value) in [
        ("scope", json!("chat hubwire.admin")),
        ("scp", json!(["chat", "admin"])),
        ("role", json!("admin")),
        ("roles", json!(["user", "admin"])),
        (net_role, json!("hubwire.admin")),
    ] {
        assert!(is_admin(&auth, name, value.clone()), "{name}: {value}");
    }
    for (name, value) in [
        ("scope", json!("administrator chat.admin")),
        ("role", json!("site admin")),
        ("roles", json!({"admin": true})),
        ("groups", json!("admin")),
        ("scope", json!(null)),
    ] {
        assert!(!is_admin(&auth, name, value.clone()), "{name}: {value}");
    }
    let auth = open(&Config {
        jwt_admin_scope: Some("boss".to_owned()),
        ..with_secret()
    });
    assert!(is_admin(&auth, "role", json!("boss")));
    assert!(
        !is_admin(&auth, "role", json!("admin")),
        "another name replaces the usual ones"
    );
}
