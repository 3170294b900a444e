//! How far messages have come, derived from the read pointers and the moves of those who may see them. Two queries
//! for any number of messages, and the same cost wherever in a conversation they lie.

use std::collections::HashMap;

use entities::ids::{ConversationNumber, Seq};
use entities::moves::{self, Kind};
use entities::user_id::UserId;
use entities::{member, message, person};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationTrait,
    Statement, Value,
};

use crate::log::event::{Receipt, Status};
use crate::log::values;

/// How far apart two messages of one span may lie. A page is one span; a search has many.
const NEAR: i64 = 64;

/// How far the messages have come that receipts are asked for.
#[derive(Debug, Default)]
pub(crate) struct Receipts {
    members: HashMap<ConversationNumber, Vec<Track>>,
}

/// How far one member has come.
#[derive(Debug)]
struct Track {
    user: UserId,
    visible_from: Seq,
    /// Everything up to here is read, also what no move says.
    read_through: Seq,
    /// What they read is shown as received.
    hides_reads: bool,
    /// Those that matter, in the order of their places: what was received, what was read.
    moves: [Vec<moves::Model>; 2],
}

/// Places of a conversation that are looked at together, from the first to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    conversation: ConversationNumber,
    first: Seq,
    last: Seq,
}

impl Receipts {
    /// Looks up what concerns these messages.
    pub(crate) async fn load<'a, C: ConnectionTrait>(
        connection: &C,
        messages: impl Iterator<Item = &'a message::Model>,
    ) -> Result<Self, DbErr> {
        let spans = spans(messages.map(|message| (message.conversation, message.seq)).collect());
        if spans.is_empty() {
            return Ok(Self::default());
        }
        let mut numbers: Vec<_> = spans.iter().map(|span| span.conversation).collect();
        numbers.dedup();
        let rows: Vec<(ConversationNumber, UserId, Seq, Seq, bool)> = member::Entity::find()
            .select_only()
            .columns([
                member::Column::Conversation,
                member::Column::UserId,
                member::Column::VisibleFromSeq,
                member::Column::ReadSeq,
            ])
            .column(person::Column::HidesReads)
            .join(JoinType::InnerJoin, member::Relation::Person.def())
            .filter(member::Column::Conversation.is_in(numbers))
            .filter(member::Column::UntilEvent.is_null())
            .order_by_asc(member::Column::Number)
            .into_tuple()
            .all(connection)
            .await?;
        let mut members: HashMap<ConversationNumber, Vec<Track>> = HashMap::new();
        for (conversation, user, visible_from, read_through, hides_reads) in rows {
            members.entry(conversation).or_default().push(Track {
                user,
                visible_from,
                read_through,
                hides_reads,
                moves: [Vec::new(), Vec::new()],
            });
        }
        let mut moves = relevant(connection, &spans).await?;
        moves.sort_unstable_by_key(|row| (row.from_seq, row.number));
        let mut places: HashMap<(ConversationNumber, UserId), usize> = HashMap::new();
        for (number, tracks) in &members {
            places.extend(
                tracks
                    .iter()
                    .enumerate()
                    .map(|(place, track)| ((*number, track.user.clone()), place)),
            );
        }
        for row in moves {
            let place = places.get(&(row.conversation, row.user_id.clone()));
            let track = place.and_then(|place| members.get_mut(&row.conversation)?.get_mut(*place));
            if let Some(track) = track {
                track.moves[kind(row.kind)].push(row);
            }
        }
        Ok(Self { members })
    }

    /// Everybody else who may see a message, and how far it has come with each. The other one of a pair (`is_direct`)
    /// counts also after removing the conversation from their list.
    pub(crate) fn each<'a>(
        &'a self,
        message: &'a message::Model,
        is_direct: bool,
    ) -> impl Iterator<Item = (&'a UserId, Receipt)> {
        self.members
            .get(&message.conversation)
            .into_iter()
            .flatten()
            .filter(move |track| track.user != message.sender_id)
            .filter(move |track| is_direct || track.visible_from <= message.seq)
            .map(|track| (&track.user, track.receipt(message.seq)))
    }

    /// How far a message has come: the lowest of the others. A message that nobody else may see is sent.
    pub(crate) fn of(&self, message: &message::Model, is_direct: bool) -> Receipt {
        let lowest = self
            .each(message, is_direct)
            .map(|(_, receipt)| receipt)
            .reduce(|one, other| {
                let status = Ord::min(one.status, other.status);
                Receipt {
                    status,
                    delivered_at: Ord::max(one.delivered_at, other.delivered_at)
                        .filter(|_| status >= Status::Delivered),
                    read_at: Ord::max(one.read_at, other.read_at).filter(|_| status == Status::Read),
                }
            });
        lowest.unwrap_or_default()
    }
}

