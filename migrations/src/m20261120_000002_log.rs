//! The event log and its head. The head's row is made when the server first opens the log.

#![expect(
    elided_lifetimes_in_paths,
    reason = "the trait's methods are declared without, and async_trait tells them apart"
)]

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, small_integer, string_len, string_len_null, text};

use crate::m20261120_000001_chat::row_number;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const INDEXES: [&str; 2] = [
    "CREATE INDEX events_by_conversation ON events (conversation, id)",
    "CREATE INDEX events_by_person ON events (user_id, id) WHERE user_id IS NOT NULL",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let events = Table::create()
            .table("events")
            .col(row_number(manager, "id"))
            .col(big_integer_null("conversation"))
            .col(string_len_null("user_id", 128))
            .col(string_len("kind", 40))
            .col(string_len("actor_id", 128))
            .col(text("body"))
            .col(big_integer("created_at"))
            .take();
        let heads = Table::create()
            .table("log_heads")
            .col(small_integer("id").primary_key())
            .col(string_len("epoch", 36))
            .col(big_integer("event"))
            .col(big_integer("message"))
            .col(big_integer("conversation"))
            .take();
        for table in [events, heads] {
            manager.create_table(table).await?;
        }
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["log_heads", "events"] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}
