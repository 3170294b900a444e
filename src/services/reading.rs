//! The queries behind lists, single views and pages: a constant number for any size.

use std::collections::HashMap;

use entities::conversation::Kind;
use entities::ids::{ConversationNumber, MessageId, MessageNumber, Seq};
use entities::user_id::UserId;
use entities::{conversation, member, message, person};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, Condition, DatabaseConnection, DbErr, EntityTrait, JoinType, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, RelationTrait,
};

use crate::log::members::Membership;
use crate::services::Error;
use crate::services::details::{ConversationDetails, MessageDetails, Participant, Person};
use crate::services::paging::{Bound, Page, PageRequest, Window};

/// Which of somebody's conversations.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Selection {
    pub(crate) kind: Option<Kind>,
    pub(crate) include_archived: bool,
}

type Mine = (member::Model, conversation::Model);

/// A page of `user`'s conversations, pinned first, then latest activity.
pub(crate) async fn list(
    read: &DatabaseConnection,
    user: &UserId,
    selection: Selection,
    page: &PageRequest,
) -> Result<Page<ConversationDetails>, Error> {
    let window = PageRequest {
        before: None,
        after: None,
        ..page.clone()
    }
    .window()?;
    let mut query = member::Entity::find()
        .find_also_related(conversation::Entity)
        .filter(member::Column::UserId.eq(user))
        .filter(member::Column::UntilEvent.is_null());
    if let Some(kind) = selection.kind {
        query = query.filter(conversation::Column::Kind.eq(kind));
    }
    if !selection.include_archived {
        query = query.filter(member::Column::IsArchived.eq(false));
    }
    let total = i64::try_from(query.clone().count(read).await?).unwrap_or(i64::MAX);
    let (_, placement) = window.slice(1, total);
    let rows = query
        .order_by_desc(member::Column::IsPinned)
        .order_by_desc(conversation::Column::UpdatedAt)
        .order_by_desc(conversation::Column::Number)
        .offset(u64::try_from(window.skip).unwrap_or(0))
        .limit(u64::try_from(window.size).unwrap_or(0))
        .all(read)
        .await?;
    let mine = rows
        .into_iter()
        .filter_map(|(member, conversation)| Some((member, conversation?)))
        .collect();
    Ok(Page {
        items: details(read, user, mine).await?,
        pagination: placement.pagination(None),
    })
}

/// One conversation as `user` sees it, if they belong to it.
pub(crate) async fn one(
    read: &DatabaseConnection,
    user: &UserId,
    number: ConversationNumber,
) -> Result<Option<ConversationDetails>, Error> {
    let row = member::Entity::find()
        .find_also_related(conversation::Entity)
        .filter(member::Column::Conversation.eq(number))
        .filter(member::Column::UserId.eq(user))
        .filter(member::Column::UntilEvent.is_null())
        .one(read)
        .await?;
    let Some((member, Some(conversation))) = row else {
        return Ok(None);
    };
    Ok(details(read, user, vec![(member, conversation)]).await?.pop())
}

/// Fills in participants, newest messages and unread counts, keeping the order.
async fn details(read: &DatabaseConnection, user: &UserId, mine: Vec<Mine>) -> Result<Vec<ConversationDetails>, Error> {
    let numbers: Vec<_> = mine.iter().map(|(_, conversation)| conversation.number).collect();
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let mut participants = participants(read, &numbers).await?;
    let mut newest = newest(read, &numbers).await?;
    let mut own = own_after_read(read, user, &numbers).await?;
    let details = mine.into_iter().map(|(member, conversation)| {
        let participants = participants.remove(&conversation.number).unwrap_or_default();
        let partner = participants.iter().map(|participant| &participant.person.id);
        let last_message = newest
            .remove(&conversation.number)
            .filter(|(row, _)| row.seq >= member.visible_from_seq)
            .map(|(row, sender)| {
                let recipient = (conversation.kind == Kind::Direct)
                    .then(|| partner.clone().find(|id| **id != row.sender_id).cloned())
                    .flatten();
                MessageDetails::from_row(row, sender, conversation.id, recipient)
            });
        let unread_count = unread(&member, &conversation, own.remove(&conversation.number).unwrap_or(0));
        ConversationDetails {
            number: conversation.number,
            id: conversation.id,
            kind: conversation.kind,
            name: conversation.name,
            description: conversation.description,
            avatar: conversation.avatar,
            created_by: conversation.created_by,
            last_message,
            participants,
            unread_count,
            is_muted: member.is_muted,
            is_archived: member.is_archived,
            is_pinned: member.is_pinned,
            created_at: conversation.created_at,
            updated_at: conversation.updated_at,
        }
    });
    Ok(details.collect())
}

/// The one place that says what is unread: what came after the pointer and may be seen, without one's own.
fn unread(member: &member::Model, conversation: &conversation::Model, own_after_read: i64) -> i64 {
    let covered = Ord::max(member.read_seq.0, member.visible_from_seq.0 - 1);
    Ord::max(conversation.last_seq.0 - covered - own_after_read, 0)
}

