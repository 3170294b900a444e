//! What a message and a member can be besides there: pinned, reacted to, edited, hidden, muted for a while, blocked.
//!
//! `events.message` leads from a message to what the log says of it, so that deleting it can scrub its text.

#![expect(
    elided_lifetimes_in_paths,
    reason = "the trait's methods are declared without, and async_trait tells them apart"
)]

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, boolean, small_integer, string_len, string_len_null, text, text_null,
};

use crate::m20261120_000001_chat::person;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const INDEXES: [&str; 8] = [
    "CREATE INDEX messages_by_parent ON messages (parent, seq) WHERE parent IS NOT NULL",
    "CREATE INDEX messages_pinned ON messages (conversation, pinned_at) WHERE pinned_at IS NOT NULL",
    "CREATE INDEX messages_deleted ON messages (conversation, seq) WHERE deleted_at IS NOT NULL",
    "CREATE INDEX message_edits_by_message ON message_edits (message)",
    "CREATE UNIQUE INDEX reactions_of_message ON reactions (message, user_id, emoji)",
    "CREATE INDEX blocks_by_blocked ON blocks (blocked_id)",
    "CREATE INDEX events_by_message ON events (message) WHERE message IS NOT NULL",
    "CREATE INDEX moves_by_place ON moves (conversation, from_seq)",
];

/// Columns added to what is there: table, columns.
fn columns() -> Vec<(&'static str, Vec<ColumnDef>)> {
    vec![
        ("conversations", vec![small_integer("history").default(0).take()]),
        (
            "members",
            vec![
                boolean("is_hidden").default(false).take(),
                big_integer_null("muted_until").take(),
            ],
        ),
        (
            "messages",
            vec![
                big_integer_null("pinned_at").take(),
                string_len_null("pinned_by", 128).take(),
                text_null("mentions").take(),
                text_null("forwarded").take(),
            ],
        ),
        ("events", vec![big_integer_null("message").take()]),
    ]
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, columns) in columns() {
            for column in columns {
                manager
                    .alter_table(Table::alter().table(table).add_column(column).take())
                    .await?;
            }
        }
        for table in [message_edits(), reactions(), blocks()] {
            manager.create_table(table).await?;
        }
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for index in [
            "messages_by_parent",
            "messages_pinned",
            "messages_deleted",
            "events_by_message",
            "moves_by_place",
        ] {
            let drop = format!("DROP INDEX {index}");
            manager.get_connection().execute_unprepared(&drop).await?;
        }
        for table in ["blocks", "reactions", "message_edits"] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        for (table, columns) in columns() {
            for column in columns {
                let name = column.get_column_name();
                manager
                    .alter_table(Table::alter().table(table).drop_column(name).take())
                    .await?;
            }
        }
        Ok(())
    }
}

/// What an edited message said before, oldest first.
fn message_edits() -> TableCreateStatement {
    Table::create()
        .table("message_edits")
        .col(big_pk_auto("number"))
        .col(big_integer("message"))
        .col(text("content"))
        .col(big_integer("until"))
        .foreign_key(&mut message("message_edits_message", "message_edits"))
        .take()
}

fn reactions() -> TableCreateStatement {
    Table::create()
        .table("reactions")
        .col(big_pk_auto("number"))
        .col(big_integer("message"))
        .col(string_len("user_id", 128))
        .col(string_len("emoji", 64))
        .col(big_integer("at"))
        .foreign_key(&mut message("reactions_message", "reactions"))
        .foreign_key(&mut person("reactions_person", "reactions", "user_id"))
        .take()
}

fn blocks() -> TableCreateStatement {
    Table::create()
        .table("blocks")
        .col(string_len("user_id", 128))
        .col(string_len("blocked_id", 128))
        .col(big_integer("at"))
        .primary_key(Index::create().col("user_id").col("blocked_id"))
        .foreign_key(&mut person("blocks_person", "blocks", "user_id"))
        .foreign_key(&mut person("blocks_blocked", "blocks", "blocked_id"))
        .take()
}

fn message(name: &str, table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(name)
        .from(table, "message")
        .to("messages", "number")
        .take()
}
