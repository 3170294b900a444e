//! Several servers on one PostgreSQL.

use std::time::Duration;

use hubwire::clock::Clock;
use hubwire::database::{Database, Options};
use hubwire::log::Log;
use hubwire::services::Services;
use hubwire::services::messages::Target;
use hubwire::services::tickets::{Device, Ticket};
use uuid::Uuid;

use crate::support::{Store, settings};

/// Another server on the same database; `None` where there can be none.
async fn beside(store: &Store) -> Option<(Log, Services)> {
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

#[tokio::test]
async fn what_one_server_stored_of_a_device_another_goes_on_with_once() {
    for store in Store::each().await {
        let Some((log, services)) = beside(&store).await else {
            continue;
        };
        let user = "ann".parse().unwrap();
        let device = Device {
            key: "key".to_owned(),
            alias: None,
        };
        let ticket = |position: Option<i64>| Ticket {
            id: Uuid::new_v4(),
            user: "ann".parse().unwrap(),
            device: device.clone(),
            hears: None,
            position: position.map(entities::ids::EventId),
        };
        // One that had received all it was told, one that had not.
        let tickets = vec![ticket(None), ticket(Some(3))];
        store
            .services
            .tickets
            .save(entities::ids::EventId(7), tickets)
            .await
            .unwrap();
        let mut positions = Vec::new();
        while let Some(found) = services.tickets.take(&user, &device).await.unwrap() {
            positions.push(found.position.0);
            services.tickets.forget(found.used);
            services
                .tickets
                .save(entities::ids::EventId(7), Vec::new())
                .await
                .unwrap();
        }
        assert_eq!(positions, [3, 3], "the lowest, until both are used up");
        log.close().await;
    }
}
