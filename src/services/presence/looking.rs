//! Who may see whom, and what they see.

use std::collections::HashMap;

use entities::ids::EventId;
use entities::person::{self, Status};
use entities::user_id::UserId;
use entities::{block, member};
use sea_orm::sea_query::{Condition, Query, SelectStatement};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::Presence;
use crate::database::Database;
use crate::services::{Error, PresenceScope, Principal};

/// People who may be asked for at once.
const MOST: usize = 1_000;

/// What somebody sees of somebody. Away and do not disturb are online; whom one may not see is offline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    pub user: UserId,
    pub status: Status,
    /// Milliseconds since 1970, UTC; now for those who are here, `None` where nobody knows or may know.
    pub last_seen: Option<i64>,
}

/// Somebody whom one may see, as the database has them.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) user: UserId,
    status: Status,
    last_seen: Option<i64>,
}

impl Sight {
    /// Whether they are here, to whoever knows only two states.
    #[must_use]
    pub fn is_online(&self) -> bool {
        self.status != Status::Offline
    }

    fn of_nobody(user: UserId) -> Self {
        Self {
            user,
            status: Status::Offline,
            last_seen: None,
        }
    }
}

impl Presence {
    /// Everybody somebody may see, here or not, by id.
    pub async fn acquaintances(&self, user: &UserId) -> Result<Vec<UserId>, Error> {
        let known = acquaintances(&self.database, self.shared.scope, user).await?;
        self.learn(&known);
        Ok(known.into_iter().map(|known| known.user).collect())
    }

    /// Those of them who are here. Who came after they were looked up may be missing, and is told of later.
    #[must_use]
    pub fn online(&self, mut people: Vec<UserId>) -> Vec<UserId> {
        let now = self.shared.clock.elapsed();
        let mut table = self.shared.table.lock();
        people.retain(|user| table.list(user, now));
        people
    }

    /// Everybody who is here and whom the caller may see, by id.
    pub async fn all(&self, principal: &Principal) -> Result<Vec<Sight>, Error> {
        let known = acquaintances(&self.database, self.shared.scope, &principal.user_id).await?;
        self.learn(&known);
        let mut sights: Vec<_> = known
            .into_iter()
            .map(|known| self.sight(known, &principal.user_id))
            .collect();
        sights.retain(Sight::is_online);
        Ok(sights)
    }

    /// What the caller sees of people, in the order of the ids as they came. What is no user id is nobody.
    pub async fn look(&self, principal: &Principal, ids: &[String]) -> Result<Vec<(String, Option<Sight>)>, Error> {
        if ids.len() > MOST {
            return Err(Error::invalid("userIds", format!("must be {MOST} people at most")));
        }
        let viewer = &principal.user_id;
        let users: Vec<Option<UserId>> = ids.iter().map(|id| id.parse().ok()).collect();
        let asked: Vec<UserId> = users.iter().flatten().cloned().collect();
        let mut known = visible(&self.database, self.shared.scope, viewer, asked).await?;
        if users.iter().flatten().any(|user| user == viewer) {
            known.extend(stored(&self.database, viewer).await?);
        }
        self.learn(&known);
        let mut sights: HashMap<UserId, Sight> = HashMap::new();
        for known in known {
            sights.insert(known.user.clone(), self.sight(known, viewer));
        }
        let look = |user: UserId| sights.get(&user).cloned().unwrap_or_else(|| Sight::of_nobody(user));
        let seen = users.into_iter().map(|user| user.map(look));
        Ok(ids.iter().cloned().zip(seen).collect())
    }

    /// What the caller sees of one person.
    pub async fn look_at(&self, principal: &Principal, id: &str) -> Result<Sight, Error> {
        let sights = self.look(principal, &[id.to_owned()]).await?;
        let sight = sights.into_iter().next().and_then(|(_, sight)| sight);
        sight.ok_or_else(Error::no_person)
    }

    /// What somebody shows to the others.
    pub(super) async fn own(&self, user: &UserId) -> Result<Sight, Error> {
        let known = stored(&self.database, user).await?;
        self.learn(known.as_slice());
        Ok(known.map_or_else(|| Sight::of_nobody(user.clone()), |known| self.sight(known, user)))
    }

    fn learn(&self, known: &[Known]) {
        let now = self.shared.clock.elapsed();
        let mut table = self.shared.table.lock();
        let mut is_due = false;
        for known in known {
            is_due |= table.learn(&known.user, known.status, now);
        }
        if is_due {
            self.shared.earlier.notify_one();
        }
    }

    fn sight(&self, known: Known, viewer: &UserId) -> Sight {
        let clock = &self.shared.clock;
        let (status, gone_for) = {
            let (table, now) = (self.shared.table.lock(), clock.elapsed());
            let status = if known.user == *viewer {
                table.own_status(viewer, now)
            } else {
                table.status(&known.user, now)
            };
            (status, table.gone_for(&known.user, now))
        };
        let last_seen = if status == Status::Offline {
            let gone = gone_for.and_then(|gone| i64::try_from(gone.as_millis()).ok());
            let left = gone.map(|gone| clock.now() - gone);
            self.shared.keeper.noted(&known.user).max(known.last_seen).max(left)
        } else {
            Some(clock.now())
        };
        Sight {
            user: known.user,
            status,
            last_seen,
        }
    }
}

