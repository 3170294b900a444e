//! Who sends again gets what was stored, and nobody else hears of it.

use std::time::Duration;

use hubwire::services::messages::{Draft, Posted, Target, Via};
use hubwire::services::{Error, Limits, Principal, Settings};

use crate::database::TestDatabase;
use crate::support::{Store, admin, person, principal, settings, to};

fn keyed(target: Target, content: &str, key: &str) -> Draft {
    Draft {
        client_message_id: Some(key.to_owned()),
        ..Draft::text(target, content, Via::Hub)
    }
}

fn ann() -> Principal {
    principal("ann")
}

fn assert_repeats(repeat: &Posted, first: &Posted) {
    assert!(repeat.repeated);
    assert_eq!(repeat.event, None);
    assert_eq!(repeat.message.id, first.message.id);
    assert_eq!(repeat.message.seq, first.message.seq);
}

#[tokio::test]
async fn repeated_key_returns_the_stored_message_and_writes_no_event() {
    for store in Store::each().await {
        let messages = &store.services.messages;
        let first = messages
            .post(&ann(), keyed(person("bob"), "hello", "k1"))
            .await
            .unwrap();
        let events = store.events();
        let repeat = messages
            .post(&ann(), keyed(person("bob"), " hello ", "k1"))
            .await
            .unwrap();
        assert_repeats(&repeat, &first);
        assert_eq!(repeat.message.client_message_id.as_deref(), Some("k1"));
        assert_eq!(store.events(), events);
        // The key belongs to a sender and a conversation.
        assert!(
            !messages
                .post(&principal("bob"), keyed(person("ann"), "hello", "k1"))
                .await
                .unwrap()
                .repeated
        );
        assert!(
            !messages
                .post(&ann(), keyed(person("cat"), "hello", "k1"))
                .await
                .unwrap()
                .repeated
        );
    }
}

#[tokio::test]
async fn same_key_with_other_content_is_a_mismatch() {
    for store in Store::each().await {
        let messages = &store.services.messages;
        messages
            .post(&ann(), keyed(person("bob"), "hello", "k1"))
            .await
            .unwrap();
        let events = store.events();
        let other_content = messages.post(&ann(), keyed(person("bob"), "other", "k1")).await;
        assert_eq!(other_content.unwrap_err(), Error::IdempotencyMismatch);
        let other_type = Draft {
            kind: Some("system".into()),
            ..keyed(person("bob"), "hello", "k1")
        };
        assert_eq!(
            messages.post(&ann(), other_type).await.unwrap_err(),
            Error::IdempotencyMismatch
        );
        assert_eq!(store.events(), events);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_repeats_of_one_key_store_one_message() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob"]).await;
        let events = store.events();
        let sends = (0..50).map(|_| {
            let (messages, draft) = (store.services.messages.clone(), keyed(to(&group), "hello", "k1"));
            tokio::spawn(async move { messages.post(&principal("ann"), draft).await.unwrap() })
        });
        let mut fresh = 0;
        let mut ids = std::collections::HashSet::new();
        for send in sends.collect::<Vec<_>>() {
            let posted = send.await.unwrap();
            fresh += usize::from(!posted.repeated);
            ids.insert(posted.message.id);
        }
        assert_eq!((fresh, ids.len(), store.events()), (1, 1, events + 1));
    }
}

#[tokio::test]
async fn keys_survive_a_restart() {
    for store in Store::each().await {
        let first = store
            .services
            .messages
            .post(&ann(), keyed(person("bob"), "hello", "k1"))
            .await
            .unwrap();
        let store = store.restart().await;
        let messages = &store.services.messages;
        let repeat = messages
            .post(&ann(), keyed(person("bob"), "hello", "k1"))
            .await
            .unwrap();
        assert_repeats(&repeat, &first);
        let mismatch = messages.post(&ann(), keyed(person("bob"), "other", "k1")).await;
        assert_eq!(mismatch.unwrap_err(), Error::IdempotencyMismatch);
    }
}

#[tokio::test]
async fn temp_id_recognises_equal_content_for_a_minute() {
    for store in Store::each().await {
        let messages = &store.services.messages;
        let draft = |content: &str| Draft {
            temp_id: Some("1".to_owned()),
            ..Draft::text(person("bob"), content, Via::Rest)
        };
        let first = messages.post(&ann(), draft("hello")).await.unwrap();
        // A page's own counter starts again: other content is another message.
        let other = messages.post(&ann(), draft("other")).await.unwrap();
        assert!(!other.repeated);
        assert_repeats(&messages.post(&ann(), draft("hello")).await.unwrap(), &first);
        assert_repeats(&messages.post(&ann(), draft("other")).await.unwrap(), &other);
        store.clock.advance(Duration::from_secs(61));
        assert!(!messages.post(&ann(), draft("hello")).await.unwrap().repeated);
    }
}

#[tokio::test]
async fn rest_send_without_a_key_repeats_an_unproven_hub_send() {
    let store = Store::sqlite().await;
    let messages = &store.services.messages;
    let hub = |content: &str| Draft::text(person("bob"), content, Via::Hub);
    let rest = |content: &str| Draft::text(person("bob"), content, Via::Rest);
    let first = messages.post(&ann(), hub("hello")).await.unwrap();
    assert_repeats(&messages.post(&ann(), rest("hello")).await.unwrap(), &first);
    assert!(!messages.post(&ann(), rest("other")).await.unwrap().repeated);
    // Over the hub it is what the person wanted to say again.
    assert!(!messages.post(&ann(), hub("hello")).await.unwrap().repeated);
    store.clock.advance(Duration::from_secs(6));
    assert!(!messages.post(&ann(), rest("hello")).await.unwrap().repeated);
}

#[tokio::test]
async fn proven_hub_send_is_not_repeated_by_rest() {
    let store = Store::sqlite().await;
    let messages = &store.services.messages;
    let first = messages
        .post(&ann(), Draft::text(person("bob"), "hello", Via::Hub))
        .await
        .unwrap();
    messages.proven(first.message.id);
    assert!(!store.post("ann", person("bob"), "hello").await.unwrap().repeated);
}

#[tokio::test]
async fn a_repeat_is_answered_whatever_would_be_refused_now() {
    for home in TestDatabase::each().await {
        let settings = Settings {
            limits: Limits::default(),
            ..settings()
        };
        let store = Store::open_with(home, settings).await;
        let messages = &store.services.messages;
        let send = async |key: &str| messages.post(&ann(), keyed(person("bob"), "hello", key)).await;
        let first = send("k").await.unwrap();
        while store.post("ann", person("bob"), "again").await.is_ok() {}
        assert_repeats(&send("k").await.unwrap(), &first);
        assert_eq!(send("other").await.unwrap_err().code(), "rate_limited");

        store.clock.advance(Duration::from_secs(60));
        let blocks = &store.services.blocks;
        blocks.set(&principal("bob"), "ann", true).await.unwrap();
        assert_repeats(&send("k").await.unwrap(), &first);
        assert_eq!(send("other").await.unwrap_err().code(), "forbidden");
        blocks.set(&principal("bob"), "ann", false).await.unwrap();

        store.services.deactivate(&admin(), "bob").await.unwrap();
        assert_repeats(&send("k").await.unwrap(), &first);
        assert_eq!(send("other").await.unwrap_err().code(), "forbidden");
    }
}
