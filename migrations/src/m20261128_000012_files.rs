//! Files and the messages that have them, and what servers keep secret together.

#![expect(
    elided_lifetimes_in_paths,
    reason = "the trait's methods are declared without, and async_trait tells them apart"
)]

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, binary, integer, integer_null, pk_uuid, string_len, string_len_null, text,
    text_null, uuid,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let files = Table::create()
            .table("files")
            .col(pk_uuid("id"))
            .col(string_len("owner_id", 128))
            .col(text("name"))
            .col(string_len("mime", 128))
            .col(big_integer("size"))
            .col(binary("sha256"))
            .col(integer_null("width"))
            .col(integer_null("height"))
            .col(string_len_null("thumbnail", 32))
            .col(big_integer("created_at"))
            .col(big_integer_null("expires_at"))
            .take();
        manager.create_table(files).await?;
        let attachments = Table::create()
            .table("attachments")
            .col(big_integer("message"))
            .col(integer("position"))
            .col(big_integer("conversation"))
            .col(uuid("file"))
            .primary_key(Index::create().col("message").col("position"))
            .take();
        manager.create_table(attachments).await?;
        let secrets = Table::create()
            .table("secrets")
            .col(string_len("name", 32).primary_key())
            .col(binary("value"))
            .take();
        manager.create_table(secrets).await?;
        let attached = Table::alter()
            .table("messages")
            .add_column(text_null("attachments"))
            .take();
        manager.alter_table(attached).await?;
        for statement in [
            "CREATE INDEX files_by_expiry ON files (expires_at) WHERE expires_at IS NOT NULL",
            "CREATE INDEX attachments_by_file ON attachments (file)",
            "CREATE INDEX attachments_by_conversation ON attachments (conversation)",
            "CREATE INDEX messages_with_attachments ON messages (conversation, seq) WHERE attachments IS NOT NULL",
        ] {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        connection
            .execute_unprepared("DROP INDEX messages_with_attachments")
            .await?;
        let attached = Table::alter().table("messages").drop_column("attachments").take();
        manager.alter_table(attached).await?;
        for table in ["secrets", "attachments", "files"] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}
