//! Profiles, from tokens.

use std::sync::Arc;

use entities::person;
use entities::user_id::UserId;
use parking_lot::Mutex;
use sea_orm::EntityTrait;

use crate::database::Database;
use crate::log::Log;
use crate::log::cache::Cache;
use crate::log::writer::command::SignIn;
use crate::services::details::Person;
use crate::services::{Error, Principal};

/// People kept in memory, per generation of the cache.
const CAPACITY: usize = 8_192;

/// Everybody who was ever seen. Cheap to clone.
#[derive(Clone, Debug)]
pub struct People {
    database: Database,
    log: Log,
    seen: Arc<Mutex<Cache<UserId, Arc<Person>>>>,
}

impl People {
    pub(crate) fn new(database: Database, log: Log) -> Self {
        Self {
            database,
            log,
            seen: Arc::new(Mutex::new(Cache::new(CAPACITY))),
        }
    }

    /// The person behind a token. Stores them at first sight and whenever the token says something new; otherwise it
    /// costs a look into memory.
    pub async fn seen(&self, principal: &Principal) -> Result<Person, Error> {
        self.shared(principal).await.map(|person| (*person).clone())
    }

    /// The caller's own profile.
    pub async fn me(&self, principal: &Principal) -> Result<Person, Error> {
        self.seen(principal).await
    }

    /// Somebody by id.
    pub async fn find(&self, id: &UserId) -> Result<Option<Person>, Error> {
        let row = person::Entity::find_by_id(id.clone()).one(&self.database.read).await?;
        Ok(row.map(Person::from))
    }

    pub(crate) async fn shared(&self, principal: &Principal) -> Result<Arc<Person>, Error> {
        let known = self.seen.lock().find(&principal.user_id);
        if let Some(person) = known
            && says_nothing_new(principal, &person)
        {
            return Ok(person);
        }
        let profile = &principal.profile;
        let sign_in = SignIn {
            id: principal.user_id.clone(),
            username: profile.username.as_deref().and_then(name),
            full_name: profile.full_name.as_deref().and_then(name),
            avatar: profile.avatar.as_deref().and_then(name),
        };
        let person = Arc::new(self.log.writer.sign_in(sign_in).await?);
        self.seen.lock().insert(principal.user_id.clone(), Arc::clone(&person));
        Ok(person)
    }
}

fn says_nothing_new(principal: &Principal, person: &Person) -> bool {
    let profile = &principal.profile;
    let same = |claim: &Option<String>, stored: &str| claim.as_deref().and_then(name).is_none_or(|name| name == stored);
    same(&profile.username, &person.username)
        && same(&profile.full_name, &person.full_name)
        && same(&profile.avatar, person.avatar.as_deref().unwrap_or_default())
}

/// A claim without what cannot be shown or stored: control characters, emptiness, more than 2,000 characters.
fn name(claim: &str) -> Option<String> {
    let name: String = claim
        .trim()
        .chars()
        .filter(|character| !character.is_control())
        .take(2_000)
        .collect();
    (!name.is_empty()).then_some(name)
}
