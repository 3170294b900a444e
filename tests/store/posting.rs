//! What is posted is stored once, in order, and told to everybody.

use std::collections::HashSet;

use entities::ids::EventId;
use hubwire::log::event::Body;
use hubwire::services::Error;
use hubwire::services::messages::{Draft, Target, Via};
use hubwire::services::{Limits, Settings};
use sea_orm::{ConnectionTrait, DbBackend};

use crate::database::TestDatabase;
use crate::support::{Store, person, principal, settings, to};

#[tokio::test]
async fn message_to_a_person_makes_the_conversation_and_arrives() {
    for store in Store::each().await {
        let posted = store.post("ann", person("bob"), "  Hello! 👋 ").await.unwrap();
        let message = &posted.message;
        assert_eq!((message.content.as_str(), message.seq.0), ("Hello! 👋", 1));
        assert_eq!(message.recipient, Some("bob".parse().unwrap()));
        let event = posted.event.unwrap();
        let events = store.log.read_after(EventId(event.0 - 1), 10).await.unwrap();
        let [told] = events.as_slice() else {
            panic!("one event, not {}", events.len())
        };
        let Body::MessagePosted(told) = &told.body else {
            panic!("{told:?}")
        };
        assert_eq!(told.id, message.id);
        let bobs = store
            .services
            .conversations
            .list(&principal("bob"), &Default::default(), false)
            .await
            .unwrap();
        assert_eq!(bobs.items[0].unread_count, 1);
        assert_eq!(bobs.items[0].last_message.as_ref().unwrap().id, message.id);
        let anns = store
            .services
            .conversations
            .view_for(&"ann".parse().unwrap(), message.conversation)
            .await
            .unwrap();
        assert_eq!(anns.unwrap().unread_count, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn places_are_gap_free_under_32_concurrent_senders() {
    const SENDERS: usize = 32;
    const EACH: usize = 20;
    for store in Store::each().await {
        let names: Vec<String> = (0..SENDERS).map(|sender| format!("user-{sender}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let group = store.group("ann", &names).await;
        let before = store.log.tail.head();
        let sends = names.iter().map(|name| {
            let (messages, sender, target) = (store.services.messages.clone(), principal(name), to(&group));
            tokio::spawn(async move {
                let mut places = Vec::new();
                for turn in 0..EACH {
                    let draft = Draft::text(target.clone(), format!("turn {turn}"), Via::Hub);
                    places.push(messages.post(&sender, draft).await.unwrap().message);
                }
                places
            })
        });
        let mut messages = Vec::new();
        for send in sends.collect::<Vec<_>>() {
            let sent = send.await.unwrap();
            assert!(sent.is_sorted_by_key(|message| message.seq));
            messages.extend(sent);
        }
        messages.sort_by_key(|message| message.seq);
        let places: Vec<i64> = messages.iter().map(|message| message.seq.0).collect();
        assert_eq!(places, (1..=(SENDERS * EACH) as i64).collect::<Vec<_>>());
        assert!(messages.is_sorted_by_key(|message| message.number));
        assert!(messages.windows(2).all(|pair| pair[0].created_at < pair[1].created_at));
        // The log has the same order.
        let events = store
            .log
            .read_after(before, SENDERS * EACH + SENDERS + 1)
            .await
            .unwrap();
        let told = events.iter().filter_map(|event| match &event.body {
            Body::MessagePosted(message) => Some(message.seq.0),
            // They came when they first wrote.
            Body::PersonChanged(_) => None,
            other => panic!("{other:?}"),
        });
        assert_eq!(told.collect::<Vec<_>>(), places);
        assert!(events.windows(2).all(|pair| pair[0].id.next() == pair[1].id));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn poisoned_command_fails_alone() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob"]).await;
        let poison = match store.database.backend() {
            DbBackend::Postgres => "ALTER TABLE messages ADD CONSTRAINT poison CHECK (content <> 'poison')",
            _ => {
                "CREATE TRIGGER poison BEFORE INSERT ON messages WHEN new.content = 'poison' \
                 BEGIN SELECT RAISE(ABORT, 'poison'); END"
            }
        };
        store.database.write.execute_unprepared(poison).await.unwrap();
        let sends = (0..64).map(|turn| {
            let (messages, target) = (store.services.messages.clone(), to(&group));
            let content = if turn == 20 {
                "poison".to_owned()
            } else {
                format!("turn {turn}")
            };
            tokio::spawn(async move {
                messages
                    .post(&principal("ann"), Draft::text(target, content, Via::Hub))
                    .await
                    .map(|posted| posted.message.seq)
            })
        });
        let mut places = HashSet::new();
        for (turn, send) in sends.collect::<Vec<_>>().into_iter().enumerate() {
            match send.await.unwrap() {
                Ok(place) => assert!(places.insert(place.0)),
                Err(error) => assert_eq!((turn, error), (20, Error::Internal)),
            }
        }
        assert_eq!(places, (1..=63).collect());
    }
}

#[tokio::test]
async fn answered_message_must_be_of_the_same_conversation() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob"]).await;
        let first = store.post("ann", to(&group), "first").await.unwrap().message;
        let elsewhere = store.post("ann", person("bob"), "elsewhere").await.unwrap().message;
        let reply = |parent: String| {
            let draft = Draft {
                parent: Some(parent),
                ..Draft::text(to(&group), "reply", Via::Rest)
            };
            store.services.messages.post(&ANN, draft)
        };
        assert_eq!(
            reply(first.id.to_string()).await.unwrap().message.parent,
            Some(first.id)
        );
        assert_eq!(
            reply(first.number.to_string()).await.unwrap().message.parent,
            Some(first.id)
        );
        for parent in [elsewhere.id.to_string(), "nonsense".to_owned(), "999999".to_owned()] {
            let error = reply(parent).await.unwrap_err();
            assert!(
                matches!(
                    error,
                    Error::Invalid {
                        field: "parentMessageId",
                        ..
                    }
                ),
                "{error:?}"
            );
        }
    }
}

static ANN: std::sync::LazyLock<hubwire::services::Principal> = std::sync::LazyLock::new(|| principal("ann"));

#[tokio::test]
async fn positional_target_is_ones_own_conversation_or_a_person() {
    let store = Store::sqlite().await;
    let group = store.group("ann", &["bob"]).await;
    let positional = |text: String| Target::Positional(text);
    let own = store
        .post("ann", positional(group.id.to_string()), "to the group")
        .await
        .unwrap();
    assert_eq!(own.message.conversation, group.number);
    // A plain number never means a conversation there.
    let number = store
        .post("ann", positional(group.number.to_string()), "to a person")
        .await
        .unwrap();
    assert_eq!(
        number.message.recipient,
        Some(group.number.to_string().parse().unwrap())
    );
    // Somebody else's conversation is taken for a person's id, and tells nothing.
    let foreign = store
        .post("cat", positional(group.id.to_string()), "to a person")
        .await
        .unwrap();
    assert_ne!(foreign.message.conversation, group.number);
}

#[tokio::test]
async fn bad_content_is_refused_with_its_field() {
    let store = Store::sqlite().await;
    let draft = |content: &str| Draft::text(person("bob"), content, Via::Rest);
    let cases = [
        (draft(" \n "), "content"),
        (draft(&"x".repeat(10_001)), "content"),
        (
            Draft {
                kind: Some("gif".into()),
                ..draft("x")
            },
            "type",
        ),
        (
            Draft {
                metadata: Some(serde_json::json!([])),
                ..draft("x")
            },
            "metadata",
        ),
        (
            Draft {
                attachment_ids: vec!["a".into()],
                ..draft("x")
            },
            "attachmentIds",
        ),
        (
            Draft {
                client_message_id: Some("a\u{0}".into()),
                ..draft("x")
            },
            "clientMessageId",
        ),
        (
            Draft {
                target: person("ann"),
                ..draft("x")
            },
            "recipientId",
        ),
    ];
    for (draft, expected) in cases {
        match store.services.messages.post(&ANN, draft).await {
            Err(Error::Invalid { field, .. }) => assert_eq!(field, expected),
            other => panic!("{expected}: {other:?}"),
        }
    }
    let none: [&str; 0] = [];
    assert_eq!(store.told_since(0).await, none);
}

#[tokio::test]
async fn a_first_message_that_is_refused_leaves_no_conversation() {
    for store in Store::each().await {
        let elsewhere = store.post("ann", person("cat"), "hello").await.unwrap();
        let before = store.events();
        for parent in ["nonsense".to_owned(), elsewhere.message.id.to_string()] {
            let draft = Draft {
                parent: Some(parent),
                ..Draft::text(person("bob"), "hello", Via::Rest)
            };
            let refused = store.services.messages.post(&principal("ann"), draft).await;
            assert!(
                matches!(
                    refused,
                    Err(Error::Invalid {
                        field: "parentMessageId",
                        ..
                    })
                ),
                "{refused:?}"
            );
        }
        assert_eq!(store.events(), before);
    }
}

#[tokio::test]
async fn rate_is_limited_per_person_and_says_when_to_come_back() {
    let settings = Settings {
        limits: Limits::default(),
        ..settings()
    };
    let store = Store::open_with(TestDatabase::sqlite(), settings).await;
    for _ in 0..10 {
        store.post("ann", person("bob"), "hello").await.unwrap();
    }
    let Err(Error::TooMany { retry_after, .. }) = store.post("ann", person("bob"), "hello").await else {
        panic!("the eleventh at once passed")
    };
    store.post("bob", person("ann"), "hello").await.unwrap();
    store.clock.advance(retry_after);
    store.post("ann", person("bob"), "hello").await.unwrap();
}
