//! The queries behind lists, single views and pages: a constant number for any size.

use std::collections::HashMap;

use entities::conversation::Kind;
use entities::ids::ConversationNumber;
use entities::user_id::UserId;
use entities::{conversation, member, message, person};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, DatabaseConnection, DbErr, EntityTrait, JoinType, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, RelationTrait,
};

use crate::services::Error;
use crate::services::details::{ConversationDetails, MessageDetails, Participant, Person};
use crate::services::paging::{Page, PageRequest};

pub(crate) mod history;

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
