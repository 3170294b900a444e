//! People inside events and answers.

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
