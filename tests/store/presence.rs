//! People are here while any connection lives and ten seconds longer, and only those who know them are told.

use std::time::Duration;

use entities::block;
use entities::person::Status;
use entities::user_id::UserId;
use hubwire::services::presence::{Presence, PresenceChange, Present, Sight};
use sea_orm::{EntityTrait as _, Set};
use tokio::sync::mpsc::Receiver;

use crate::support::{Store, principal};

const SECOND: Duration = Duration::from_secs(1);

fn user(id: &str) -> UserId {
    principal(id).user_id
}

/// Who came or went and who is told.
fn change(id: &str, is_online: bool, audience: &[&str]) -> (UserId, bool, Vec<UserId>) {
    (user(id), is_online, audience.iter().map(|id| user(id)).collect())
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

/// Ann and Bob know each other, are here, and each has been told of the other.
async fn together(store: &Store) -> (Presence, Receiver<PresenceChange>, [Present; 2]) {
    store.group("ann", &["bob"]).await;
    let presence = store.services.presence.clone();
    let mut changes = presence.subscribe();
    let bob = presence.arrive(&user("bob"));
    let ann = presence.arrive(&user("ann"));
    assert_eq!(next(&mut changes).await, change("ann", true, &["bob"]));
    assert_eq!(next(&mut changes).await, change("bob", true, &["ann"]));
    (presence, changes, [ann, bob])
}

async fn take(changes: &mut Receiver<PresenceChange>) -> PresenceChange {
    let next = tokio::time::timeout(Duration::from_secs(20), changes.recv()).await;
    next.expect("a change in time").unwrap()
}

async fn next(changes: &mut Receiver<PresenceChange>) -> (UserId, bool, Vec<UserId>) {
    let change = take(changes).await;
    assert!(change.comes_or_goes, "{change:?}");
    (
        change.sight.user.clone(),
        change.sight.is_online(),
        change.audience.to_vec(),
    )
}

/// What the next change shows.
async fn shown(changes: &mut Receiver<PresenceChange>) -> (Status, bool) {
    let change = take(changes).await;
    (change.sight.status, change.comes_or_goes)
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
        if change.sight.user == user("ann") {
            assert_ne!(change.sight.is_online(), is_online, "she comes and goes by turns");
            is_online = change.sight.is_online();
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
        let known = presence.acquaintances(&user("ann")).await.unwrap();
        assert_eq!(presence.online(known), [user("bob")]);
        assert_eq!(presence.acquaintances(&user("frank")).await.unwrap(), []);
    }
}

#[tokio::test]
async fn a_chosen_status_is_told_kept_and_shown_again() {
    for store in Store::each().await {
        let (presence, mut changes, [ann, _bob]) = together(&store).await;
        for (name, status, comes_or_goes) in [
            ("away", Status::Away, false),
            (" DND ", Status::Dnd, false),
            ("offline", Status::Offline, true),
        ] {
            store.clock.advance(SECOND);
            let own = presence.set_status(&principal("ann"), name).await.unwrap();
            assert_eq!(shown(&mut changes).await, (status, comes_or_goes), "{name}");
            assert!(own.status == status || comes_or_goes, "{own:?}");
        }
        drop(ann);
        store.clock.advance(SECOND * 60);
        let _ann = presence.arrive(&user("ann"));
        let seen = presence.look_at(&principal("bob"), "ann").await.unwrap();
        assert!(!seen.is_online(), "she still appears to be gone");
        presence.set_status(&principal("ann"), "online").await.unwrap();
        assert_eq!(shown(&mut changes).await, (Status::Online, true));
        let refused = presence.set_status(&principal("ann"), "busy").await.unwrap_err();
        assert_eq!(refused.code(), "validation_failed");
    }
}

#[tokio::test]
async fn last_seen_is_when_the_last_connection_ended_and_survives_a_restart() {
    for store in Store::each().await {
        let (presence, mut changes, [ann, _bob]) = together(&store).await;
        store.clock.advance(SECOND * 60);
        let left = store.clock.now();
        drop(ann);
        store.clock.advance(SECOND * 10);
        let went = take(&mut changes).await;
        assert_eq!((went.sight.user, went.sight.last_seen), (user("ann"), Some(left)));
        let gone = Sight {
            user: user("ann"),
            status: Status::Offline,
            last_seen: Some(left),
        };
        assert_eq!(presence.look_at(&principal("bob"), "ann").await.unwrap(), gone);
        let here = presence.look_at(&principal("ann"), "bob").await.unwrap();
        assert_eq!(here.last_seen, Some(store.clock.now()));
        let stopped = store.clock.now();
        presence.close().await;
        let store = store.restart().await;
        let presence = &store.services.presence;
        assert_eq!(presence.look_at(&principal("bob"), "ann").await.unwrap(), gone);
        let bob = presence.look_at(&principal("ann"), "bob").await.unwrap();
        assert_eq!(
            (bob.is_online(), bob.last_seen),
            (false, Some(stopped)),
            "he was here until the stop"
        );
    }
}

#[tokio::test]
async fn who_only_sends_heartbeats_is_here_for_five_minutes_after_each() {
    let (store, presence, mut changes) = prepared().await;
    let _bob = presence.arrive(&user("bob"));
    presence.heartbeat(&principal("ann")).await.unwrap();
    assert_eq!(next(&mut changes).await, change("ann", true, &["bob"]));
    store.clock.advance(SECOND * 299);
    presence.heartbeat(&principal("ann")).await.unwrap();
    store.clock.advance(SECOND * 299);
    assert_eq!(presence.online(vec![user("ann")]), [user("ann")]);
    store.clock.advance(SECOND);
    assert_eq!(next(&mut changes).await, change("ann", false, &["bob"]));
}

#[tokio::test]
async fn strangers_and_those_across_a_block_see_nobody() {
    for store in Store::each().await {
        store.group("ann", &["bob", "carl"]).await;
        store.group("dora", &["erin"]).await;
        let presence = store.services.presence.clone();
        let mut changes = presence.subscribe();
        block(&store, "bob", "ann").await;
        let _here = ["ann", "bob", "dora"].map(|id| presence.arrive(&user(id)));
        let _carl = presence.arrive(&user("carl"));
        loop {
            let (who, _, audience) = next(&mut changes).await;
            assert_ne!(who, user("dora"), "nobody is here who shares a conversation with her");
            if who == user("carl") {
                break;
            }
            assert_eq!(audience, [user("carl")], "{who} is not told across the block");
        }
        let nobody = |id: &str| Sight {
            user: user(id),
            status: Status::Offline,
            last_seen: None,
        };
        for (viewer, id) in [("ann", "bob"), ("bob", "ann"), ("ann", "dora"), ("ann", "nobody")] {
            let seen = presence.look_at(&principal(viewer), id).await.unwrap();
            assert_eq!(seen, nobody(id), "{viewer} sees {id}");
        }
        let all = presence.all(&principal("ann")).await.unwrap();
        assert_eq!(
            all.into_iter().map(|sight| sight.user).collect::<Vec<_>>(),
            [user("carl")]
        );
        let too_many = vec!["ann".to_owned(); 1_001];
        let refused = presence.look(&principal("ann"), &too_many).await.unwrap_err();
        assert_eq!(refused.code(), "validation_failed");
    }
}

async fn block(store: &Store, by: &str, whom: &str) {
    let row = block::ActiveModel {
        user_id: Set(user(by)),
        blocked_id: Set(user(whom)),
        at: Set(0),
    };
    block::Entity::insert(row)
        .exec_without_returning(&store.database.write)
        .await
        .unwrap();
}
