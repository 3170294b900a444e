//! Profiles: stored at first sight and when a token says something new.

use entities::person;
use sea_orm::{ActiveModelTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel};

use super::command::SignIn;
use crate::log::event::Person;

/// Stores what the token says and returns who it is now.
pub(super) async fn sign_in(transaction: &DatabaseTransaction, sign_in: &SignIn, now: i64) -> Result<Person, DbErr> {
    let stored = person::Entity::find_by_id(sign_in.id.clone()).one(transaction).await?;
    let known = stored
        .clone()
        .map_or_else(|| Person::placeholder(sign_in.id.clone()), Person::from);
    // A placeholder's names are its id; a token that says only one name means both.
    let named = stored.as_ref().is_some_and(|row| !row.is_placeholder);
    let full_name = sign_in
        .full_name
        .clone()
        .or_else(|| sign_in.username.clone().filter(|_| !named));
    let username = sign_in.username.clone();
    let person = Person {
        username: username.unwrap_or(known.username),
        full_name: full_name.unwrap_or(known.full_name),
        avatar: sign_in.avatar.clone().or(known.avatar),
        id: known.id,
    };
    let row = person::Model {
        id: person.id.clone(),
        username: person.username.clone(),
        full_name: person.full_name.clone(),
        avatar: person.avatar.clone(),
        is_placeholder: false,
        created_at: stored.as_ref().map_or(now, |row| row.created_at),
        updated_at: now,
    };
    match stored {
        None => {
            person::Entity::insert(row.into_active_model().reset_all())
                .exec_without_returning(transaction)
                .await?;
        }
        Some(stored) if stored.is_placeholder || Person::from(stored.clone()) != person => {
            let mut change = row.into_active_model().reset_all();
            change.id = sea_orm::ActiveValue::Unchanged(person.id.clone());
            person::Entity::update(change)
                .exec_without_returning(transaction)
                .await?;
        }
        Some(_) => {}
    }
    Ok(person)
}
