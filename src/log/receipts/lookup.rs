//! What receipts are derived from: who the members are, and those of their moves that matter.

use entities::ids::{ConversationNumber, Seq};
use entities::moves::Kind;
use entities::user_id::UserId;
use futures_util::try_join;
use sea_orm::{ConnectionTrait, DbBackend, DbErr};

use super::kind;
use crate::log::gathered::{self, Cell};

/// How far apart two messages of one span may lie. A page is one span; a search has many.
const NEAR: i64 = 64;
/// Moves a span that somebody may have made to be asked for all of them at once: they cost what one descent of the index
/// costs.
const FEW: i64 = 4;

/// Places of a conversation that are looked at together, from the first to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) conversation: ConversationNumber,
    first: Seq,
    last: Seq,
}

/// Places joined to spans where they lie near each other.
pub(super) fn spans(mut places: Vec<(ConversationNumber, Seq)>) -> Vec<Span> {
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
pub(super) type Current = (i64, ConversationNumber, UserId, Seq, Seq, i64);

/// The current members of conversations, in the order they came.
pub(super) async fn current<C: ConnectionTrait>(
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
pub(super) type Row = (i64, usize, Seq, Seq, i64);

/// The moves that cover a place of a span, or what lies between two of them: of each current member and kind the last
/// one that begins at or before the span, and those that begin in it. There may be others, and some twice.
pub(super) async fn relevant<C: ConnectionTrait>(connection: &C, spans: &[Span]) -> Result<Vec<Row>, DbErr> {
    let asked = spans.iter().map(|span| (span.conversation, span.first, span.last));
    let asked = gathered::listed(asked)?;
    let columns = "p.number, k.kind, m.from_seq, m.up_to_seq, m.at";
    let rows = async |from: String| gathered::numbers(connection, columns, &from, [asked.clone()]).await;
    if connection.get_database_backend() == DbBackend::Sqlite {
        return rows(sqlite()).await;
    }
    // Each by a process of its own, at the same time: of a group of fifty this takes longer than all else.
    let (delivered, read) = (postgres(Kind::Delivered), postgres(Kind::Read));
    let (mut moves, read): (Vec<Row>, Vec<Row>) = try_join!(rows(delivered), rows(read))?;
    moves.extend(read);
    Ok(moves)
}

/// Where both kinds come from on SQLite. `CROSS JOIN` keeps it to this order: from the spans, by index, to their moves.
fn sqlite() -> String {
    let spans = listed_spans(DbBackend::Sqlite);
    let kinds = [Kind::Delivered, Kind::Read].map(kind_of).join(" UNION ALL ");
    format!(
        "{spans} AS s CROSS JOIN members p CROSS JOIN ({kinds}) AS k CROSS JOIN moves m \
         WHERE p.conversation = s.conversation AND p.until_event IS NULL AND m.up_to_seq >= s.first \
         AND m.conversation = s.conversation AND m.user_id = p.user_id AND m.kind = k.kind AND m.from_seq <= s.last \
         AND m.from_seq >= coalesce((SELECT max(o.from_seq) FROM moves o WHERE o.conversation = s.conversation \
         AND o.user_id = p.user_id AND o.kind = k.kind AND o.from_seq <= s.first), s.first)"
    )
}

/// Where those of a kind come from on PostgreSQL. A descent of its index looks at the rest of a page besides, so whoever
/// made few moves is asked for all from the first span to the last at once; whoever made many, for each span.
fn postgres(kind: Kind) -> String {
    let (spans, kind) = (listed_spans(DbBackend::Postgres), kind_of(kind));
    let of_member = "FROM moves m WHERE m.conversation = c.conversation AND m.user_id = p.user_id AND m.kind = k.kind";
    let columns = "m.from_seq, m.up_to_seq, m.at";
    format!(
        "(SELECT conversation, min(first) AS first, max(last) AS last, count(*) AS spans, \
         array_agg(first) AS firsts, array_agg(last) AS lasts FROM {spans} AS spans GROUP BY conversation) AS c \
         CROSS JOIN members p CROSS JOIN ({kind}) AS k \
         CROSS JOIN LATERAL (SELECT count(*) > {FEW} * c.spans AS are_many FROM (SELECT {of_member} AND c.spans > 1 \
         AND m.from_seq > c.first AND m.from_seq <= c.last LIMIT {FEW} * c.spans + 1) AS counted) AS moves \
         CROSS JOIN LATERAL (SELECT c.first, c.last WHERE NOT moves.are_many UNION ALL \
         SELECT spans.first, spans.last FROM unnest(c.firsts, c.lasts) AS spans(first, last) WHERE moves.are_many) AS s \
         CROSS JOIN LATERAL (\
         (SELECT {columns} {of_member} AND m.from_seq <= s.first ORDER BY m.from_seq DESC LIMIT 1) UNION ALL \
         (SELECT {columns} {of_member} AND s.first < s.last AND m.from_seq > s.first AND m.from_seq <= s.last)) AS m \
         WHERE p.conversation = c.conversation AND p.until_event IS NULL AND m.up_to_seq >= s.first"
    )
}

fn listed_spans(backend: DbBackend) -> String {
    let columns = ["conversation", "first", "last"].map(|column| (column, Cell::Number));
    gathered::list(backend, 1, &columns)
}

fn kind_of(of: Kind) -> String {
    format!("SELECT CAST({} AS SMALLINT) AS kind", kind(of))
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
