//! What was said before somebody joined, so that they are not taken for one of those it was sent to.
//!
//! Who is there, or is added by an older server, has none until [`fill`].

#![expect(
    elided_lifetimes_in_paths,
    reason = "the trait's methods are declared without, and async_trait tells them apart"
)]

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::big_integer_null;

/// Rows of one statement.
const STEP: u64 = 1_000;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let joined = big_integer_null("joined_seq");
        let table = Table::alter().table("members").add_column(joined).take();
        manager.alter_table(table).await?;
        let unknown = "CREATE INDEX members_without_joined_seq ON members (number) WHERE joined_seq IS NULL";
        manager.get_connection().execute_unprepared(unknown).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let unknown = "DROP INDEX members_without_joined_seq";
        manager.get_connection().execute_unprepared(unknown).await?;
        let table = Table::alter().table("members").drop_column("joined_seq").take();
        manager.alter_table(table).await
    }
}

/// Finds it for those who have none, a few at a time: the last message before they came. Founders have 0.
///
/// # Errors
///
/// Those of the database; what was found by then stays.
pub async fn fill<C: ConnectionTrait>(connection: &C) -> Result<(), DbErr> {
    let statement = format!(
        "UPDATE members SET joined_seq = coalesce((SELECT seq FROM messages \
         WHERE messages.conversation = members.conversation AND messages.created_at < members.joined_at \
         ORDER BY messages.created_at DESC LIMIT 1), 0) \
         WHERE number IN (SELECT number FROM members WHERE joined_seq IS NULL ORDER BY number LIMIT {STEP})"
    );
    while connection.execute_unprepared(&statement).await?.rows_affected() > 0 {}
    Ok(())
}