/// A status by its name, in any case.
pub(super) fn status(name: &str) -> Result<Status, Error> {
    match name.trim().to_ascii_lowercase().as_str() {
        "online" => Ok(Status::Online),
        "away" => Ok(Status::Away),
        "dnd" => Ok(Status::Dnd),
        "offline" => Ok(Status::Offline),
        _ => Err(Error::invalid("status", "must be one of online, away, dnd, offline")),
    }
}

/// Everybody whom `user` may see and who may see them, by id: they share a conversation or need not, neither has blocked
/// the other and they may come in.
pub(super) async fn acquaintances(
    database: &Database,
    scope: PresenceScope,
    user: &UserId,
) -> Result<Vec<Known>, Error> {
    known(database, around(scope, user).add(unblocked(user))).await
}

/// Those of `users` among them.
pub(super) async fn visible(
    database: &Database,
    scope: PresenceScope,
    viewer: &UserId,
    users: Vec<UserId>,
) -> Result<Vec<Known>, Error> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let asked = person::Column::Id.is_in(users);
    known(database, around(scope, viewer).add(unblocked(viewer)).add(asked)).await
}

/// Whether `viewer` may see `user`; `None` if they could not even without a block.
pub(super) async fn may_see(
    database: &Database,
    scope: PresenceScope,
    viewer: &UserId,
    user: &UserId,
) -> Result<Option<bool>, Error> {
    let around = around(scope, viewer).add(person::Column::Id.eq(user));
    if known(database, around).await?.is_empty() {
        return Ok(None);
    }
    let seen = visible(database, scope, viewer, vec![user.clone()]).await?;
    Ok(Some(!seen.is_empty()))
}

/// How many conversations somebody shares with each of these, or shared at an event if they still do; who shares none is
/// left out.
pub(super) async fn common(
    database: &Database,
    user: &UserId,
    others: &[UserId],
    at: Option<EventId>,
) -> Result<HashMap<UserId, i64>, Error> {
    let mut own = conversations(user);
    let mut known_at = Condition::all();
    if let Some(at) = at {
        own.and_where(member::Column::FromEvent.lte(at));
        known_at = known_at.add(member::Column::FromEvent.lte(at));
    }
    let shared: Vec<(UserId, i64)> = member::Entity::find()
        .select_only()
        .column(member::Column::UserId)
        .column_as(member::Column::UserId.count(), "shared")
        .filter(member::Column::UserId.is_in(others))
        .filter(member::Column::UntilEvent.is_null())
        .filter(known_at)
        .filter(member::Column::Conversation.in_subquery(own))
        .group_by(member::Column::UserId)
        .into_tuple()
        .all(&database.read)
        .await?;
    Ok(shared.into_iter().collect())
}

/// Those whom `viewer` could see if nobody blocked anybody.
fn around(scope: PresenceScope, viewer: &UserId) -> Condition {
    let others = Condition::all()
        .add(person::Column::Id.ne(viewer))
        .add(person::Column::DeactivatedAt.is_null());
    match scope {
        PresenceScope::Everyone => others,
        PresenceScope::Conversations => {
            let mut partners = Query::select();
            partners
                .column(member::Column::UserId)
                .from(member::Entity)
                .and_where(member::Column::Conversation.in_subquery(conversations(viewer)))
                .and_where(member::Column::UntilEvent.is_null());
            others.add(person::Column::Id.in_subquery(partners))
        }
    }
}

/// Those who neither blocked `viewer` nor are blocked.
fn unblocked(viewer: &UserId) -> Condition {
    let mut blocked = Query::select();
    blocked
        .column(block::Column::BlockedId)
        .from(block::Entity)
        .and_where(block::Column::UserId.eq(viewer));
    let mut blockers = Query::select();
    blockers
        .column(block::Column::UserId)
        .from(block::Entity)
        .and_where(block::Column::BlockedId.eq(viewer));
    Condition::all()
        .add(person::Column::Id.not_in_subquery(blocked))
        .add(person::Column::Id.not_in_subquery(blockers))
}

fn conversations(of: &UserId) -> SelectStatement {
    let mut own = Query::select();
    own.column(member::Column::Conversation)
        .from(member::Entity)
        .and_where(member::Column::UserId.eq(of))
        .and_where(member::Column::UntilEvent.is_null());
    own
}

async fn stored(database: &Database, user: &UserId) -> Result<Option<Known>, Error> {
    let mut found = known(database, Condition::all().add(person::Column::Id.eq(user))).await?;
    Ok(found.pop())
}

/// What somebody chose to show; who is not stored yet has chosen nothing.
pub(super) async fn stored_status(database: &Database, user: &UserId) -> Result<Status, Error> {
    let found = stored(database, user).await?;
    Ok(found.map(|known| known.status).unwrap_or_default())
}

/// The same of several; who is not stored is left out.
pub(super) async fn stored_statuses(database: &Database, users: &[UserId]) -> Result<Vec<(UserId, Status)>, Error> {
    let found = known(database, Condition::all().add(person::Column::Id.is_in(users))).await?;
    Ok(found.into_iter().map(|known| (known.user, known.status)).collect())
}

async fn known(database: &Database, which: Condition) -> Result<Vec<Known>, Error> {
    let rows: Vec<(UserId, Status, Option<i64>)> = person::Entity::find()
        .select_only()
        .columns([person::Column::Id, person::Column::Status, person::Column::LastSeenAt])
        .filter(which)
        .order_by_asc(person::Column::Id)
        .into_tuple()
        .all(&database.read)
        .await?;
    let known = rows.into_iter().map(|(user, status, last_seen)| Known {
        user,
        status,
        last_seen,
    });
    Ok(known.collect())
}
