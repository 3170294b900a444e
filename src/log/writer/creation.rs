//! Conversations come to be: the one of a pair, and groups.

use std::collections::HashSet;

use entities::conversation::{self, Kind};
use entities::ids::{ConversationId, ConversationNumber, Seq};
use entities::member::{self, Role};
use entities::person;
use entities::user_id::UserId;
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect,
};

use super::command::{GroupMade, NewDirect, NewGroup};
use super::work::Work;
use crate::log::Error;
use crate::log::event::{Body, ConversationCreated, Founder, MemberJoined, Person};

/// Rows of one statement at most: SQLite and PostgreSQL bind at most 32,766 and 65,535 values.
const MAX_ROWS: usize = 500;

/// Finds or makes the one direct conversation of two people.
pub(super) async fn direct(
    transaction: &DatabaseTransaction,
    work: &mut Work,
    direct: &NewDirect,
    now: i64,
) -> Result<Result<ConversationNumber, Error>, DbErr> {
    let key = conversation::direct_key(&direct.creator, &direct.other);
    let stored = conversation::Entity::find()
        .filter(conversation::Column::DirectKey.eq(&key))
        .one(transaction)
        .await?;
    if let Some(stored) = stored {
        return Ok(Ok(stored.number));
    }
    let unknown = unknown(transaction, std::slice::from_ref(&direct.other)).await?;
    if !unknown.is_empty() {
        if !direct.create_unknown {
            return Ok(Err(Error::UnknownPerson));
        }
        insert_placeholders(transaction, &unknown, now).await?;
    }
    let row = conversation::Model {
        direct_key: Some(key),
        ..blank(
            work.take_conversation_number(),
            direct.id,
            Kind::Direct,
            &direct.creator,
            now,
        )
    };
    let founders = [&direct.creator, &direct.other].map(|user| Founder {
        user: user.clone(),
        role: Role::Member,
    });
    found(transaction, work, row, founders.into(), now).await.map(Ok)
}

/// Makes a group; its creator is the owner.
pub(super) async fn group(
    transaction: &DatabaseTransaction,
    work: &mut Work,
    group: &NewGroup,
    now: i64,
) -> Result<Result<GroupMade, Error>, DbErr> {
    let is_full = |members: &[UserId]| group.limit > 0 && members.len() >= group.limit as usize;
    let full = Ok(Err(Error::GroupFull { limit: group.limit }));
    // Where everybody named becomes a member, nobody waits while too many of them are looked up.
    if group.create_unknown && is_full(&group.members) {
        return full;
    }
    let mut unknown = unknown(transaction, &group.members).await?;
    let mut members = group.members.clone();
    if !group.create_unknown {
        let strangers: HashSet<&UserId> = unknown.iter().collect();
        members.retain(|member| !strangers.contains(member));
    }
    if is_full(&members) {
        return full;
    }
    if group.create_unknown {
        insert_placeholders(transaction, &unknown, now).await?;
        unknown.clear();
    }
    let row = conversation::Model {
        name: Some(group.name.clone()),
        description: group.description.clone(),
        avatar: group.avatar.clone(),
        ..blank(
            work.take_conversation_number(),
            group.id,
            Kind::Group,
            &group.creator,
            now,
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
    let number = found(transaction, work, row, founders, now).await?;
    Ok(Ok(GroupMade { number, unknown }))
}

/// Inserts a conversation with its first members, and records that it exists and who belongs to it.
async fn found(
    transaction: &DatabaseTransaction,
    work: &mut Work,
    row: conversation::Model,
    founders: Vec<Founder>,
    now: i64,
) -> Result<ConversationNumber, DbErr> {
    let (number, id, kind, name) = (row.number, row.id, row.kind, row.name.clone());
    let creator = row.created_by.clone();
    conversation::Entity::insert(row.into_active_model().reset_all())
        .exec_without_returning(transaction)
        .await?;
    let created = ConversationCreated {
        id,
        kind,
        name: name.clone(),
        members: founders.clone(),
    };
    let from_event = work.record(number, None, &creator, now, Body::ConversationCreated(created))?;
    for portion in founders.chunks(MAX_ROWS) {
        let rows = portion.iter().map(|founder| member::ActiveModel {
            number: ActiveValue::NotSet,
            conversation: ActiveValue::Set(number),
            user_id: ActiveValue::Set(founder.user.clone()),
            role: ActiveValue::Set(founder.role),
            from_event: ActiveValue::Set(from_event),
            until_event: ActiveValue::Set(None),
            visible_from_seq: ActiveValue::Set(Seq(1)),
            read_seq: ActiveValue::Set(Seq(0)),
            is_muted: ActiveValue::Set(false),
            is_archived: ActiveValue::Set(false),
            is_pinned: ActiveValue::Set(false),
            joined_at: ActiveValue::Set(now),
        });
        member::Entity::insert_many(rows)
            .exec_without_returning(transaction)
            .await?;
    }
    for founder in founders {
        let joined = MemberJoined {
            conversation_id: id,
            kind,
            name: name.clone(),
            role: founder.role,
            founding: true,
        };
        work.record(number, Some(founder.user), &creator, now, Body::MemberJoined(joined))?;
    }
    Ok(number)
}

/// Those of `users` nobody has heard of, in their order.
async fn unknown(transaction: &DatabaseTransaction, users: &[UserId]) -> Result<Vec<UserId>, DbErr> {
    let mut known: HashSet<UserId> = HashSet::new();
    for portion in users.chunks(MAX_ROWS) {
        let stored: Vec<UserId> = person::Entity::find()
            .select_only()
            .column(person::Column::Id)
            .filter(person::Column::Id.is_in(portion))
            .into_tuple()
            .all(transaction)
            .await?;
        known.extend(stored);
    }
    Ok(users.iter().filter(|user| !known.contains(*user)).cloned().collect())
}

async fn insert_placeholders(transaction: &DatabaseTransaction, users: &[UserId], now: i64) -> Result<(), DbErr> {
    for portion in users.chunks(MAX_ROWS) {
        let rows = portion.iter().map(|user| {
            let person = Person::placeholder(user.clone());
            let row = person::Model {
                id: person.id,
                username: person.username,
                full_name: person.full_name,
                avatar: None,
                is_placeholder: true,
                created_at: now,
                updated_at: now,
            };
            row.into_active_model().reset_all()
        });
        person::Entity::insert_many(rows)
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
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
    }
}
