//! Candidates on PostgreSQL, from the words beside each message (`m20261128_000008_words`).
//!
//! An index of words knows nothing of new and old, so the newest matches are looked for from the newest message back:
//! the newest few thousand are read one by one, which tells how common a match is. Common ones are then found by
//! reading on, rare ones by the index, a stretch of messages at a time, each larger than the one before.

use std::fmt::Write as _;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, QueryResult, Statement,
    TransactionTrait, Value,
};

use super::Extent;
use super::ranking::HEAD;
use super::terms::Term;
use crate::log::gathered::{self, Cell};

/// The plan is made for these words, and each part of a search is read the way that is meant. Whatever happens, it ends
/// in time.
const SETTINGS: &str = "SET LOCAL statement_timeout = '3s'; SET LOCAL plan_cache_mode = force_custom_plan; \
     SET LOCAL jit = off; SET LOCAL enable_seqscan = off; SET LOCAL max_parallel_workers_per_gather = 0";
/// Messages that are read before the index is asked.
const FIRST: i64 = 4_096;
/// Messages that are read where so many of those matched that reading on is best.
const ON: i64 = 131_072;
/// A match is common when it is more often than one in so many.
const COMMON: i64 = 50;
/// A beginning of a word is common when it is more often than one in so many.
const COMMON_PREFIX: i64 = 20;
/// Message numbers of a stretch, as a shift.
const STRETCH: i64 = 16;
/// Stretches that the index is asked for first, where those that were read do not say enough; and the most at once: who
/// needs more looks through all that are left.
const STRETCHES: (i64, i64) = (2, 32);
/// So many matches among those that were read say how many there are.
const TELLING: usize = 16;
/// How many times as many stretches as before may come next: a few matches say little of how many there are.
const GROWTH: i64 = 4;

/// The newest matches that the user may see in these conversations, at most `limit`.
pub(super) async fn candidates(
    read: &DatabaseConnection,
    extent: &Extent<'_>,
    terms: &[Term],
    limit: usize,
) -> Result<Vec<QueryResult>, DbErr> {
    let transaction = read.begin().await?;
    transaction.execute_unprepared(SETTINGS).await?;
    let mut walk = Walk {
        transaction: &transaction,
        extent,
        common: [
            Value::from(extent.user),
            gathered::listed(extent.places.iter().map(|place| (place,)))?,
            Value::from(words(terms)),
        ],
        terms,
        limit,
        found: Vec::new(),
    };
    walk.all().await?;
    let found = walk.found;
    transaction.commit().await?;
    Ok(found)
}

/// A search on its way from the newest message to the oldest.
struct Walk<'a> {
    transaction: &'a DatabaseTransaction,
    extent: &'a Extent<'a>,
    /// What each statement has for values first: who asks, where is searched, and for what.
    common: [Value; 3],
    terms: &'a [Term],
    limit: usize,
    found: Vec<QueryResult>,
}

