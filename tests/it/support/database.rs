//! A database per test: SQLite in the test's folder, or a schema of one's own on PostgreSQL.

use sea_orm::{ConnectionTrait as _, Database};
use uuid::Uuid;

/// The URL of a fresh schema when `HUBWIRE_TEST_DATABASE_URL` names a PostgreSQL server.
#[expect(
    clippy::disallowed_methods,
    reason = "which database the tests use is not a setting of the server"
)]
pub(crate) async fn own_url() -> Option<String> {
    let server = std::env::var("HUBWIRE_TEST_DATABASE_URL")
        .ok()
        .filter(|url| !url.is_empty())?;
    let schema = format!("it_{}", Uuid::new_v4().simple());
    let connection = Database::connect(&server).await.unwrap();
    connection
        .execute_unprepared(&format!("CREATE SCHEMA {schema}"))
        .await
        .unwrap();
    connection.close().await.unwrap();
    let separator = if server.contains('?') { '&' } else { '?' };
    Some(format!("{server}{separator}options=-c%20search_path%3D{schema}"))
}
