//! The other servers on the same database: they are told who is here, and it is read and heard who is there. Where there
//! can be none, nothing of this runs.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};
use std::time::Duration;

use entities::person::{self, Status};
use entities::user_id::UserId;
use entities::{node, presence};
use sea_orm::{ColumnTrait, EntityTrait, JoinType, QueryFilter, QuerySelect, RelationTrait};
use tokio::time::Instant;
use uuid::Uuid;

use super::nodes::{LEASE, LOOKING, Nodes};
use super::table::Table;
use super::{Presence, Shared, looking};
use crate::clock::Clock;
use crate::database::Database;
use crate::log::Log;
use crate::log::words::Word;
use crate::log::writer::changes::SavePresences;
use crate::services::Error;

/// How often it is said that this server lives, at least.
const BEAT: Duration = Duration::from_secs(3);
/// How often those are looked at who are here for a while, and the least time between saying two things.
const SAYING: (Duration, Duration) = (Duration::from_secs(1), Duration::from_millis(200));
/// People of one change.
const PORTION: usize = 2_048;
/// Ids of one look-up.
const IDS: usize = 500;

/// Begins to speak and to look.
pub(super) fn start(shared: &Arc<Shared>, database: &Database, log: &Log, clock: &Clock) {
    if log.others.may_be() {
        tokio::spawn(say(Arc::downgrade(shared), log.clone(), database.name(), clock.clone()));
        tokio::spawn(watch(Arc::downgrade(shared), database.clone(), clock.clone()));
    }
}

impl Presence {
    /// Reads who is here on other servers, before anybody comes in who would be told of each.
    pub async fn load(&self) -> Result<(), Error> {
        self.read_others(true).await
    }

    /// Something may have been said that was not heard: reads who is here on other servers, and what everybody shows.
    pub(in crate::services) async fn read_again(&self) -> Result<(), Error> {
        self.read_others(false).await?;
        let _one = self.showing.lock().await;
        let known = self.shared.table.lock().people();
        for users in known.chunks(IDS) {
            let shown = looking::stored_statuses(&self.database, users).await?;
            self.shared.change(|table, now| {
                let shows = |due, (user, status): &(UserId, Status)| table.show(user, *status, now) || due;
                shown.iter().fold(false, shows)
            });
        }
        Ok(())
    }

    /// Another server says something about being here.
    pub(in crate::services) async fn hear(&self, by: Uuid, word: &Word) -> Result<(), Error> {
        match word {
            Word::Came(user) => {
                // Held until the table knows it too: what is read or given up meanwhile must find both equal.
                let mut nodes = self.shared.nodes.lock().await;
                match nodes.came(by, user) {
                    Some(true) => {
                        let arrive = |table: &mut Table, now| table.arrive_elsewhere(user, None, false, now);
                        self.shared.change(arrive);
                    }
                    Some(false) => {}
                    None => {
                        drop(nodes);
                        self.read_others(false).await?;
                    }
                }
            }
            Word::Went(user, at) => {
                let mut nodes = self.shared.nodes.lock().await;
                if nodes.went(by, user) == Some(true) {
                    let ago = u64::try_from(self.shared.clock.now().saturating_sub(*at)).unwrap_or(0);
                    let ago = Duration::from_millis(ago);
                    let leave = |table: &mut Table, now| table.leave_elsewhere(user, ago, false, now);
                    self.shared.change(leave);
                }
            }
            Word::Shows(user) => {
                let _one = self.showing.lock().await;
                let status = looking::stored_status(&self.database, user).await?;
                self.shared.change(|table, now| table.show(user, status, now));
            }
            Word::Parted(one, other) => self.reconsider(one.clone(), other.clone()).await,
            Word::Alive | Word::Typing(_) | Word::Admission(_) | Word::Profile(_) | Word::Did(..) => {}
        }
        Ok(())
    }

    async fn read_others(&self, quietly: bool) -> Result<(), Error> {
        if !self.log.others.may_be() {
            return Ok(());
        }
        let mut nodes = self.shared.nodes.lock().await;
        look(&self.shared, &self.database, &mut nodes).await?;
        read(&self.shared, &self.database, &mut nodes, quietly).await
    }
}

