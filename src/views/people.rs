//! What is told of people besides their profiles: to administrators, and to themselves.

use entities::user_id::UserId;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Person, words::ErrorCode};
use crate::services::people;

/// Whether somebody may come in.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Activity {
    pub user_id: UserId,
    pub is_active: bool,
}

impl Activity {
    /// The state somebody is in now.
    pub fn new(user_id: UserId, is_active: bool) -> Self {
        Self { user_id, is_active }
    }
}

/// What others learn of the caller.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Privacy {
    pub read_receipts: bool,
}

impl From<people::Privacy> for Privacy {
    fn from(privacy: people::Privacy) -> Self {
        Self {
            read_receipts: privacy.read_receipts,
        }
    }
}

/// What became of a bulk change.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Upserted {
    pub users: Vec<Person>,
    pub errors: Vec<Refused>,
}

/// A person who was not stored.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
#[schemars(rename = "RefusedPerson")]
pub struct Refused {
    /// Their place in what was sent, from 0.
    pub index: usize,
    pub id: Option<String>,
    #[schemars(with = "ErrorCode")]
    pub code: &'static str,
    pub error: String,
}

impl From<&people::Upserted> for Upserted {
    fn from(upserted: &people::Upserted) -> Self {
        let refused = upserted.refused.iter().map(|refused| Refused {
            index: refused.index,
            id: refused.id.clone(),
            code: refused.error.code(),
            error: refused.error.to_string(),
        });
        Self {
            users: upserted.people.iter().map(Person::from).collect(),
            errors: refused.collect(),
        }
    }
}
