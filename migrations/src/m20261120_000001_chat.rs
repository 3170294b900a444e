//! People, conversations, members, messages and moves.
//!
//! Times are milliseconds since 1970 in UTC: the same order and precision on both databases.

#![expect(
    elided_lifetimes_in_paths,
    reason = "the trait's methods are declared without, and async_trait tells them apart"
)]

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, binary, boolean, integer, small_integer, string_len, string_len_null,
    text, text_null, uuid,
};
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const INDEXES: [&str; 9] = [
    "CREATE UNIQUE INDEX members_current ON members (conversation, user_id) WHERE until_event IS NULL",
    "CREATE INDEX members_by_person ON members (user_id, conversation)",
    "CREATE UNIQUE INDEX messages_by_seq ON messages (conversation, seq)",
    "CREATE UNIQUE INDEX messages_by_key ON messages (sender_id, conversation, client_message_id) \
     WHERE client_message_id IS NOT NULL",
    "CREATE INDEX messages_by_temp_id ON messages (sender_id, conversation, temp_id) WHERE temp_id IS NOT NULL",
    "CREATE INDEX messages_by_time ON messages (conversation, created_at)",
    "CREATE INDEX messages_by_sender ON messages (conversation, sender_id, seq)",
    "CREATE INDEX moves_by_member ON moves (conversation, user_id, kind, from_seq)",
    "CREATE INDEX conversations_by_activity ON conversations (updated_at)",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [people(), conversations(manager), members(), messages(manager), moves()] {
            manager.create_table(table).await?;
        }
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["moves", "messages", "members", "conversations", "people"] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}

fn people() -> TableCreateStatement {
    Table::create()
        .table("people")
        .col(string_len("id", 128).primary_key())
        .col(text("username"))
        .col(text("full_name"))
        .col(text_null("avatar"))
        .col(boolean("is_placeholder"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .take()
}

fn conversations(manager: &SchemaManager<'_>) -> TableCreateStatement {
    Table::create()
        .table("conversations")
        .col(row_number(manager, "number"))
        .col(uuid("id").unique_key())
        .col(small_integer("kind"))
        .col(text_null("name"))
        .col(text_null("description"))
        .col(text_null("avatar"))
        .col(string_len_null("direct_key", 257).unique_key())
        .col(string_len("created_by", 128))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .col(big_integer("last_seq"))
        .col(big_integer("last_message_at"))
        .foreign_key(&mut person("conversations_creator", "conversations", "created_by"))
        .take()
}

fn members() -> TableCreateStatement {
    Table::create()
        .table("members")
        .col(big_pk_auto("number"))
        .col(big_integer("conversation"))
        .col(string_len("user_id", 128))
        .col(small_integer("role"))
        .col(big_integer("from_event"))
        .col(big_integer_null("until_event"))
        .col(big_integer("visible_from_seq"))
        .col(big_integer("read_seq"))
        .col(boolean("is_muted"))
        .col(boolean("is_archived"))
        .col(boolean("is_pinned"))
        .col(big_integer("joined_at"))
        .foreign_key(&mut conversation("members_conversation", "members"))
        .foreign_key(&mut person("members_person", "members", "user_id"))
        .take()
}

fn messages(manager: &SchemaManager<'_>) -> TableCreateStatement {
    Table::create()
        .table("messages")
        .col(row_number(manager, "number"))
        .col(uuid("id").unique_key())
        .col(big_integer("conversation"))
        .col(big_integer("seq"))
        .col(string_len("sender_id", 128))
        .col(small_integer("kind"))
        .col(text("content"))
        .col(binary("content_hash"))
        .col(ColumnDef::new("parent").uuid().null().take())
        .col(text_null("metadata"))
        .col(string_len_null("client_message_id", 200))
        .col(string_len_null("temp_id", 200))
        .col(big_integer("created_at"))
        .col(big_integer_null("edited_at"))
        .col(big_integer_null("deleted_at"))
        .foreign_key(&mut conversation("messages_conversation", "messages"))
        .foreign_key(&mut person("messages_sender", "messages", "sender_id"))
        .take()
}

fn moves() -> TableCreateStatement {
    Table::create()
        .table("moves")
        .col(big_pk_auto("number"))
        .col(big_integer("conversation"))
        .col(string_len("user_id", 128))
        .col(small_integer("kind"))
        .col(big_integer("from_seq"))
        .col(big_integer("up_to_seq"))
        .col(big_integer("at"))
        .foreign_key(&mut conversation("moves_conversation", "moves"))
        .foreign_key(&mut person("moves_person", "moves", "user_id"))
        .take()
}

pub(crate) fn person(name: &str, table: &'static str, column: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(name)
        .from(table, column)
        .to("people", "id")
        .take()
}

fn conversation(name: &str, table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(name)
        .from(table, "conversation")
        .to("conversations", "number")
        .take()
}

/// A primary key the writer gives out. On SQLite it must be declared `integer` to be the row id itself, which saves an
/// index and is what full-text search can refer to.
pub(crate) fn row_number(manager: &SchemaManager<'_>, name: &'static str) -> ColumnDef {
    match manager.get_database_backend() {
        DbBackend::Sqlite => integer(name).primary_key().take(),
        _ => big_integer(name).primary_key().take(),
    }
}
