//! PostgreSQL: what a message is found by is stored beside it, where a scan reads it without making it again.
//!
//! Besides its words it has a word for its conversation and one for its stretch of message numbers: both narrow a
//! search inside the index. They have a colon, which no word of a message can have. SQLite's full-text table has all of
//! this already.

#![expect(
    elided_lifetimes_in_paths,
    reason = "the trait's methods are declared without, and async_trait tells them apart"
)]

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::m20261128_000004_search::{POSTGRES_INDEX, document, folded};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// What waits to be merged into the index is read by every search, so it is little.
const INDEX: &str = "CREATE INDEX messages_by_words ON messages USING gin (words) WITH (gin_pending_list_limit = 512)";

/// What a text without anything but ASCII needs, a third of the time of all.
const PLAIN: &str =
    r"regexp_replace(lower(left(content, 100000)), '[\x01-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+', ' ', 'g')";

/// The words of millions of messages take longer than any statement may otherwise.
const UNHURRIED: &str = "SET LOCAL statement_timeout = 0; SET LOCAL maintenance_work_mem = '256MB'";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Sqlite {
            return Ok(());
        }
        let folded = folded(manager).await?;
        let column = format!(
            "ALTER TABLE messages ADD COLUMN words tsvector GENERATED ALWAYS AS (\
             CASE WHEN kind <> 7 AND deleted_at IS NULL THEN to_tsvector('pg_catalog.simple', \
             CASE WHEN octet_length(content) = length(content) THEN {PLAIN} ELSE {folded} END) \
             || array_to_tsvector(ARRAY['c:' || CAST(conversation AS text), 'n:' || CAST(number >> 16 AS text)]) \
             END) STORED"
        );
        for statement in [
            UNHURRIED,
            "DROP INDEX messages_search",
            "DROP FUNCTION messages_search_document",
            &column,
            INDEX,
        ] {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Sqlite {
            return Ok(());
        }
        let function = document(&folded(manager).await?);
        for statement in [
            UNHURRIED,
            "ALTER TABLE messages DROP COLUMN words",
            &function,
            POSTGRES_INDEX,
        ] {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
