//! What clients say of people and of their presence.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::loose::{self, Flag, List, Text};
use crate::services::{
    Error,
    people::{NewProfile, Privacy},
};
use crate::views::words::PresenceStatus;

/// Somebody's profile, or the part of it that is to change.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
pub struct ProfileInput {
    /// Who; the path may say it instead. Also `userId`.
    id: Text,
    #[schemars(skip)]
    user_id: Text,
    /// Short name. Also `userName`.
    username: Text,
    #[schemars(skip)]
    user_name: Text,
    /// Name others see. Also `displayName`, `name`.
    full_name: Text,
    #[schemars(skip)]
    display_name: Text,
    #[schemars(skip)]
    name: Text,
    /// The address of a picture; empty text removes it. Also `avatarUrl`.
    avatar: Text,
    #[schemars(skip)]
    avatar_url: Text,
}

impl ProfileInput {
    /// The profile to store.
    pub fn profile(&self) -> Result<NewProfile, Error> {
        // Without any text it stays; empty text removes it.
        let avatar = match self.avatar.text("avatar")? {
            None => self.avatar_url.text("avatarUrl")?,
            avatar => avatar,
        };
        Ok(NewProfile {
            id: loose::first(&[("id", &self.id), ("userId", &self.user_id)])?,
            username: loose::first(&[("username", &self.username), ("userName", &self.user_name)])?,
            full_name: loose::first(&[
                ("fullName", &self.full_name),
                ("displayName", &self.display_name),
                ("name", &self.name),
            ])?,
            avatar: avatar.map(str::to_owned),
        })
    }
}

/// Many profiles.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
#[schemars(extend("required" = ["Users"]))]
pub struct ProfilesInput {
    /// At most 1,000 of them. Also `people`.
    #[schemars(with = "Vec<ProfileInput>")]
    users: Option<Vec<ProfileInput>>,
    #[schemars(skip)]
    people: Option<Vec<ProfileInput>>,
}

impl ProfilesInput {
    /// What each of them says, or what is wrong with it.
    pub fn profiles(self) -> Vec<Result<NewProfile, Error>> {
        let inputs = self.users.or(self.people).unwrap_or_default();
        inputs.iter().map(ProfileInput::profile).collect()
    }
}

/// People to look at.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
#[schemars(extend("required" = ["UserIds"]))]
pub struct PeopleInput {
    /// Whom to look at. Also `ids`.
    #[schemars(with = "Vec<String>")]
    user_ids: List,
    #[schemars(skip)]
    ids: List,
}

impl PeopleInput {
    /// The ids as they came.
    pub fn ids(&self) -> Result<Vec<String>, Error> {
        loose::first_list(&[("userIds", &self.user_ids), ("ids", &self.ids)])?
            .ok_or_else(|| Error::invalid("userIds", "is needed"))
    }
}

/// What others may learn from now on.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
#[schemars(extend("required" = ["ReadReceipts"]))]
pub struct PrivacyInput {
    /// Whether others learn what one has read.
    #[schemars(with = "bool")]
    read_receipts: Flag,
}

impl PrivacyInput {
    /// The whole of it.
    pub fn privacy(&self) -> Result<Privacy, Error> {
        let read_receipts = self.read_receipts.said("readReceipts")?;
        Ok(Privacy {
            read_receipts: read_receipts.ok_or_else(|| Error::invalid("readReceipts", "is needed"))?,
        })
    }
}

/// What to show from now on.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
#[schemars(extend("required" = ["Status"]))]
pub struct StatusInput {
    /// What others see from now on.
    #[schemars(with = "PresenceStatus")]
    status: Text,
}

impl StatusInput {
    /// Its name.
    pub fn status(&self) -> Result<&str, Error> {
        let status = self.status.text("status")?;
        status.ok_or_else(|| Error::invalid("status", "is needed"))
    }
}
