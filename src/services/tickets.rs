//! Tickets: where a device goes on after a connection of its was lost.
//!
//! An edge leaves one for each connection that was lost and takes those of a device that comes back. Those of living
//! connections are stored once a second, so that whoever was connected when a server was killed has one too.

mod state;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use entities::ids::{ConversationNumber, EventId};
use entities::user_id::UserId;
use entities::{node, ticket};
use parking_lot::Mutex;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::clock::Clock;
use crate::database::Database;
use crate::log::Log;
use crate::log::writer::changes::{ForgetNodes, SaveTickets};
use crate::services::Error;

pub use self::state::Due;
use self::state::{Elsewhere, State};

/// A server that signs nothing for so long is not there: it does every three seconds.
const SIGN_OF_LIFE: Duration = Duration::from_secs(6);
/// How long a server is silent at least before it is forgotten.
const SILENCE: Duration = Duration::from_secs(60);

/// What a device is recognised by: hashes, of which one that matches is enough.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Device {
    pub key: String,
    /// What else it is recognised by, where the key may not come again.
    pub alias: Option<String>,
}

impl Device {
    /// Whether both may be one.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        let keys = |device: &Self| [Some(device.key.clone()), device.alias.clone()];
        let theirs = keys(other);
        keys(self)
            .iter()
            .flatten()
            .any(|key| theirs.iter().flatten().any(|known| known == key))
    }
}

/// Which conversations a connection hears; `None` is all its person belongs to.
pub type Hears = Option<HashSet<ConversationNumber>>;

/// Where one connection is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    pub id: Uuid,
    pub user: UserId,
    pub device: Device,
    pub hears: Hears,
    /// Everything up to here has arrived; `None` is everything there is.
    pub position: Option<EventId>,
}

/// What a device that comes back is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resumption {
    /// It goes on after this.
    pub position: EventId,
    pub hears: Hears,
}

/// What there is for a device that comes back, until it [takes](Found::take) it.
#[derive(Debug)]
pub struct Found {
    tickets: Tickets,
    user: UserId,
    device: Device,
    /// What other servers on this database, living or not, and those before this one left.
    stored: Vec<Elsewhere>,
    /// Where connections of this server are that live or not, which nobody can say.
    uncertain: Vec<Ticket>,
}

/// The tickets of this server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Tickets(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    database: Database,
    log: Log,
    clock: Clock,
    /// This server, from its start to its end.
    node: Uuid,
    lifetime: Duration,
    state: Mutex<State>,
}

impl Tickets {
    pub(crate) fn new(database: Database, log: Log, clock: Clock, lifetime: Duration) -> Self {
        Self(Arc::new(Shared {
            node: database.name(),
            database,
            log,
            clock,
            lifetime,
            state: Mutex::default(),
        }))
    }

    /// How many this server keeps of connections that were lost.
    pub(crate) fn len(&self) -> usize {
        self.0.state.lock().len()
    }

    /// A connection was lost: its device goes on at the ticket's position, which must be known.
    pub fn leave(&self, ticket: Ticket) {
        let until = self.0.clock.elapsed() + self.0.lifetime;
        self.0.state.lock().leave(ticket, until);
    }

    /// A connection was closed by its client: its device does not come back to it.
    pub fn forget(&self, user: &UserId, id: Uuid) {
        self.0.state.lock().forget(user, id);
    }

    /// What is stored may have been taken for that of a dead server: all of it is to be stored again.
    pub fn store_again(&self) {
        self.0.state.lock().store_again();
    }

    /// Looks up what a device that comes back goes on with.
    pub async fn find(&self, user: &UserId, device: &Device) -> Result<Found, Error> {
        Ok(Found {
            tickets: self.clone(),
            user: user.clone(),
            device: device.clone(),
            stored: self.stored(user, device).await?,
            uncertain: Vec::new(),
        })
    }

    /// What other servers on this database, living or not, and those before this one know of a device.
    async fn stored(&self, user: &UserId, device: &Device) -> Result<Vec<Elsewhere>, Error> {
        let keys = [Some(&device.key), device.alias.as_ref()];
        let keys = || keys.into_iter().flatten().cloned();
        let is_theirs = Condition::any()
            .add(ticket::Column::Device.is_in(keys()))
            .add(ticket::Column::Alias.is_in(keys()));
        // In one statement: a server that lives moves on, and whoever stands where it has told stands elsewhere then.
        let rows = ticket::Entity::find()
            .find_also_related(node::Entity)
            .filter(is_theirs)
            .filter(ticket::Column::UserId.eq(user))
            .filter(ticket::Column::Node.ne(self.0.node))
            .all(&self.0.database.read)
            .await?;
        let known = rows.into_iter().filter_map(|(row, node)| {
            let node = node?;
            let ticket = Ticket {
                id: row.id,
                user: row.user_id,
                device: Device {
                    key: row.device,
                    alias: row.alias,
                },
                hears: row.hears.and_then(|hears| serde_json::from_str(&hears).ok()),
                position: Some(row.position.unwrap_or(node.told)),
            };
            Some(Elsewhere {
                ticket,
                node: row.position.is_none().then_some((node.id, node.seen_at)),
            })
        });
        Ok(known.collect())
    }

