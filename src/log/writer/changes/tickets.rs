//! Where the connections of a server are. No event tells of it: it shares a commit with what does.

use entities::ids::EventId;
use entities::{node, presence, ticket};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, QueryTrait,
};
use uuid::Uuid;

use crate::log::writer::change::{Change, Outcome, Scope};

/// Rows of one statement.
const ROWS: usize = 256;

/// How far a server has told its connections, and what became of their tickets since it last said so.
///
/// All of one moment: a ticket without a position stands for everything up to `told`.
#[derive(Clone, Debug)]
pub(crate) struct SaveTickets {
    pub node: Uuid,
    pub told: EventId,
    pub changed: Vec<ticket::Model>,
    pub gone: Vec<Uuid>,
    /// Gone too, unless its server gave a sign of life since it was seen alive then.
    pub used: Vec<(Uuid, node::Sign)>,
}

/// Forgets these servers, their tickets and who was here by them, unless they gave a sign of life since they were seen
/// alive then.
#[derive(Clone, Debug)]
pub(crate) struct ForgetNodes(pub Vec<node::Sign>);

impl Change for SaveTickets {
    type Output = ();

    fn weight(&self) -> usize {
        512 + 128 * (self.changed.len() + self.gone.len() + self.used.len())
    }

    async fn apply(&self, scope: &mut Scope<'_>) -> Outcome<()> {
        sign(scope, self.node, self.told, &[node::Column::Told, node::Column::SeenAt]).await?;
        for rows in self.changed.chunks(ROWS) {
            let again = OnConflict::column(ticket::Column::Id)
                .update_columns([ticket::Column::Hears, ticket::Column::Position])
                .to_owned();
            ticket::Entity::insert_many(rows.iter().cloned().map(|row| row.into_active_model().reset_all()))
                .on_conflict(again)
                .exec_without_returning(scope.transaction)
                .await?;
        }
        for ids in self.gone.chunks(ROWS) {
            ticket::Entity::delete_many()
                .filter(ticket::Column::Id.is_in(ids.iter().copied()))
                .exec(scope.transaction)
                .await?;
        }
        for (id, sign) in &self.used {
            let silent = node::Entity::find()
                .select_only()
                .column(node::Column::Id)
                .filter(is_silent_since(*sign));
            ticket::Entity::delete_many()
                .filter(ticket::Column::Id.eq(*id))
                .filter(ticket::Column::Node.in_subquery(silent.into_query()))
                .exec(scope.transaction)
                .await?;
        }
        scope.work.keep();
        Ok(())
    }
}

/// That server, unless it gave a sign of life since.
fn is_silent_since((id, seen_at): node::Sign) -> Condition {
    Condition::all()
        .add(node::Column::Id.eq(id))
        .add(node::Column::SeenAt.eq(seen_at))
}

/// A server gives a sign of life. Where it is known only these columns are written.
pub(super) async fn sign(scope: &Scope<'_>, node: Uuid, told: EventId, again: &[node::Column]) -> Result<(), DbErr> {
    let alive = node::Model {
        id: node,
        told,
        seen_at: scope.now,
    };
    let again = OnConflict::column(node::Column::Id)
        .update_columns(again.iter().copied())
        .to_owned();
    node::Entity::insert(alive.into_active_model().reset_all())
        .on_conflict(again)
        .exec_without_returning(scope.transaction)
        .await
        .map(drop)
}

impl Change for ForgetNodes {
    type Output = ();

    async fn apply(&self, scope: &mut Scope<'_>) -> Outcome<()> {
        for sign in &self.0 {
            let forgotten = node::Entity::delete_many()
                .filter(is_silent_since(*sign))
                .exec(scope.transaction)
                .await?;
            if forgotten.rows_affected == 0 {
                continue;
            }
            ticket::Entity::delete_many()
                .filter(ticket::Column::Node.eq(sign.0))
                .exec(scope.transaction)
                .await?;
            presence::Entity::delete_many()
                .filter(presence::Column::Node.eq(sign.0))
                .exec(scope.transaction)
                .await?;
            scope.work.keep();
        }
        Ok(())
    }
}
