//! Candidates on SQLite, from the full-text table `messages_search`.

use std::fmt::Write as _;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, QueryResult, Statement, Value};

use super::Extent;
use super::ranking::HEAD;
use super::terms::Term;
use crate::log::gathered::{self, Cell};

/// The newest matches that the user may see in these conversations, at most `limit`. The full-text table hands them out
/// newest first, so that it stops there.
pub(super) async fn candidates(
    read: &DatabaseConnection,
    extent: &Extent<'_>,
    terms: &[Term],
    limit: usize,
) -> Result<Vec<QueryResult>, DbErr> {
    let here = gathered::list(DbBackend::Sqlite, 3, &[("number", Cell::Number)]);
    let sql = format!(
        "SELECT m.number AS number, substr(m.content, 1, {}) AS head FROM messages_search \
         CROSS JOIN messages m ON m.number = messages_search.rowid \
         CROSS JOIN members p ON p.conversation = m.conversation AND p.user_id = $1 AND p.until_event IS NULL \
         AND p.visible_from_seq <= m.seq \
         WHERE messages_search MATCH $2 AND m.kind <> 7 AND m.deleted_at IS NULL \
         AND m.conversation IN (SELECT number FROM {here}) \
         ORDER BY messages_search.rowid DESC LIMIT {limit}",
        HEAD + 1
    );
    let values = [
        Value::from(extent.user),
        Value::from(expression(extent, terms)),
        gathered::listed(extent.places.iter().map(|place| (place,)))?,
    ];
    read.query_all_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values))
        .await
}

/// An expression of FTS5. Words are letters, digits and marks in quotes: a string of FTS5, never its syntax.
fn expression(extent: &Extent<'_>, terms: &[Term]) -> String {
    let mut expression = String::new();
    // To go through the messages of many conversations is dearer than to leave out what is elsewhere.
    if !extent.is_large {
        expression.push_str("conversation : (");
        for (index, place) in extent.places.iter().enumerate() {
            let or = if index == 0 { "" } else { " OR " };
            let _ = write!(expression, "{or}\"{place}\"");
        }
        expression.push_str(") AND ");
    }
    expression.push_str("content : (");
    for (index, term) in terms.iter().enumerate() {
        let and = if index == 0 { "" } else { " AND " };
        let words: Vec<_> = term.tokens.iter().map(|token| token.typed.as_str()).collect();
        let prefix = if term.is_prefix { " *" } else { "" };
        let _ = write!(expression, "{and}\"{}\"{prefix}", words.join(" "));
    }
    expression.push(')');
    expression
}
