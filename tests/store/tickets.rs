//! Tickets: what a device that lost connections goes on with.

use std::time::Duration;

use entities::ids::EventId;
use hubwire::services::tickets::{Device, Ticket, Tickets};
use uuid::Uuid;

use crate::nodes::{beside, beside_with};
use crate::support::{Store, settings};

/// A ticket of a device of Ann's: after a position, or after everything.
fn ticket(position: Option<i64>) -> Ticket {
    Ticket {
        id: Uuid::new_v4(),
        user: "ann".parse().unwrap(),
        device: device(),
        hears: None,
        position: position.map(EventId),
    }
}

fn device() -> Device {
    Device {
        key: "key".to_owned(),
        alias: None,
    }
}

/// Comes back once, and is told where it goes on.
async fn take(tickets: &Tickets) -> Option<i64> {
    let user = "ann".parse().unwrap();
    let found = tickets.find(&user, &device()).await.unwrap();
    found.take().map(|resumption| resumption.position.0)
}

async fn save(tickets: &Tickets, living: Vec<Ticket>) {
    tickets.save(EventId(7), living, tickets.due()).await.unwrap();
}

#[tokio::test]
async fn what_one_server_stored_of_a_device_another_goes_on_with_once() {
    for store in Store::each().await {
        let Some((log, services)) = beside(&store).await else {
            continue;
        };
        // One that had received all it was told, one that had not.
        save(&store.services.tickets, vec![ticket(None), ticket(Some(3))]).await;
        let mut positions = Vec::new();
        while let Some(position) = take(&services.tickets).await {
            positions.push(position);
            save(&services.tickets, Vec::new()).await;
        }
        assert_eq!(positions, [3, 3], "the lowest, until both are used up");
        log.close().await;
    }
}

#[tokio::test]
async fn of_several_lost_together_those_that_come_back_late_start_anew() {
    let store = Store::sqlite().await;
    let tickets = &store.services.tickets;
    for position in [3, 5, 7] {
        tickets.leave(ticket(Some(position)));
    }
    assert_eq!(take(tickets).await, Some(3));
    store.clock.advance(Duration::from_secs(59));
    assert_eq!(take(tickets).await, Some(3));
    store.clock.advance(Duration::from_secs(1));
    assert_eq!(take(tickets).await, None);
}

#[tokio::test]
async fn of_those_a_dead_server_stored_that_come_back_late_start_anew() {
    for store in Store::each().await {
        let living = [3, 5, 7].map(|position| ticket(Some(position))).to_vec();
        save(&store.services.tickets, living).await;
        let store = store.restart().await;
        let tickets = &store.services.tickets;
        assert_eq!(take(tickets).await, Some(3));
        store.clock.advance(Duration::from_secs(59));
        save(tickets, Vec::new()).await;
        assert_eq!(take(tickets).await, Some(3));
        store.clock.advance(Duration::from_secs(1));
        save(tickets, Vec::new()).await;
        assert_eq!(take(tickets).await, None);
    }
}

#[tokio::test]
async fn a_living_connection_of_a_device_that_opened_another_elsewhere_is_known_when_its_server_dies() {
    for store in Store::each().await {
        let Some((log, services)) = beside_with(&store, store.clock.clone(), settings()).await else {
            continue;
        };
        let first = &store.services.tickets;
        save(first, vec![ticket(None)]).await;
        assert_eq!(take(&services.tickets).await, Some(7));
        assert_eq!(take(&services.tickets).await, None, "it was used up where it was");
        store.clock.advance(Duration::from_secs(3));
        first.save(EventId(9), Vec::new(), first.due()).await.unwrap();
        store.clock.advance(Duration::from_secs(30));
        save(&services.tickets, Vec::new()).await;
        assert_eq!(take(&services.tickets).await, Some(9), "it went on living");
        log.close().await;
    }
}

#[tokio::test]
async fn what_is_used_up_again_while_it_is_stored_that_it_was_goes_when_its_server_dies() {
    for store in Store::each().await {
        let Some((second, services)) = beside_with(&store, store.clock.clone(), settings()).await else {
            continue;
        };
        let (first, tickets) = (&store.services.tickets, &services.tickets);
        save(first, vec![ticket(None)]).await;
        assert_eq!(take(tickets).await, Some(7));
        store.clock.advance(Duration::from_secs(6));
        let due = tickets.due();
        first.save(EventId(9), Vec::new(), first.due()).await.unwrap();
        assert_eq!(take(tickets).await, Some(9), "it lived");
        tickets.save(EventId(9), Vec::new(), due).await.unwrap();
        store.clock.advance(Duration::from_secs(6));
        save(tickets, Vec::new()).await;
        let Some((third, services)) = beside(&store).await else {
            continue;
        };
        assert_eq!(take(&services.tickets).await, None);
        second.close().await;
        third.close().await;
    }
}

#[tokio::test]
async fn what_a_living_server_left_of_a_lost_connection_and_another_took_up_a_third_does_not_find() {
    for store in Store::each().await {
        let Some((second, services)) = beside(&store).await else {
            continue;
        };
        let first = &store.services.tickets;
        first.leave(ticket(Some(3)));
        save(first, Vec::new()).await;
        assert_eq!(take(&services.tickets).await, Some(3));
        save(&services.tickets, Vec::new()).await;
        let Some((third, services)) = beside(&store).await else {
            continue;
        };
        assert_eq!(take(&services.tickets).await, None);
        second.close().await;
        third.close().await;
    }
}

#[tokio::test]
async fn what_a_dead_server_left_and_another_took_up_a_third_does_not_find() {
    for store in Store::each().await {
        save(&store.services.tickets, vec![ticket(None)]).await;
        let store = store.restart().await;
        assert_eq!(take(&store.services.tickets).await, Some(7));
        store.clock.advance(Duration::from_secs(6));
        save(&store.services.tickets, Vec::new()).await;
        let store = store.restart().await;
        assert_eq!(take(&store.services.tickets).await, None);
    }
}

#[tokio::test]
async fn who_closed_a_connection_that_was_taken_for_lost_finds_nothing_of_it() {
    let store = Store::sqlite().await;
    let tickets = &store.services.tickets;
    let left = ticket(Some(3));
    let id = left.id;
    tickets.leave(left);
    tickets.forget(&"ann".parse().unwrap(), id);
    assert_eq!(take(tickets).await, None);
}
