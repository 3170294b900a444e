//! What was received and read: pointers, intervals that never overlap, and the status they make.

mod recipients;

use std::sync::Arc;
use std::time::Duration;

use entities::ids::Seq;
use entities::moves::{self, Kind};
use hubwire::log::event::{Body, Event, Moved};
use hubwire::services::Error;
use hubwire::services::details::{ConversationDetails, Receipt, Status};
use hubwire::services::messages::{Mark, Marked, Named, Place};
use hubwire::services::paging::PageRequest;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::support::{EPOCH, Store, principal, to};

/// Messages of one person, their ids in order.
async fn posted(store: &Store, group: &ConversationDetails, sender: &str, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for turn in 0..count {
        let posted = store.post(sender, to(group), &format!("turn {turn}")).await.unwrap();
        ids.push(posted.message.id.to_string());
    }
    ids
}

fn through(message: &str) -> Mark {
    Mark::at(Place::Message(message.to_owned()))
}

fn these(conversation: &ConversationDetails, ids: &[&str]) -> Mark {
    Mark {
        place: Place::Conversation(conversation.id.to_string()),
        messages: Some(Named {
            field: "messageIds",
            ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        }),
    }
}

async fn read(store: &Store, user: &str, mark: &Mark) -> Marked {
    store.services.messages.mark_read(&principal(user), mark).await.unwrap()
}

async fn receive(store: &Store, user: &str, mark: &Mark) -> Marked {
    let messages = &store.services.messages;
    messages.mark_delivered(&principal(user), mark).await.unwrap()
}

/// Somebody's intervals of a kind, in order.
async fn intervals(store: &Store, group: &ConversationDetails, user: &str, kind: Kind) -> Vec<(i64, i64)> {
    let rows = moves::Entity::find()
        .filter(moves::Column::Conversation.eq(group.number))
        .filter(moves::Column::UserId.eq(user))
        .filter(moves::Column::Kind.eq(kind))
        .order_by_asc(moves::Column::FromSeq)
        .all(&store.database.read)
        .await
        .unwrap();
    rows.iter().map(|row| (row.from_seq.0, row.up_to_seq.0)).collect()
}

async fn last_event(store: &Store) -> Arc<Event> {
    let mut before = store.log.tail.head();
    before.0 -= 1;
    store.log.read_after(before, 1).await.unwrap().pop().unwrap()
}

/// The newest event, which is a move.
async fn last_move(store: &Store) -> Arc<Moved> {
    match &last_event(store).await.body {
        Body::Moved(moved) => Arc::clone(moved),
        other => panic!("{other:?}"),
    }
}

/// What one reads of the messages of a conversation.
async fn seen(store: &Store, group: &ConversationDetails, user: &str) -> Vec<Receipt> {
    let messages = &store.services.messages;
    let page = messages
        .page(&principal(user), &group.id.to_string(), &PageRequest::default())
        .await
        .unwrap();
    page.items.iter().map(|message| message.receipt).collect()
}

fn receipt(status: Status, delivered_at: Option<i64>, read_at: Option<i64>) -> Receipt {
    Receipt {
        status,
        delivered_at,
        read_at,
    }
}

#[tokio::test]
async fn reading_moves_a_pointer_that_does_not_go_back() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob"]).await;
        let ids = posted(&store, &group, "ann", 5).await;
        let id = |place: usize| Some(ids[place - 1].parse().unwrap());
        let marked = read(&store, "bob", &through(&ids[2])).await;
        assert_eq!(
            (marked.conversation_id, marked.last_read, marked.unread_count),
            (group.id, id(3), 2)
        );
        let events = store.events();
        for earlier in [&ids[0], &ids[2]] {
            let marked = read(&store, "bob", &through(earlier)).await;
            assert_eq!((marked.last_read, marked.unread_count), (id(3), 2));
        }
        assert_eq!(store.events(), events, "what is read already is no news");
        let marked = read(&store, "bob", &Mark::at(Place::Conversation(group.id.to_string()))).await;
        assert_eq!((marked.last_read, marked.unread_count), (id(5), 0));
        assert_eq!(intervals(&store, &group, "bob", Kind::Read).await, [(1, 3), (4, 5)]);
        let moved = last_move(&store).await;
        assert_eq!(
            (moved.from_seq, moved.up_to_seq, moved.kind),
            (Seq(4), Seq(5), Kind::Read)
        );
        assert_eq!(moved.covered.iter().map(|one| one.seq.0).collect::<Vec<_>>(), [4, 5]);
    }
}