    /// What became of the tickets of lost connections since it was stored last.
    #[must_use]
    pub fn due(&self) -> Due {
        let mut state = self.0.state.lock();
        state.due(self.0.clock.elapsed(), self.0.lifetime)
    }

    /// Stores how far this server has told its connections, with those of them that stand elsewhere than was stored and
    /// what became of lost ones: all of one moment, in one commit.
    pub async fn save(&self, told: EventId, living: Vec<Ticket>, due: Due) -> Result<(), Error> {
        let save = SaveTickets {
            node: self.0.node,
            told,
            changed: due
                .left()
                .chain(living)
                .map(|ticket| row(ticket, self.0.node))
                .collect(),
            gone: due.gone.clone(),
            used: due.used.clone(),
        };
        self.0.log.writer.change(save).await?;
        self.0.state.lock().stored(&due);
        Ok(())
    }

    /// Forgets servers that are gone for as long as a ticket lives, once this one has lived as long itself. Called every
    /// minute or so: who gave a sign of life since the last time is not gone, whatever the clocks say.
    pub async fn tidy(&self) -> Result<(), Error> {
        let lifetime = self.0.lifetime.max(SILENCE);
        if self.0.clock.elapsed() < lifetime {
            return Ok(());
        }
        let lifetime = i64::try_from(lifetime.as_millis()).unwrap_or(i64::MAX);
        let before = self.0.clock.now().saturating_sub(lifetime);
        let stale: Vec<node::Sign> = node::Entity::find()
            .select_only()
            .columns([node::Column::Id, node::Column::SeenAt])
            .filter(node::Column::SeenAt.lt(before))
            .filter(node::Column::Id.ne(self.0.node))
            .into_tuple()
            .all(&self.0.database.read)
            .await?;
        let silent = {
            let mut state = self.0.state.lock();
            let silent: Vec<_> = stale
                .iter()
                .filter(|node| state.stale.contains(node))
                .copied()
                .collect();
            state.stale = stale;
            silent
        };
        if silent.is_empty() {
            return Ok(());
        }
        Ok(self.0.log.writer.change(ForgetNodes(silent)).await?)
    }
}

impl Found {
    /// With the places of connections of which nobody can say whether they live. They keep them.
    #[must_use]
    pub fn beside(self, uncertain: Vec<Ticket>) -> Self {
        Self { uncertain, ..self }
    }

    /// What the device goes on with, if it was lost lately. Whoever takes it has a place from then on.
    ///
    /// It hears what all its lost connections heard, from the lowest of their positions. One of the tickets is used up,
    /// the one that reaches furthest: a device that lost several connections has as many to come back with, and those
    /// come soon if they come.
    #[must_use]
    pub fn take(self) -> Option<Resumption> {
        let shared = &self.tickets.0;
        let now = shared.clock.elapsed();
        // Where no other server may be, all others are dead.
        let dead_at = if shared.log.others.may_be() {
            now + SIGN_OF_LIFE
        } else {
            now
        };
        let mut state = shared.state.lock();
        let mut all = state.take(&self.user, &self.device, self.stored, (now, dead_at));
        drop(state);
        all.extend(self.uncertain);
        let position = all.iter().filter_map(|ticket| ticket.position).min()?;
        let hears = all.into_iter().map(|ticket| ticket.hears).reduce(both);
        Some(Resumption {
            position,
            hears: hears.flatten(),
        })
    }
}

fn row(ticket: Ticket, node: Uuid) -> ticket::Model {
    let hears = ticket.hears.map(|hears| {
        let hears: Vec<_> = hears.into_iter().collect();
        serde_json::to_string(&hears).expect("numbers are JSON")
    });
    ticket::Model {
        id: ticket.id,
        node,
        user_id: ticket.user,
        device: ticket.device.key,
        alias: ticket.device.alias,
        hears,
        position: ticket.position,
    }
}

/// Everything either hears.
fn both(one: Hears, other: Hears) -> Hears {
    let (mut one, other) = (one?, other?);
    one.extend(other);
    Some(one)
}
