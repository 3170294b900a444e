//! People on their way in: placeholders for those nobody has heard of, and the rows that make members.

use std::collections::HashSet;

use entities::ids::{ConversationNumber, EventId, Seq};
use entities::user_id::UserId;
use entities::{member, person};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect,
};

use super::people;
use crate::log::event::Founder;
use crate::log::writer::change::Scope;

/// Rows of one statement at most: SQLite and PostgreSQL bind at most 32,766 and 65,535 values.
const MAX_ROWS: usize = 500;

/// Where members come in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) conversation: ConversationNumber,
    /// The first event they are told.
    pub(super) from_event: EventId,
    /// The first message they may see.
    pub(super) visible_from: Seq,
    /// What was said up to here is not new to them.
    pub(super) read: Seq,
}

/// Those of `users` nobody has heard of, in their order.
pub(super) async fn unknown(transaction: &DatabaseTransaction, users: &[UserId]) -> Result<Vec<UserId>, DbErr> {
    let mut known: HashSet<UserId> = HashSet::new();
    for portion in users.chunks(MAX_ROWS) {
        let stored: Vec<UserId> = person::Entity::find()
            .select_only()
            .column(person::Column::Id)
            .filter(person::Column::Id.is_in(portion))
            .into_tuple()
            .all(transaction)
            .await?;
        known.extend(stored);
    }
    Ok(users.iter().filter(|user| !known.contains(*user)).cloned().collect())
}

/// Makes people of those whom `by` named and nobody has heard of.
pub(super) async fn insert_placeholders(scope: &mut Scope<'_>, users: &[UserId], by: &UserId) -> Result<(), DbErr> {
    for portion in users.chunks(MAX_ROWS) {
        let rows: Vec<_> = portion.iter().map(|user| people::blank(user, scope.now)).collect();
        for row in &rows {
            people::record(scope, row.clone(), by)?;
        }
        person::Entity::insert_many(rows.into_iter().map(|row| row.into_active_model().reset_all()))
            .exec_without_returning(scope.transaction)
            .await?;
    }
    Ok(())
}

/// Begins an interval of membership for each of them.
pub(super) async fn insert_members(
    transaction: &DatabaseTransaction,
    place: &Place,
    members: &[Founder],
    now: i64,
) -> Result<(), DbErr> {
    for portion in members.chunks(MAX_ROWS) {
        let rows = portion.iter().map(|one| member::ActiveModel {
            number: ActiveValue::NotSet,
            conversation: ActiveValue::Set(place.conversation),
            user_id: ActiveValue::Set(one.user.clone()),
            role: ActiveValue::Set(one.role),
            from_event: ActiveValue::Set(place.from_event),
            until_event: ActiveValue::Set(None),
            visible_from_seq: ActiveValue::Set(place.visible_from),
            read_seq: ActiveValue::Set(place.read),
            is_muted: ActiveValue::Set(false),
            is_archived: ActiveValue::Set(false),
            is_pinned: ActiveValue::Set(false),
            joined_at: ActiveValue::Set(now),
            is_hidden: ActiveValue::Set(false),
            muted_until: ActiveValue::Set(None),
            joined_seq: ActiveValue::Set(Some(place.read)),
        });
        member::Entity::insert_many(rows)
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}
