//! How far messages have come, derived from the read pointers and the moves of those who may see them. Two or three
//! queries for any number of messages, and the same cost wherever in a conversation they lie.

use std::collections::HashMap;

use entities::ids::{ConversationNumber, Seq};
use entities::message;
use entities::moves::Kind;
use entities::user_id::UserId;
use futures_util::try_join;
use sea_orm::{ConnectionTrait, DbBackend, DbErr};

use crate::log::event::{Receipt, Status};
use crate::log::gathered::{self, Cell};

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
    moves: [Vec<Moved>; 2],
}

/// Places that were covered together, and when.
#[derive(Clone, Copy, Debug)]
struct Moved {
    from: Seq,
    up_to: Seq,
    at: i64,
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
        let (current, relevant) = try_join!(current(connection, &numbers), relevant(connection, &spans))?;
        let mut members: HashMap<ConversationNumber, Vec<Track>> = HashMap::new();
        let mut places = HashMap::new();
        for (number, conversation, user, visible_from, read_through, hides_reads) in current {
            let tracks = members.entry(conversation).or_default();
            places.insert(number, (conversation, tracks.len()));
            tracks.push(Track {
                user,
                visible_from,
                read_through,
                hides_reads: hides_reads != 0,
                moves: [Vec::new(), Vec::new()],
            });
        }
        for (number, kind, from, up_to, at) in relevant {
            let place = places.get(&number);
            let track = place.and_then(|(conversation, place)| members.get_mut(conversation)?.get_mut(*place));
            if let Some(moves) = track.and_then(|track| track.moves.get_mut(kind)) {
                moves.push(Moved { from, up_to, at });
            }
        }
        for moves in members.values_mut().flatten().flat_map(|track| &mut track.moves) {
            moves.sort_unstable_by_key(|moved| moved.from);
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
        let after = moves.partition_point(|moved| moved.from <= seq);
        let moved = moves[..after].last()?;
        (seq <= moved.up_to).then_some(moved.at)
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

/// The number of a membership, its conversation, who it is, what they may see from, have read through, and whether they
/// hide what they read.
type Current = (i64, ConversationNumber, UserId, Seq, Seq, i64);

/// The current members of conversations, in the order they came.
async fn current<C: ConnectionTrait>(
    connection: &C,
    conversations: &[ConversationNumber],
) -> Result<Vec<Current>, DbErr> {
    let asked = gathered::list(connection.get_database_backend(), 1, &[("conversation", Cell::Number)]);
    let from = format!(
        "{asked} AS asked CROSS JOIN members p CROSS JOIN people \
         WHERE p.conversation = asked.conversation AND p.until_event IS NULL AND people.id = p.user_id"
    );
    let columns = "p.number, p.conversation, p.user_id, p.visible_from_seq, p.read_seq, \
                   CAST(people.hides_reads AS integer)";
    let asked = gathered::listed(conversations.iter().map(|number| (number,)))?;
    gathered::rows(connection, columns, "p.number", &from, [asked]).await
}

/// The number of a membership, a kind, the first and the last place that were covered, and when.
type Row = (i64, usize, Seq, Seq, i64);

/// The moves that cover a place of a span, or what lies between two of them: of each current member and kind the last
/// one that begins at or before the span, and those that begin in it.
async fn relevant<C: ConnectionTrait>(connection: &C, spans: &[Span]) -> Result<Vec<Row>, DbErr> {
    if connection.get_database_backend() == DbBackend::Sqlite {
        return relevant_of(connection, spans, &[Kind::Delivered, Kind::Read]).await;
    }
    // Each by a process of its own, at the same time: of a group of fifty this takes longer than all else.
    let (mut moves, read) = try_join!(
        relevant_of(connection, spans, &[Kind::Delivered]),
        relevant_of(connection, spans, &[Kind::Read])
    )?;
    moves.extend(read);
    Ok(moves)
}

/// Those of these kinds.
async fn relevant_of<C: ConnectionTrait>(connection: &C, spans: &[Span], kinds: &[Kind]) -> Result<Vec<Row>, DbErr> {
    let backend = connection.get_database_backend();
    let columns = [
        ("conversation", Cell::Number),
        ("first", Cell::Number),
        ("last", Cell::Number),
    ];
    let spans_table = gathered::list(backend, 1, &columns);
    let kinds = kinds
        .iter()
        .map(|of| format!("SELECT CAST({} AS SMALLINT) AS kind", kind(*of)));
    let kinds = format!("({})", kinds.collect::<Vec<_>>().join(" UNION ALL "));
    let of_member = "m.conversation = s.conversation AND m.user_id = p.user_id AND m.kind = k.kind";
    // In this order, from the spans by index to their moves: `CROSS JOIN` keeps SQLite to it, `LATERAL` PostgreSQL.
    let members = format!("{spans_table} AS s CROSS JOIN members p CROSS JOIN {kinds} AS k");
    let current = "p.conversation = s.conversation AND p.until_event IS NULL AND m.up_to_seq >= s.first";
    let from = match backend {
        DbBackend::Sqlite => format!(
            "{members} CROSS JOIN moves m WHERE {current} AND {of_member} AND m.from_seq <= s.last \
             AND m.from_seq >= coalesce((SELECT max(o.from_seq) FROM moves o WHERE o.conversation = s.conversation \
             AND o.user_id = p.user_id AND o.kind = k.kind AND o.from_seq <= s.first), s.first)"
        ),
        _ => format!(
            "{members} CROSS JOIN LATERAL (\
             (SELECT m.from_seq, m.up_to_seq, m.at FROM moves m WHERE {of_member} AND m.from_seq <= s.first \
             ORDER BY m.from_seq DESC LIMIT 1) UNION ALL \
             (SELECT m.from_seq, m.up_to_seq, m.at FROM moves m WHERE s.first < s.last AND {of_member} \
             AND m.from_seq > s.first AND m.from_seq <= s.last)) AS m WHERE {current}"
        ),
    };
    let asked = spans.iter().map(|span| (span.conversation, span.first, span.last));
    let columns = "p.number, k.kind, m.from_seq, m.up_to_seq, m.at";
    gathered::rows(connection, columns, "", &from, [gathered::listed(asked)?]).await
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