impl Track {
    /// Who has read has received.
    fn receipt(&self, seq: Seq) -> Receipt {
        let read_at = self.moved(Kind::Read, seq);
        let delivered_at = self.moved(Kind::Delivered, seq);
        let is_read = read_at.is_some() || seq <= self.read_through;
        let delivered_at = delivered_at.or(read_at);
        if self.hides_reads {
            let is_here = is_read || delivered_at.is_some();
            return Receipt {
                status: if is_here { Status::Delivered } else { Status::Sent },
                delivered_at,
                read_at: None,
            };
        }
        let status = match (is_read, delivered_at) {
            (true, _) => Status::Read,
            (false, Some(_)) => Status::Delivered,
            (false, None) => Status::Sent,
        };
        Receipt {
            status,
            delivered_at,
            read_at,
        }
    }

    /// When a place was covered.
    fn moved(&self, of: Kind, seq: Seq) -> Option<i64> {
        let moves = &self.moves[kind(of)];
        let after = moves.partition_point(|row| row.from_seq <= seq);
        let row = moves[..after].last()?;
        (seq <= row.up_to_seq).then_some(row.at)
    }
}

fn kind(kind: Kind) -> usize {
    match kind {
        Kind::Delivered => 0,
        Kind::Read => 1,
    }
}

/// Places joined to spans where they lie near each other.
fn spans(mut places: Vec<(ConversationNumber, Seq)>) -> Vec<Span> {
    places.sort_unstable();
    let mut spans: Vec<Span> = Vec::new();
    for (conversation, seq) in places {
        match spans.last_mut() {
            Some(span) if span.conversation == conversation && seq.0 - span.last.0 <= NEAR => span.last = seq,
            _ => spans.push(Span {
                conversation,
                first: seq,
                last: seq,
            }),
        }
    }
    spans
}

/// The moves that begin inside a span, and of each member and kind the last one that begins at or before it.
async fn relevant<C: ConnectionTrait>(connection: &C, spans: &[Span]) -> Result<Vec<moves::Model>, DbErr> {
    let backend = connection.get_database_backend();
    let rows = spans.len().next_power_of_two();
    // One that occurs twice would find its moves twice; this one finds none.
    let nothing = Span {
        conversation: ConversationNumber(-1),
        first: Seq(0),
        last: Seq(0),
    };
    let values = spans.iter().chain(std::iter::repeat(&nothing)).take(rows);
    let values = values.flat_map(|span| [span.conversation.0, span.first.0, span.last.0].map(Value::from));
    // `CROSS JOIN` keeps SQLite to this order: from the spans, by index, to their moves.
    let sql = format!(
        "WITH spans (conversation, first, last) AS (VALUES {}), \
         kinds (kind) AS (SELECT CAST(0 AS SMALLINT) UNION ALL SELECT CAST(1 AS SMALLINT)) \
         SELECT m.* FROM spans CROSS JOIN moves m \
         WHERE m.conversation = spans.conversation AND m.from_seq > spans.first AND m.from_seq <= spans.last \
         UNION ALL \
         SELECT m.* FROM spans CROSS JOIN members p CROSS JOIN kinds CROSS JOIN moves m \
         WHERE p.conversation = spans.conversation AND p.until_event IS NULL \
         AND m.conversation = spans.conversation AND m.user_id = p.user_id AND m.kind = kinds.kind \
         AND m.from_seq = (SELECT o.from_seq FROM moves o WHERE o.conversation = spans.conversation \
         AND o.user_id = p.user_id AND o.kind = kinds.kind AND o.from_seq <= spans.first \
         ORDER BY o.from_seq DESC LIMIT 1)",
        values::triples(backend, rows)
    );
    let statement = Statement::from_sql_and_values(backend, sql, values);
    moves::Entity::find().from_raw_sql(statement).all(connection).await
}

#[cfg(test)]
mod tests {
    use super::{ConversationNumber, NEAR, Seq, Span, spans};

    #[test]
    fn near_places_are_one_span_and_far_ones_are_many() {
        let place = |conversation, seq| (ConversationNumber(conversation), Seq(seq));
        let span = |conversation, first, last| Span {
            conversation: ConversationNumber(conversation),
            first: Seq(first),
            last: Seq(last),
        };
        let far = 3 + NEAR + 1;
        let places = vec![place(1, 3), place(2, 4), place(1, far), place(1, 1), place(1, 2)];
        assert_eq!(spans(places), [span(1, 1, 3), span(1, far, far), span(2, 4, 4)]);
        assert_eq!(spans(Vec::new()), []);
    }
}
