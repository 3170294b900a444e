//! Typing is told once a second at most, and its end is told even when nobody says it.

use std::sync::Arc;
use std::time::Duration;

use hubwire::services::details::ConversationDetails;
use hubwire::services::typing::TypingEvent;
use tokio::sync::broadcast::Receiver;
use tokio::time::Instant;

use crate::support::{Store, principal, to};

/// A conversation whose members are in memory, so that paused time never waits for the database.
async fn prepared() -> (Store, ConversationDetails, Receiver<Arc<TypingEvent>>) {
    let store = Store::sqlite().await;
    let group = store.group("ann", &["bob"]).await;
    store.services.people.seen(&principal("bob")).await.unwrap();
    store
        .services
        .conversations
        .resolve(&principal("bob"), &group.id.to_string())
        .await
        .unwrap();
    let events = store.services.typing.subscribe();
    tokio::time::pause();
    (store, group, events)
}

impl Store {
    async fn type_in(&self, group: &ConversationDetails, user: &str, is_typing: bool) {
        self.services
            .typing
            .set(&principal(user), &group.id.to_string(), is_typing)
            .await
            .unwrap();
    }
}

/// The next event, and how long after `since` it came.
async fn next(events: &mut Receiver<Arc<TypingEvent>>, since: Instant) -> (String, bool, u128) {
    let event = events.recv().await.unwrap();
    let milliseconds = since.elapsed().as_millis();
    // The timer rounds up to whole milliseconds, ten times over where a test sleeps ten times.
    (event.person.id.to_string(), event.is_typing, milliseconds / 100 * 100)
}

fn says(user: &str, is_typing: bool, milliseconds: u128) -> (String, bool, u128) {
    (user.to_owned(), is_typing, milliseconds)
}

#[tokio::test]
async fn stop_follows_by_itself_after_ten_seconds() {
    let (store, group, mut events) = prepared().await;
    let start = Instant::now();
    store.type_in(&group, "ann", true).await;
    assert_eq!(next(&mut events, start).await, says("ann", true, 0));
    assert_eq!(next(&mut events, start).await, says("ann", false, 10_000));
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(events.is_empty());
}

#[tokio::test]
async fn going_on_typing_puts_the_stop_off_and_is_told_once_a_second() {
    let (store, group, mut events) = prepared().await;
    let start = Instant::now();
    for _ in 0..10 {
        store.type_in(&group, "ann", true).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    for at in [0, 1_200, 2_400] {
        let event = tokio::time::timeout(Duration::ZERO, events.recv())
            .await
            .unwrap()
            .unwrap();
        assert!(event.is_typing, "at {at}");
    }
    assert_eq!(next(&mut events, start).await, says("ann", false, 12_700));
}

#[tokio::test]
async fn quick_changes_are_held_back_and_only_the_last_is_told() {
    let (store, group, mut events) = prepared().await;
    let start = Instant::now();
    store.type_in(&group, "ann", true).await;
    for is_typing in [false, true, false, true, false] {
        store.type_in(&group, "ann", is_typing).await;
    }
    store.type_in(&group, "bob", true).await;
    assert_eq!(next(&mut events, start).await, says("ann", true, 0));
    assert_eq!(next(&mut events, start).await, says("bob", true, 0));
    assert_eq!(next(&mut events, start).await, says("ann", false, 1_000));
    assert_eq!(next(&mut events, start).await, says("bob", false, 10_000));
}

#[tokio::test]
async fn gone_person_types_nowhere() {
    let (store, group, mut events) = prepared().await;
    let start = Instant::now();
    store.type_in(&group, "ann", true).await;
    store.services.typing.stop_all(&"ann".parse().unwrap());
    store.services.typing.stop_all(&"ann".parse().unwrap());
    assert_eq!(next(&mut events, start).await, says("ann", true, 0));
    assert_eq!(next(&mut events, start).await, says("ann", false, 0));
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(events.is_empty());
}

#[tokio::test]
async fn sending_stops_typing() {
    let (store, group, mut events) = prepared().await;
    store.type_in(&group, "ann", true).await;
    // The database works in real time.
    tokio::time::resume();
    store.post("ann", to(&group), "hello").await.unwrap();
    let start = Instant::now();
    assert!(next(&mut events, start).await.1);
    assert!(!next(&mut events, start).await.1);
}

#[tokio::test]
async fn stop_without_a_start_tells_nobody() {
    let (store, group, events) = prepared().await;
    store.type_in(&group, "ann", false).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(events.is_empty());
}
