//! Up to where events are no longer kept.

#![expect(
    elided_lifetimes_in_paths,
    reason = "the trait's methods are declared without, and async_trait tells them apart"
)]

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::big_integer;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const COLUMN: &str = "horizon";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = big_integer(COLUMN).default(0).take();
        manager
            .alter_table(Table::alter().table("log_heads").add_column(column).take())
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(Table::alter().table("log_heads").drop_column(COLUMN).take())
            .await
    }
}
