//! `POST /demo/token`: a token for whoever names themselves, for somebody trying the server out on their own machine.
//!
//! The route exists only with a made-up key and a loopback listener, and answers only under a loopback name, so
//! that no foreign page reaches it through a name that points here.

use std::{sync::Arc, time::Duration};

use axum::extract::State;
use http::HeaderMap;
use serde::Serialize;

use super::{Failure, Input, Reply, request::is_loopback_name};
use crate::{app::App, auth::NewToken, views::input::Introduction};

const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
/// Longest id made of a name, in characters.
const LONGEST_ID: usize = 64;

/// A token and whose it is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DemoToken {
    token: String,
    user_id: String,
}

/// `POST /demo/token {name}`
pub async fn token(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Input(introduction): Input<Introduction>,
) -> Result<Reply<DemoToken>, Failure> {
    if !is_loopback_name(&headers) {
        return Err(Failure::unknown_route());
    }
    let name = introduction.name()?;
    let user_id = slug(&name);
    if user_id.is_empty() {
        return Err(Failure::invalid(Some("name"), "name: must have a letter or a digit"));
    }
    let token = NewToken {
        user: &user_id,
        name: Some(&name),
        username: Some(&user_id),
        scope: None,
        lifetime: LIFETIME,
    };
    let token = app.auth.sign(&token).ok_or_else(Failure::internal)?;
    Ok(Reply::new(DemoToken { token, user_id }))
}

/// The letters and digits of a name in small letters, with a dash for everything between them.
fn slug(name: &str) -> String {
    let words = name
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty());
    let slug = words.map(str::to_lowercase).collect::<Vec<_>>().join("-");
    slug.chars()
        .take(LONGEST_ID)
        .collect::<String>()
        .trim_end_matches('-')
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_is_a_slug_of_the_name() {
        for (name, id) in [
            ("Ann Lee", "ann-lee"),
            ("  Bob  ", "bob"),
            ("Zoë!", "zoë"),
            ("a/b_c", "a-b-c"),
            ("!?", ""),
        ] {
            assert_eq!(slug(name), id);
        }
        assert_eq!(slug(&"x".repeat(200)).len(), LONGEST_ID);
    }
}
