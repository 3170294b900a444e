//! People come into a group and leave it, by themselves or not.

use std::sync::Arc;

use entities::conversation::{self, History, Kind};
use entities::ids::{ConversationNumber, Seq};
use entities::member::{self, Role};
use entities::user_id::UserId;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};

use super::newcomers::{Place, insert_members, insert_placeholders, unknown};
use super::{creation::fits, people, roles};
use crate::log::Error;
use crate::log::details;
use crate::log::event::{Body, Departure, Entry, Founder, MemberChange, MemberJoined, MemberLeft, Person};
use crate::log::members::Membership;
use crate::log::writer::change::{Change, Outcome, Scope};

/// People who shall belong to a group.
#[derive(Clone, Debug)]
pub(crate) struct AddMembers {
    pub conversation: ConversationNumber,
    pub by: UserId,
    /// Each once.
    pub users: Vec<UserId>,
    /// Whether unknown people become placeholders.
    pub create_unknown: bool,
    /// Members at most; 0 is no limit.
    pub limit: u32,
}

/// Who did not become a member by an [`AddMembers`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LeftOut {
    /// Unknown people who may not become placeholders.
    pub unknown: Vec<UserId>,
    /// They may not come in any more.
    pub deactivated: Vec<UserId>,
    /// They belonged to the group before.
    pub already: Vec<UserId>,
}

/// People who shall belong to a group no longer; `by` among them leaves.
#[derive(Clone, Debug)]
pub(crate) struct RemoveMembers {
    pub conversation: ConversationNumber,
    pub by: UserId,
    /// Each once.
    pub users: Vec<UserId>,
}

impl Change for AddMembers {
    type Output = LeftOut;

    fn weight(&self) -> usize {
        self.users.len() * 256 + 1_024
    }

    async fn apply(&self, scope: &mut Scope<'_>) -> Outcome<LeftOut> {
        let (group, role) = acting(scope, self.conversation, &self.by).await?;
        if role < Role::Admin {
            return Err(Error::Forbidden("Only the owner and admins may add members").into());
        }
        let belongs = |user: &UserId| group.current(user).is_some();
        let (already, users): (Vec<_>, Vec<_>) = self.users.iter().cloned().partition(belongs);
        let (mut users, deactivated) = people::active(scope.transaction, &users).await?;
        let members = group.users().count();
        let room = |users: &[UserId]| fits(self.limit, members + users.len());
        if self.create_unknown {
            room(&users)?;
        }
        let mut strangers = unknown(scope.transaction, &users).await?;
        if self.create_unknown {
            insert_placeholders(scope, &strangers, &self.by).await?;
            strangers.clear();
        } else {
            users.retain(|user| !strangers.contains(user));
            room(&users)?;
        }
        if !users.is_empty() {
            self.add(scope, &group, users).await?;
        }
        Ok(LeftOut {
            unknown: strangers,
            deactivated,
            already,
        })
    }
}

impl AddMembers {
    /// The members learn of it first: a newcomer is told of the group, not of newcomers.
    async fn add(&self, scope: &mut Scope<'_>, group: &Membership, users: Vec<UserId>) -> Result<(), DbErr> {
        let row = conversation::Entity::find_by_id(group.number)
            .one(scope.transaction)
            .await?;
        let (last, history) = row.map_or((Seq(0), History::All), |row| (row.last_seq, row.history));
        for user in &users {
            let added = change(scope, group, user, Role::Member).await?;
            let body = Body::MemberAdded(Arc::new(added));
            scope.work.record(group.number, None, &self.by, scope.now, body)?;
        }
        let place = Place {
            conversation: group.number,
            from_event: scope.work.next_event(),
            visible_from: match history {
                History::All => Seq(1),
                History::FromJoin => last.next(),
            },
            read: last,
        };
        let newcomers: Vec<Founder> = users
            .into_iter()
            .map(|user| Founder {
                user,
                role: Role::Member,
            })
            .collect();
        insert_members(scope.transaction, &place, &newcomers, scope.now).await?;
        let entry = Entry {
            from_event: place.from_event,
            visible_from_seq: place.visible_from,
            read_seq: place.read,
        };
        for newcomer in newcomers {
            let joined = MemberJoined {
                conversation_id: group.id,
                kind: Kind::Group,
                name: group.name.clone(),
                role: newcomer.role,
                founding: false,
                entry: Some(entry),
            };
            let body = Body::MemberJoined(Arc::new(joined));
            let user = Some(newcomer.user);
            scope.work.record(group.number, user, &self.by, scope.now, body)?;
        }
        Ok(())
    }
}