/// Looks which other servers live. Returns whether there are some whose people were not read.
async fn look(shared: &Shared, database: &Database, nodes: &mut Nodes) -> Result<bool, Error> {
    let rows: Vec<node::Sign> = node::Entity::find()
        .select_only()
        .columns([node::Column::Id, node::Column::SeenAt])
        .filter(node::Column::Id.ne(database.name()))
        .into_tuple()
        .all(&database.read)
        .await?;
    let found = nodes.look(&rows, shared.clock.elapsed(), shared.clock.now());
    if !found.left.is_empty() {
        tracing::info!(people = found.left.len(), "another server is gone");
        shared.change(|table, now| {
            let leave = |due, (user, ago): &(UserId, Duration)| table.leave_elsewhere(user, *ago, true, now) || due;
            found.left.iter().fold(false, leave)
        });
    }
    Ok(found.is_unread)
}

/// Reads who is here on those that live.
async fn read(shared: &Shared, database: &Database, nodes: &mut Nodes, quietly: bool) -> Result<(), Error> {
    let living = nodes.living();
    if living.is_empty() {
        return Ok(());
    }
    let rows: Vec<(Uuid, UserId, Option<Status>)> = presence::Entity::find()
        .select_only()
        .columns([presence::Column::Node, presence::Column::UserId])
        .column(person::Column::Status)
        .join(JoinType::LeftJoin, presence::Relation::Person.def())
        .filter(presence::Column::Node.is_in(living.iter().copied()))
        .into_tuple()
        .all(&database.read)
        .await?;
    let (mut here, mut shown) = (HashMap::<Uuid, HashSet<UserId>>::new(), HashMap::new());
    for (node, user, status) in rows {
        shown.insert(user.clone(), status);
        here.entry(node).or_default().insert(user);
    }
    shared.change(|table, now| {
        let mut is_due = false;
        for node in living {
            let (came, went) = nodes.replace(node, here.remove(&node).unwrap_or_default());
            for user in came {
                let status = shown.get(&user).copied().flatten();
                is_due |= table.arrive_elsewhere(&user, status, quietly, now);
            }
            for user in went {
                is_due |= table.leave_elsewhere(&user, Duration::ZERO, false, now);
            }
        }
        is_due
    });
    Ok(())
}

/// Looks after the other servers. Ends with the service.
async fn watch(shared: Weak<Shared>, database: Database, clock: Clock) {
    loop {
        clock.sleep_until(clock.elapsed() + LOOKING).await;
        let Some(shared) = shared.upgrade() else { return };
        let mut nodes = shared.nodes.lock().await;
        let looked = async {
            if look(&shared, &database, &mut nodes).await? {
                read(&shared, &database, &mut nodes, false).await?;
            }
            Ok::<_, Error>(())
        };
        if let Err(error) = looked.await {
            tracing::debug!("other servers cannot be looked after: {error}");
        }
    }
}

/// Says who is here, and that this server lives. Ends with the service.
async fn say(shared: Weak<Shared>, log: Log, node: Uuid, clock: Clock) {
    let (mut began, mut said) = (Instant::now(), None::<(Instant, i64)>);
    loop {
        let Some(news) = shared.upgrade().map(|shared| Arc::clone(&shared.news)) else {
            return;
        };
        // Soon after the last, so that many who come together are said together.
        tokio::select! {
            () = tokio::time::sleep_until(began + SAYING.0) => {}
            () = news.notified() => tokio::time::sleep_until(began + SAYING.1).await,
        }
        began = Instant::now();
        let Some(shared) = shared.upgrade() else { return };
        let lease = i64::try_from(LEASE.as_millis()).unwrap_or(i64::MAX);
        // Whoever was silent for so long, awake or not, is taken for gone, and what it said is forgotten some day.
        if said.is_some_and(|(_, at)| !(0..lease).contains(&(clock.now() - at))) {
            shared.table.lock().forget_said();
        }
        let unsaid = shared.table.lock().unsaid(PORTION, shared.clock.elapsed());
        if unsaid.is_empty() && said.is_some_and(|(at, _)| at.elapsed() < BEAT) {
            continue;
        }
        if unsaid.len() == PORTION {
            shared.news.notify_one();
        }
        let now = clock.now();
        let at = |ago: Duration| now.saturating_sub(i64::try_from(ago.as_millis()).unwrap_or(0));
        let save = SavePresences {
            node,
            came: unsaid.came.clone(),
            went: unsaid.went.iter().map(|(user, ago)| (user.clone(), at(*ago))).collect(),
        };
        match log.writer.change(save).await {
            Ok(()) => said = Some((Instant::now(), now)),
            Err(_) if log.writer.is_closed() => return,
            Err(error) => {
                tracing::debug!("other servers cannot be told who is here: {error}");
                shared.table.lock().take_back(unsaid);
            }
        }
    }
}
