//! Who calls: names in place of tokens for the first set of hubs, real tokens for the second.

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{Method, StatusCode, header};
use hub_protocol::hub::User;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

/// Known to everybody: these tokens open nothing that matters.
const SECRET: &[u8] = b"a secret of the conformance server alone";

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    exp: u64,
}

/// The token of a request; browsers put it into the query where they cannot send a header.
fn token(request: &Request) -> Option<String> {
    let header = request.headers().get(header::AUTHORIZATION);
    let bearer = header.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let query = request.uri().query().unwrap_or_default();
    let in_query = || query.split('&').find_map(|pair| pair.strip_prefix("access_token="));
    bearer.or_else(in_query).map(ToOwned::to_owned)
}

/// No token is nobody, `user-NAME` is NAME, anything else is refused.
pub(crate) async fn by_name(mut request: Request, next: Next) -> Response {
    if request.method() == Method::OPTIONS {
        return next.run(request).await;
    }
    if let Some(token) = token(&request) {
        let Some(name) = token.strip_prefix("user-") else {
            return StatusCode::UNAUTHORIZED.into_response();
        };
        let user = User {
            identifier: Some(name.to_owned()),
            ..User::default()
        };
        request.extensions_mut().insert(user);
    }
    next.run(request).await
}

/// Signs in whoever has a token of [`make_token`]; the endpoint refuses the others.
pub(crate) async fn by_token(mut request: Request, next: Next) -> Response {
    let key = DecodingKey::from_secret(SECRET);
    let mut validation = Validation::new(Algorithm::HS256);
    validation.leeway = 5 * 60;
    let claims = token(&request).and_then(|token| jsonwebtoken::decode::<Claims>(&token, &key, &validation).ok());
    if let Some(claims) = claims {
        let user = User {
            identifier: Some(claims.claims.sub),
            ..User::default()
        };
        request.extensions_mut().insert(user);
    }
    next.run(request).await
}

/// A token for `testuser` that lives five seconds.
pub(crate) async fn make_token() -> Result<String, StatusCode> {
    let claims = Claims {
        sub: "testuser".to_owned(),
        exp: jsonwebtoken::get_current_timestamp() + 5,
    };
    jsonwebtoken::encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET))
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}
