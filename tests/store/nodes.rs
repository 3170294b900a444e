//! Several servers on one PostgreSQL.

use std::time::Duration;

use hubwire::clock::Clock;
use hubwire::database::{Database, Options};
use hubwire::log::Log;
use hubwire::services::details::ConversationDetails;
use hubwire::services::messages::{Draft, Target, Via};
use hubwire::services::{Services, Settings};
use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait};

use crate::database::TestDatabase;
use crate::support::{Store, principal, settings, to};

/// Another server on the same database; `None` where there can be none.
pub async fn beside(store: &Store) -> Option<(Log, Services)> {
    beside_with(store, Clock::fixed(crate::support::EPOCH), settings()).await
}

/// One of this time and these settings.
pub async fn beside_with(store: &Store, clock: Clock, settings: Settings) -> Option<(Log, Services)> {
    if store.home.is_sqlite() {
        return None;
    }
    let database = Database::connect(&Options::new(&store.home.url)).await.unwrap();
    let log = Log::open(&database, &clock).await.unwrap();
    let services = Services::new(&database, &log, &clock, settings);
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

/// Somebody types until another server hears it: what was said before is heard too, from when it listens.
async fn heard(store: &Store, other: &Services, group: &ConversationDetails, who: &str) {
    let mut typing = other.typing.subscribe();
    let place = group.id.to_string();
    for _ in 0..10 {
        store.services.typing.set(&principal(who), &place, true).await.unwrap();
        let it_is = async { while typing.recv().await.unwrap().person.id.as_str() != who {} };
        if tokio::time::timeout(Duration::from_millis(1_500), it_is).await.is_ok() {
            return;
        }
    }
    panic!("it does not listen");
}

#[tokio::test]
async fn what_a_person_may_do_only_so_often_is_counted_on_all_servers_together() {
    let settings = Settings::default();
    for home in TestDatabase::each().await {
        let store = Store::open_with(home, settings.clone()).await;
        let Some((log, services)) = beside_with(&store, store.clock.clone(), settings.clone()).await else {
            continue;
        };
        let group = store.group("ann", &["bob", "cat"]).await;
        heard(&store, &services, &group, "bob").await;
        for _ in 0..7 {
            store.post("ann", to(&group), "here").await.unwrap();
        }
        heard(&store, &services, &group, "cat").await;
        let there = || Draft::text(to(&group), "there", Via::Rest);
        for _ in 0..3 {
            services.messages.post(&principal("ann"), there()).await.unwrap();
        }
        let refused = services.messages.post(&principal("ann"), there()).await.unwrap_err();
        assert_eq!(refused.code(), "rate_limited");
        services.messages.post(&principal("bob"), there()).await.unwrap();
        log.close().await;
    }
}

#[tokio::test]
async fn who_began_to_type_on_one_server_stops_on_another() {
    for store in Store::each().await {
        let Some((log, services)) = beside(&store).await else {
            continue;
        };
        let group = store.group("ann", &["bob"]).await;
        let mut typing = store.services.typing.subscribe();
        heard(&store, &services, &group, "bob").await;
        services
            .typing
            .set(&principal("bob"), &group.id.to_string(), false)
            .await
            .unwrap();
        // Not of itself, which would take ten seconds.
        let stops = async { while typing.recv().await.unwrap().is_typing {} };
        tokio::time::timeout(Duration::from_secs(5), stops).await.unwrap();
        log.close().await;
    }
}

/// What a server has stored of itself.
async fn stored(store: &Store) -> u64 {
    entities::node::Entity::find()
        .count(&store.database.read)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_server_that_is_gone_is_forgotten_and_one_that_lives_is_not_whatever_the_clock_says() {
    for store in Store::each().await {
        let told = entities::ids::EventId(0);
        let save = async |store: &Store| {
            let tickets = &store.services.tickets;
            tickets.save(told, Vec::new(), tickets.due()).await.unwrap();
        };
        save(&store).await;
        let store = store.restart().await;
        let tickets = &store.services.tickets;
        save(&store).await;
        let both = stored(&store).await;
        store.clock.advance(Duration::from_secs(299));
        tickets.tidy().await.unwrap();
        tickets.tidy().await.unwrap();
        assert_eq!(stored(&store).await, both, "it may still be missed");
        store.clock.advance(Duration::from_secs(2));
        tickets.tidy().await.unwrap();
        assert_eq!(stored(&store).await, both, "it may only seem so");
        tickets.tidy().await.unwrap();
        assert_eq!(stored(&store).await, both - 1);
        // Another one lives, by a clock that is a year behind.
        let Some((log, services)) = beside(&store).await else {
            continue;
        };
        services
            .tickets
            .save(told, Vec::new(), services.tickets.due())
            .await
            .unwrap();
        store.clock.set_by(31_536_000_000);
        for _ in 0..3 {
            tickets.tidy().await.unwrap();
            let lives = "UPDATE nodes SET seen_at = seen_at + 1";
            store.database.write.execute_unprepared(lives).await.unwrap();
        }
        assert_eq!(stored(&store).await, both);
        log.close().await;
    }
}
