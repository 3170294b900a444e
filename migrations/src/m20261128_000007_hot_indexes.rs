//! Indexes that hold all of what lists, unread counts and receipts read, so that the rows themselves stay untouched.
//!
//! What nothing asks for goes: every message and every move paid for it.

#![expect(
    elided_lifetimes_in_paths,
    reason = "the trait's methods are declared without, and async_trait tells them apart"
)]

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const UP: [&str; 7] = [
    // Somebody's list.
    "CREATE INDEX members_listed ON members (user_id, conversation, is_pinned, is_archived, is_hidden, visible_from_seq) \
     WHERE until_event IS NULL",
    // How far members have come: each answer lies in the index.
    "CREATE INDEX moves_covering ON moves (conversation, user_id, kind, from_seq, up_to_seq, at)",
    "DROP INDEX moves_by_member",
    "DROP INDEX moves_by_place",
    // What is unread, without one's own and what was deleted.
    "CREATE INDEX messages_deleted_by ON messages (conversation, seq, sender_id) WHERE deleted_at IS NOT NULL",
    "DROP INDEX messages_deleted",
    "DROP INDEX conversations_by_activity",
];

const DOWN: [&str; 7] = [
    "CREATE INDEX conversations_by_activity ON conversations (updated_at)",
    "CREATE INDEX messages_deleted ON messages (conversation, seq) WHERE deleted_at IS NOT NULL",
    "DROP INDEX messages_deleted_by",
    "CREATE INDEX moves_by_place ON moves (conversation, from_seq)",
    "CREATE INDEX moves_by_member ON moves (conversation, user_id, kind, from_seq)",
    "DROP INDEX moves_covering",
    "DROP INDEX members_listed",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        all(manager, &UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        all(manager, &DOWN).await
    }
}

async fn all(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    if manager.get_database_backend() == DbBackend::Postgres {
        // Millions of rows take longer than any statement may otherwise.
        let unhurried = "SET LOCAL statement_timeout = 0; SET LOCAL maintenance_work_mem = '256MB'";
        manager.get_connection().execute_unprepared(unhurried).await?;
    }
    for statement in statements {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}
