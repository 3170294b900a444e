//! Who is here, as somebody else sees it.

use entities::person::Status;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Time, words::PresenceStatus};
use crate::services::presence::Sight;

/// One person's presence; also `UserPresenceChanged`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Presence {
    pub user_id: String,
    /// Away and do not disturb are online.
    pub is_online: bool,
    #[schemars(with = "PresenceStatus")]
    pub status: &'static str,
    pub last_seen: Option<Time>,
}

impl Presence {
    /// Somebody whom nobody can see: the id is none.
    pub fn of_nobody(id: String) -> Self {
        Self {
            user_id: id,
            is_online: false,
            status: name(Status::Offline),
            last_seen: None,
        }
    }
}

impl From<&Sight> for Presence {
    fn from(sight: &Sight) -> Self {
        Self {
            user_id: sight.user.to_string(),
            is_online: sight.is_online(),
            status: name(sight.status),
            last_seen: sight.last_seen.map(Time),
        }
    }
}

fn name(status: Status) -> &'static str {
    match status {
        Status::Online => "online",
        Status::Away => "away",
        Status::Dnd => "dnd",
        Status::Offline => "offline",
    }
}
