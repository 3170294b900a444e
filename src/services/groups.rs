//! Groups: made by their owner, seen by their members.

use std::collections::HashSet;

use entities::conversation::{History, Kind};
use entities::ids::ConversationId;
use entities::user_id::UserId;
use uuid::Uuid;

use crate::log::writer::changes;
use crate::services::conversations::Conversations;
use crate::services::details::ConversationDetails;
use crate::services::paging::{Page, PageRequest};
use crate::services::reading::Selection;
use crate::services::{Error, Principal, UnknownPeople, content};

/// Characters of a group's description or avatar at most.
const TEXT_CHARACTERS: usize = 2_000;

/// What a client asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewGroup {
    pub name: String,
    pub member_ids: Vec<String>,
    pub description: Option<String>,
    pub avatar: Option<String>,
    pub history: History,
}

/// What changes about a group; `None` leaves it as it is, an empty description or avatar removes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupChange {
    pub name: Option<String>,
    pub description: Option<String>,
    pub avatar: Option<String>,
    pub history: Option<History>,
}

/// A group after a write to its members.
#[derive(Clone, Debug)]
pub struct Written {
    pub id: ConversationId,
    /// As the caller sees it; nothing when they do not belong to it any more.
    pub group: Option<ConversationDetails>,
    pub skipped: Vec<Skipped>,
}

/// Somebody a write left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// As the client wrote it.
    pub id: String,
    pub reason: SkipReason,
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkipReason {
    /// Not a user id.
    Malformed,
    /// Nobody has signed in with it, and the setting refuses that.
    Unknown,
    /// They may not come in any more.
    Deactivated,
    /// They belong to the group already.
    AlreadyMember,
    /// They do not belong to the group.
    NotAMember,
}

impl Skipped {
    /// The same reason for all of them.
    pub(crate) fn each(people: Vec<UserId>, reason: SkipReason) -> impl Iterator<Item = Self> {
        people.into_iter().map(move |user| Self {
            id: user.to_string(),
            reason,
        })
    }
}

impl SkipReason {
    /// The machine-readable reason.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed_id",
            Self::Unknown => "unknown_user",
            Self::Deactivated => "deactivated",
            Self::AlreadyMember => "already_member",
            Self::NotAMember => "not_a_member",
        }
    }
}

impl Conversations {
    /// Makes a group with the caller as its owner. Ids that cannot be members are reported, not fatal.
    pub async fn create_group(
        &self,
        principal: &Principal,
        group: NewGroup,
    ) -> Result<(ConversationDetails, Vec<Skipped>), Error> {
        let name =
            content::name("name", Some(&group.name))?.ok_or_else(|| Error::invalid("name", "must not be empty"))?;
        let description = content::line("description", group.description.as_deref(), TEXT_CHARACTERS)?;
        let avatar = content::line("avatar", group.avatar.as_deref(), TEXT_CHARACTERS)?;
        let (mut members, mut skipped) = people(group.member_ids);
        members.retain(|member| *member != principal.user_id);
        self.people.shared(principal).await?;
        let made = self
            .log
            .writer
            .change(changes::NewGroup {
                id: ConversationId(Uuid::now_v7()),
                creator: principal.user_id.clone(),
                name,
                description,
                avatar,
                history: group.history,
                members,
                create_unknown: self.settings.unknown_people == UnknownPeople::Create,
                limit: self.settings.limits.group_members,
            })
            .await?;
        skipped.extend(Skipped::each(made.unknown, SkipReason::Unknown));
        skipped.extend(Skipped::each(made.deactivated, SkipReason::Deactivated));
        Ok((self.details(&principal.user_id, made.number).await?, skipped))
    }

    /// Changes what a group is called and shows; for the owner and admins.
    pub async fn change_group(
        &self,
        principal: &Principal,
        reference: &str,
        change: GroupChange,
    ) -> Result<ConversationDetails, Error> {
        let name = match change.name.as_deref() {
            Some(name) => {
                Some(content::name("name", Some(name))?.ok_or_else(|| Error::invalid("name", "must not be empty"))?)
            }
            None => None,
        };
        let line = |field, text: Option<String>| match text {
            Some(text) => content::line(field, Some(&text), TEXT_CHARACTERS).map(Some),
            None => Ok(None),
        };
        let (description, avatar) = (line("description", change.description)?, line("avatar", change.avatar)?);
        let membership = self.resolve(principal, reference).await?;
        if membership.kind == Kind::Direct {
            let reason = "A direct conversation has no name, description or avatar of its own";
            return Err(Error::Forbidden(reason.to_owned()));
        }
        let change = changes::ChangeGroup {
            conversation: membership.number,
            by: principal.user_id.clone(),
            name,
            description,
            avatar,
            history: change.history,
        };
        self.log.writer.change(change).await?;
        self.details(&principal.user_id, membership.number).await
    }

    /// The caller's groups, as [`list`](Self::list); archived ones included.
    pub async fn groups(&self, principal: &Principal, page: &PageRequest) -> Result<Page<ConversationDetails>, Error> {
        self.people.shared(principal).await?;
        let selection = Selection {
            kind: Some(Kind::Group),
            include_archived: true,
            ..Selection::default()
        };
        self.select(principal, selection, page).await
    }

    /// One of the caller's groups.
    pub async fn group(&self, principal: &Principal, reference: &str) -> Result<ConversationDetails, Error> {
        let membership = self.group_of(principal, reference).await?;
        self.details(&principal.user_id, membership.number).await
    }
}

/// The well-formed ids, each once, and the others.
pub(crate) fn people(ids: Vec<String>) -> (Vec<UserId>, Vec<Skipped>) {
    let mut known = HashSet::new();
    let mut people = Vec::new();
    let mut skipped = Vec::new();
    for id in ids {
        match id.parse::<UserId>() {
            Ok(user) => {
                if known.insert(user.clone()) {
                    people.push(user);
                }
            }
            Err(_) => skipped.push(Skipped {
                id,
                reason: SkipReason::Malformed,
            }),
        }
    }
    (people, skipped)
}