#[tokio::test]
async fn a_list_reads_through_its_newest_and_an_empty_one_through_all() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob"]).await;
        let ids = posted(&store, &group, "ann", 5).await;
        let number = store
            .services
            .messages
            .find(&principal("bob"), &ids[0])
            .await
            .unwrap()
            .number;
        let named = [ids[3].as_str(), &number.to_string(), &ids[3]];
        let marked = read(&store, "bob", &these(&group, &named)).await;
        assert_eq!(
            (marked.last_read, marked.unread_count),
            (Some(ids[3].parse().unwrap()), 1)
        );
        let all = Mark {
            place: Place::Message(ids[0].clone()),
            ..these(&group, &[])
        };
        let marked = read(&store, "bob", &all).await;
        assert_eq!(
            (marked.last_read, marked.unread_count),
            (Some(ids[4].parse().unwrap()), 0)
        );
    }
}

#[tokio::test]
async fn a_list_with_anything_else_in_it_is_refused_and_reads_nothing() {
    for store in Store::each().await {
        let (group, other) = (store.group("ann", &["bob"]).await, store.group("ann", &["bob"]).await);
        let ids = posted(&store, &group, "ann", 1).await;
        let elsewhere = posted(&store, &other, "ann", 1).await;
        let many: Vec<&str> = (0..=1_000).map(|_| ids[0].as_str()).collect();
        let events = store.events();
        for wrong in [
            vec!["nonsense"],
            vec![&ids[0], &elsewhere[0]],
            vec![&ids[0], ""],
            vec!["-1"],
            many,
        ] {
            let mark = these(&group, &wrong);
            let error = store
                .services
                .messages
                .mark_read(&principal("bob"), &mark)
                .await
                .unwrap_err();
            assert!(
                matches!(
                    error,
                    Error::Invalid {
                        field: "messageIds",
                        ..
                    }
                ),
                "{error:?}"
            );
        }
        for (who, place) in [
            ("cat", through(&ids[0])),
            ("cat", these(&group, &[])),
            ("bob", through("nonsense")),
        ] {
            let error = store
                .services
                .messages
                .mark_read(&principal(who), &place)
                .await
                .unwrap_err();
            assert!(matches!(error, Error::NotFound(_)), "{error:?}");
        }
        assert_eq!(store.events(), events);
        assert_eq!(intervals(&store, &group, "bob", Kind::Read).await, []);
    }
}

#[tokio::test]
async fn ones_own_messages_are_no_news_to_anybody() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob"]).await;
        let ids = posted(&store, &group, "ann", 3).await;
        let events = store.events();
        let marked = read(&store, "ann", &these(&group, &[])).await;
        assert_eq!(
            (marked.last_read, marked.unread_count),
            (Some(ids[2].parse().unwrap()), 0)
        );
        receive(&store, "ann", &these(&group, &[])).await;
        assert_eq!(store.told_since(events).await, ["pointer_moved: ann alone"]);
        assert_eq!(intervals(&store, &group, "ann", Kind::Read).await, []);
    }
}

#[tokio::test]
async fn a_move_names_the_newest_hundred_it_covers() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob"]).await;
        posted(&store, &group, "ann", 130).await;
        let newest = posted(&store, &group, "bob", 1).await;
        read(&store, "bob", &these(&group, &[])).await;
        let moved = last_move(&store).await;
        let places: Vec<i64> = moved.covered.iter().map(|one| one.seq.0).collect();
        assert_eq!(places, (31..=130).collect::<Vec<_>>());
        assert_eq!(
            (moved.from_seq, moved.up_to_seq, moved.last.to_string()),
            (Seq(1), Seq(131), newest[0].clone())
        );
        let seen = seen(&store, &group, "ann").await;
        assert!(
            seen[..49].iter().all(|one| one.status == Status::Read),
            "also those not named: {seen:?}"
        );
    }
}

