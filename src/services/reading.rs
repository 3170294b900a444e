//! The queries behind lists, single views and pages: a constant number for any size.

use std::collections::HashMap;

use entities::conversation::Kind;
use entities::ids::ConversationNumber;
use entities::user_id::UserId;
use entities::{conversation, member, message, person};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, Condition, DatabaseConnection, DbErr, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect,
    RelationTrait,
};

use crate::log::details::{self, Row};
use crate::services::Error;
use crate::services::details::{ConversationDetails, MessageDetails, Participant, Person};
use crate::services::paging::{self, Page, PageRequest};

pub(crate) mod history;
pub(crate) mod names;
pub(crate) mod unread;

/// Which of somebody's conversations.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Selection {
    pub(crate) kind: Option<Kind>,
    pub(crate) include_archived: bool,
    pub(crate) pinned_only: bool,
}

/// Somebody's membership and what they belong to.
pub(crate) type Mine = (member::Model, conversation::Model);

/// A page of `user`'s conversations, pinned first, then latest activity.
pub(crate) async fn list(
    read: &DatabaseConnection,
    user: &UserId,
    selection: Selection,
    page: &PageRequest,
    now: i64,
) -> Result<Page<ConversationDetails>, Error> {
    let window = page.offsets()?;
    let mut query = member::Entity::find()
        .find_also_related(conversation::Entity)
        .filter(is_listed(user));
    if let Some(kind) = selection.kind {
        query = query.filter(conversation::Column::Kind.eq(kind));
    }
    if !selection.include_archived {
        query = query.filter(member::Column::IsArchived.eq(false));
    }
    if selection.pinned_only {
        query = query.filter(member::Column::IsPinned.eq(true));
    }
    let total = paging::total(query.clone(), read).await?;
    let (_, placement) = window.slice(1, total);
    let listed = query
        .order_by_desc(member::Column::IsPinned)
        .order_by_desc(conversation::Column::UpdatedAt)
        .order_by_desc(conversation::Column::Number);
    let mine = whole(window.of(listed).all(read).await?);
    Ok(Page {
        items: details(read, user, mine, now).await?,
        pagination: placement.pagination(None),
    })
}

/// What belongs to somebody's list: a hidden conversation comes back with its next message. For queries that join
/// members and conversations.
fn is_listed(user: &UserId) -> Condition {
    let has_news = Expr::col(conversation::Column::LastSeq.as_column_ref())
        .gte(Expr::col(member::Column::VisibleFromSeq.as_column_ref()));
    Condition::all()
        .add(member::Column::UserId.eq(user))
        .add(member::Column::UntilEvent.is_null())
        .add(member::Column::IsHidden.eq(false).or(has_news))
}

/// One conversation as `user` sees it, if they belong to it.
pub(crate) async fn one(
    read: &DatabaseConnection,
    user: &UserId,
    number: ConversationNumber,
    now: i64,
) -> Result<Option<ConversationDetails>, Error> {
    Ok(several(read, user, &[number], now).await?.pop())
}

/// `user`'s membership of a conversation.
pub(crate) async fn mine(
    read: &DatabaseConnection,
    user: &UserId,
    number: ConversationNumber,
) -> Result<Option<Mine>, DbErr> {
    Ok(memberships(read, user, &[number]).await?.pop())
}

/// Those of these conversations that `user` belongs to, in no order.
async fn several(
    read: &DatabaseConnection,
    user: &UserId,
    numbers: &[ConversationNumber],
    now: i64,
) -> Result<Vec<ConversationDetails>, Error> {
    let mine = memberships(read, user, numbers).await?;
    details(read, user, mine, now).await
}

async fn memberships(
    read: &DatabaseConnection,
    user: &UserId,
    numbers: &[ConversationNumber],
) -> Result<Vec<Mine>, DbErr> {
    let rows = member::Entity::find()
        .find_also_related(conversation::Entity)
        .filter(member::Column::Conversation.is_in(numbers.iter().copied()))
        .filter(member::Column::UserId.eq(user))
        .filter(member::Column::UntilEvent.is_null())
        .all(read)
        .await?;
    Ok(whole(rows))
}

/// A membership is always of a conversation.
fn whole(rows: Vec<(member::Model, Option<conversation::Model>)>) -> Vec<Mine> {
    let mine = rows
        .into_iter()
        .filter_map(|(member, conversation)| Some((member, conversation?)));
    mine.collect()
}

/// Fills in participants, newest messages and unread counts, keeping the order.
async fn details(
    read: &DatabaseConnection,
    user: &UserId,
    mine: Vec<Mine>,
    now: i64,
) -> Result<Vec<ConversationDetails>, Error> {
    let numbers: Vec<_> = mine.iter().map(|(_, conversation)| conversation.number).collect();
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let mut participants = participants(read, &numbers).await?;
    let mut newest = newest(read, &mine, &participants).await?;
    let counted = unread::counts(read, user, &mine).await?;
    let details = mine.into_iter().map(|(member, conversation)| {
        let participants = participants.remove(&conversation.number).unwrap_or_default();
        let last_message = newest.remove(&conversation.number);
        let unread_count = counted.get(&conversation.number).copied().unwrap_or(0);
        ConversationDetails {
            number: conversation.number,
            id: conversation.id,
            kind: conversation.kind,
            name: conversation.name,
            description: conversation.description,
            avatar: conversation.avatar,
            history: conversation.history,
            created_by: conversation.created_by,
            last_message,
            participants,
            unread_count,
            is_muted: member.is_muted && member.muted_until.is_none_or(|until| until > now),
            is_archived: member.is_archived,
            is_pinned: member.is_pinned,
            created_at: conversation.created_at,
            updated_at: conversation.updated_at,
        }
    });
    Ok(details.collect())
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

/// The newest message of each conversation, where its member may see it.
async fn newest(
    read: &DatabaseConnection,
    mine: &[Mine],
    participants: &HashMap<ConversationNumber, Vec<Participant>>,
) -> Result<HashMap<ConversationNumber, MessageDetails>, DbErr> {
    let messages = message::Entity::find()
        .join(JoinType::InnerJoin, message::Relation::Conversation.def())
        .filter(conversation::Column::Number.is_in(mine.iter().map(|(_, conversation)| conversation.number)))
        .filter(
            Expr::col(message::Column::Seq.as_column_ref())
                .eq(Expr::col(conversation::Column::LastSeq.as_column_ref())),
        )
        .all(read)
        .await?;
    let mut rows = Vec::with_capacity(messages.len());
    for message in messages {
        let found = mine
            .iter()
            .find(|(_, conversation)| conversation.number == message.conversation);
        let Some((member, conversation)) = found.filter(|(member, _)| message.seq >= member.visible_from_seq) else {
            continue;
        };
        let others = participants.get(&conversation.number).map_or(&[][..], Vec::as_slice);
        let mut others = others.iter().map(|participant| &participant.person.id);
        rows.push(Row {
            conversation_id: conversation.id,
            recipient: (conversation.kind == Kind::Direct)
                .then(|| others.find(|id| **id != message.sender_id).cloned())
                .flatten(),
            visible_from: member.visible_from_seq,
            message,
        });
    }
    let messages = details::detailed(read, rows).await?;
    Ok(messages
        .into_iter()
        .map(|message| (message.conversation, message))
        .collect())
}
