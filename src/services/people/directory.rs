//! Profiles that are written and looked for.

use std::collections::HashMap;

use entities::user_id::UserId;
use entities::{person, person_name};
use sea_orm::sea_query::{Expr, ExprTrait, LikeExpr, Query};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::{People, require_admin};
use crate::log::writer::changes::{Profile, SetProfiles};
use crate::services::details::Person;
use crate::services::paging::{self, Page, PageRequest};
use crate::services::{Error, Principal, content};

/// Profiles of one bulk change at most.
pub const MAX_PROFILES: usize = 1_000;
/// Profiles that are stored at once: between two portions others are served.
const PORTION: usize = 100;
/// Characters of an avatar's address at most.
const AVATAR_CHARACTERS: usize = 2_000;

/// What a client says of somebody; what is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewProfile {
    /// Whose it is, where the request does not say so otherwise.
    pub id: Option<String>,
    pub username: Option<String>,
    pub full_name: Option<String>,
    /// An empty one removes it.
    pub avatar: Option<String>,
}

/// A profile that could not be stored.
#[derive(Clone, Debug)]
pub struct Refused {
    /// Its place in what was sent, from 0.
    pub index: usize,
    /// The id as it was sent.
    pub id: Option<String>,
    pub error: Error,
}

/// What became of a bulk change.
#[derive(Clone, Debug)]
pub struct Upserted {
    /// Those who are stored now, in the order they were sent.
    pub people: Vec<Person>,
    pub refused: Vec<Refused>,
}

impl People {
    /// Somebody by id, as a client wrote it.
    pub async fn profile(&self, id: &str) -> Result<Person, Error> {
        let id = id.parse().map_err(|_| Error::no_person())?;
        self.find(&id).await?.ok_or_else(Error::no_person)
    }

    /// Changes the caller's own full name and avatar. They stay until the caller's token says something new: a claim
    /// that was known before does not bring the old name back.
    pub async fn rename_me(&self, principal: &Principal, profile: NewProfile) -> Result<Person, Error> {
        let me = self.shared(principal).await?;
        if profile.id.as_deref().is_some_and(|id| id.parse() != Ok(me.id.clone())) {
            return Err(Error::invalid("id", "must be one's own"));
        }
        let mut profile = checked(principal.user_id.clone(), &profile)?;
        // Clients send the whole person back.
        if profile.username.take().is_some_and(|username| username != me.username) {
            return Err(Error::invalid("username", "is changed by administrators only"));
        }
        self.set_profile(principal, profile).await
    }

    /// Changes anybody's profile, known or not; for administrators.
    pub async fn put(&self, principal: &Principal, id: &str, profile: NewProfile) -> Result<Person, Error> {
        require_admin(principal)?;
        let id: UserId = id.parse().map_err(|_| Error::no_person())?;
        if profile
            .id
            .as_deref()
            .is_some_and(|named| named.parse() != Ok(id.clone()))
        {
            return Err(Error::invalid("id", "must be the one of the address"));
        }
        self.set_profile(principal, checked(id, &profile)?).await
    }

    /// Changes up to [`MAX_PROFILES`] profiles, known or not; for administrators. One that cannot be stored does not
    /// hinder the others; of one person named twice the last counts.
    ///
    /// They are stored in portions. When the store fails in the middle of them, that is the answer, and the whole may be
    /// sent again.
    pub async fn put_all(
        &self,
        principal: &Principal,
        profiles: Vec<Result<NewProfile, Error>>,
    ) -> Result<Upserted, Error> {
        require_admin(principal)?;
        if profiles.is_empty() || profiles.len() > MAX_PROFILES {
            return Err(Error::invalid("users", format!("must be 1 to {MAX_PROFILES} people")));
        }
        let (mut checked, mut refused) = (Vec::with_capacity(profiles.len()), Vec::new());
        for (index, profile) in profiles.into_iter().enumerate() {
            let id = profile.as_ref().ok().and_then(|profile| profile.id.clone());
            let outcome = profile.and_then(|profile| match id.as_deref().map(str::parse) {
                Some(Ok(id)) => self::checked(id, &profile),
                Some(Err(_)) => Err(Error::invalid("id", "is not a user id")),
                None => Err(Error::invalid("id", "is needed")),
            });
            match outcome {
                Ok(profile) => checked.push(profile),
                Err(error) => refused.push(Refused { index, id, error }),
            }
        }
        let mut people = Vec::with_capacity(checked.len());
        for portion in checked.chunks(PORTION) {
            people.extend(self.set_profiles(principal, portion.to_vec()).await?);
        }
        Ok(Upserted { people, refused })
    }

    /// People whose username or full name, or a word of it, begins with `query`, by full name. Neither those of whom only
    /// the id is known nor those who were deactivated.
    pub async fn search(&self, query: &str, page: &PageRequest) -> Result<Page<Person>, Error> {
        let window = page.window()?;
        let prefix = person_name::fold(&content::caption(query, 0)?);
        if prefix.is_empty() {
            return Err(Error::invalid("query", "must not be empty"));
        }
        let escaped = prefix.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        let like = LikeExpr::new(format!("{escaped}%")).escape('\\');
        let mut named = Query::select();
        named
            .column(person_name::Column::UserId)
            .from(person_name::Entity)
            .and_where(Expr::col(person_name::Column::Name).like(like));
        let found = person::Entity::find()
            .filter(person::Column::Id.in_subquery(named))
            .filter(person::Column::DeactivatedAt.is_null());
        let total = paging::total(found.clone(), &self.database.read).await?;
        let (slice, placement) = window.slice(1, total);
        let mut items = Vec::new();
        if slice.is_some() {
            let listed = found
                .order_by_asc(person::Column::FullName)
                .order_by_asc(person::Column::Id);
            let rows = window.of(listed).all(&self.database.read).await?;
            items.extend(rows.into_iter().map(Person::from));
        }
        Ok(Page {
            items,
            pagination: placement.pagination(None),
        })
    }

    async fn set_profile(&self, principal: &Principal, profile: Profile) -> Result<Person, Error> {
        let mut people = self.set_profiles(principal, vec![profile]).await?;
        people.pop().ok_or(Error::Internal)
    }

    async fn set_profiles(&self, principal: &Principal, profiles: Vec<Profile>) -> Result<Vec<Person>, Error> {
        let set = SetProfiles {
            by: principal.user_id.clone(),
            profiles,
        };
        let people = self.log.writer.change(set).await?;
        self.forget(people.iter().map(|person| person.id.clone()));
        // Of somebody named twice the last counts, also in the answer.
        let last: HashMap<_, _> = people.iter().map(|person| (&person.id, person)).collect();
        Ok(people.iter().map(|person| last[&person.id].clone()).collect())
    }
}

/// A profile as it is stored.
fn checked(id: UserId, profile: &NewProfile) -> Result<Profile, Error> {
    let avatar = match profile.avatar.as_deref() {
        Some(avatar) if avatar.trim().is_empty() => Some(String::new()),
        avatar => content::line("avatar", avatar, AVATAR_CHARACTERS)?,
    };
    Ok(Profile {
        id,
        username: content::name("username", profile.username.as_deref())?,
        full_name: content::name("fullName", profile.full_name.as_deref())?,
        avatar,
    })
}
