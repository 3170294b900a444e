//! Candidates on SQLite, from the full-text table `messages_search`.

use std::fmt::Write as _;

use entities::ids::ConversationNumber;
use entities::user_id::UserId;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, QueryResult, Statement, Value};

use super::ranking::HEAD;
use super::terms::Term;

/// The newest matches that `user` may see in these conversations, at most `limit`. The full-text table hands them out
/// newest first, so that it stops there.
pub(super) async fn candidates(
    read: &DatabaseConnection,
    user: &UserId,
    places: &[ConversationNumber],
    terms: &[Term],
    limit: usize,
) -> Result<Vec<QueryResult>, DbErr> {
    let sql = format!(
        "SELECT m.number AS number, substr(m.content, 1, {}) AS head FROM messages_search \
         CROSS JOIN messages m ON m.number = messages_search.rowid \
         CROSS JOIN members p ON p.conversation = m.conversation AND p.user_id = ? AND p.until_event IS NULL \
         AND p.visible_from_seq <= m.seq \
         WHERE messages_search MATCH ? AND m.kind <> 7 AND m.deleted_at IS NULL \
         ORDER BY messages_search.rowid DESC LIMIT {limit}",
        HEAD + 1
    );
    let values = [Value::from(user), Value::from(expression(places, terms))];
    read.query_all_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values))
        .await
}

/// An expression of FTS5. Words are letters, digits and marks in quotes: a string of FTS5, never its syntax.
fn expression(places: &[ConversationNumber], terms: &[Term]) -> String {
    let mut expression = String::from("conversation : (");
    for (index, place) in places.iter().enumerate() {
        let or = if index == 0 { "" } else { " OR " };
        let _ = write!(expression, "{or}\"{place}\"");
    }
    expression.push_str(") AND content : (");
    for (index, term) in terms.iter().enumerate() {
        let and = if index == 0 { "" } else { " AND " };
        let words: Vec<_> = term.tokens.iter().map(|token| token.typed.as_str()).collect();
        let prefix = if term.is_prefix { " *" } else { "" };
        let _ = write!(expression, "{and}\"{}\"{prefix}", words.join(" "));
    }
    expression.push(')');
    expression
}
