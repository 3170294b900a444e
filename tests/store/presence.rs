//! People are online while any connection lives and ten seconds longer, and only acquaintances count.

use std::time::Duration;

use entities::user_id::UserId;
use hubwire::services::presence::{Change, Presence};
use tokio::sync::broadcast::{Receiver, error::TryRecvError};
use tokio::time::sleep;

use crate::support::{Store, principal};

fn user(id: &str) -> UserId {
    principal(id).user_id
}

fn change(id: &str, is_online: bool) -> Result<Change, TryRecvError> {
    let user = user(id);
    Ok(Change { user, is_online })
}

async fn prepared() -> (Store, Presence, Receiver<Change>) {
    let store = Store::sqlite().await;
    let presence = store.services.presence.clone();
    let changes = presence.changes();
    tokio::time::pause();
    (store, presence, changes)
}

#[tokio::test]
async fn who_does_not_come_back_is_gone_after_ten_seconds() {
    let (_store, presence, mut changes) = prepared().await;
    let connection = presence.connect(&user("ann"));
    assert_eq!(changes.try_recv(), change("ann", true));
    drop(connection);
    sleep(Duration::from_millis(9_900)).await;
    assert!(presence.is_online(&user("ann")));
    assert_eq!(changes.try_recv(), Err(TryRecvError::Empty));
    sleep(Duration::from_millis(200)).await;
    assert!(!presence.is_online(&user("ann")));
    assert_eq!(changes.try_recv(), change("ann", false));
}

#[tokio::test]
async fn a_page_that_is_loaded_again_shows_nothing() {
    let (_store, presence, mut changes) = prepared().await;
    let first = presence.connect(&user("ann"));
    assert_eq!(changes.try_recv(), change("ann", true));
    for _ in 0..3 {
        let before = presence.connect(&user("ann"));
        drop(before);
        sleep(Duration::from_secs(6)).await;
    }
    drop(first);
    sleep(Duration::from_secs(6)).await;
    let second = presence.connect(&user("ann"));
    sleep(Duration::from_secs(6)).await;
    drop(second);
    // The grace begins anew with the last connection that ends.
    sleep(Duration::from_secs(9)).await;
    assert_eq!(changes.try_recv(), Err(TryRecvError::Empty));
    sleep(Duration::from_secs(2)).await;
    assert_eq!(changes.try_recv(), change("ann", false));
}

#[tokio::test]
async fn acquaintances_are_those_who_share_a_conversation_now() {
    for store in Store::each().await {
        let presence = &store.services.presence;
        store.group("ann", &["bob", "carol"]).await;
        store.group("ann", &["bob"]).await;
        store.group("dave", &["erin"]).await;
        let mut known = presence.acquaintances(&user("ann")).await.unwrap();
        known.sort();
        assert_eq!(known, [user("bob"), user("carol")]);
        let _online = [presence.connect(&user("bob")), presence.connect(&user("dave"))];
        assert_eq!(
            presence.online_acquaintances(&user("ann")).await.unwrap(),
            [user("bob")]
        );
        assert_eq!(presence.online_acquaintances(&user("frank")).await.unwrap(), []);
    }
}
