//! Groups: made by their owner, seen by their members.

use std::collections::HashSet;

use entities::conversation::Kind;
use entities::ids::ConversationId;
use entities::user_id::UserId;
use uuid::Uuid;

use crate::log::writer::command;
use crate::services::conversations::Conversations;
use crate::services::details::ConversationDetails;
use crate::services::paging::{Page, PageRequest};
use crate::services::reading::{self, Selection};
use crate::services::{Error, Principal, UnknownPeople, content};

/// Characters of a group's name at most.
const NAME_CHARACTERS: usize = 200;
/// Characters of a group's description or avatar at most.
const TEXT_CHARACTERS: usize = 2_000;

/// What a client asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewGroup {
    pub name: String,
    pub member_ids: Vec<String>,
    pub description: Option<String>,
    pub avatar: Option<String>,
}

/// Somebody who did not become a member.
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
}

impl SkipReason {
    /// The machine-readable reason.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed_id",
            Self::Unknown => "unknown_user",
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
        let name = content::line("name", Some(&group.name), NAME_CHARACTERS)?
            .ok_or_else(|| Error::invalid("name", "must not be empty"))?;
        let description = content::line("description", group.description.as_deref(), TEXT_CHARACTERS)?;
        let avatar = content::line("avatar", group.avatar.as_deref(), TEXT_CHARACTERS)?;
        let (members, mut skipped) = others(&principal.user_id, group.member_ids);
        self.people.shared(principal).await?;
        let made = self
            .log
            .writer
            .group(command::NewGroup {
                id: ConversationId(Uuid::now_v7()),
                creator: principal.user_id.clone(),
                name,
                description,
                avatar,
                members,
                create_unknown: self.settings.unknown_people == UnknownPeople::Create,
                limit: self.settings.limits.group_members,
            })
            .await?;
        skipped.extend(made.unknown.iter().map(|id| Skipped {
            id: id.to_string(),
            reason: SkipReason::Unknown,
        }));
        Ok((self.details(&principal.user_id, made.number).await?, skipped))
    }

    /// The caller's groups, as [`list`](Self::list); archived ones included.
    pub async fn groups(&self, principal: &Principal, page: &PageRequest) -> Result<Page<ConversationDetails>, Error> {
        self.people.shared(principal).await?;
        let selection = Selection {
            kind: Some(Kind::Group),
            include_archived: true,
        };
        reading::list(&self.database.read, &principal.user_id, selection, page).await
    }

    /// One of the caller's groups.
    pub async fn group(&self, principal: &Principal, reference: &str) -> Result<ConversationDetails, Error> {
        let membership = self.group_of(principal, reference).await?;
        self.details(&principal.user_id, membership.number).await
    }
}

/// The well-formed ids, each once and without the creator, and the others.
fn others(creator: &UserId, ids: Vec<String>) -> (Vec<UserId>, Vec<Skipped>) {
    let mut known = HashSet::from([creator.clone()]);
    let mut members = Vec::new();
    let mut skipped = Vec::new();
    for id in ids {
        match id.parse::<UserId>() {
            Ok(user) => {
                if known.insert(user.clone()) {
                    members.push(user);
                }
            }
            Err(_) => skipped.push(Skipped {
                id,
                reason: SkipReason::Malformed,
            }),
        }
    }
    (members, skipped)
}
