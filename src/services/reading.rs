//! The queries behind lists, single views and pages: a constant number for any size.

use std::collections::HashMap;

use entities::conversation::Kind;
use entities::ids::ConversationNumber;
use entities::member::Role;
use entities::user_id::UserId;
use entities::{conversation, member, message};
use futures_util::try_join;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveEnum, ColumnTrait, Condition, DatabaseConnection, DbErr, EntityTrait, IdenStatic, Iterable, QueryFilter,
    Statement, Value,
};

use crate::log::details::{self, Row};
use crate::log::gathered::{self, Cell, Columns};
use crate::services::Error;
use crate::services::details::{ConversationDetails, MessageDetails, Participant, Person};
use crate::services::paging::{Page, PageRequest};

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
    let listed = listed(read, user, selection).await?;
    let (_, placement) = window.slice(1, i64::try_from(listed.len()).unwrap_or(i64::MAX));
    let skip = usize::try_from(window.skip).unwrap_or(usize::MAX);
    let size = usize::try_from(window.size).unwrap_or(0);
    let numbers: Vec<_> = listed.into_iter().skip(skip).take(size).collect();
    Ok(Page {
        items: several(read, user, &numbers, now).await?,
        pagination: placement.pagination(None),
    })
}

/// The whole list, in its order: only numbers, so that all of it costs less than the rows of a page.
async fn listed(
    read: &DatabaseConnection,
    user: &UserId,
    selection: Selection,
) -> Result<Vec<ConversationNumber>, DbErr> {
    let mut from = String::from(
        "members p CROSS JOIN conversations c WHERE p.user_id = $1 AND p.until_event IS NULL \
         AND c.number = p.conversation AND (NOT p.is_hidden OR c.last_seq >= p.visible_from_seq)",
    );
    let mut values = vec![Value::from(user)];
    if let Some(kind) = selection.kind {
        from.push_str(" AND c.kind = $2");
        values.push(Value::from(kind.into_value()));
    }
    if !selection.include_archived {
        from.push_str(" AND NOT p.is_archived");
    }
    if selection.pinned_only {
        from.push_str(" AND p.is_pinned");
    }
    let order = "p.is_pinned DESC, c.updated_at DESC, c.number DESC";
    let rows: Vec<(ConversationNumber,)> =
        gathered::rows(read, Columns::Ordered("c.number", order), &from, values).await?;
    Ok(rows.into_iter().map(|(number,)| number).collect())
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

/// Those of these conversations that `user` belongs to, in their order.
async fn several(
    read: &DatabaseConnection,
    user: &UserId,
    numbers: &[ConversationNumber],
    now: i64,
) -> Result<Vec<ConversationDetails>, Error> {
    let mut mine = memberships(read, user, numbers).await?;
    let places: HashMap<_, _> = numbers.iter().zip(0..).collect::<HashMap<_, usize>>();
    mine.sort_by_key(|(_, conversation)| places.get(&conversation.number).copied());
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
    let (mut participants, counted, messages) = try_join!(
        participants(read, &numbers),
        unread::counts(read, user, &mine),
        at_places(read, &mine)
    )?;
    let mut newest = newest(read, messages, &mine, &participants).await?;
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

/// Where somebody belongs, their role and since when; then their id, both names and avatar.
type Belongs = (ConversationNumber, i16, i64, UserId, String, String, Option<String>);

/// The current members of conversations, the most powerful first.
async fn participants(
    read: &DatabaseConnection,
    numbers: &[ConversationNumber],
) -> Result<HashMap<ConversationNumber, Vec<Participant>>, DbErr> {
    let asked = gathered::list(read.get_database_backend(), 1, &[("conversation", Cell::Number)]);
    let from = format!(
        "{asked} AS asked CROSS JOIN members p CROSS JOIN people o \
         WHERE p.conversation = asked.conversation AND p.until_event IS NULL AND o.id = p.user_id"
    );
    let columns = "p.conversation, p.role, p.joined_at, o.id, o.username, o.full_name, o.avatar";
    let asked = gathered::listed(numbers.iter().map(|number| (number,)))?;
    let rows: Vec<Belongs> =
        gathered::rows(read, Columns::Ordered(columns, "p.role DESC, p.number"), &from, [asked]).await?;
    let mut participants: HashMap<_, Vec<Participant>> = HashMap::new();
    for (conversation, role, joined_at, id, username, full_name, avatar) in rows {
        let participant = Participant {
            person: Person {
                id,
                username,
                full_name,
                avatar,
            },
            role: Role::try_from_value(&role)?,
            joined_at,
        };
        participants.entry(conversation).or_default().push(participant);
    }
    Ok(participants)
}

/// The newest message of each conversation, where its member may see it.
async fn newest(
    read: &DatabaseConnection,
    messages: Vec<message::Model>,
    mine: &[Mine],
    participants: &HashMap<ConversationNumber, Vec<Participant>>,
) -> Result<HashMap<ConversationNumber, MessageDetails>, DbErr> {
    let by_number: HashMap<_, _> = mine.iter().map(|mine| (mine.1.number, mine)).collect();
    let mut rows = Vec::with_capacity(messages.len());
    for message in messages {
        let found = by_number.get(&message.conversation);
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

/// The message at the last place of each conversation.
async fn at_places(read: &DatabaseConnection, mine: &[Mine]) -> Result<Vec<message::Model>, DbErr> {
    let backend = read.get_database_backend();
    let places = gathered::list(backend, 1, &[("conversation", Cell::Number), ("seq", Cell::Number)]);
    let columns: Vec<_> = message::Column::iter()
        .map(|column| format!("m.{}", column.as_str()))
        .collect();
    let sql = format!(
        "SELECT {} FROM {places} AS places CROSS JOIN messages m \
         WHERE m.conversation = places.conversation AND m.seq = places.seq",
        columns.join(", ")
    );
    let places = mine
        .iter()
        .map(|(_, conversation)| (conversation.number, conversation.last_seq));
    let statement = Statement::from_sql_and_values(backend, sql, [gathered::listed(places)?]);
    message::Entity::find().from_raw_sql(statement).all(read).await
}
