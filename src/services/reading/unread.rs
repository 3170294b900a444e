//! The one place that says what is unread: what came after the read pointer and may be seen, without one's own messages
//! and without what was deleted. Derived every time, so that it cannot drift.

use std::collections::HashMap;

use entities::ids::{ConversationId, ConversationNumber};
use entities::user_id::UserId;
use entities::{conversation, member, message};
use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};
use sea_orm::{
    ColumnTrait, DatabaseConnection, DbErr, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationTrait,
};

use super::Mine;
use crate::services::Error;

/// The unread messages of each of somebody's conversations.
pub(super) async fn counts(
    read: &DatabaseConnection,
    user: &UserId,
    mine: &[Mine],
) -> Result<HashMap<ConversationNumber, i64>, DbErr> {
    let numbers: Vec<_> = mine.iter().map(|(_, conversation)| conversation.number).collect();
    let own = after_pointer(read, user, &numbers, message::Column::SenderId.eq(user)).await?;
    let gone = message::Column::SenderId
        .ne(user)
        .and(message::Column::DeletedAt.is_not_null());
    let gone = after_pointer(read, user, &numbers, gone).await?;
    let of = |counts: &HashMap<_, i64>, number| counts.get(&number).copied().unwrap_or(0);
    let counts = mine.iter().map(|(member, conversation)| {
        let covered = Ord::max(member.read_seq.0, member.visible_from_seq.0 - 1);
        let newer = conversation.last_seq.0 - covered;
        let number = conversation.number;
        (number, Ord::max(newer - of(&own, number) - of(&gone, number), 0))
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
    let mut unread = Vec::new();
    for portion in mine.chunks(500) {
        let counts = counts(read, user, portion).await?;
        unread.extend(portion.iter().filter_map(|(_, conversation)| {
            let count = counts.get(&conversation.number).copied().filter(|count| *count > 0)?;
            Some((conversation.id, count))
        }));
    }
    Ok(unread)
}

/// How many messages of a kind lie after what [`counts`] takes for covered.
async fn after_pointer(
    read: &DatabaseConnection,
    user: &UserId,
    numbers: &[ConversationNumber],
    kind: SimpleExpr,
) -> Result<HashMap<ConversationNumber, i64>, DbErr> {
    let seq = || Expr::col(message::Column::Seq.as_column_ref());
    let counts: Vec<(ConversationNumber, i64)> = member::Entity::find()
        .select_only()
        .column(member::Column::Conversation)
        .column_as(message::Column::Seq.count(), "messages")
        .join(JoinType::InnerJoin, member::Relation::Conversation.def())
        .join(JoinType::InnerJoin, conversation::Relation::Messages.def())
        .filter(member::Column::UserId.eq(user))
        .filter(member::Column::UntilEvent.is_null())
        .filter(member::Column::Conversation.is_in(numbers.iter().copied()))
        .filter(kind)
        .filter(seq().gt(Expr::col(member::Column::ReadSeq.as_column_ref())))
        .filter(seq().gte(Expr::col(member::Column::VisibleFromSeq.as_column_ref())))
        .group_by(member::Column::Conversation)
        .into_tuple()
        .all(read)
        .await?;
    Ok(counts.into_iter().collect())
}
