//! What clients send about conversations and groups: who is meant, what changes, which flag.

use entities::conversation::History;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    services::{Error, groups::GroupChange, paging},
    views::{
        loose::{self, Flag, List, Text},
        words::{HistoryScope, MemberRole},
    },
};

/// Whom a write to a group is about, and the role they get.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
pub struct Targets {
    /// Who is meant. Also `participantIds`, `userIds`, `userId`, `memberId`, `participantId`, `newOwnerId`.
    member_ids: List,
    #[schemars(skip)]
    participant_ids: List,
    #[schemars(skip)]
    user_ids: List,
    #[schemars(skip)]
    member_id: List,
    #[schemars(skip)]
    participant_id: List,
    #[schemars(skip)]
    user_id: List,
    #[schemars(skip)]
    new_owner_id: List,
    /// The role they get, where one is given.
    #[schemars(with = "Option<MemberRole>")]
    role: Text,
}

impl Targets {
    /// The people, if any are named.
    pub fn people(&self) -> Result<Option<Vec<String>>, Error> {
        loose::first_list(&[
            ("memberIds", &self.member_ids),
            ("participantIds", &self.participant_ids),
            ("userIds", &self.user_ids),
            ("userId", &self.user_id),
            ("memberId", &self.member_id),
            ("participantId", &self.participant_id),
            ("newOwnerId", &self.new_owner_id),
        ])
    }

    /// The one person meant.
    pub fn person(&self) -> Result<Option<String>, Error> {
        match self.people()?.as_deref() {
            None => Ok(None),
            Some([one]) => Ok(Some(one.clone())),
            Some(_) => Err(Error::invalid("userId", "must be one person")),
        }
    }

    /// The role, if one is named.
    pub fn role(&self) -> Result<Option<String>, Error> {
        loose::first(&[("role", &self.role)])
    }
}

/// What changes about a group. What is null or absent stays.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
pub struct GroupChangeDraft {
    /// What is null or absent stays.
    name: Text,
    /// Empty text removes it.
    description: Text,
    /// Empty text removes it.
    avatar: Text,
    /// What newcomers see of what was said before.
    #[schemars(with = "Option<HistoryScope>")]
    history: Text,
}

impl GroupChangeDraft {
    /// The change to make.
    pub fn change(&self) -> Result<GroupChange, Error> {
        let text = |name, value: &Text| value.text(name).map(|text| text.map(str::to_owned));
        Ok(GroupChange {
            name: text("name", &self.name)?,
            description: text("description", &self.description)?,
            avatar: text("avatar", &self.avatar)?,
            history: history(&self.history)?,
        })
    }
}

/// One's own flag of a conversation, under every name of every flag: the route says which is meant.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
pub struct FlagDraft {
    /// For `mute`; set when absent. Also `mute`, `isMuted`.
    muted: Flag,
    #[schemars(skip)]
    mute: Flag,
    #[schemars(skip)]
    is_muted: Flag,
    /// For `archive`; set when absent. Also `archive`, `isArchived`.
    archived: Flag,
    #[schemars(skip)]
    archive: Flag,
    #[schemars(skip)]
    is_archived: Flag,
    /// For `pin`; set when absent. Also `pin`, `isPinned`.
    pinned: Flag,
    #[schemars(skip)]
    pin: Flag,
    #[schemars(skip)]
    is_pinned: Flag,
    /// When muting ends by itself: an ISO time, or a number of seconds or milliseconds since 1970. Also `mutedUntil`.
    until: Text,
    #[schemars(skip)]
    muted_until: Text,
}

impl FlagDraft {
    /// Whether it shall be muted, if that is said.
    pub fn muted(&self) -> Result<Option<bool>, Error> {
        said([
            ("muted", &self.muted),
            ("mute", &self.mute),
            ("isMuted", &self.is_muted),
        ])
    }

    /// Whether it shall be archived.
    pub fn archived(&self) -> Result<Option<bool>, Error> {
        said([
            ("archived", &self.archived),
            ("archive", &self.archive),
            ("isArchived", &self.is_archived),
        ])
    }

    /// Whether it shall be pinned.
    pub fn pinned(&self) -> Result<Option<bool>, Error> {
        said([
            ("pinned", &self.pinned),
            ("pin", &self.pin),
            ("isPinned", &self.is_pinned),
        ])
    }

    /// Until when, in milliseconds since 1970, UTC.
    pub fn until(&self) -> Result<Option<i64>, Error> {
        let until = loose::first(&[("until", &self.until), ("mutedUntil", &self.muted_until)])?;
        until.map(|text| paging::moment("until", &text)).transpose()
    }
}

fn said(spellings: [(&'static str, &Flag); 3]) -> Result<Option<bool>, Error> {
    for (field, flag) in spellings {
        if let Some(flag) = flag.said(field)? {
            return Ok(Some(flag));
        }
    }
    Ok(None)
}

/// What newcomers see of what was said before.
pub(super) fn history(value: &Text) -> Result<Option<History>, Error> {
    let Some(text) = loose::first(&[("history", value)])? else {
        return Ok(None);
    };
    match text.trim().to_ascii_lowercase().as_str() {
        "all" => Ok(Some(History::All)),
        "from_join" | "fromjoin" => Ok(Some(History::FromJoin)),
        _ => Err(Error::invalid("history", "must be all or from_join")),
    }
}
