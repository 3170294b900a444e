//! Tickets: what a device that lost connections goes on with.

use std::time::Duration;

use entities::ids::EventId;
use hubwire::services::tickets::{Device, Ticket, Tickets};
use uuid::Uuid;

use crate::nodes::beside;
use crate::support::Store;

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
async fn who_closed_a_connection_that_was_taken_for_lost_finds_nothing_of_it() {
    let store = Store::sqlite().await;
    let tickets = &store.services.tickets;
    let left = ticket(Some(3));
    let id = left.id;
    tickets.leave(left);
    tickets.forget(&"ann".parse().unwrap(), id);
    assert_eq!(take(tickets).await, None);
}
