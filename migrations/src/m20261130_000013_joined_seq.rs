//! What was said before somebody joined, so that they are not taken for one of those it was sent to.

#![expect(
    elided_lifetimes_in_paths,
    reason = "the trait's methods are declared without, and async_trait tells them apart"
)]

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::big_integer;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let joined = big_integer("joined_seq").default(0).take();
        let table = Table::alter().table("members").add_column(joined).take();
        manager.alter_table(table).await?;
        // Founders were there before the first message.
        let known = "UPDATE members SET joined_seq = coalesce((SELECT max(seq) FROM messages \
                     WHERE messages.conversation = members.conversation AND messages.created_at < members.joined_at), 0)";
        manager.get_connection().execute_unprepared(known).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::alter().table("members").drop_column("joined_seq").take();
        manager.alter_table(table).await
    }
}
