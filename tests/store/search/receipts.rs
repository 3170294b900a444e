//! What is found far apart has the receipts it has anywhere.

use std::collections::BTreeMap;

use entities::ids::Seq;
use entities::moves::{self, Kind};
use entities::user_id::UserId;
use hubwire::services::details::{ConversationDetails, Receipt, Status};
use sea_orm::{ActiveValue, EntityTrait};

use super::{search, to};
use crate::support::Store;

/// What is found, and how many messages lie between one and the next: too many to be looked at together.
const FOUND: i64 = 6;
const APART: i64 = 70;

/// Somebody read from the first to the last of each of these, at a time.
async fn read(store: &Store, group: &ConversationDetails, user: &str, places: &[(i64, i64, i64)]) {
    let user: UserId = user.parse().unwrap();
    let rows = places.iter().map(|(from, up_to, at)| moves::ActiveModel {
        number: ActiveValue::NotSet,
        conversation: ActiveValue::Set(group.number),
        user_id: ActiveValue::Set(user.clone()),
        kind: ActiveValue::Set(Kind::Read),
        from_seq: ActiveValue::Set(Seq(*from)),
        up_to_seq: ActiveValue::Set(Seq(*up_to)),
        at: ActiveValue::Set(*at),
    });
    moves::Entity::insert_many(rows)
        .exec(&store.database.write)
        .await
        .unwrap();
}

#[tokio::test]
async fn what_lies_far_apart_is_read_by_who_moved_seldom_and_by_who_moved_at_every_message() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob", "cat"]).await;
        let newest = FOUND * APART;
        for place in 1..=newest {
            let text = if place % APART == 0 { "needle" } else { "hay" };
            store.post("ann", to(&group), text).await.unwrap();
        }
        // Cat has seen one after the other, bob the older ones in two looks, with something left out between.
        let each: Vec<_> = (1..=newest).map(|place| (place, place, 1_000 + place)).collect();
        read(&store, &group, "cat", &each).await;
        read(&store, &group, "bob", &[(1, 139, 5_000), (141, 300, 1_100)]).await;
        let found = search(&store, "ann", "needle", Some(&group)).await.unwrap();
        let receipts = found
            .page
            .items
            .iter()
            .map(|hit| (hit.message.seq.0, hit.message.receipt));
        let receipts: BTreeMap<_, _> = receipts.collect();
        let read = |at| Receipt {
            status: Status::Read,
            delivered_at: Some(at),
            read_at: Some(at),
        };
        let sent = Receipt::default();
        let expected = [
            (70, read(5_000)),
            (140, sent),
            (210, read(1_210)),
            (280, read(1_280)),
            (350, sent),
            (420, sent),
        ];
        assert_eq!(receipts, BTreeMap::from(expected));
    }
}
