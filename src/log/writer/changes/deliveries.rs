//! What has arrived at the devices of members, of all of a conversation at once: moves that connections prove.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use entities::ids::{ConversationNumber, Seq};
use entities::moves::{self, Kind};
use entities::user_id::UserId;
use entities::{conversation, member};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Statement, Value};

use super::moves::{Interval, MOST_COVERED, covered, insert, uncovered};
use crate::log::event::{Arrival, Body, Covered, Delivered};
use crate::log::writer::change::{Change, Outcome, Scope};

/// People of one statement.
const PEOPLE: usize = 500;

/// Messages arrived at devices. What was delivered or read before, and what its person cannot see, is left out.
#[derive(Clone, Debug)]
pub(crate) struct Deliver {
    pub conversation: ConversationNumber,
    /// Places from the first to the last, in order for each person.
    pub arrivals: Vec<(UserId, Vec<Interval>)>,
}

impl Change for Deliver {
    type Output = ();

    fn weight(&self) -> usize {
        256 + 64 * self.arrivals.len()
    }

    async fn apply(&self, scope: &mut Scope<'_>) -> Outcome<()> {
        let Some(conversation) = conversation::Entity::find_by_id(self.conversation)
            .one(scope.transaction)
            .await?
        else {
            return Ok(());
        };
        let fresh = self.fresh(scope, conversation.last_seq).await?;
        let (fresh, covered) = self.covered(scope, fresh).await?;
        let Some((actor, _)) = fresh.first() else {
            return Ok(());
        };
        let places = fresh.iter().map(|(user, place)| (user, *place));
        insert(scope, self.conversation, Kind::Delivered, places).await?;
        let arrivals = fresh.iter().map(|(user, (from, up_to))| Arrival {
            user: user.clone(),
            from_seq: Seq(*from),
            up_to_seq: Seq(*up_to),
        });
        let delivered = Delivered {
            conversation_id: conversation.id,
            arrivals: arrivals.collect(),
            covered,
        };
        let body = Body::Delivered(Arc::new(delivered));
        scope.work.record(self.conversation, None, actor, scope.now, body)?;
        Ok(())
    }
}

impl Deliver {
    /// What of the arrivals is news.
    async fn fresh(&self, scope: &Scope<'_>, newest: Seq) -> Result<Vec<(UserId, Interval)>, DbErr> {
        let mut members: HashMap<UserId, member::Model> = HashMap::new();
        for arrivals in self.arrivals.chunks(PEOPLE) {
            let found = member::Entity::find()
                .filter(member::Column::Conversation.eq(self.conversation))
                .filter(member::Column::UntilEvent.is_null())
                .filter(member::Column::UserId.is_in(arrivals.iter().map(|(user, _)| user)))
                .all(scope.transaction)
                .await?;
            members.extend(found.into_iter().map(|row| (row.user_id.clone(), row)));
        }
        let last = self.last_moves(scope, newest).await?;
        let mut fresh = Vec::with_capacity(self.arrivals.len());
        for (user, places) in &self.arrivals {
            let Some(member) = members.get(user) else { continue };
            let unseen = Ord::max(member.read_seq.0 + 1, member.visible_from_seq.0);
            for (first, up_to) in places {
                let (first, up_to) = (Ord::max(*first, unseen), Ord::min(*up_to, newest.0));
                if first > up_to {
                    continue;
                }
                // Nearly always they follow on what was delivered last.
                let is_new = last.get(user).is_none_or(|row| row.up_to_seq.0 < first);
                let gaps = if is_new {
                    vec![(first, up_to)]
                } else {
                    let place = (first, up_to);
                    uncovered(scope.transaction, self.conversation, user, Kind::Delivered, place).await?
                };
                fresh.extend(gaps.into_iter().map(|gap| (user.clone(), gap)));
            }
        }
        Ok(fresh)
    }

    /// The last delivery of each member, by index: moves never overlap.
    async fn last_moves(&self, scope: &Scope<'_>, newest: Seq) -> Result<HashMap<UserId, moves::Model>, DbErr> {
        let backend = scope.transaction.get_database_backend();
        let delivered: Value = Value::SmallInt(Some(0));
        // `CROSS JOIN` keeps SQLite to this order: from the members, by index, to the last move of each.
        let sql = match backend {
            sea_orm::DbBackend::Postgres => LAST_MOVES
                .replacen('?', "$1", 1)
                .replacen('?', "$2", 1)
                .replacen('?', "$3", 1)
                .replacen('?', "$4", 1),
            _ => LAST_MOVES.to_owned(),
        };
        let values = [
            self.conversation.0.into(),
            delivered.clone(),
            delivered,
            newest.0.into(),
        ];
        let rows = moves::Entity::find()
            .from_raw_sql(Statement::from_sql_and_values(backend, sql, values))
            .all(scope.transaction)
            .await?;
        Ok(rows.into_iter().map(|row| (row.user_id.clone(), row)).collect())
    }

    /// The newest messages that arrived anywhere, and of those who are further behind the newest of theirs; with the
    /// arrivals of those to whom anything of others came.
    async fn covered(
        &self,
        scope: &Scope<'_>,
        fresh: Vec<(UserId, Interval)>,
    ) -> Result<(Vec<(UserId, Interval)>, Vec<Covered>), DbErr> {
        let ends = fresh.iter().map(|(_, place)| *place);
        let Some((first, last)) = ends.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1))) else {
            return Ok(Default::default());
        };
        let newest = covered(scope.transaction, self.conversation, None, &[(first, last)]).await?;
        let reaches = match newest.first() {
            Some(oldest) if newest.len() as u64 >= MOST_COVERED => oldest.seq.0,
            _ => first,
        };
        let (mut kept, mut found) = (Vec::with_capacity(fresh.len()), BTreeMap::new());
        // Of one person together: where one place is of others, their own close the gaps between.
        for theirs in fresh.chunk_by(|(one, _), (other, _)| one == other) {
            let (user, places): (&UserId, Vec<Interval>) =
                (&theirs[0].0, theirs.iter().map(|(_, place)| *place).collect());
            let is_there = |seq: i64| places.iter().any(|(first, last)| (*first..=*last).contains(&seq));
            let arrived = newest
                .iter()
                .filter(|message| message.sender != *user && is_there(message.seq.0));
            let mut arrived: Vec<Covered> = arrived.cloned().collect();
            if arrived.is_empty() && places.iter().any(|(first, _)| *first < reaches) {
                arrived = covered(scope.transaction, self.conversation, Some(user), &places).await?;
            }
            if !arrived.is_empty() {
                found.extend(arrived.into_iter().map(|message| (message.seq, message)));
                kept.extend_from_slice(theirs);
            }
        }
        Ok((kept, found.into_values().collect()))
    }
}

const LAST_MOVES: &str = "SELECT m.* FROM members p CROSS JOIN moves m \
    WHERE p.conversation = ? AND p.until_event IS NULL \
    AND m.conversation = p.conversation AND m.user_id = p.user_id AND m.kind = ? \
    AND m.from_seq = (SELECT o.from_seq FROM moves o WHERE o.conversation = p.conversation \
    AND o.user_id = p.user_id AND o.kind = ? AND o.from_seq <= ? ORDER BY o.from_seq DESC LIMIT 1)";