impl Walk<'_> {
    async fn all(&mut self) -> Result<(), DbErr> {
        let newest = self.extent.newest;
        let first = newest - FIRST;
        self.read(newest, first).await?;
        if self.is_done(first) {
            return Ok(());
        }
        let mut bound = first;
        if self.found.len() as i64 * COMMON > FIRST {
            self.read(bound, bound - ON).await?;
            bound -= ON;
        }
        let query = self.indexed().await?;
        let inside = self.inside();
        let (mut least, mut most) = if self.found.len() < TELLING {
            (STRETCHES.0, STRETCHES.0)
        } else {
            (1, STRETCHES.1)
        };
        while !self.is_done(bound) {
            let room = self.room();
            let stretches = self.enough(bound).clamp(least, most);
            if stretches > STRETCHES.1 {
                return self.look_up(bound, &query, inside.trim_start_matches(" & ")).await;
            }
            let oldest = Ord::max((bound >> STRETCH) - stretches + 1, 0);
            let among = (oldest..=bound >> STRETCH).map(|stretch| format!("'n:{stretch}'"));
            let among = format!("({}){inside}", among.collect::<Vec<_>>().join(" | "));
            self.look_up(bound, &query, &among).await?;
            bound = (oldest << STRETCH) - 1;
            // Every match costs the reading of its row, so the next step is as large as seems needed; but where matches
            // become rare at least twice as large as this one, or there would be no end of small ones.
            let is_half = self.room() <= room / 2;
            least = if is_half { 1 } else { stretches * 2 };
            most = stretches * GROWTH;
        }
        Ok(())
    }

    /// How many stretches hold what is still looked for, if matches go on as they came.
    fn enough(&self, bound: i64) -> i64 {
        let (seen, found) = (self.extent.newest - bound, self.found.len() as i64);
        let numbers = self.room() * seen / Ord::max(found, 1);
        (numbers >> STRETCH) + 1
    }

    fn is_done(&self, bound: i64) -> bool {
        bound <= 0 || self.found.len() >= self.limit
    }

    /// The words that the index is asked for: all but a common beginning of one.
    async fn indexed(&self) -> Result<String, DbErr> {
        if let Some((last, exact)) = self.terms.split_last()
            && !exact.is_empty()
            && last.is_prefix
            && self.is_common(&words(std::slice::from_ref(last))).await?
        {
            return Ok(words(exact));
        }
        Ok(words(self.terms))
    }

    /// The conversations that the index is asked for: one, or many where they are a small part of all.
    fn inside(&self) -> String {
        if self.extent.is_large && self.extent.places.len() > 1 {
            return String::new();
        }
        let places: Vec<_> = self.extent.places.iter().map(|place| format!("'c:{place}'")).collect();
        format!(" & ({})", places.join(" | "))
    }

    /// Whether many of the newest messages match.
    async fn is_common(&self, query: &str) -> Result<bool, DbErr> {
        let sql = "SELECT count(*) AS matches FROM messages m WHERE m.number > $1 AND m.number <= $2 \
                   AND (m.words @@ to_tsquery('pg_catalog.simple', $3)) IS TRUE";
        let (newest, sample) = (self.extent.newest, FIRST / 4);
        let values = [Value::from(newest - sample), Value::from(newest), Value::from(query)];
        let row = self
            .transaction
            .query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values))
            .await?;
        let matches: i64 = row.map_or(Ok(0), |row| row.try_get("", "matches"))?;
        Ok(matches * COMMON_PREFIX > sample)
    }

    /// Reads the messages from `newest` back to `oldest`, which is not read.
    async fn read(&mut self, newest: i64, oldest: i64) -> Result<(), DbErr> {
        let sql = format!(
            "SELECT m.number AS number, left(m.content, {}) AS head FROM messages m \
             WHERE m.number <= $4 AND m.number > $5 AND (m.words @@ to_tsquery('pg_catalog.simple', $3)) IS TRUE \
             AND {} ORDER BY m.number DESC LIMIT $6",
            HEAD + 1,
            is_seen(),
        );
        let values = [newest, oldest, self.room()].map(Value::from);
        self.take(sql, values).await
    }

    /// Asks the index for `query` among what `among` names; what it finds up to `bound` is looked at again where that is
    /// less than all.
    async fn look_up(&mut self, bound: i64, query: &str, among: &str) -> Result<(), DbErr> {
        let sql = format!(
            "WITH found AS MATERIALIZED (SELECT m.number, m.conversation, m.seq, left(m.content, {}) AS head \
             FROM messages m \
             WHERE m.words @@ (to_tsquery('pg_catalog.simple', $5) && CAST($6 AS tsquery)) \
             AND numnode(to_tsquery('pg_catalog.simple', $5)) > 0 AND m.number <= $4 \
             AND ($3 = $5 OR (m.words @@ to_tsquery('pg_catalog.simple', $3)) IS TRUE)) \
             SELECT m.number AS number, m.head AS head FROM found m \
             WHERE {} ORDER BY m.number DESC LIMIT $7",
            HEAD + 1,
            is_seen(),
        );
        let values = [bound.into(), query.into(), among.into(), self.room().into()];
        self.take(sql, values).await
    }

    async fn take(&mut self, sql: String, values: impl IntoIterator<Item = Value>) -> Result<(), DbErr> {
        let values = self.common.iter().cloned().chain(values);
        let rows = self
            .transaction
            .query_all_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values))
            .await?;
        self.found.extend(rows);
        Ok(())
    }

    /// How many are still looked for.
    fn room(&self) -> i64 {
        (self.limit - self.found.len()) as i64
    }
}

/// Whether a message is where is searched, and the user may see it. `IS TRUE` keeps both from becoming joins, which may
/// read every message of a stretch before the newest is known.
fn is_seen() -> String {
    let here = gathered::list(DbBackend::Postgres, 2, &[("number", Cell::Number)]);
    format!(
        "(m.conversation IN (SELECT number FROM {here} AS here)) IS TRUE \
         AND (EXISTS (SELECT 1 FROM members p WHERE p.conversation = m.conversation AND p.user_id = $1 \
         AND p.until_event IS NULL AND p.visible_from_seq <= m.seq)) IS TRUE"
    )
}

/// A query of words. Each is letters, digits and marks in quotes: a lexeme, never an operator.
fn words(terms: &[Term]) -> String {
    let mut query = String::new();
    for (index, term) in terms.iter().enumerate() {
        query.push_str(if index == 0 { "(" } else { " & (" });
        for (place, token) in term.tokens.iter().enumerate() {
            let then = if place == 0 { "" } else { " <-> " };
            let _ = write!(query, "{then}'{}'", token.folded);
        }
        query.push_str(if term.is_prefix { ":*)" } else { ")" });
    }
    query
}