impl Change for RemoveMembers {
    /// Those who did not belong to the group.
    type Output = Vec<UserId>;

    fn weight(&self) -> usize {
        self.users.len() * 256 + 1_024
    }

    async fn apply(&self, scope: &mut Scope<'_>) -> Outcome<Vec<UserId>> {
        let (group, role) = acting(scope, self.conversation, &self.by).await?;
        let mut absent = Vec::new();
        let mut others = Vec::new();
        for user in self.users.iter().filter(|user| **user != self.by) {
            let Some(member) = group.current(user) else {
                absent.push(user.clone());
                continue;
            };
            if role < Role::Admin {
                return Err(Error::Forbidden("Only the owner and admins may remove members").into());
            }
            if role <= member.role {
                return Err(Error::Forbidden("Only the owner may remove an admin").into());
            }
            others.push((user, member.role));
        }
        for (user, role) in others {
            part(scope, &group, (user, role), &self.by, Departure::Removed).await?;
        }
        if self.users.contains(&self.by) {
            leave(scope, &self.by, self.conversation).await?;
        }
        Ok(absent)
    }
}

/// The group as it is now, and what somebody who belongs to it may do there.
pub(super) async fn acting(
    scope: &Scope<'_>,
    conversation: ConversationNumber,
    user: &UserId,
) -> Outcome<(Membership, Role)> {
    let group = scope.membership(conversation).await?.ok_or(Error::NotFound)?;
    let role = group.admit(user)?.role;
    if group.kind != Kind::Group {
        return Err(Error::NotFound.into());
    }
    Ok((group, role))
}

/// What others learn of one member.
pub(super) async fn change(
    scope: &Scope<'_>,
    group: &Membership,
    user: &UserId,
    role: Role,
) -> Result<MemberChange, DbErr> {
    let mut people = details::people(scope.transaction, vec![user.clone()]).await?;
    let person = people.remove(user).unwrap_or_else(|| Person::placeholder(user.clone()));
    Ok(MemberChange {
        conversation_id: group.id,
        person,
        role,
    })
}

/// Ends a membership: from this event on the person hears nothing but that.
async fn part(
    scope: &mut Scope<'_>,
    group: &Membership,
    (user, role): (&UserId, Role),
    by: &UserId,
    how: Departure,
) -> Result<(), DbErr> {
    let until = scope.work.next_event();
    member::Entity::update_many()
        .col_expr(member::Column::UntilEvent, Expr::value(until.0))
        .filter(member::Column::Conversation.eq(group.number))
        .filter(member::Column::UserId.eq(user))
        .filter(member::Column::UntilEvent.is_null())
        .exec(scope.transaction)
        .await?;
    let removed = Body::MemberRemoved(Arc::new(change(scope, group, user, role).await?));
    scope.work.record(group.number, None, by, scope.now, removed)?;
    let left = MemberLeft {
        conversation_id: group.id,
        name: group.name.clone(),
        how,
        until_event: Some(until),
    };
    let left = Body::MemberLeft(Arc::new(left));
    scope
        .work
        .record(group.number, Some(user.clone()), by, scope.now, left)?;
    Ok(())
}

/// Somebody goes. An owner hands over to the admin, else the member, who is there for longest: to
/// somebody who was deactivated only where there is nobody else.
async fn leave(scope: &mut Scope<'_>, user: &UserId, conversation: ConversationNumber) -> Result<(), DbErr> {
    // Read again: others may just have been removed.
    let Some(group) = scope.membership(conversation).await? else {
        return Ok(());
    };
    let Some(role) = group.current(user).map(|member| member.role) else {
        return Ok(());
    };
    part(scope, &group, (user, role), user, Departure::Left).await?;
    if role == Role::Owner {
        let current = group.intervals.iter().filter(|member| member.until_event.is_none());
        let others: Vec<_> = current.filter(|member| member.user != *user).collect();
        let ids: Vec<UserId> = others.iter().map(|member| member.user.clone()).collect();
        let (active, _) = people::active(scope.transaction, &ids).await?;
        let heir = others
            .into_iter()
            .min_by_key(|member| (!active.contains(&member.user), member.role < Role::Admin));
        if let Some(heir) = heir {
            roles::set(scope, &group, &heir.user, Role::Owner, user).await?;
        }
    }
    Ok(())
}
