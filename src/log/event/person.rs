//! People inside events and answers.

use entities::person::Status;
use entities::user_id::UserId;
use serde::{Deserialize, Serialize};

/// A person as others see them. Names fall back to the id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub id: UserId,
    pub username: String,
    pub full_name: String,
    pub avatar: Option<String>,
}

impl Person {
    /// Somebody of whom only the id is known.
    #[must_use]
    pub fn placeholder(id: UserId) -> Self {
        Self {
            username: id.to_string(),
            full_name: id.to_string(),
            avatar: None,
            id,
        }
    }
}

/// Somebody became known, or what is kept of them changed: this is what it is now. Concerns that person alone.
///
/// When they were last seen is presence, which is not in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonChanged {
    pub username: String,
    pub full_name: String,
    pub avatar: Option<String>,
    pub is_placeholder: bool,
    pub status: Status,
    /// Others do not learn what they have read.
    pub hides_reads: bool,
    /// Since when they may not come in.
    pub deactivated_at: Option<i64>,
    /// What their token said last, as JSON.
    pub claims: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
}

impl From<entities::person::Model> for PersonChanged {
    fn from(row: entities::person::Model) -> Self {
        Self {
            username: row.username,
            full_name: row.full_name,
            avatar: row.avatar,
            is_placeholder: row.is_placeholder,
            status: row.status,
            hides_reads: row.hides_reads,
            deactivated_at: row.deactivated_at,
            claims: row.claims,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl From<entities::person::Model> for Person {
    fn from(row: entities::person::Model) -> Self {
        Self {
            id: row.id,
            username: row.username,
            full_name: row.full_name,
            avatar: row.avatar,
        }
    }
}
