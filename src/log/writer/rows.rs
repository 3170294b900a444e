//! The statements of the fast path: many rows each, in few shapes, so that every one of them stays prepared.

use entities::{event, log_head, message};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel,
    Statement, Value,
};

use super::batch::Touched;
use crate::log::values;

/// Rows of one statement at most; a power of two.
pub(super) const MAX_ROWS: usize = 64;

/// The largest power of two that is at most `rows` and [`MAX_ROWS`]. A batch of 37 is stored as 32, 4 and 1: seven
/// shapes in all instead of one a size, and prepared statements are what costs memory.
fn portion(rows: usize) -> usize {
    (1 << rows.ilog2()).min(MAX_ROWS)
}

/// The size a list of keys is filled up to by repeating one of them.
pub(super) fn padded(keys: usize) -> usize {
    keys.next_power_of_two()
}

pub(super) async fn insert_messages(transaction: &DatabaseTransaction, rows: Vec<message::Model>) -> Result<(), DbErr> {
    let mut rows = rows.into_iter().map(|row| row.into_active_model().reset_all());
    while rows.len() > 0 {
        let count = portion(rows.len());
        let portion: Vec<_> = rows.by_ref().take(count).collect();
        message::Entity::insert_many(portion)
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}

pub(super) async fn insert_events(transaction: &DatabaseTransaction, rows: &[event::Model]) -> Result<(), DbErr> {
    let mut rest = rows;
    while !rest.is_empty() {
        let (first, others) = rest.split_at(portion(rest.len()));
        let portion = first.iter().cloned().map(|row| row.into_active_model().reset_all());
        event::Entity::insert_many(portion)
            .exec_without_returning(transaction)
            .await?;
        rest = others;
    }
    Ok(())
}

pub(super) async fn update_head(transaction: &DatabaseTransaction, head: &log_head::Model) -> Result<(), DbErr> {
    let mut row = head.clone().into_active_model().reset_all();
    row.id = ActiveValue::Unchanged(head.id);
    row.epoch = ActiveValue::Unchanged(head.epoch.clone());
    log_head::Entity::update(row)
        .exec_without_returning(transaction)
        .await
        .map(|_| ())
}

/// Moves the newest place and the last activity of all conversations of the batch, in one statement a portion.
pub(super) async fn update_conversations(transaction: &DatabaseTransaction, touched: &Touched) -> Result<(), DbErr> {
    let backend = transaction.get_database_backend();
    let rows: Vec<[i64; 3]> = touched
        .iter()
        .map(|(number, head)| [number.0, head.last_seq.0, head.last_message_at])
        .collect();
    for portion in rows.chunks(MAX_ROWS) {
        let rows = padded(portion.len());
        // A row that occurs twice changes nothing.
        let values = portion
            .iter()
            .chain(std::iter::repeat(&portion[0]))
            .take(rows)
            .flatten();
        let values: Vec<Value> = values.map(|value| Value::from(*value)).collect();
        let sql = format!(
            "UPDATE conversations SET last_seq = v.column2, updated_at = v.column3, last_message_at = v.column3 \
             FROM (VALUES {}) AS v WHERE conversations.number = v.column1",
            values::triples(backend, rows)
        );
        transaction
            .execute_raw(Statement::from_sql_and_values(backend, sql, values))
            .await?;
    }
    Ok(())
}
