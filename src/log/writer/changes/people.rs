//! People, changed by themselves or by an administrator, and what is kept of their presence.

use std::collections::HashSet;

use entities::user_id::UserId;
use entities::{person, person_name};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect, Value,
};

use crate::log::Error;
use crate::log::event::Person;
use crate::log::writer::change::{Change, Outcome, Scope};

/// Ids of one look-up at most.
const MAX_ROWS: usize = 500;

/// What somebody's profile is to say from now on; what is `None` stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Profile {
    pub id: UserId,
    pub username: Option<String>,
    pub full_name: Option<String>,
    /// An empty one removes it.
    pub avatar: Option<String>,
}

/// Profiles of people, known before or not.
#[derive(Clone, Debug)]
pub(crate) struct SetProfiles(pub Vec<Profile>);

/// Whether somebody may come in.
#[derive(Clone, Debug)]
pub(crate) struct SetActive {
    pub id: UserId,
    pub is_active: bool,
}

/// What somebody shows of being here.
#[derive(Clone, Debug)]
pub(crate) struct SetStatus {
    pub id: UserId,
    pub status: person::Status,
}

/// When people were last seen, milliseconds since 1970, UTC.
#[derive(Clone, Debug)]
pub(crate) struct LastSeen(pub Vec<(UserId, i64)>);

impl Change for SetProfiles {
    type Output = Vec<Person>;

    fn weight(&self) -> usize {
        self.0.len() * 512 + 512
    }

    async fn apply(&self, scope: &mut Scope<'_>) -> Outcome<Vec<Person>> {
        let mut people = Vec::with_capacity(self.0.len());
        for profile in &self.0 {
            people.push(set_profile(scope.transaction, profile, scope.now).await?);
        }
        scope.work.keep();
        Ok(people)
    }
}

impl Change for SetActive {
    type Output = ();

    async fn apply(&self, scope: &mut Scope<'_>) -> Outcome<()> {
        let stored = person::Entity::find_by_id(self.id.clone())
            .one(scope.transaction)
            .await?;
        let Some(stored) = stored else {
            return Err(Error::UnknownPerson.into());
        };
        if stored.deactivated_at.is_none() != self.is_active {
            let since = (!self.is_active).then_some(scope.now);
            set(scope, &self.id, person::Column::DeactivatedAt, since).await?;
        }
        Ok(())
    }
}

impl Change for SetStatus {
    type Output = ();

    async fn apply(&self, scope: &mut Scope<'_>) -> Outcome<()> {
        set(scope, &self.id, person::Column::Status, self.status).await
    }
}

impl Change for LastSeen {
    type Output = ();

    fn weight(&self) -> usize {
        self.0.len() * 128 + 128
    }

    async fn apply(&self, scope: &mut Scope<'_>) -> Outcome<()> {
        for (user, at) in &self.0 {
            person::Entity::update_many()
                .col_expr(person::Column::LastSeenAt, Expr::value(*at))
                .filter(person::Column::Id.eq(user))
                .exec(scope.transaction)
                .await?;
        }
        scope.work.keep();
        Ok(())
    }
}

/// Says one thing of somebody who must be known.
pub(super) async fn set(
    scope: &mut Scope<'_>,
    id: &UserId,
    column: person::Column,
    value: impl Into<Value>,
) -> Outcome<()> {
    let updated = person::Entity::update_many()
        .col_expr(column, Expr::value(value))
        .filter(person::Column::Id.eq(id))
        .exec(scope.transaction)
        .await?;
    scope.work.keep();
    if updated.rows_affected == 0 {
        return Err(Error::UnknownPerson.into());
    }
    Ok(())
}

/// Those of `users` who may be added and written to, and those who may not: they were deactivated.
pub(super) async fn active(
    transaction: &DatabaseTransaction,
    users: &[UserId],
) -> Result<(Vec<UserId>, Vec<UserId>), DbErr> {
    let mut deactivated = HashSet::new();
    for portion in users.chunks(MAX_ROWS) {
        let found: Vec<UserId> = person::Entity::find()
            .select_only()
            .column(person::Column::Id)
            .filter(person::Column::Id.is_in(portion))
            .filter(person::Column::DeactivatedAt.is_not_null())
            .into_tuple()
            .all(transaction)
            .await?;
        deactivated.extend(found);
    }
    Ok(users.iter().cloned().partition(|user| !deactivated.contains(user)))
}

/// Somebody of whom only the id is known.
pub(super) fn blank(id: &UserId, now: i64) -> person::Model {
    let person = Person::placeholder(id.clone());
    person::Model {
        id: person.id,
        username: person.username,
        full_name: person.full_name,
        avatar: person.avatar,
        is_placeholder: true,
        created_at: now,
        updated_at: now,
        status: person::Status::default(),
        last_seen_at: None,
        deactivated_at: None,
        claims: None,
        hides_reads: false,
    }
}

/// Inserts a person, or writes what has changed of them, and the names they are found by.
pub(super) async fn store(
    transaction: &DatabaseTransaction,
    stored: Option<person::Model>,
    mut row: person::Model,
    now: i64,
) -> Result<(), DbErr> {
    if stored.as_ref() == Some(&row) {
        return Ok(());
    }
    row.updated_at = now;
    let names = |row: &person::Model| {
        let is_found = !row.is_placeholder;
        is_found.then(|| person_name::of(&row.username, &row.full_name))
    };
    let (before, after) = (stored.as_ref().and_then(names), names(&row));
    let user = row.id.clone();
    let mut change = row.into_active_model().reset_all();
    if stored.is_some() {
        change.id = ActiveValue::Unchanged(user.clone());
        person::Entity::update(change)
            .exec_without_returning(transaction)
            .await?;
    } else {
        person::Entity::insert(change)
            .exec_without_returning(transaction)
            .await?;
    }
    if before == after {
        return Ok(());
    }
    person_name::Entity::delete_many()
        .filter(person_name::Column::UserId.eq(&user))
        .exec(transaction)
        .await?;
    let rows: Vec<_> = after
        .into_iter()
        .flatten()
        .map(|name| person_name::ActiveModel {
            user_id: ActiveValue::Set(user.clone()),
            name: ActiveValue::Set(name),
        })
        .collect();
    if !rows.is_empty() {
        person_name::Entity::insert_many(rows)
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}

async fn set_profile(transaction: &DatabaseTransaction, profile: &Profile, now: i64) -> Result<Person, DbErr> {
    let stored = person::Entity::find_by_id(profile.id.clone()).one(transaction).await?;
    let mut row = stored.clone().unwrap_or_else(|| blank(&profile.id, now));
    // As at a first sign-in: who gets only one name has it as both.
    let full_name = profile
        .full_name
        .clone()
        .or_else(|| profile.username.clone().filter(|_| row.is_placeholder));
    row.username = profile.username.clone().unwrap_or(row.username);
    row.full_name = full_name.unwrap_or(row.full_name);
    if let Some(avatar) = &profile.avatar {
        row.avatar = Some(avatar.clone()).filter(|avatar| !avatar.is_empty());
    }
    row.is_placeholder = false;
    let person = Person::from(row.clone());
    store(transaction, stored, row, now).await?;
    Ok(person)
}
