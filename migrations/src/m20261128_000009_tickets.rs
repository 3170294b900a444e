//! Where connections are: their servers, and what each client is given on its next connection.

#![expect(
    elided_lifetimes_in_paths,
    reason = "the trait's methods are declared without, and async_trait tells them apart"
)]

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, pk_uuid, string_len, string_len_null, text_null, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let nodes = Table::create()
            .table("nodes")
            .col(pk_uuid("id"))
            .col(big_integer("told"))
            .col(big_integer("seen_at"))
            .take();
        manager.create_table(nodes).await?;
        let tickets = Table::create()
            .table("tickets")
            .col(pk_uuid("id"))
            .col(uuid("node"))
            .col(string_len("user_id", 128))
            .col(string_len("device", 64))
            .col(string_len_null("alias", 64))
            .col(text_null("hears"))
            .col(big_integer_null("position"))
            .take();
        manager.create_table(tickets).await?;
        for column in ["device", "alias", "node"] {
            let index = Index::create()
                .name(format!("tickets_by_{column}"))
                .table("tickets")
                .col(column)
                .take();
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["tickets", "nodes"] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}
