//! What is sent on says what its author said.

use entities::ids::EventId;
use hubwire::log::event::Body;
use hubwire::services::Error;
use hubwire::services::messages::{Draft, Posted, Via};
use serde_json::json;

use crate::support::{Store, person, principal};

pub fn forward(to: &str, message: &Posted) -> Draft {
    Draft {
        forward: Some(message.message.id.to_string()),
        ..Draft::text(person(to), "", Via::Rest)
    }
}

#[tokio::test]
async fn what_is_forwarded_names_its_author_and_not_its_place() {
    for store in Store::each().await {
        let messages = &store.services.messages;
        let posted = store.post("ann", person("bob"), "news").await.unwrap();
        let forward = async |who: &str, to: &str, message| messages.post(&principal(who), forward(to, message)).await;
        let once = forward("bob", "cat", &posted).await.unwrap();
        assert_eq!(once.message.content, "news");
        assert_eq!(once.message.forwarded.as_ref().unwrap().sender.id.as_str(), "ann");
        let twice = forward("cat", "dan", &once).await.unwrap();
        let origin = twice.message.forwarded.as_ref().unwrap();
        assert_eq!((origin.id, origin.sender.id.as_str()), (posted.message.id, "ann"));
        let stranger = forward("dan", "ann", &posted).await;
        assert_eq!(stranger.unwrap_err().code(), "not_found");
        let event = store
            .log
            .read_after(EventId(twice.event.unwrap().0 - 1), 1)
            .await
            .unwrap();
        assert!(matches!(&event[0].body, Body::MessagePosted(told) if told.forwarded.is_some()));
    }
}

#[tokio::test]
async fn nobody_puts_words_into_an_authors_mouth() {
    for store in Store::each().await {
        let messages = &store.services.messages;
        let place = Draft {
            kind: Some("location".to_owned()),
            metadata: Some(json!({"latitude": 48.1})),
            ..Draft::text(person("bob"), "here", Via::Rest)
        };
        let posted = messages.post(&principal("ann"), place).await.unwrap();
        store.services.people.seen(&principal("bob")).await.unwrap();
        let before = store.events();
        for (draft, expected) in [
            (
                Draft {
                    content: "there".to_owned(),
                    ..forward("cat", &posted)
                },
                "content",
            ),
            (
                Draft {
                    kind: Some("text".to_owned()),
                    ..forward("cat", &posted)
                },
                "type",
            ),
            (
                Draft {
                    metadata: Some(json!({"latitude": 1.0})),
                    ..forward("cat", &posted)
                },
                "metadata",
            ),
        ] {
            match messages.post(&principal("bob"), draft).await {
                Err(Error::Invalid { field, .. }) => assert_eq!(field, expected),
                other => panic!("{expected}: {other:?}"),
            }
        }
        assert_eq!(store.events(), before);
        let same = Draft {
            content: "here".to_owned(),
            ..forward("cat", &posted)
        };
        let copy = messages.post(&principal("bob"), same).await.unwrap().message;
        assert_eq!(copy.kind, posted.message.kind);
        assert_eq!(copy.metadata.as_ref().unwrap().get(), r#"{"latitude":48.1}"#);
        let edited = messages
            .edit(&principal("bob"), None, &copy.id.to_string(), "there")
            .await;
        assert_eq!(edited.unwrap_err().code(), "forbidden");
    }
}

#[tokio::test]
async fn a_repeated_forward_is_answered_whatever_became_of_its_origin() {
    for store in Store::each().await {
        let messages = &store.services.messages;
        let posted = store.post("ann", person("bob"), "news").await.unwrap();
        let again = || Draft {
            client_message_id: Some("k".to_owned()),
            content: "news".to_owned(),
            ..forward("cat", &posted)
        };
        let first = messages.post(&principal("bob"), again()).await.unwrap();
        let id = posted.message.id.to_string();
        messages.edit(&principal("ann"), None, &id, "olds").await.unwrap();
        for _ in 0..2 {
            let repeat = messages.post(&principal("bob"), again()).await.unwrap();
            assert!(repeat.repeated);
            assert_eq!(
                (repeat.message.id, &*repeat.message.content),
                (first.message.id, "news")
            );
            messages.delete(&principal("ann"), None, &id).await.unwrap();
        }
        let other = store.post("ann", person("bob"), "more").await.unwrap();
        let other = Draft {
            client_message_id: Some("k".to_owned()),
            ..forward("cat", &other)
        };
        let mismatch = messages.post(&principal("bob"), other).await;
        assert_eq!(mismatch.unwrap_err().code(), "idempotency_mismatch");
        let anew = messages.post(&principal("bob"), forward("cat", &posted)).await;
        assert_eq!(anew.unwrap_err().code(), "not_found", "what is deleted is not sent on");
    }
}
