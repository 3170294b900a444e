//! What tests leave in the one PostgreSQL server that they share is removed without harm to those still running.

use std::time::Duration;

use hubwire::database::{Database, Options};
use sea_orm::{ConnectionTrait, DbBackend, Statement, TransactionTrait};

use crate::database::TestDatabase;

const WAITING: &str = "SELECT 1 FROM pg_locks held JOIN pg_class named ON named.oid = held.relation \
                       WHERE NOT held.granted AND named.relname = 'looked_at'";

#[tokio::test]
async fn removing_a_database_cuts_off_its_own_connections_and_nobody_elses() {
    let (ended, running) = (
        TestDatabase::each().await.pop().unwrap(),
        TestDatabase::each().await.pop().unwrap(),
    );
    if ended.is_sqlite() {
        return; // A file each.
    }
    let own = Database::open(&Options::new(&ended.url)).await.unwrap();
    let other = Database::open(&Options::new(&running.url)).await.unwrap();
    own.write.execute_unprepared("CREATE TABLE looked_at ()").await.unwrap();
    let schema = ended.url.split("%3D").last().unwrap().to_owned();
    let held = own.read.begin().await.unwrap();
    held.execute_unprepared("SELECT * FROM looked_at").await.unwrap();
    let look = other.read.begin().await.unwrap();
    look.execute_unprepared(&format!("SELECT * FROM {schema}.looked_at"))
        .await
        .unwrap();

    let waiting = Statement::from_string(DbBackend::Postgres, WAITING);
    let removed = tokio::task::spawn_blocking(move || drop(ended));
    let waits = async { while look.query_one_raw(waiting.clone()).await.unwrap().is_none() {} };
    tokio::time::timeout(Duration::from_secs(10), waits).await.unwrap();
    look.commit().await.unwrap();
    tokio::time::timeout(Duration::from_secs(10), removed)
        .await
        .unwrap()
        .unwrap();
    held.commit().await.unwrap_err();
}
