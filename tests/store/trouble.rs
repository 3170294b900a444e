//! A database in trouble is unavailable, acknowledges nothing, and recovers by itself.

use hubwire::services::Error;
use sea_orm::{ConnectionTrait, Database, DbBackend};

use crate::support::{Store, person, to};

#[tokio::test]
async fn locked_database_is_unavailable_and_recovers() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob"]).await;
        let events = store.events();
        let other = Database::connect(&store.home.url).await.unwrap();
        let transaction = sea_orm::TransactionTrait::begin(&other).await.unwrap();
        let lock = match store.database.backend() {
            DbBackend::Postgres => "LOCK TABLE log_heads IN ACCESS EXCLUSIVE MODE",
            // A write takes SQLite's one lock, and an exclusive transaction is what a back-up tool would hold.
            _ => "UPDATE log_heads SET id = id",
        };
        transaction.execute_unprepared(lock).await.unwrap();
        for content in ["one", "two"] {
            assert_eq!(
                store.post("ann", to(&group), content).await.unwrap_err(),
                Error::Unavailable
            );
        }
        assert_eq!(store.events(), events);
        transaction.rollback().await.unwrap();
        other.close().await.unwrap();
        assert_eq!(store.post("ann", to(&group), "three").await.unwrap().message.seq.0, 1);
        assert_eq!(store.events(), events + 1);
    }
}

#[tokio::test]
async fn exclusively_locked_file_is_unavailable_and_recovers() {
    let store = Store::sqlite().await;
    let mut options = sea_orm::ConnectOptions::new(&store.home.url);
    options.max_connections(1);
    let other = Database::connect(options).await.unwrap();
    let group = store.group("ann", &["bob"]).await;
    other.execute_unprepared("BEGIN EXCLUSIVE").await.unwrap();
    assert_eq!(
        store.post("ann", to(&group), "one").await.unwrap_err(),
        Error::Unavailable
    );
    other.execute_unprepared("ROLLBACK").await.unwrap();
    assert_eq!(store.post("ann", to(&group), "two").await.unwrap().message.seq.0, 1);
}

#[tokio::test]
async fn full_database_is_unavailable_and_recovers() {
    let store = Store::sqlite().await;
    let group = store.group("ann", &["bob"]).await;
    store
        .database
        .write
        .execute_unprepared("PRAGMA max_page_count = 1")
        .await
        .unwrap();
    let long = "x".repeat(10_000);
    let mut refused = None;
    for _ in 0..20 {
        if let Err(error) = store.post("ann", to(&group), &long).await {
            refused = Some(error);
            break;
        }
    }
    assert_eq!(refused, Some(Error::Unavailable));
    // The limit was the connection's, and the writer does not go on with one that failed.
    store.post("ann", to(&group), &long).await.unwrap();
}

#[tokio::test]
async fn closed_database_is_unavailable() {
    let store = Store::sqlite().await;
    store.database.clone().close().await.unwrap();
    let error = store.post("ann", person("bob"), "hello").await.unwrap_err();
    assert_eq!(error, Error::Unavailable);
    store.database.ping().await.unwrap_err();
}

#[tokio::test]
async fn commit_that_fails_stores_nothing_and_the_next_one_works() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob"]).await;
        let trap = match store.database.backend() {
            DbBackend::Postgres => vec![
                "CREATE FUNCTION trap() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'trap'; END $$ LANGUAGE plpgsql",
                "CREATE CONSTRAINT TRIGGER trap AFTER INSERT ON messages DEFERRABLE INITIALLY DEFERRED \
                 FOR EACH ROW WHEN (new.content = 'trap') EXECUTE FUNCTION trap()",
            ],
            _ => vec![
                "CREATE TABLE trap (number INTEGER REFERENCES messages (number) DEFERRABLE INITIALLY DEFERRED)",
                "CREATE TRIGGER trap AFTER INSERT ON messages WHEN new.content = 'trap' \
                 BEGIN INSERT INTO trap VALUES (-1); END",
            ],
        };
        for sql in trap {
            store.database.write.execute_unprepared(sql).await.unwrap();
        }
        let events = store.events();
        assert_eq!(
            store.post("ann", to(&group), "trap").await.unwrap_err(),
            Error::Internal
        );
        assert_eq!(store.events(), events);
        let posted = store.post("ann", to(&group), "hello").await.unwrap();
        assert_eq!((posted.message.seq.0, posted.event.unwrap().0), (1, events + 1));
    }
}
