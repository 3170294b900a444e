//! Conversations come to be: the one of a pair, and groups.

use std::collections::HashSet;
use std::sync::Arc;

use entities::conversation::{self, History, Kind};
use entities::ids::{ConversationId, ConversationNumber, Seq};
use entities::member::Role;
use entities::user_id::UserId;
use sea_orm::{ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter};

use super::newcomers::{Place, insert_members, insert_placeholders, unknown};
use super::people;
use crate::log::Error;
use crate::log::event::{Body, ConversationCreated, Founder, GroupProfile, MemberJoined};
use crate::log::members;
use crate::log::writer::change::{Change, Outcome, Scope};

/// A direct conversation, made unless it is there.
#[derive(Clone, Debug)]
pub(crate) struct NewDirect {
    pub id: ConversationId,
    pub creator: UserId,
    pub other: UserId,
    /// Whether an unknown `other` becomes a placeholder.
    pub create_unknown: bool,
}

/// A group.
#[derive(Clone, Debug)]
pub(crate) struct NewGroup {
    pub id: ConversationId,
    pub creator: UserId,
    pub name: String,
    pub description: Option<String>,
    pub avatar: Option<String>,
    pub history: History,
    /// Others, each once.
    pub members: Vec<UserId>,
    /// Whether unknown members become placeholders.
    pub create_unknown: bool,
    /// Members at most, the creator included; 0 is no limit.
    pub limit: u32,
}

/// What became of a [`NewGroup`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GroupMade {
    pub number: ConversationNumber,
    /// Unknown people who may not become placeholders.
    pub unknown: Vec<UserId>,
    /// People who may not come in any more.
    pub deactivated: Vec<UserId>,
}

impl Change for NewDirect {
    type Output = ConversationNumber;

    async fn apply(&self, scope: &mut Scope<'_>) -> Outcome<ConversationNumber> {
        direct(scope, self).await
    }
}

impl Change for NewGroup {
    type Output = GroupMade;

    fn weight(&self) -> usize {
        self.members.len() * 256 + 1_024
    }

    async fn apply(&self, scope: &mut Scope<'_>) -> Outcome<GroupMade> {
        group(scope, self).await
    }
}

/// Finds or makes the one direct conversation of two people.
async fn direct(scope: &mut Scope<'_>, direct: &NewDirect) -> Outcome<ConversationNumber> {
    let transaction = scope.transaction;
    let key = conversation::direct_key(&direct.creator, &direct.other);
    let stored = conversation::Entity::find()
        .filter(conversation::Column::DirectKey.eq(&key))
        .one(transaction)
        .await?;
    if let Some(stored) = stored {
        return Ok(stored.number);
    }
    if !members::blockers(transaction, &direct.creator, &direct.other)
        .await?
        .is_empty()
    {
        return Err(members::NO_CONTACT.into());
    }
    let unknown = unknown(transaction, std::slice::from_ref(&direct.other)).await?;
    if !unknown.is_empty() {
        if !direct.create_unknown {
            return Err(Error::UnknownPerson.into());
        }
        insert_placeholders(scope, &unknown, &direct.creator).await?;
    } else {
        people::require_active(transaction, &direct.other).await?;
    }
    let row = conversation::Model {
        direct_key: Some(key),
        ..blank(
            scope.work.take_conversation_number(),
            direct.id,
            Kind::Direct,
            &direct.creator,
            scope.now,
        )
    };
    let founders = [&direct.creator, &direct.other].map(|user| Founder {
        user: user.clone(),
        role: Role::Member,
    });
    Ok(found(scope, row, founders.into()).await?)
}

/// Whether a group may have so many members; `limit` 0 is no limit.
pub(super) fn fits(limit: u32, members: usize) -> Result<(), Error> {
    if limit > 0 && members > limit as usize {
        return Err(Error::GroupFull { limit, members });
    }
    Ok(())
}

/// Makes a group; its creator is the owner.
async fn group(scope: &mut Scope<'_>, group: &NewGroup) -> Outcome<GroupMade> {
    let transaction = scope.transaction;
    let room = |others: &[UserId]| fits(group.limit, others.len() + 1);
    // Where everybody named becomes a member, nobody waits while too many of them are looked up.
    if group.create_unknown {
        room(&group.members)?;
    }
    let (mut members, deactivated) = people::active(transaction, &group.members).await?;
    let mut unknown = unknown(transaction, &members).await?;
    if !group.create_unknown {
        let strangers: HashSet<&UserId> = unknown.iter().collect();
        members.retain(|member| !strangers.contains(member));
    }
    room(&members)?;
    if group.create_unknown {
        insert_placeholders(scope, &unknown, &group.creator).await?;
        unknown.clear();
    }
    let row = conversation::Model {
        name: Some(group.name.clone()),
        description: group.description.clone(),
        avatar: group.avatar.clone(),
        history: group.history,
        ..blank(
            scope.work.take_conversation_number(),
            group.id,
            Kind::Group,
            &group.creator,
            scope.now,
        )
    };
    let owner = Founder {
        user: group.creator.clone(),
        role: Role::Owner,
    };
    let others = members.into_iter().map(|user| Founder {
        user,
        role: Role::Member,
    });
    let founders = std::iter::once(owner).chain(others).collect();
    let number = found(scope, row, founders).await?;
    Ok(GroupMade {
        number,
        unknown,
        deactivated,
    })
}

/// Inserts a conversation with its first members, and records that it exists and who belongs to it.
async fn found(
    scope: &mut Scope<'_>,
    row: conversation::Model,
    founders: Vec<Founder>,
) -> Result<ConversationNumber, DbErr> {
    let now = scope.now;
    let (number, id, kind, name) = (row.number, row.id, row.kind, row.name.clone());
    let creator = row.created_by.clone();
    let profile = GroupProfile {
        description: row.description.clone(),
        avatar: row.avatar.clone(),
        history: row.history,
    };
    conversation::Entity::insert(row.into_active_model().reset_all())
        .exec_without_returning(scope.transaction)
        .await?;
    let created = ConversationCreated {
        id,
        kind,
        name: name.clone(),
        members: founders.clone(),
        profile: Some(profile),
    };
    let from_event = scope.work.record(
        number,
        None,
        &creator,
        now,
        Body::ConversationCreated(Arc::new(created)),
    )?;
    let place = Place {
        conversation: number,
        from_event,
        visible_from: Seq(1),
        read: Seq(0),
    };
    insert_members(scope.transaction, &place, &founders, now).await?;
    for founder in founders {
        let joined = MemberJoined {
            conversation_id: id,
            kind,
            name: name.clone(),
            role: founder.role,
            founding: true,
            entry: None,
        };
        scope.work.record(
            number,
            Some(founder.user),
            &creator,
            now,
            Body::MemberJoined(Arc::new(joined)),
        )?;
    }
    Ok(number)
}

fn blank(
    number: ConversationNumber,
    id: ConversationId,
    kind: Kind,
    created_by: &UserId,
    now: i64,
) -> conversation::Model {
    conversation::Model {
        number,
        id,
        kind,
        name: None,
        description: None,
        avatar: None,
        direct_key: None,
        created_by: created_by.clone(),
        created_at: now,
        updated_at: now,
        last_seq: Seq(0),
        last_message_at: 0,
        history: History::default(),
    }
}
