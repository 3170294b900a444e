//! From rows to messages as they are shown: with senders, answered messages, reactions, counts and receipts, in a
//! constant number of queries for any number of rows.

use std::collections::HashMap;

use entities::ids::{ConversationId, MessageId, MessageNumber, Seq};
use entities::message;
use entities::user_id::UserId;
use futures_util::try_join;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use crate::log::event::{MessageDetails, Person, Quoted, ReactionSummary};
use crate::log::gathered::{self, Cell, Columns};
use crate::log::members::Membership;
use crate::log::receipts::Receipts;

/// A message's row, and what its conversation adds.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) message: message::Model,
    pub(crate) conversation_id: ConversationId,
    /// The other one of a direct conversation, seen from the sender.
    pub(crate) recipient: Option<UserId>,
    /// The first message that whoever reads it may see.
    pub(crate) visible_from: Seq,
}

impl Row {
    /// A message of this conversation, for somebody who may see it from `visible_from` on.
    pub(crate) fn of(membership: &Membership, message: message::Model, visible_from: Seq) -> Self {
        Self {
            conversation_id: membership.id,
            recipient: membership.partner(&message.sender_id).cloned(),
            message,
            visible_from,
        }
    }
}

/// The messages behind rows, in their order.
pub(crate) async fn detailed<C: ConnectionTrait>(connection: &C, rows: Vec<Row>) -> Result<Vec<MessageDetails>, DbErr> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let parents: Vec<MessageId> = distinct(rows.iter().filter_map(|row| row.message.parent));
    let parents = by_id(connection, parents).await?;
    let senders = rows.iter().map(|row| row.message.sender_id.clone());
    let senders = distinct(senders.chain(parents.values().map(|parent| parent.sender_id.clone())));
    // Side by side, where there are connections for it: a database in a process of its own answers them all at once.
    let (people, mut replies, mut reactions, receipts) = try_join!(
        people(connection, senders),
        replies(connection, rows.iter().map(|row| row.message.id).collect()),
        reactions(connection, rows.iter().map(|row| row.message.number).collect()),
        Receipts::load(connection, rows.iter().map(|row| &row.message)),
    )?;
    let details = rows.into_iter().map(|row| {
        let sender = named(&people, &row.message.sender_id);
        let parent = row.message.parent.and_then(|parent| parents.get(&parent));
        let quoted = parent
            .filter(|parent| parent.seq >= row.visible_from)
            .map(|parent| Box::new(Quoted::new(parent.clone(), named(&people, &parent.sender_id))));
        let (id, number) = (row.message.id, row.message.number);
        MessageDetails {
            quoted,
            receipt: receipts.of(&row.message, row.recipient.is_some()),
            reply_count: replies.remove(&id).unwrap_or(0),
            reactions: reactions.remove(&number).unwrap_or_default(),
            ..MessageDetails::from_row(row.message, sender, row.conversation_id, row.recipient)
        }
    });
    Ok(details.collect())
}

/// What stands under a message.
pub(crate) async fn summary<C: ConnectionTrait>(
    connection: &C,
    message: MessageNumber,
) -> Result<ReactionSummary, DbErr> {
    let mut summaries = reactions(connection, vec![message]).await?;
    Ok(summaries.remove(&message).unwrap_or_default())
}

fn distinct<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    values.dedup();
    values
}

fn named(people: &HashMap<UserId, Person>, id: &UserId) -> Person {
    people
        .get(id)
        .cloned()
        .unwrap_or_else(|| Person::placeholder(id.clone()))
}

/// Those of these people who are known.
pub(crate) async fn people<C: ConnectionTrait>(
    connection: &C,
    ids: Vec<UserId>,
) -> Result<HashMap<UserId, Person>, DbErr> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let wanted = gathered::list(connection.get_database_backend(), 1, &[("id", Cell::Text)]);
    let from = format!("{wanted} AS wanted CROSS JOIN people p WHERE p.id = wanted.id");
    let ids = gathered::listed(ids.into_iter().map(|id| (id,)))?;
    let columns = "p.id, p.username, p.full_name, p.avatar";
    let rows: Vec<(UserId, String, String, Option<String>)> =
        gathered::rows(connection, Columns::Any(columns), &from, [ids]).await?;
    let people = rows.into_iter().map(|(id, username, full_name, avatar)| {
        let person = Person {
            id: id.clone(),
            username,
            full_name,
            avatar,
        };
        (id, person)
    });
    Ok(people.collect())
}

async fn by_id<C: ConnectionTrait>(
    connection: &C,
    ids: Vec<MessageId>,
) -> Result<HashMap<MessageId, message::Model>, DbErr> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = message::Entity::find()
        .filter(message::Column::Id.is_in(ids))
        .all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// Answers that are not deleted. Who may see a message may see its answers: they are newer.
async fn replies<C: ConnectionTrait>(connection: &C, ids: Vec<MessageId>) -> Result<HashMap<MessageId, i64>, DbErr> {
    let columns = [("place", Cell::Number), ("id", Cell::Uuid)];
    let asked = gathered::list(connection.get_database_backend(), 1, &columns);
    let from = format!(
        "(SELECT asked.place AS place, count(*) AS replies FROM {asked} AS asked CROSS JOIN messages m \
         WHERE m.parent = asked.id AND m.deleted_at IS NULL GROUP BY asked.place) AS counted"
    );
    let values = gathered::listed(ids.iter().enumerate().map(|(place, id)| (place, gathered::hex(id.0))))?;
    let counts: Vec<(usize, i64)> =
        gathered::rows(connection, Columns::Numbers("place, replies"), &from, [values]).await?;
    let counts = counts.into_iter();
    Ok(counts
        .filter_map(|(place, count)| Some((*ids.get(place)?, count)))
        .collect())
}

async fn reactions<C: ConnectionTrait>(
    connection: &C,
    numbers: Vec<MessageNumber>,
) -> Result<HashMap<MessageNumber, ReactionSummary>, DbErr> {
    let asked = gathered::list(connection.get_database_backend(), 1, &[("number", Cell::Number)]);
    let from = format!(
        "(SELECT r.message AS message, r.emoji AS emoji, count(*) AS reactions FROM {asked} AS asked \
         CROSS JOIN reactions r WHERE r.message = asked.number GROUP BY r.message, r.emoji) AS counted"
    );
    let values = gathered::listed(numbers.iter().map(|number| (number,)))?;
    let counts: Vec<(MessageNumber, String, i64)> =
        gathered::rows(connection, Columns::Any("message, emoji, reactions"), &from, [values]).await?;
    let mut summaries: HashMap<MessageNumber, ReactionSummary> = HashMap::new();
    for (message, emoji, count) in counts {
        summaries.entry(message).or_default().insert(emoji, count);
    }
    Ok(summaries)
}
