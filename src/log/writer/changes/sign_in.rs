//! Profiles from tokens: stored at first sight and when a token says something new.

use entities::person;
use entities::user_id::UserId;
use sea_orm::{DbErr, EntityTrait};
use serde::{Deserialize, Serialize};

use super::people;
use crate::log::event::Person;
use crate::log::writer::change::{Change, Outcome, Scope};

/// What a token says of its subject.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Claims {
    pub username: Option<String>,
    pub full_name: Option<String>,
    pub avatar: Option<String>,
    /// When the token was issued, milliseconds since 1970, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<i64>,
}

/// Somebody signed in. What the token says overrides what is stored where it says something else than the last one did:
/// a name that somebody chose here stays until their token has a new one. What it does not say stays as it is, and a token
/// that is older than the last one to say something new says nothing.
#[derive(Clone, Debug)]
pub(crate) struct SignIn {
    pub id: UserId,
    pub claims: Claims,
}

/// Who it is now, and all that their tokens said so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SignedIn {
    pub person: Person,
    pub claims: Claims,
}

impl Claims {
    /// Whether every claim of `newer` is known, or older than these.
    pub(crate) fn know(&self, newer: &Self) -> bool {
        let known = |newer: &Option<String>, older: &Option<String>| newer.is_none() || newer == older;
        let ages = self.issued_at.zip(newer.issued_at);
        ages.is_some_and(|(own, other)| other < own)
            || known(&newer.username, &self.username)
                && known(&newer.full_name, &self.full_name)
                && known(&newer.avatar, &self.avatar)
    }

    fn followed_by(self, newer: &Self) -> Self {
        Self {
            username: newer.username.clone().or(self.username),
            full_name: newer.full_name.clone().or(self.full_name),
            avatar: newer.avatar.clone().or(self.avatar),
            issued_at: newer.issued_at.or(self.issued_at),
        }
    }

    /// What a row's last tokens said; where nobody knows, that it is as it stands there.
    fn of(row: &person::Model) -> Self {
        let stored = row.claims.as_deref().and_then(|json| serde_json::from_str(json).ok());
        stored.unwrap_or_else(|| {
            let named = |name: &str| (!row.is_placeholder).then(|| name.to_owned());
            Self {
                username: named(&row.username),
                full_name: named(&row.full_name),
                avatar: row.avatar.clone(),
                issued_at: None,
            }
        })
    }
}

impl Change for SignIn {
    type Output = SignedIn;

    async fn apply(&self, scope: &mut Scope<'_>) -> Outcome<SignedIn> {
        Ok(sign_in(scope, self).await?)
    }
}

/// Stores what the token says and returns who it is now.
async fn sign_in(scope: &mut Scope<'_>, sign_in: &SignIn) -> Result<SignedIn, DbErr> {
    let stored = person::Entity::find_by_id(sign_in.id.clone())
        .one(scope.transaction)
        .await?;
    let known = stored.as_ref().map(Claims::of).unwrap_or_default();
    let new = |newer: &Option<String>, older: &Option<String>| newer.clone().filter(|_| newer != older);
    let claims = if known.know(&sign_in.claims) {
        Claims::default()
    } else {
        sign_in.claims.clone()
    };
    let (username, full_name, avatar) = (
        new(&claims.username, &known.username),
        new(&claims.full_name, &known.full_name),
        new(&claims.avatar, &known.avatar),
    );
    let claims = known.followed_by(&claims);
    let mut row = stored.clone().unwrap_or_else(|| people::blank(&sign_in.id, scope.now));
    // A placeholder's names are its id; a token that says only one name means both.
    let full_name = full_name.or_else(|| username.clone().filter(|_| row.is_placeholder));
    row.username = username.unwrap_or(row.username);
    row.full_name = full_name.unwrap_or(row.full_name);
    row.avatar = avatar.or(row.avatar);
    row.is_placeholder = false;
    row.claims = Some(serde_json::to_string(&claims).map_err(|error| DbErr::Json(error.to_string()))?);
    let person = Person::from(row.clone());
    people::store(scope, stored, row, &sign_in.id).await?;
    Ok(SignedIn { person, claims })
}
