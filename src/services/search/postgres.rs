//! Candidates on PostgreSQL, from the index over `messages_search_document`.

use std::fmt::Write as _;

use entities::ids::ConversationNumber;
use entities::user_id::UserId;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, QueryResult, Statement, TransactionTrait, Value};

use super::ranking::HEAD;
use super::terms::Term;

/// The planner is told the words: common ones are best read backwards until there are enough, rare ones from the
/// index. Whatever it chooses ends in time.
const SETTINGS: &str = "SET LOCAL statement_timeout = '3s'; SET LOCAL plan_cache_mode = force_custom_plan";

/// The newest matches that `user` may see in these conversations, at most `limit`.
pub(super) async fn candidates(
    read: &DatabaseConnection,
    user: &UserId,
    places: &[ConversationNumber],
    terms: &[Term],
    limit: usize,
) -> Result<Vec<QueryResult>, DbErr> {
    // Inside one conversation both have the same order, and each has an index.
    let newest = if places.len() == 1 { "m.seq" } else { "m.number" };
    let sql = format!(
        "SELECT m.number AS number, left(m.content, {}) AS head FROM messages m \
         JOIN members p ON p.conversation = m.conversation AND p.user_id = $1 AND p.until_event IS NULL \
         AND p.visible_from_seq <= m.seq \
         WHERE m.conversation = ANY(CAST($2 AS bigint[])) AND m.kind <> 7 AND m.deleted_at IS NULL \
         AND messages_search_document(m.conversation, m.content) \
         @@ (CAST($3 AS tsquery) && to_tsquery('pg_catalog.simple', $4)) \
         AND numnode(to_tsquery('pg_catalog.simple', $4)) > 0 \
         ORDER BY {newest} DESC LIMIT {limit}",
        HEAD + 1
    );
    let values = [
        Value::from(user),
        Value::from(format!("{{{}}}", joined(places, ",", |place| place.to_string()))),
        Value::from(joined(places, " | ", |place| format!("'c:{place}'"))),
        Value::from(words(terms)),
    ];
    let transaction = read.begin().await?;
    transaction.execute_unprepared(SETTINGS).await?;
    let rows = transaction
        .query_all_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values))
        .await?;
    transaction.commit().await?;
    Ok(rows)
}

fn joined(places: &[ConversationNumber], between: &str, shown: impl Fn(&ConversationNumber) -> String) -> String {
    places.iter().map(shown).collect::<Vec<_>>().join(between)
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
