//! Old events go, the oldest first and a few at a time.

use entities::ids::EventId;
use entities::{event as rows, log_head, node, ticket};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::log::writer::change::{Change, Outcome, Scope};

/// Events that go in one transaction at most: others wait for as long.
pub(crate) const MOST: u64 = 256;

/// Forgets the oldest events that happened before a time, except what a ticket still needs. An event that happened
/// later keeps all that follow it, whatever their clocks said.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prune {
    /// Milliseconds since 1970, UTC.
    pub before: i64,
}

impl Change for Prune {
    /// How many went.
    type Output = u64;

    async fn apply(&self, scope: &mut Scope<'_>) -> Outcome<u64> {
        let horizon = scope.work.head.horizon;
        let oldest: Vec<(EventId, i64)> = rows::Entity::find()
            .select_only()
            .columns([rows::Column::Id, rows::Column::CreatedAt])
            .filter(rows::Column::Id.gt(horizon))
            .order_by_asc(rows::Column::Id)
            .limit(MOST)
            .into_tuple()
            .all(scope.transaction)
            .await?;
        let old: Vec<EventId> = oldest
            .into_iter()
            .take_while(|(_, at)| *at < self.before)
            .map(|(id, _)| id)
            .collect();
        let Some(last) = old.last().copied() else {
            return Ok(0);
        };
        let last = Ord::min(last, needed(scope).await?.unwrap_or(last));
        if last <= horizon {
            return Ok(0);
        }
        let gone = rows::Entity::delete_many()
            .filter(rows::Column::Id.lte(last))
            .exec(scope.transaction)
            .await?;
        log_head::Entity::update_many()
            .col_expr(log_head::Column::Horizon, Expr::value(last.0))
            .filter(log_head::Column::Id.eq(log_head::ID))
            .exec(scope.transaction)
            .await?;
        scope.work.head.horizon = last;
        scope.work.keep();
        Ok(gone.rows_affected)
    }
}

/// The lowest position that a connection, living or lost, may go on from.
async fn needed(scope: &Scope<'_>) -> Result<Option<EventId>, DbErr> {
    let told: Option<Option<EventId>> = node::Entity::find()
        .select_only()
        .column_as(node::Column::Told.min(), "lowest")
        .into_tuple()
        .one(scope.transaction)
        .await?;
    let position: Option<Option<EventId>> = ticket::Entity::find()
        .select_only()
        .column_as(ticket::Column::Position.min(), "lowest")
        .into_tuple()
        .one(scope.transaction)
        .await?;
    Ok([told, position].into_iter().flatten().flatten().min())
}
