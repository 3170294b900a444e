//! People, alone, as senders and as members.

use entities::{member::Role, user_id::UserId};
use schemars::JsonSchema;
use serde::Serialize;

use super::words::MemberRole;
use crate::services::details;

/// Somebody, under every name frontends know the members by.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Person {
    pub id: UserId,
    pub user_id: UserId,
    pub username: String,
    pub full_name: String,
    pub display_name: String,
    pub avatar: Option<String>,
    pub avatar_url: Option<String>,
}

impl From<&details::Person> for Person {
    fn from(person: &details::Person) -> Self {
        Self {
            id: person.id.clone(),
            user_id: person.id.clone(),
            username: person.username.clone(),
            full_name: person.full_name.clone(),
            display_name: person.full_name.clone(),
            avatar: person.avatar.clone(),
            avatar_url: person.avatar.clone(),
        }
    }
}

/// The sender inside a message.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Sender {
    pub id: UserId,
    pub username: String,
    pub full_name: String,
    pub avatar: Option<String>,
}

impl From<&details::Person> for Sender {
    fn from(person: &details::Person) -> Self {
        Self {
            id: person.id.clone(),
            username: person.username.clone(),
            full_name: person.full_name.clone(),
            avatar: person.avatar.clone(),
        }
    }
}

/// Somebody inside a conversation.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Participant {
    pub id: UserId,
    pub user_id: UserId,
    pub username: String,
    pub full_name: String,
    pub display_name: String,
    pub avatar: Option<String>,
    pub avatar_url: Option<String>,
    #[schemars(with = "MemberRole")]
    pub role: &'static str,
    pub is_owner: bool,
}

impl From<&details::Participant> for Participant {
    fn from(participant: &details::Participant) -> Self {
        let person = Person::from(&participant.person);
        Self {
            id: person.id,
            user_id: person.user_id,
            username: person.username,
            full_name: person.full_name,
            display_name: person.display_name,
            avatar: person.avatar,
            avatar_url: person.avatar_url,
            role: role(participant.role),
            is_owner: participant.role == Role::Owner,
        }
    }
}

/// A member of a group.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Member {
    pub id: UserId,
    pub user_id: UserId,
    pub full_name: String,
    pub username: String,
    pub avatar: Option<String>,
    #[schemars(with = "MemberRole")]
    pub role: &'static str,
    pub is_owner: bool,
}

impl From<&details::Participant> for Member {
    fn from(participant: &details::Participant) -> Self {
        let person = &participant.person;
        Self {
            id: person.id.clone(),
            user_id: person.id.clone(),
            full_name: person.full_name.clone(),
            username: person.username.clone(),
            avatar: person.avatar.clone(),
            role: role(participant.role),
            is_owner: participant.role == Role::Owner,
        }
    }
}

/// Clients know two roles; the owner shows as an admin.
fn role(role: Role) -> &'static str {
    match role {
        Role::Owner | Role::Admin => "admin",
        Role::Member => "member",
    }
}
