//! Several servers on one PostgreSQL.

use std::time::Duration;

use hubwire::clock::Clock;
use hubwire::database::{Database, Options};
use hubwire::log::Log;
use hubwire::services::Services;
use hubwire::services::messages::Target;

use crate::support::{Store, settings};

/// Another server on the same database; `None` where there can be none.
pub async fn beside(store: &Store) -> Option<(Log, Services)> {
    if store.home.url.starts_with("sqlite:") {
        return None;
    }
    let database = Database::connect(&Options::new(&store.home.url)).await.unwrap();
    let clock = Clock::fixed(crate::support::EPOCH);
    let log = Log::open(&database, &clock).await.unwrap();
    let services = Services::new(&database, &log, &clock, settings());
    Some((log, services))
}

#[tokio::test]
async fn a_server_that_writes_nothing_learns_what_others_write() {
    for store in Store::each().await {
        let Some((log, _)) = beside(&store).await else { continue };
        let mut changed = log.tail.changed();
        store
            .post("ann", Target::Person("bob".to_owned()), "hello")
            .await
            .unwrap();
        let learnt = async {
            while log.tail.head() < store.log.tail.head() {
                changed.changed().await.unwrap();
            }
        };
        tokio::time::timeout(Duration::from_secs(10), learnt).await.unwrap();
        let known = log.read_after(Default::default(), 100).await.unwrap();
        assert_eq!(known.len() as i64, store.events());
        log.close().await;
    }
}
