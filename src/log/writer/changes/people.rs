//! People, changed by themselves or by an administrator, and what is kept of their presence.

use std::collections::HashSet;
use std::sync::Arc;

use entities::user_id::UserId;
use entities::{person, person_name};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect,
};

use crate::log::Error;
use crate::log::event::{Body, Person, PersonChanged};
use crate::log::words::Word;
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
pub(crate) struct SetProfiles {
    pub by: UserId,
    pub profiles: Vec<Profile>,
}

/// Whether somebody may come in.
#[derive(Clone, Debug)]
pub(crate) struct SetActive {
    pub by: UserId,
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
        self.profiles.len() * 512 + 512
    }

    async fn apply(&self, scope: &mut Scope<'_>) -> Outcome<Vec<Person>> {
        let mut people = Vec::with_capacity(self.profiles.len());
        for profile in &self.profiles {
            people.push(set_profile(scope, profile, &self.by).await?);
        }
        Ok(people)
    }
}

impl Change for SetActive {
    type Output = ();

    async fn apply(&self, scope: &mut Scope<'_>) -> Outcome<()> {
        let now = scope.now;
        set(scope, &self.id, &self.by, |person| {
            let since = person.deactivated_at.unwrap_or(now);
            person.deactivated_at = (!self.is_active).then_some(since);
        })
        .await?;
        scope.work.say(Word::Admission(self.id.clone()));
        Ok(())
    }
}

impl Change for SetStatus {
    type Output = ();

    async fn apply(&self, scope: &mut Scope<'_>) -> Outcome<()> {
        set(scope, &self.id, &self.id, |person| person.status = self.status).await?;
        scope.work.say(Word::Shows(self.id.clone()));
        Ok(())
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

/// Changes what is kept of somebody who must be known.
pub(super) async fn set(
    scope: &mut Scope<'_>,
    id: &UserId,
    by: &UserId,
    change: impl FnOnce(&mut person::Model),
) -> Outcome<()> {
    let stored = person::Entity::find_by_id(id.clone()).one(scope.transaction).await?;
    let mut row = stored.clone().ok_or(Error::UnknownPerson)?;
    change(&mut row);
    if stored.as_ref() != Some(&row) {
        update(scope, &row).await?;
        record(scope, row, by)?;
    }
    Ok(())
}

async fn update(scope: &Scope<'_>, row: &person::Model) -> Result<(), DbErr> {
    let mut change = row.clone().into_active_model().reset_all();
    change.id = ActiveValue::Unchanged(row.id.clone());
    person::Entity::update(change)
        .exec_without_returning(scope.transaction)
        .await
        .map(drop)
}

/// Says in the log what is kept of somebody now.
pub(super) fn record(scope: &mut Scope<'_>, row: person::Model, by: &UserId) -> Result<(), DbErr> {
    let user = row.id.clone();
    scope.work.say(Word::Profile(user.clone()));
    let body = Body::PersonChanged(Arc::new(PersonChanged::from(row)));
    scope.work.record_of(user, by, scope.now, body).map(drop)
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

/// Refuses somebody who was deactivated.
pub(super) async fn require_active(transaction: &DatabaseTransaction, user: &UserId) -> Outcome<()> {
    let (_, deactivated) = active(transaction, std::slice::from_ref(user)).await?;
    if deactivated.is_empty() {
        Ok(())
    } else {
        Err(Error::Deactivated.into())
    }
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
    scope: &mut Scope<'_>,
    stored: Option<person::Model>,
    mut row: person::Model,
    by: &UserId,
) -> Result<(), DbErr> {
    if stored.as_ref() == Some(&row) {
        return Ok(());
    }
    row.updated_at = scope.now;
    let names = |row: &person::Model| {
        let is_found = !row.is_placeholder;
        is_found.then(|| person_name::of(&row.username, &row.full_name))
    };
    let (before, after) = (stored.as_ref().and_then(names), names(&row));
    let (user, transaction) = (row.id.clone(), scope.transaction);
    if stored.is_some() {
        update(scope, &row).await?;
    } else {
        person::Entity::insert(row.clone().into_active_model().reset_all())
            .exec_without_returning(transaction)
            .await?;
    }
    record(scope, row, by)?;
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

async fn set_profile(scope: &mut Scope<'_>, profile: &Profile, by: &UserId) -> Result<Person, DbErr> {
    let stored = person::Entity::find_by_id(profile.id.clone())
        .one(scope.transaction)
        .await?;
    let mut row = stored.clone().unwrap_or_else(|| blank(&profile.id, scope.now));
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
    store(scope, stored, row, by).await?;
    Ok(person)
}
