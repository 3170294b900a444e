//! What finds messages by their words: a full-text table kept by triggers on SQLite, an index over a folding function
//! on PostgreSQL. Encrypted and deleted messages are in neither.
//!
//! Case and accents are folded on both. The conversation is part of what is indexed, so that a search of one
//! conversation does not visit the others.

#![expect(
    elided_lifetimes_in_paths,
    reason = "the trait's methods are declared without, and async_trait tells them apart"
)]

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DbBackend, Statement};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Whether a conversation holds something that cannot be searched is looked up here.
const ENCRYPTED: &str = "CREATE INDEX messages_encrypted ON messages (conversation, seq) WHERE kind = 7";

/// The text stays in `messages` (external content); sizes are not kept, since nothing ranks by them. First letters have
/// an index of their own: they begin so many words that gathering those would be dear. Words of deleted messages are taken out of the index at once, not at its next merge.
const SQLITE: [&str; 6] = [
    "CREATE VIRTUAL TABLE messages_search USING fts5(conversation, content, content='messages', \
     content_rowid='number', columnsize=0, prefix='1', tokenize='unicode61 remove_diacritics 2')",
    "INSERT INTO messages_search(messages_search, rank) VALUES ('secure-delete', 1)",
    "INSERT INTO messages_search(rowid, conversation, content) \
     SELECT number, conversation, content FROM messages WHERE kind <> 7 AND deleted_at IS NULL",
    "CREATE TRIGGER messages_search_insert AFTER INSERT ON messages \
     WHEN new.kind <> 7 AND new.deleted_at IS NULL BEGIN \
     INSERT INTO messages_search(rowid, conversation, content) VALUES (new.number, new.conversation, new.content); \
     END",
    "CREATE TRIGGER messages_search_delete AFTER DELETE ON messages \
     WHEN old.kind <> 7 AND old.deleted_at IS NULL BEGIN \
     INSERT INTO messages_search(messages_search, rowid, conversation, content) \
     VALUES ('delete', old.number, old.conversation, old.content); \
     END",
    "CREATE TRIGGER messages_search_update AFTER UPDATE OF conversation, kind, content, deleted_at ON messages BEGIN \
     INSERT INTO messages_search(messages_search, rowid, conversation, content) \
     SELECT 'delete', old.number, old.conversation, old.content WHERE old.kind <> 7 AND old.deleted_at IS NULL; \
     INSERT INTO messages_search(rowid, conversation, content) \
     SELECT new.number, new.conversation, new.content WHERE new.kind <> 7 AND new.deleted_at IS NULL; \
     END",
];

const SQLITE_DOWN: [&str; 4] = [
    "DROP TRIGGER messages_search_update",
    "DROP TRIGGER messages_search_delete",
    "DROP TRIGGER messages_search_insert",
    "DROP TABLE messages_search",
];

pub(crate) const POSTGRES_INDEX: &str = "CREATE INDEX messages_search ON messages \
     USING gin (messages_search_document(conversation, content)) WHERE kind <> 7 AND deleted_at IS NULL";

/// Everything that is neither letter nor digit, as far as it is told without a locale: what is left is one word to the
/// parser, whatever it looks like.
const SEPARATORS: &str = r"[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb\u00bf\u00d7\u00f7\u2000-\u206f\u2190-\u2bff\u2e00-\u2e7f\u3000-\u3004\u3008-\u3020\u3030\ufe10-\ufe1f\ufe30-\ufe6f\U0001f000-\U0001faff]+";
/// Accents and the like. Vowel signs and the marks of kana are letters.
const ACCENTS: &str = r"[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        connection.execute_unprepared(ENCRYPTED).await?;
        if manager.get_database_backend() == DbBackend::Sqlite {
            for statement in SQLITE {
                connection.execute_unprepared(statement).await?;
            }
            return Ok(());
        }
        let function = document(&folded(manager).await?);
        connection.execute_unprepared(&function).await?;
        connection.execute_unprepared(POSTGRES_INDEX).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        connection.execute_unprepared("DROP INDEX messages_encrypted").await?;
        if manager.get_database_backend() == DbBackend::Sqlite {
            for statement in SQLITE_DOWN {
                connection.execute_unprepared(statement).await?;
            }
            return Ok(());
        }
        for statement in ["DROP INDEX messages_search", "DROP FUNCTION messages_search_document"] {
            connection.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}

/// The function whose result is indexed. A conversation's word has a colon, which no word of a message can have. Of a
/// very long message the first 100,000 characters are indexed: a document has at most a megabyte.
pub(crate) fn document(folded: &str) -> String {
    format!(
        "CREATE FUNCTION messages_search_document(conversation bigint, content text) RETURNS tsvector \
         LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS $$ \
         SELECT to_tsvector('pg_catalog.simple', {folded}) || array_to_tsvector(ARRAY['c:' || conversation]) $$"
    )
}

/// How a message's words are folded here: without accents and case where the database speaks UTF-8, with ICU's rules
/// for case where it has them.
pub(crate) async fn folded(manager: &SchemaManager<'_>) -> Result<String, DbErr> {
    let sql = "SELECT current_setting('server_encoding') = 'UTF8' AS unicode, \
               EXISTS (SELECT 1 FROM pg_collation WHERE collname = 'und-x-icu') AS icu";
    let asked = Statement::from_string(DbBackend::Postgres, sql);
    let row = manager.get_connection().query_one_raw(asked).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound("the server's encoding".to_owned()))?;
    if !row.try_get::<bool>("", "unicode")? {
        return Ok("lower(regexp_replace(left(content, 100000), \
                   '[\\x01-\\x2f\\x3a-\\x40\\x5b-\\x60\\x7b-\\x7f]+', ' ', 'g'))"
            .to_owned());
    }
    let collation = if row.try_get("", "icu")? {
        "COLLATE \"und-x-icu\""
    } else {
        ""
    };
    let plain = format!("regexp_replace(normalize(left(content, 100000), NFKD), '{ACCENTS}', '', 'g')");
    let lower = format!("translate(lower(normalize({plain}, NFC) {collation}), '\u{3c2}', '\u{3c3}')");
    Ok(format!(
        "left(regexp_replace({lower}, '{SEPARATORS}', ' ', 'g'), 100000)"
    ))
}
