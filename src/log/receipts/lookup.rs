//! What receipts are derived from: who the members are, and those of their moves that matter.

use entities::ids::{ConversationNumber, Seq};
use entities::moves::Kind;
use entities::user_id::UserId;
use futures_util::try_join;
use sea_orm::{ConnectionTrait, DbBackend, DbErr};

use super::kind;
use crate::log::gathered::{self, Cell, Columns};

/// How far apart two messages of one span may lie. A page is one span; a search has many.
const NEAR: i64 = 64;
/// So many moves a span are few: they cost what one descent of an index costs.
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

/// The number of a membership, its conversation, who it is, what they may see from, the newest message when they joined, and
/// whether they hide what they read.
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
    let columns = "p.number, p.conversation, p.user_id, p.visible_from_seq, coalesce(p.joined_seq, 0), \
                   CAST(people.hides_reads AS integer)";
    let asked = gathered::listed(conversations.iter().map(|number| (number,)))?;
    gathered::rows(connection, Columns::Ordered(columns, "p.number"), &from, [asked]).await
}

/// The number of a membership, a kind, the first and the last place that were covered, and when.
pub(super) type Row = (i64, usize, Seq, Seq, i64);

/// The moves that cover a place of a span, or what lies between two of them: of each current member and kind the last
/// one that begins at or before the span, and those that begin in it. There may be others, and some twice.
///
/// A descent of an index costs what several entries cost that lie side by side. So whoever made few moves is asked for
/// all from the first span of a conversation to the last at once, and whoever made many for each span.
pub(super) async fn relevant<C: ConnectionTrait>(connection: &C, spans: &[Span]) -> Result<Vec<Row>, DbErr> {
    if connection.get_database_backend() == DbBackend::Sqlite {
        return relevant_of(connection, spans, &[Kind::Delivered, Kind::Read]).await;
    }
    // Each by a process of its own, at the same time.
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
    let asked = asked(backend, kinds);
    let of_member = "m.conversation = a.conversation AND m.user_id = a.user_id AND m.kind = a.kind";
    // From what is asked to the moves, by index: `CROSS JOIN` keeps SQLite to that, `LATERAL` PostgreSQL.
    let from = match backend {
        DbBackend::Sqlite => format!(
            "{asked} AS a CROSS JOIN moves m WHERE {of_member} AND m.from_seq <= a.last AND m.up_to_seq >= a.first \
             AND m.from_seq >= coalesce((SELECT max(o.from_seq) FROM moves o WHERE o.conversation = a.conversation \
             AND o.user_id = a.user_id AND o.kind = a.kind AND o.from_seq <= a.first), a.first)"
        ),
        _ => format!(
            "{asked} AS a CROSS JOIN LATERAL (\
             (SELECT m.from_seq, m.up_to_seq, m.at FROM moves m WHERE {of_member} AND m.from_seq <= a.first \
             ORDER BY m.from_seq DESC LIMIT 1) UNION ALL \
             (SELECT m.from_seq, m.up_to_seq, m.at FROM moves m WHERE a.first < a.last AND {of_member} \
             AND m.from_seq > a.first AND m.from_seq <= a.last)) AS m WHERE m.up_to_seq >= a.first"
        ),
    };
    let few = FEW * i64::try_from(spans.len()).unwrap_or(0);
    let spans = spans.iter().map(|span| (span.conversation, span.first, span.last));
    let values = [gathered::listed(spans)?, few.into()];
    let columns = "a.number, a.kind, m.from_seq, m.up_to_seq, m.at";
    gathered::rows(connection, Columns::Numbers(columns), &from, values).await
}

/// Which members are asked for which places: value 1 lists the spans, value 2 says how many moves are few.
fn asked(backend: DbBackend, kinds: &[Kind]) -> String {
    let spans = ["conversation", "first", "last"].map(|column| (column, Cell::Number));
    let spans = gathered::list(backend, 1, &spans);
    let kinds = kinds
        .iter()
        .map(|of| format!("SELECT CAST({} AS SMALLINT) AS kind", kind(*of)));
    let kinds = kinds.collect::<Vec<_>>().join(" UNION ALL ");
    let current = "p.conversation = c.conversation AND p.until_event IS NULL";
    let members = match backend {
        DbBackend::Sqlite => "members".to_owned(),
        // Otherwise it would rather read all members there are, as long as they are few.
        _ => format!("LATERAL (SELECT * FROM members p WHERE {current} OFFSET 0)"),
    };
    format!(
        "(WITH spans AS MATERIALIZED {spans}, members_asked AS MATERIALIZED (\
         SELECT p.number, p.user_id, k.kind, c.conversation, c.first, c.last, c.spans > 1 AND $2 < (SELECT count(*) FROM \
         (SELECT 1 FROM moves m WHERE m.conversation = c.conversation AND m.user_id = p.user_id AND m.kind = k.kind \
         AND m.from_seq > c.first AND m.from_seq <= c.last LIMIT $2 + 1) AS counted) AS moved_often \
         FROM (SELECT conversation, min(first) AS first, max(last) AS last, count(*) AS spans FROM spans \
         GROUP BY conversation) AS c CROSS JOIN {members} AS p CROSS JOIN ({kinds}) AS k \
         WHERE {current}) SELECT number, user_id, kind, conversation, first, last FROM members_asked WHERE NOT moved_often UNION ALL \
         SELECT p.number, p.user_id, p.kind, p.conversation, s.first, s.last FROM members_asked p CROSS JOIN spans s \
         WHERE p.moved_often AND s.conversation = p.conversation)"
    )
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
