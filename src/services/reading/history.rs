//! Pages of messages, and single ones.

use entities::ids::{ConversationNumber, MessageId, MessageNumber, Seq};
use entities::user_id::UserId;
use entities::{conversation, member, message};
use sea_orm::sea_query::SimpleExpr;
use sea_orm::{ColumnTrait, Condition, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder, Select};

use crate::log::details::{self, Row};
use crate::log::members::Membership;
use crate::services::Error;
use crate::services::details::MessageDetails;
use crate::services::paging::{Bound, Page, Placement, Window};

/// A page of messages for a member. Places are gap-free, so which ones are on it is arithmetic over the ends of the
/// range, and a page costs the same wherever it lies.
pub(crate) async fn page(
    read: &DatabaseConnection,
    membership: &Membership,
    user: &UserId,
    window: &Window,
) -> Result<Page<MessageDetails>, Error> {
    let ends = member::Entity::find()
        .find_also_related(conversation::Entity)
        .filter(member::Column::Conversation.eq(membership.number))
        .filter(member::Column::UserId.eq(user))
        .filter(member::Column::UntilEvent.is_null())
        .one(read)
        .await?;
    let Some((member, Some(conversation))) = ends else {
        return Err(Error::no_conversation());
    };
    let (first, last) = (member.visible_from_seq.0, conversation.last_seq.0);
    let (low, high) = range(read, membership.number, window, (first, last)).await?;
    let (slice, mut placement) = window.slice(low, high);
    let Some((from, to)) = slice else {
        return Ok(Page {
            items: Vec::new(),
            pagination: placement.pagination(None),
        });
    };
    placement.has_previous = if placement.ascends() { from > first } else { to < last };
    let rows = message::Entity::find()
        .filter(message::Column::Conversation.eq(membership.number))
        .filter(message::Column::Seq.between(Seq(from), Seq(to)))
        .order_by_asc(message::Column::Seq)
        .all(read)
        .await?;
    let items = detailed(read, membership, rows, member.visible_from_seq).await?;
    Ok(placed(items, placement))
}

/// A page of ascending messages with its cursors.
pub(crate) fn placed(items: Vec<MessageDetails>, placement: Placement) -> Page<MessageDetails> {
    let ends = items.first().zip(items.last());
    let pagination = placement.pagination(ends.map(|(oldest, newest)| (oldest.id, newest.id)));
    Page { items, pagination }
}

/// What `before` and `after` leave of the places from the first to the last; nothing where the first comes after the last.
pub(crate) async fn range(
    read: &DatabaseConnection,
    conversation: ConversationNumber,
    window: &Window,
    (mut low, mut high): (i64, i64),
) -> Result<(i64, i64), Error> {
    if let Some(bound) = window.after {
        low = Ord::max(low, after(read, conversation, bound).await?);
    }
    if let Some(bound) = window.before {
        high = Ord::min(high, before(read, conversation, bound).await?);
    }
    Ok((low, high))
}

/// The last place before a bound.
async fn before(read: &DatabaseConnection, conversation: ConversationNumber, bound: Bound) -> Result<i64, Error> {
    match bound {
        Bound::Time { milliseconds, exact } => {
            let column = message::Column::CreatedAt;
            let earlier = if exact {
                column.lt(milliseconds)
            } else {
                column.lte(milliseconds)
            };
            let row = boundary(conversation, earlier)
                .order_by_desc(column)
                .order_by_desc(message::Column::Seq);
            Ok(row.one(read).await?.map_or(0, |row| row.seq.0))
        }
        Bound::Id(_) | Bound::Number(_) => Ok(place(read, conversation, bound).await? - 1),
    }
}

/// The first place after a bound.
async fn after(read: &DatabaseConnection, conversation: ConversationNumber, bound: Bound) -> Result<i64, Error> {
    match bound {
        Bound::Time { milliseconds, .. } => {
            let column = message::Column::CreatedAt;
            let row = boundary(conversation, column.gt(milliseconds))
                .order_by_asc(column)
                .order_by_asc(message::Column::Seq);
            Ok(row.one(read).await?.map_or(i64::MAX, |row| row.seq.0))
        }
        Bound::Id(_) | Bound::Number(_) => Ok(place(read, conversation, bound).await? + 1),
    }
}

fn boundary(conversation: ConversationNumber, condition: SimpleExpr) -> Select<message::Entity> {
    message::Entity::find()
        .filter(message::Column::Conversation.eq(conversation))
        .filter(condition)
}

/// Where a message lies in this conversation; one of another conversation is not found.
async fn place(read: &DatabaseConnection, conversation: ConversationNumber, bound: Bound) -> Result<i64, Error> {
    let condition = match bound {
        Bound::Id(id) => Condition::all().add(message::Column::Id.eq(id)),
        Bound::Number(number) => Condition::all().add(message::Column::Number.eq(number)),
        Bound::Time { .. } => return Err(Error::Internal),
    };
    let row = message::Entity::find()
        .filter(condition)
        .filter(message::Column::Conversation.eq(conversation))
        .one(read)
        .await?;
    row.map(|row| row.seq.0).ok_or_else(Error::no_message)
}

/// A message by its UUID or number, whoever asks.
pub(crate) async fn message(read: &DatabaseConnection, reference: &str) -> Result<Option<message::Model>, Error> {
    let reference = reference.trim();
    let query = message::Entity::find();
    let query = if let Ok(id) = reference.parse::<MessageId>() {
        query.filter(message::Column::Id.eq(id))
    } else if let Ok(number) = reference.parse::<MessageNumber>() {
        query.filter(message::Column::Number.eq(number))
    } else {
        return Ok(None);
    };
    Ok(query.one(read).await?)
}

/// Those of several messages (UUIDs or numbers) that there are, whoever asks.
pub(crate) async fn messages(read: &DatabaseConnection, references: &[String]) -> Result<Vec<message::Model>, Error> {
    let references = || references.iter().map(|reference| reference.trim());
    let ids: Vec<MessageId> = references().filter_map(|reference| reference.parse().ok()).collect();
    let numbers: Vec<MessageNumber> = references().filter_map(|reference| reference.parse().ok()).collect();
    let named = Condition::any()
        .add(message::Column::Id.is_in(ids))
        .add(message::Column::Number.is_in(numbers));
    Ok(message::Entity::find().filter(named).all(read).await?)
}

/// Rows of one conversation as somebody sees them who may see messages from `visible_from` on.
pub(crate) async fn detailed(
    read: &DatabaseConnection,
    membership: &Membership,
    rows: Vec<message::Model>,
    visible_from: Seq,
) -> Result<Vec<MessageDetails>, Error> {
    let rows = rows.into_iter().map(|row| Row::of(membership, row, visible_from));
    Ok(details::detailed(read, rows.collect()).await?)
}
