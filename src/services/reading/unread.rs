//! The one place that says what is unread: what came after the read pointer and may be seen, without one's own messages
//! and without what was deleted. Derived every time, so that it cannot drift.

use std::collections::HashMap;

use entities::ids::{ConversationId, ConversationNumber};
use entities::user_id::UserId;
use entities::{conversation, member};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QueryOrder, Value};

use super::Mine;
use crate::log::gathered::{self, Cell, Columns};
use crate::services::Error;

/// The unread messages of each of somebody's conversations.
pub(super) async fn counts(
    read: &DatabaseConnection,
    user: &UserId,
    mine: &[Mine],
) -> Result<HashMap<ConversationNumber, i64>, DbErr> {
    let left_out = left_out(read, user, mine).await?;
    let counts = mine.iter().map(|(member, conversation)| {
        let newer = conversation.last_seq.0 - covered(member);
        let number = conversation.number;
        let left_out = left_out.get(&number).copied().unwrap_or(0);
        (number, Ord::max(newer - left_out, 0))
    });
    Ok(counts.collect())
}

/// The unread messages of one of somebody's conversations; nothing where they do not belong.
pub(crate) async fn one(
    read: &DatabaseConnection,
    user: &UserId,
    conversation: ConversationNumber,
) -> Result<i64, Error> {
    let mine = super::mine(read, user, conversation).await?;
    let counts = counts(read, user, mine.as_slice()).await?;
    Ok(counts.get(&conversation).copied().unwrap_or(0))
}

/// The unread messages of all of somebody's conversations.
pub(crate) async fn total(read: &DatabaseConnection, user: &UserId) -> Result<i64, Error> {
    Ok(each(read, user).await?.iter().map(|(_, count)| count).sum())
}

/// The conversations with unread messages, muted ones included.
pub(crate) async fn each(read: &DatabaseConnection, user: &UserId) -> Result<Vec<(ConversationId, i64)>, Error> {
    let rows = member::Entity::find()
        .find_also_related(conversation::Entity)
        .filter(member::Column::UserId.eq(user))
        .filter(member::Column::UntilEvent.is_null())
        .filter(
            Expr::col(conversation::Column::LastSeq.as_column_ref())
                .gt(Expr::col(member::Column::ReadSeq.as_column_ref())),
        )
        .order_by_desc(conversation::Column::UpdatedAt)
        .all(read)
        .await?;
    let mine = super::whole(rows);
    let counts = counts(read, user, &mine).await?;
    let unread = mine.iter().filter_map(|(_, conversation)| {
        let count = counts.get(&conversation.number).copied().filter(|count| *count > 0)?;
        Some((conversation.id, count))
    });
    Ok(unread.collect())
}

/// How many messages after what [`counts`] takes for covered are the reader's own or deleted.
async fn left_out(
    read: &DatabaseConnection,
    user: &UserId,
    mine: &[Mine],
) -> Result<HashMap<ConversationNumber, i64>, DbErr> {
    let news = mine.iter().filter_map(|(member, conversation)| {
        let covered = covered(member);
        (conversation.last_seq.0 > covered).then_some((conversation.number, covered))
    });
    let news: Vec<_> = news.collect();
    if news.is_empty() {
        return Ok(HashMap::new());
    }
    let columns = [("conversation", Cell::Number), ("covered", Cell::Number)];
    let asked = gathered::list(read.get_database_backend(), 1, &columns);
    let newer = "m.conversation = asked.conversation AND m.seq > asked.covered";
    let from = format!(
        "(SELECT asked.conversation AS conversation, \
         (SELECT count(*) FROM messages m WHERE {newer} AND m.sender_id = $2) \
         + (SELECT count(*) FROM messages m WHERE {newer} AND m.sender_id <> $2 AND m.deleted_at IS NOT NULL) \
         AS messages FROM {asked} AS asked) AS counted"
    );
    let values = [gathered::listed(news.iter())?, Value::from(user)];
    let counts: Vec<(ConversationNumber, i64)> =
        gathered::rows(read, Columns::Numbers("conversation, messages"), &from, values).await?;
    Ok(counts.into_iter().collect())
}

/// The last place that counts as read.
fn covered(member: &member::Model) -> i64 {
    Ord::max(member.read_seq.0, member.visible_from_seq.0 - 1)
}
