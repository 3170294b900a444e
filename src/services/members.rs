//! Who belongs to a group and what they may do there.

use std::sync::Arc;

use entities::conversation::Kind;
use entities::member::Role;
use entities::user_id::UserId;

use crate::log::members::Membership;
use crate::log::writer::changes::{AddMembers, ChangeRoles, EndGroup, Hide, RemoveMembers, Transfer};
use crate::services::conversations::Conversations;
use crate::services::details::ConversationDetails;
use crate::services::groups::{SkipReason, Skipped, Written, people};
use crate::services::{Error, Principal, UnknownPeople};

/// What clients call the people a write is about.
const FIELD: &str = "memberIds";

impl Conversations {
    /// Adds people to a group; for the owner and admins. Those who cannot be added are reported, unless they are too
    /// many: then nobody is.
    pub async fn add_members(&self, principal: &Principal, group: &str, ids: Vec<String>) -> Result<Written, Error> {
        let (users, mut skipped) = named(Some(ids))?;
        let group = self.group_of(principal, group).await?;
        let add = AddMembers {
            conversation: group.number,
            by: principal.user_id.clone(),
            users,
            create_unknown: self.settings.unknown_people == UnknownPeople::Create,
            limit: self.settings.limits.group_members,
        };
        let left_out = self.log.writer.change(add).await?;
        skipped.extend(Skipped::each(left_out.unknown, SkipReason::Unknown));
        skipped.extend(Skipped::each(left_out.deactivated, SkipReason::Deactivated));
        skipped.extend(Skipped::each(left_out.already, SkipReason::AlreadyMember));
        self.written(principal, &group, skipped).await
    }

    /// Removes people from a group: the owner anybody, admins members, everybody themselves. Without ids a plain
    /// member leaves.
    pub async fn remove_members(
        &self,
        principal: &Principal,
        group: &str,
        ids: Option<Vec<String>>,
    ) -> Result<Written, Error> {
        let group = self.group_of(principal, group).await?;
        let role = group.current(&principal.user_id).map(|member| member.role);
        let (users, mut skipped) = match ids {
            None if role == Some(Role::Member) => (vec![principal.user_id.clone()], Vec::new()),
            ids => named(ids)?,
        };
        let absent = self.remove(principal, &group, users).await?;
        skipped.extend(Skipped::each(absent, SkipReason::NotAMember));
        self.written(principal, &group, skipped).await
    }

    /// Makes members admins, or admins members; for the owner. Without ids it is the only other member.
    pub async fn change_roles(
        &self,
        principal: &Principal,
        group: &str,
        ids: Option<Vec<String>>,
        role: &str,
    ) -> Result<Written, Error> {
        let role = match role.trim().to_ascii_lowercase().as_str() {
            "admin" => Role::Admin,
            "member" => Role::Member,
            _ => return Err(Error::invalid("role", "must be admin or member")),
        };
        let group = self.group_of(principal, group).await?;
        let (users, mut skipped) = match (ids, only_other(&group, &principal.user_id)) {
            (None, Some(other)) => (vec![other.clone()], Vec::new()),
            (ids, _) => named(ids)?,
        };
        let change = ChangeRoles {
            conversation: group.number,
            by: principal.user_id.clone(),
            users,
            role,
        };
        let absent = self.log.writer.change(change).await?;
        skipped.extend(Skipped::each(absent, SkipReason::NotAMember));
        self.written(principal, &group, skipped).await
    }

    /// Makes another member the owner; the caller stays as an admin.
    pub async fn transfer(&self, principal: &Principal, group: &str, to: &str) -> Result<ConversationDetails, Error> {
        let to: UserId = to.parse().map_err(|_| Error::no_person())?;
        let group = self.group_of(principal, group).await?;
        let transfer = Transfer {
            conversation: group.number,
            by: principal.user_id.clone(),
            to,
        };
        self.log.writer.change(transfer).await?;
        self.details(&principal.user_id, group.number).await
    }

    /// Takes a conversation out of the caller's list. A group they leave; an owner hands over. A direct one is
    /// hidden, with what was said so far, until the next message.
    pub async fn leave(&self, principal: &Principal, reference: &str) -> Result<Arc<Membership>, Error> {
        let conversation = self.resolve(principal, reference).await?;
        match conversation.kind {
            Kind::Group => {
                let users = vec![principal.user_id.clone()];
                self.remove(principal, &conversation, users).await?;
            }
            Kind::Direct => {
                let hide = Hide {
                    conversation: conversation.number,
                    user: principal.user_id.clone(),
                };
                self.log.writer.change(hide).await?;
            }
        }
        Ok(conversation)
    }

    /// Ends a group for everybody; for the owner.
    pub async fn end(&self, principal: &Principal, reference: &str) -> Result<Arc<Membership>, Error> {
        let conversation = self.resolve(principal, reference).await?;
        if conversation.kind == Kind::Direct {
            let reason = "A direct conversation cannot be deleted for everybody";
            return Err(Error::Forbidden(reason.to_owned()));
        }
        let end = EndGroup {
            conversation: conversation.number,
            by: principal.user_id.clone(),
        };
        if self.log.writer.change(end).await? {
            self.files_gone.notify_one();
        }
        Ok(conversation)
    }

    /// Returns who did not belong to the group.
    async fn remove(
        &self,
        principal: &Principal,
        group: &Membership,
        users: Vec<UserId>,
    ) -> Result<Vec<UserId>, Error> {
        let remove = RemoveMembers {
            conversation: group.number,
            by: principal.user_id.clone(),
            users,
        };
        Ok(self.log.writer.change(remove).await?)
    }

    async fn written(
        &self,
        principal: &Principal,
        group: &Membership,
        skipped: Vec<Skipped>,
    ) -> Result<Written, Error> {
        Ok(Written {
            id: group.id,
            group: self.view_for(&principal.user_id, group.number).await?,
            skipped,
        })
    }
}

/// Whom a client names: at least somebody.
fn named(ids: Option<Vec<String>>) -> Result<(Vec<UserId>, Vec<Skipped>), Error> {
    let ids = ids.ok_or_else(|| Error::invalid(FIELD, "is needed: whom is this about?"))?;
    if ids.is_empty() {
        return Err(Error::invalid(FIELD, "must name somebody"));
    }
    Ok(people(ids))
}

fn only_other<'a>(group: &'a Membership, user: &UserId) -> Option<&'a UserId> {
    let mut others = group.users().filter(|other| *other != user);
    others.next().filter(|_| others.next().is_none())
}
