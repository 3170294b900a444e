//! From rows to messages as they are shown: with senders, answered messages, reactions, counts and receipts, in a
//! constant number of queries for any number of rows.

use std::collections::HashMap;

use entities::ids::{ConversationId, MessageId, MessageNumber, Seq};
use entities::user_id::UserId;
use entities::{message, person, reaction};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::log::event::{MessageDetails, Person, Quoted, ReactionSummary};
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
    let people = people(connection, senders).await?;
    let mut replies = replies(connection, rows.iter().map(|row| row.message.id).collect()).await?;
    let mut reactions = reactions(connection, rows.iter().map(|row| row.message.number).collect()).await?;
    let receipts = Receipts::load(connection, rows.iter().map(|row| &row.message)).await?;
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

pub(crate) async fn people<C: ConnectionTrait>(
    connection: &C,
    ids: Vec<UserId>,
) -> Result<HashMap<UserId, Person>, DbErr> {
    let rows = person::Entity::find()
        .filter(person::Column::Id.is_in(ids))
        .all(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id.clone(), Person::from(row)))
        .collect())
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
    let counts: Vec<(MessageId, i64)> = message::Entity::find()
        .select_only()
        .column(message::Column::Parent)
        .column_as(message::Column::Number.count(), "replies")
        .filter(message::Column::Parent.is_in(ids))
        .filter(message::Column::DeletedAt.is_null())
        .group_by(message::Column::Parent)
        .into_tuple()
        .all(connection)
        .await?;
    Ok(counts.into_iter().collect())
}

async fn reactions<C: ConnectionTrait>(
    connection: &C,
    numbers: Vec<MessageNumber>,
) -> Result<HashMap<MessageNumber, ReactionSummary>, DbErr> {
    let counts: Vec<(MessageNumber, String, i64)> = reaction::Entity::find()
        .select_only()
        .columns([reaction::Column::Message, reaction::Column::Emoji])
        .column_as(reaction::Column::Number.count(), "reactions")
        .filter(reaction::Column::Message.is_in(numbers))
        .group_by(reaction::Column::Message)
        .group_by(reaction::Column::Emoji)
        .order_by_asc(reaction::Column::Message)
        .into_tuple()
        .all(connection)
        .await?;
    let mut summaries: HashMap<MessageNumber, ReactionSummary> = HashMap::new();
    for (message, emoji, count) in counts {
        summaries.entry(message).or_default().insert(emoji, count);
    }
    Ok(summaries)
}