/// How many of `user`'s own messages lie after what [`unread`] takes for covered.
async fn own_after_read(
    read: &DatabaseConnection,
    user: &UserId,
    numbers: &[ConversationNumber],
) -> Result<HashMap<ConversationNumber, i64>, DbErr> {
    let counts: Vec<(ConversationNumber, i64)> = member::Entity::find()
        .select_only()
        .column(member::Column::Conversation)
        .column_as(message::Column::Seq.count(), "own")
        .join(JoinType::InnerJoin, member::Relation::Conversation.def())
        .join(JoinType::InnerJoin, conversation::Relation::Messages.def())
        .filter(member::Column::UserId.eq(user))
        .filter(member::Column::UntilEvent.is_null())
        .filter(member::Column::Conversation.is_in(numbers.iter().copied()))
        .filter(message::Column::SenderId.eq(user))
        .filter(Expr::col(message::Column::Seq.as_column_ref()).gt(Expr::col(member::Column::ReadSeq.as_column_ref())))
        .filter(
            Expr::col(message::Column::Seq.as_column_ref())
                .gte(Expr::col(member::Column::VisibleFromSeq.as_column_ref())),
        )
        .group_by(member::Column::Conversation)
        .into_tuple()
        .all(read)
        .await?;
    Ok(counts.into_iter().collect())
}

/// The current members of conversations, the most powerful first.
async fn participants(
    read: &DatabaseConnection,
    numbers: &[ConversationNumber],
) -> Result<HashMap<ConversationNumber, Vec<Participant>>, DbErr> {
    let rows = member::Entity::find()
        .find_also_related(person::Entity)
        .filter(member::Column::Conversation.is_in(numbers.iter().copied()))
        .filter(member::Column::UntilEvent.is_null())
        .order_by_desc(member::Column::Role)
        .order_by_asc(member::Column::Number)
        .all(read)
        .await?;
    let mut participants: HashMap<_, Vec<Participant>> = HashMap::new();
    for (member, person) in rows {
        let person = person.map_or_else(|| Person::placeholder(member.user_id.clone()), Person::from);
        let participant = Participant {
            person,
            role: member.role,
            joined_at: member.joined_at,
        };
        participants.entry(member.conversation).or_default().push(participant);
    }
    Ok(participants)
}

/// The newest message of each conversation, with its sender.
async fn newest(
    read: &DatabaseConnection,
    numbers: &[ConversationNumber],
) -> Result<HashMap<ConversationNumber, (message::Model, Person)>, DbErr> {
    let rows = message::Entity::find()
        .find_also_related(person::Entity)
        .join(JoinType::InnerJoin, message::Relation::Conversation.def())
        .filter(conversation::Column::Number.is_in(numbers.iter().copied()))
        .filter(
            Expr::col(message::Column::Seq.as_column_ref())
                .eq(Expr::col(conversation::Column::LastSeq.as_column_ref())),
        )
        .all(read)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(row, sender)| (row.conversation, sent_by(row, sender)))
        .collect())
}

fn sent_by(row: message::Model, sender: Option<person::Model>) -> (message::Model, Person) {
    let sender = sender.map_or_else(|| Person::placeholder(row.sender_id.clone()), Person::from);
    (row, sender)
}

/// A page of messages for a member. Places are gap-free, so which ones are on it is arithmetic over the ends of the
/// range, and a page costs the same wherever it lies.
pub(crate) async fn messages(
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
    let (mut low, mut high) = (first, last);
    if let Some(bound) = window.after {
        low = Ord::max(low, after(read, membership.number, bound).await?);
    }
    if let Some(bound) = window.before {
        high = Ord::min(high, before(read, membership.number, bound).await?);
    }
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
    let items = detailed(read, membership, rows).await?;
    let ends = items
        .first()
        .map(|message| message.id)
        .zip(items.last().map(|message| message.id));
    Ok(Page {
        items,
        pagination: placement.pagination(ends),
    })
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

fn boundary(
    conversation: ConversationNumber,
    condition: sea_orm::sea_query::SimpleExpr,
) -> sea_orm::Select<message::Entity> {
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

/// Rows of one conversation with their senders, in one query more.
pub(crate) async fn detailed(
    read: &DatabaseConnection,
    membership: &Membership,
    rows: Vec<message::Model>,
) -> Result<Vec<MessageDetails>, Error> {
    let mut senders: Vec<_> = rows.iter().map(|row| row.sender_id.clone()).collect();
    senders.sort_unstable();
    senders.dedup();
    let people = person::Entity::find()
        .filter(person::Column::Id.is_in(senders))
        .all(read)
        .await?;
    let people: HashMap<_, _> = people
        .into_iter()
        .map(|row| (row.id.clone(), Person::from(row)))
        .collect();
    let details = rows.into_iter().map(|row| {
        let sender = people.get(&row.sender_id).cloned();
        let sender = sender.unwrap_or_else(|| Person::placeholder(row.sender_id.clone()));
        let recipient = membership.partner(&sender.id).cloned();
        MessageDetails::from_row(row, sender, membership.id, recipient)
    });
    Ok(details.collect())
}
