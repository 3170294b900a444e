//! A writer that cannot keep up: its channel is bounded, and callers wait for room, but not for ever.

use std::time::Duration;

use futures_util::{StreamExt, stream::FuturesUnordered};
use hubwire::clock::Clock;
use hubwire::database::{Database, Options};
use hubwire::log::Log;
use hubwire::services::{Error, Services};
use sea_orm::{ConnectOptions, ConnectionTrait};
use tokio::time::Instant;

use crate::database::TestDatabase;
use crate::support::{EPOCH, Store, settings, to};

/// More than the channel holds and one transaction takes.
const SENDS: usize = 1_024 + 128 + 10;

/// A store whose writer waits for a lock longer than anybody waits for the writer.
async fn patient() -> Store {
    let home = TestDatabase::sqlite();
    let clock = Clock::fixed(EPOCH);
    let options = Options {
        busy_timeout: Duration::from_secs(60),
        ..Options::new(&home.url)
    };
    let database = Database::open(&options).await.unwrap();
    let log = Log::open(&database, &clock).await.unwrap();
    let services = Services::new(&database, &log, &clock, settings());
    Store {
        clock,
        database,
        log,
        services,
        home,
    }
}

#[tokio::test]
async fn who_finds_no_room_for_five_seconds_is_refused_and_who_found_it_is_stored() {
    let store = patient().await;
    let group = store.group("ann", &["bob"]).await;
    // Whatever a send looks up is in memory from here on.
    store.post("ann", to(&group), "first").await.unwrap();
    let mut options = ConnectOptions::new(&store.home.url);
    options.max_connections(1);
    let other = sea_orm::Database::connect(options).await.unwrap();
    other.execute_unprepared("BEGIN EXCLUSIVE").await.unwrap();

    tokio::time::pause();
    let begun = Instant::now();
    let texts: Vec<String> = (0..SENDS).map(|place| place.to_string()).collect();
    let mut sends: FuturesUnordered<_> = texts
        .iter()
        .map(|content| store.post("ann", to(&group), content))
        .collect();
    let mut refused = 0;
    while let Ok(Some(answer)) = tokio::time::timeout(Duration::from_secs(6), sends.next()).await {
        assert_eq!(answer.unwrap_err(), Error::Unavailable);
        assert_eq!(begun.elapsed().as_secs(), 5, "its patience, and no more");
        refused += 1;
    }
    assert!((10..10 + 128).contains(&refused), "{refused}");

    tokio::time::resume();
    other.execute_unprepared("ROLLBACK").await.unwrap();
    let mut stored = Vec::new();
    while let Some(answer) = sends.next().await {
        stored.push(answer.unwrap().message.seq.0);
    }
    stored.sort_unstable();
    let expected: Vec<_> = (2..).take(SENDS - refused).collect();
    assert_eq!(stored, expected, "all that found room, each once, without a gap");
    other.close().await.unwrap();
}
