//! Who is here on which server, for the others on the same database.

#![expect(
    elided_lifetimes_in_paths,
    reason = "the trait's methods are declared without, and async_trait tells them apart"
)]

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{string_len, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let presences = Table::create()
            .table("presences")
            .col(uuid("node"))
            .col(string_len("user_id", 128))
            .primary_key(Index::create().col("node").col("user_id"))
            .take();
        manager.create_table(presences).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("presences").take()).await
    }
}
