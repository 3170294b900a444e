//! Old events go in the end, and nobody skips them unknowingly.

use std::time::Duration;

use entities::ids::EventId;
use futures_util::future::join_all;
use hubwire::log::{Log, ReadError};
use hubwire::services::tickets::{Device, Ticket};
use hubwire::telling::sync;
use uuid::Uuid;

use crate::support::{Store, principal, to};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Prunes until nothing is left to prune, and says how many went each time.
async fn prune(store: &Store) -> Vec<u64> {
    let mut portions = Vec::new();
    loop {
        match store.log.prune(KEPT, &store.clock).await.unwrap() {
            0 => return portions,
            gone => portions.push(gone),
        }
    }
}

#[tokio::test]
async fn old_events_go_a_few_at_a_time_and_messages_stay() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob"]).await;
        let turns: Vec<_> = (0..300).map(|turn| format!("turn {turn}")).collect();
        let posted = join_all(turns.iter().map(|turn| store.post("ann", to(&group), turn))).await;
        assert!(posted.iter().all(Result::is_ok));
        assert_eq!(prune(&store).await, [0; 0], "nothing is old");
        assert_eq!(store.log.horizon(), EventId(0));
        let old = store.log.tail.head();
        store.clock.advance(KEPT + DAY);
        store.post("ann", to(&group), "news").await.unwrap();
        let portions = prune(&store).await;
        assert_eq!(portions.iter().sum::<u64>(), old.0 as u64);
        assert!(portions.iter().all(|gone| *gone <= 256), "{portions:?}");
        assert_eq!(store.log.horizon(), old);
        let store = store.restart().await;
        assert_eq!(store.log.horizon(), old, "as the database says");
        assert_eq!(store.log.read_after(old, 9).await.unwrap().len(), 1);
        let conversations = &store.services.conversations;
        assert_eq!(conversations.unread_total(&"bob".parse().unwrap()).await.unwrap(), 301);
    }
}

#[tokio::test]
async fn who_reads_below_the_horizon_is_told() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob"]).await;
        store.clock.advance(KEPT + DAY);
        prune(&store).await;
        let store = store.restart().await;
        let horizon = store.log.horizon();
        assert_eq!(horizon, store.log.tail.head(), "everything went");
        let too_old = |read| matches!(read, Err(ReadError::TooOld { horizon: known }) if known == horizon);
        assert!(too_old(store.log.read_after(EventId(0), 9).await));
        assert!(store.log.read_after(horizon, 9).await.unwrap().is_empty());
        store.post("ann", to(&group), "news").await.unwrap();
        let store = store.restart().await;
        assert!(too_old(store.log.read_after(EventId(horizon.0 - 1), 9).await));
        assert_eq!(store.log.read_after(horizon, 9).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_client_whose_cursor_is_from_before_the_horizon_loads_everything_anew() {
    for store in Store::each().await {
        let sync = async |cursor: Option<&str>| {
            let synced = sync::since(&store.services, &store.log, &principal("bob"), cursor).await;
            let synced = synced.unwrap();
            (synced.reset, synced.events.len(), synced.cursor)
        };
        let (_, _, first) = sync(None).await;
        let group = store.group("ann", &["bob"]).await;
        let (_, _, last) = sync(None).await;
        store.clock.advance(KEPT + DAY);
        prune(&store).await;
        store.post("ann", to(&group), "news").await.unwrap();
        let (reset, told, _) = sync(Some(&last)).await;
        assert_eq!((reset, told), (false, 1), "nothing after it is gone");
        let (reset, told, anew) = sync(Some(&first)).await;
        assert_eq!((reset, told), (true, 0));
        assert!(!sync(Some(&anew)).await.0);
    }
}

#[tokio::test]
async fn what_a_lost_connection_may_go_on_from_stays() {
    for store in Store::each().await {
        store.group("ann", &["bob"]).await;
        let head = store.log.tail.head();
        let position = EventId(head.0 - 2);
        let ticket = Ticket {
            id: Uuid::new_v4(),
            user: "ann".parse().unwrap(),
            device: Device {
                key: "key".to_owned(),
                alias: None,
            },
            hears: None,
            position: Some(position),
        };
        let tickets = &store.services.tickets;
        tickets.save(head, vec![ticket.clone()], tickets.due()).await.unwrap();
        store.clock.advance(KEPT + DAY);
        prune(&store).await;
        assert_eq!(store.log.horizon(), position);
        // It was used up; now only how far its server told everybody counts.
        tickets.forget(&ticket.user, ticket.id);
        tickets
            .save(EventId(head.0 - 1), Vec::new(), tickets.due())
            .await
            .unwrap();
        prune(&store).await;
        assert_eq!(store.log.horizon(), EventId(head.0 - 1));
    }
}

#[tokio::test]
async fn a_server_that_was_away_for_too_long_begins_anew() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob", "cat"]).await;
        let other = Log::open(&store.database, &store.clock).await.unwrap();
        other.members.by_id(group.id).await.unwrap().unwrap();
        let groups = &store.services.conversations;
        let (ann, id) = (principal("ann"), group.id.to_string());
        let removed = groups.remove_members(&ann, &id, Some(vec!["cat".to_owned()])).await;
        removed.unwrap();
        store.clock.advance(KEPT + DAY);
        prune(&store).await;
        // Its next change comes behind what it never saw.
        let again = other.prune(KEPT, &store.clock).await.unwrap();
        assert_eq!(again, 0);
        assert_eq!(other.horizon(), store.log.horizon());
        assert_eq!(other.tail.head(), store.log.tail.head());
        let known = other.members.by_id(group.id).await.unwrap().unwrap();
        assert_eq!(known.users().count(), 2);
        other.close().await;
    }
}

#[tokio::test]
async fn an_open_log_is_pruned_by_itself() {
    let store = Store::sqlite().await;
    store.group("ann", &["bob"]).await;
    store.log.keep_for(KEPT, &store.clock);
    let pruned = async {
        while store.log.horizon() < store.log.tail.head() {
            store.clock.advance(DAY);
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), pruned).await.unwrap();
}
