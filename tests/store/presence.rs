//! People are here while any connection lives and ten seconds longer, and only those who know them are told.

use std::time::Duration;

use entities::user_id::UserId;
use hubwire::services::presence::{Presence, PresenceChange};
use tokio::sync::mpsc::Receiver;

use crate::support::{Store, principal};

const SECOND: Duration = Duration::from_secs(1);

fn user(id: &str) -> UserId {
    principal(id).user_id
}

fn change(id: &str, is_online: bool, audience: &[&str]) -> PresenceChange {
    PresenceChange {
        user: user(id),
        is_online,
        audience: audience.iter().map(|id| user(id)).collect(),
    }
}

/// Ann and Bob know each other; Bob and Zoe do; everything that is told is heard.
async fn prepared() -> (Store, Presence, Receiver<PresenceChange>) {
    let store = Store::sqlite().await;
    store.group("ann", &["bob"]).await;
    store.group("zoe", &["bob"]).await;
    let presence = store.services.presence.clone();
    let changes = presence.subscribe();
    (store, presence, changes)
}

async fn next(changes: &mut Receiver<PresenceChange>) -> PresenceChange {
    let next = tokio::time::timeout(Duration::from_secs(20), changes.recv()).await;
    next.expect("a change in time").unwrap()
}

#[tokio::test]
async fn who_does_not_come_back_is_gone_after_ten_seconds() {
    let (store, presence, mut changes) = prepared().await;
    let _bob = presence.arrive(&user("bob"));
    let tabs = [presence.arrive(&user("ann")), presence.arrive(&user("ann"))];
    assert_eq!(next(&mut changes).await, change("ann", true, &["bob"]));
    assert_eq!(next(&mut changes).await, change("bob", true, &["ann"]));
    drop(tabs);
    store.clock.advance(SECOND * 10 - Duration::from_millis(1));
    assert_eq!(presence.online(vec![user("ann")]), [user("ann")]);
    store.clock.advance(Duration::from_millis(1));
    assert_eq!(next(&mut changes).await, change("ann", false, &["bob"]));
    assert_eq!(presence.online(vec![user("ann")]), []);
}

#[tokio::test]
async fn a_page_that_is_loaded_again_shows_nothing() {
    let (store, presence, mut changes) = prepared().await;
    let mut ann = presence.arrive(&user("ann"));
    let _bob = presence.arrive(&user("bob"));
    assert_eq!(next(&mut changes).await, change("ann", true, &["bob"]));
    assert_eq!(next(&mut changes).await, change("bob", true, &["ann"]));
    for _ in 0..5 {
        drop(ann);
        store.clock.advance(SECOND * 6);
        ann = presence.arrive(&user("ann"));
        store.clock.advance(SECOND * 6);
    }
    let _zoe = presence.arrive(&user("zoe"));
    assert_eq!(
        next(&mut changes).await,
        change("zoe", true, &["bob"]),
        "and nothing of Ann"
    );
}

#[tokio::test]
async fn what_a_slow_subscriber_has_not_taken_is_not_lost() {
    let (store, presence, mut changes) = prepared().await;
    let _bob = presence.arrive(&user("bob"));
    let mut ann = presence.arrive(&user("ann"));
    // Far more than wait for a subscriber: the rest is held back, and what cancels out meanwhile vanishes.
    for _ in 0..600 {
        drop(ann);
        store.clock.advance(SECOND * 11);
        tokio::task::yield_now().await;
        ann = presence.arrive(&user("ann"));
        store.clock.advance(SECOND * 11);
        tokio::task::yield_now().await;
    }
    drop(ann);
    store.clock.advance(SECOND * 11);
    let mut is_online = false;
    while let Ok(Some(change)) = tokio::time::timeout(SECOND, changes.recv()).await {
        if change.user == user("ann") {
            assert_ne!(change.is_online, is_online, "she comes and goes by turns");
            is_online = change.is_online;
        }
    }
    assert!(!is_online, "in the end they know that she went");
}

#[tokio::test]
async fn acquaintances_are_those_who_share_a_conversation_now() {
    for store in Store::each().await {
        let presence = &store.services.presence;
        store.group("ann", &["bob", "carol"]).await;
        store.group("ann", &["bob"]).await;
        store.group("dave", &["erin"]).await;
        let known = presence.acquaintances(&user("ann")).await.unwrap();
        assert_eq!(known, [user("bob"), user("carol")]);
        let _here = [presence.arrive(&user("bob")), presence.arrive(&user("dave"))];
        assert_eq!(presence.online(known), [user("bob")]);
        assert_eq!(presence.acquaintances(&user("frank")).await.unwrap(), []);
    }
}