#[tokio::test]
async fn a_direct_message_has_the_state_of_the_other() {
    for store in Store::each().await {
        let direct = store.direct("ann", "bob").await;
        let ids = posted(&store, &direct, "ann", 3).await;
        let later = |minutes: u64| EPOCH + i64::try_from(minutes).unwrap() * 60_000;
        store.clock.advance(Duration::from_secs(60));
        receive(&store, "bob", &through(&ids[1])).await;
        store.clock.advance(Duration::from_secs(60));
        read(&store, "bob", &through(&ids[0])).await;
        let expected = [
            receipt(Status::Read, Some(later(1)), Some(later(2))),
            receipt(Status::Delivered, Some(later(1)), None),
            receipt(Status::Sent, None, None),
        ];
        for viewer in ["ann", "bob"] {
            assert_eq!(seen(&store, &direct, viewer).await, expected);
        }
        store.clock.advance(Duration::from_secs(60));
        read(&store, "bob", &through(&ids[2])).await;
        let events = store.events();
        receive(&store, "bob", &through(&ids[2])).await;
        assert_eq!(store.events(), events, "what is read was received");
        let last = receipt(Status::Read, Some(later(3)), Some(later(3)));
        assert_eq!(seen(&store, &direct, "ann").await[2], last);
        let listed = store
            .services
            .conversations
            .find(&principal("ann"), &direct.id.to_string())
            .await
            .unwrap();
        assert_eq!(listed.last_message.unwrap().receipt, last);
    }
}

#[tokio::test]
async fn a_group_message_has_the_lowest_state_and_the_last_time_of_the_others() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob", "cat"]).await;
        let ids = posted(&store, &group, "ann", 1).await;
        let later = |seconds: i64| EPOCH + seconds * 1_000;
        let mut expected = Vec::new();
        for (user, kind) in [("bob", Kind::Read), ("cat", Kind::Delivered), ("cat", Kind::Read)] {
            store.clock.advance(Duration::from_secs(1));
            match kind {
                Kind::Read => read(&store, user, &through(&ids[0])).await,
                Kind::Delivered => receive(&store, user, &through(&ids[0])).await,
            };
            expected.push(seen(&store, &group, "bob").await[0]);
        }
        let steps = [
            receipt(Status::Sent, None, None),
            receipt(Status::Delivered, Some(later(2)), None),
            receipt(Status::Read, Some(later(2)), Some(later(3))),
        ];
        assert_eq!(expected, steps);
        let receipts = store
            .services
            .messages
            .receipts(&principal("cat"), &ids[0])
            .await
            .unwrap();
        assert_eq!(
            (receipts.read_count, receipts.delivered_count, receipts.member_count),
            (2, 2, 2)
        );
        let people = receipts
            .people
            .iter()
            .map(|one| (one.person.id.as_str(), one.receipt.read_at));
        assert_eq!(
            people.collect::<Vec<_>>(),
            [("bob", Some(later(1))), ("cat", Some(later(3)))]
        );
    }
}

#[tokio::test]
async fn what_is_proven_later_fills_the_holes() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob"]).await;
        let ids = posted(&store, &group, "ann", 9).await;
        let bob = store.services.people.seen(&principal("bob")).await.unwrap();
        read(&store, "bob", &through(&ids[0])).await;
        let prove = async |first, last| {
            let messages = &store.services.messages;
            messages
                .delivered(&bob.id, group.number, Seq(first), Seq(last))
                .await
                .unwrap();
        };
        prove(5, 6).await;
        prove(8, 8).await;
        prove(1, 99).await;
        let rows = intervals(&store, &group, "bob", Kind::Delivered).await;
        assert_eq!(rows, [(2, 4), (5, 6), (7, 7), (8, 8), (9, 9)]);
        let delivered = match &last_event(&store).await.body {
            Body::Delivered(delivered) => Arc::clone(delivered),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            delivered.covered.iter().map(|one| one.seq.0).collect::<Vec<_>>(),
            [2, 3, 4, 7, 9]
        );
        let events = store.events();
        prove(2, 9).await;
        assert_eq!(store.events(), events);
    }
}
