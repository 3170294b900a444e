//! People: known from their tokens, named by themselves, kept by administrators.
//!
//! Anybody who is signed in may see anybody's profile and search for people by name; nobody sees a token.

mod directory;
mod privacy;

use std::collections::HashSet;
use std::sync::Arc;

use entities::person;
use entities::user_id::UserId;
use parking_lot::Mutex;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use tokio::sync::broadcast;

use crate::database::Database;
use crate::log::Log;
use crate::log::cache::Cache;
use crate::log::writer::changes::{Claims, SetActive, SignIn, SignedIn};
use crate::services::details::Person;
use crate::services::{Error, Principal, content};

pub use self::directory::{MAX_PROFILES, NewProfile, Refused, Upserted};
pub use self::privacy::Privacy;

/// Characters of a name or an avatar's address in a token that are looked at.
const CLAIM_CHARACTERS: usize = 2_000;
/// People kept in memory, per generation of the cache.
const CAPACITY: usize = 8_192;
/// Deactivations that wait for whoever closes connections; who misses one looks at all.
const WAITING: usize = 256;

/// Everybody who was ever seen. Cheap to clone.
#[derive(Clone, Debug)]
pub struct People {
    database: Database,
    log: Log,
    seen: Arc<Mutex<Seen>>,
    /// Those who may not come in; all of them, whoever they are, so that asking costs nothing.
    deactivated: Arc<Mutex<HashSet<UserId>>>,
    deactivations: broadcast::Sender<UserId>,
    /// Held while one of them is changed, so that memory and database end up equal.
    deactivating: Arc<tokio::sync::Mutex<()>>,
}

/// Whose tokens were looked at lately.
#[derive(Debug)]
struct Seen {
    people: Cache<UserId, (Arc<Person>, Arc<Claims>)>,
    /// Grows when a profile is changed: what the writer answered before may be stale.
    generation: u64,
}

impl People {
    pub(crate) fn new(database: Database, log: Log) -> Self {
        let seen = Seen {
            people: Cache::new(CAPACITY),
            generation: 0,
        };
        Self {
            database,
            log,
            seen: Arc::new(Mutex::new(seen)),
            deactivated: Arc::default(),
            deactivations: broadcast::channel(WAITING).0,
            deactivating: Arc::default(),
        }
    }

    /// Reads who may not come in. Before it they all may.
    pub async fn load(&self) -> Result<(), Error> {
        let deactivated = self.stored_deactivated().await?;
        self.deactivated.lock().extend(deactivated);
        Ok(())
    }

    /// Whether somebody may come in at all: `Forbidden` for those who were deactivated.
    pub fn admit(&self, user: &UserId) -> Result<(), Error> {
        if self.is_deactivated(user) {
            return Err(Error::Forbidden("You were deactivated".to_owned()));
        }
        Ok(())
    }

    pub(crate) fn is_deactivated(&self, user: &UserId) -> bool {
        self.deactivated.lock().contains(user)
    }

    /// All who may not come in, at this moment.
    #[must_use]
    pub fn deactivated(&self) -> Vec<UserId> {
        self.deactivated.lock().iter().cloned().collect()
    }

    /// Those who are deactivated from now on: their connections are to be closed.
    #[must_use]
    pub fn deactivations(&self) -> broadcast::Receiver<UserId> {
        self.deactivations.subscribe()
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
        let claims = claims(principal);
        let generation = {
            let mut seen = self.seen.lock();
            if let Some((person, known)) = seen.people.find(&principal.user_id)
                && known.know(&claims)
            {
                return Ok(person);
            }
            seen.generation
        };
        let id = principal.user_id.clone();
        let SignedIn { person, claims } = self.log.writer.change(SignIn { id, claims }).await?;
        let person = Arc::new(person);
        let mut seen = self.seen.lock();
        if seen.generation == generation {
            let known = (Arc::clone(&person), Arc::new(claims));
            seen.people.insert(principal.user_id.clone(), known);
        }
        Ok(person)
    }

    /// Lets somebody in no more, or again. An administrator's business, and never with oneself.
    pub async fn set_active(&self, principal: &Principal, id: &str, is_active: bool) -> Result<UserId, Error> {
        require_admin(principal)?;
        let id: UserId = id.parse().map_err(|_| Error::no_person())?;
        if id == principal.user_id {
            return Err(Error::invalid("userId", "must be somebody else"));
        }
        let change = SetActive {
            by: principal.user_id.clone(),
            id: id.clone(),
            is_active,
        };
        let _one = self.deactivating.lock().await;
        self.log.writer.change(change).await?;
        self.learn_admission(&id, is_active);
        Ok(id)
    }

    /// Another server deactivated somebody, or lets them in again. Returns whether they may come in.
    pub(in crate::services) async fn hear_admission(&self, user: &UserId) -> Result<bool, Error> {
        let _one = self.deactivating.lock().await;
        let row = person::Entity::find_by_id(user.clone())
            .one(&self.database.read)
            .await?;
        let is_active = row.is_none_or(|row| row.deactivated_at.is_none());
        self.learn_admission(user, is_active);
        Ok(is_active)
    }

    /// Another server changed somebody's profile.
    pub(in crate::services) fn hear_profile(&self, user: &UserId) {
        self.forget(std::iter::once(user.clone()));
    }

    /// Something may have been said that was not heard: reads who may not come in, and forgets whom it knows. Returns those
    /// who may come in no more.
    pub(in crate::services) async fn read_again(&self) -> Result<Vec<UserId>, Error> {
        let _one = self.deactivating.lock().await;
        let before = self.deactivated.lock().clone();
        let now: HashSet<_> = self.stored_deactivated().await?.into_iter().collect();
        let expelled: Vec<_> = now.difference(&before).cloned().collect();
        expelled.iter().for_each(|user| self.learn_admission(user, false));
        before
            .difference(&now)
            .for_each(|user| self.learn_admission(user, true));
        let mut seen = self.seen.lock();
        seen.generation += 1;
        seen.people.clear();
        Ok(expelled)
    }

    fn learn_admission(&self, user: &UserId, is_active: bool) {
        if is_active {
            self.deactivated.lock().remove(user);
        } else if self.deactivated.lock().insert(user.clone()) {
            // An error means that there is nobody whose connections could be closed.
            let _ = self.deactivations.send(user.clone());
        }
    }

    async fn stored_deactivated(&self) -> Result<Vec<UserId>, Error> {
        let deactivated = person::Entity::find()
            .select_only()
            .column(person::Column::Id)
            .filter(person::Column::DeactivatedAt.is_not_null())
            .into_tuple()
            .all(&self.database.read)
            .await?;
        Ok(deactivated)
    }

    fn forget(&self, users: impl Iterator<Item = UserId>) {
        let mut seen = self.seen.lock();
        seen.generation += 1;
        users.for_each(|user| drop(seen.people.remove(&user)));
    }
}

fn require_admin(principal: &Principal) -> Result<(), Error> {
    if principal.is_admin {
        Ok(())
    } else {
        Err(Error::Forbidden("Only an administrator may do this".to_owned()))
    }
}

fn claims(principal: &Principal) -> Claims {
    let profile = &principal.profile;
    let seen = |claim: &Option<String>| {
        claim
            .as_deref()
            .and_then(|claim| content::seen(claim, CLAIM_CHARACTERS))
    };
    Claims {
        username: seen(&profile.username),
        full_name: seen(&profile.full_name),
        avatar: seen(&profile.avatar),
        issued_at: profile.issued_at,
    }
}
