//! What is done to messages after they were posted: for whom it is allowed, and what is left.

use entities::conversation::History;
use entities::ids::EventId;
use hubwire::services::Error;
use hubwire::services::groups::NewGroup;
use hubwire::services::messages::{Action, Draft, Via};
use hubwire::services::paging::PageRequest;
use hubwire::services::people::NewProfile;
use sea_orm::{ConnectionTrait, Statement};

use crate::support::{Store, admin, person, principal, to};

fn id(posted: &hubwire::services::messages::Posted) -> String {
    posted.message.id.to_string()
}

#[tokio::test]
async fn an_edit_keeps_what_was_said_before() {
    for store in Store::each().await {
        let messages = &store.services.messages;
        let posted = store.post("ann", person("bob"), "helo").await.unwrap();
        store.clock.advance(std::time::Duration::from_secs(60));
        let edited = messages.edit(&principal("ann"), None, &id(&posted), " hello ").await;
        let edited = edited.unwrap();
        assert_eq!((edited.content.as_str(), edited.seq.0), ("hello", 1));
        assert_eq!(edited.edited_at, Some(posted.message.created_at + 60_000));
        let before = store.events();
        messages
            .edit(&principal("ann"), None, &id(&posted), "hello")
            .await
            .unwrap();
        assert_eq!(store.events(), before, "the same content is no edit");
        let found = messages.find(&principal("bob"), &id(&posted)).await.unwrap();
        assert_eq!(found.content, "hello");
        let former = messages.edits(&principal("bob"), &id(&posted)).await.unwrap();
        assert_eq!(former.len(), 1);
        assert_eq!(former[0].content, "helo");
    }
}

#[tokio::test]
async fn only_the_sender_edits_and_only_for_a_quarter_of_an_hour() {
    for store in Store::each().await {
        let messages = &store.services.messages;
        let group = store.group("ann", &["bob"]).await;
        let posted = store.post("bob", to(&group), "one").await.unwrap();
        let edit = async |who: &str| messages.edit(&principal(who), None, &id(&posted), "two").await;
        assert_eq!(edit("ann").await.unwrap_err().code(), "forbidden");
        assert_eq!(edit("cat").await.unwrap_err().code(), "not_found");
        store.clock.advance(std::time::Duration::from_secs(15 * 60));
        edit("bob").await.unwrap();
        store.clock.advance(std::time::Duration::from_secs(60));
        let late = messages.edit(&principal("bob"), None, &id(&posted), "three").await;
        let over = Error::EditWindowOver {
            minutes: 15,
            age_minutes: 16,
        };
        assert_eq!(late.unwrap_err(), over);
    }
}

#[tokio::test]
async fn a_deleted_message_is_a_tombstone_and_its_text_is_nowhere() {
    for store in Store::each().await {
        let messages = &store.services.messages;
        let group = store.group("ann", &["bob", "cat"]).await;
        let posted = store.post("bob", to(&group), "a secret word").await.unwrap();
        messages
            .edit(&principal("bob"), None, &id(&posted), "another secret")
            .await
            .unwrap();
        let answer = Draft {
            parent: Some(id(&posted)),
            ..Draft::text(to(&group), "what?", Via::Rest)
        };
        let answer = messages.post(&principal("cat"), answer).await.unwrap();
        assert_eq!(answer.message.quoted.as_ref().unwrap().content, "another secret");
        messages
            .react(&principal("cat"), None, &id(&posted), "❤", Action::Add)
            .await
            .unwrap();

        let refused = messages.delete(&principal("cat"), None, &id(&posted)).await;
        assert_eq!(refused.unwrap_err().code(), "forbidden");
        messages.delete(&principal("ann"), None, &id(&posted)).await.unwrap();
        let before = store.events();
        messages.delete(&principal("bob"), None, &id(&posted)).await.unwrap();
        assert_eq!(store.events(), before, "deleted is deleted");

        let tombstone = messages.find(&principal("cat"), &id(&posted)).await.unwrap();
        assert_eq!((tombstone.content.as_str(), tombstone.seq.0), ("", 1));
        assert!(tombstone.deleted_at.is_some() && tombstone.reactions.is_empty());
        let answer = messages.find(&principal("cat"), &id(&answer)).await.unwrap();
        let quoted = answer.quoted.unwrap();
        assert!(quoted.is_deleted && quoted.content.is_empty());
        assert!(
            messages
                .edits(&principal("cat"), &id(&posted))
                .await
                .unwrap()
                .is_empty()
        );
        // Neither the log nor the part of it in memory says it any more.
        for event in store.log.read_after(EventId(0), 100).await.unwrap() {
            assert!(!format!("{event:?}").contains("secret"), "{event:?}");
        }
        let backend = store.database.read.get_database_backend();
        for table in ["events", "messages", "message_edits"] {
            let column = if table == "events" { "body" } else { "content" };
            let sql = format!("SELECT {column} FROM {table} WHERE {column} LIKE '%secret%'");
            let rows = store.database.read.query_all_raw(Statement::from_string(backend, sql));
            assert!(rows.await.unwrap().is_empty(), "{table}");
        }
        // And nothing more can be done to it.
        let late = [
            messages
                .edit(&principal("bob"), None, &id(&posted), "again")
                .await
                .err(),
            messages.pin(&principal("ann"), &id(&posted), true).await.err(),
            messages
                .react(&principal("ann"), None, &id(&posted), "👍", Action::Add)
                .await
                .err(),
        ];
        for error in late {
            assert_eq!(error.unwrap().code(), "not_found");
        }
    }
}

#[tokio::test]
async fn a_reaction_stands_once_whoever_races() {
    for store in Store::each().await {
        let messages = &store.services.messages;
        let posted = store.post("ann", person("bob"), "one").await.unwrap();
        let (bob, message) = (principal("bob"), id(&posted));
        store.services.people.seen(&bob).await.unwrap();
        let before = store.events();
        let adds = (0..8).map(|_| messages.react(&bob, None, &message, "👍", Action::Add));
        for standing in futures_util::future::join_all(adds).await {
            assert_eq!(standing.unwrap().summary, [("👍".to_owned(), 1)].into());
        }
        assert_eq!(store.events(), before + 1, "told once");
        let toggled = messages
            .react(&principal("ann"), None, &id(&posted), "👍", Action::Toggle)
            .await
            .unwrap();
        assert!(toggled.stands);
        assert_eq!(toggled.summary["👍"], 2);
        let back = messages
            .react(&principal("bob"), None, &id(&posted), "👍", Action::Toggle)
            .await
            .unwrap();
        assert!(!back.stands);
        assert_eq!(back.summary["👍"], 1);
        let page = messages
            .reactions(&principal("bob"), &id(&posted), &PageRequest::default())
            .await
            .unwrap();
        assert_eq!(page.items.len(), 1);
        assert_eq!(page.items[0].person.id.as_str(), "ann");
        for bad in ["", "two words", &"x".repeat(33)] {
            let refused = messages
                .react(&principal("bob"), None, &id(&posted), bad, Action::Add)
                .await;
            assert_eq!(refused.unwrap_err().code(), "validation_failed");
        }
    }
}

#[tokio::test]
async fn pins_belong_to_both_of_a_pair_and_to_the_admins_of_a_group() {
    for store in Store::each().await {
        let messages = &store.services.messages;
        let direct = store.post("ann", person("bob"), "one").await.unwrap();
        let pinned = messages.pin(&principal("bob"), &id(&direct), true).await.unwrap();
        assert!(pinned.is_pinned);
        let group = store.group("ann", &["bob"]).await;
        let first = store.post("bob", to(&group), "one").await.unwrap();
        let second = store.post("bob", to(&group), "two").await.unwrap();
        let refused = messages.pin(&principal("bob"), &id(&first), true).await;
        assert_eq!(refused.unwrap_err().code(), "forbidden");
        for posted in [&second, &first] {
            messages.pin(&principal("ann"), &id(posted), true).await.unwrap();
            store.clock.advance(std::time::Duration::from_secs(1));
        }
        let pins = async || {
            let page = messages
                .pins(&principal("bob"), &group.id.to_string(), &PageRequest::default())
                .await
                .unwrap();
            page.items
                .iter()
                .map(|message| message.content.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(pins().await, ["one", "two"], "the last one pinned first");
        messages.pin(&principal("ann"), &id(&first), false).await.unwrap();
        assert_eq!(pins().await, ["two"]);
    }
}

#[tokio::test]
async fn answers_are_counted_and_paged() {
    for store in Store::each().await {
        let messages = &store.services.messages;
        let group = store.group("ann", &["bob"]).await;
        let root = store.post("ann", to(&group), "root").await.unwrap();
        for turn in 0..5 {
            let answer = Draft {
                parent: Some(id(&root)),
                ..Draft::text(to(&group), format!("answer {turn}"), Via::Rest)
            };
            messages.post(&principal("bob"), answer).await.unwrap();
        }
        let found = messages.find(&principal("ann"), &id(&root)).await.unwrap();
        assert_eq!(found.reply_count, 5);
        let page = PageRequest {
            take: Some("2".into()),
            ..PageRequest::default()
        };
        let page = messages.thread(&principal("ann"), &id(&root), &page).await.unwrap();
        let texts: Vec<_> = page.items.iter().map(|message| message.content.as_str()).collect();
        assert_eq!(texts, ["answer 3", "answer 4"]);
        assert_eq!(page.pagination.total, 5);
        let before = PageRequest {
            take: Some("2".into()),
            before: page.pagination.next_cursor.map(|id| id.to_string()),
            ..PageRequest::default()
        };
        let earlier = messages.thread(&principal("ann"), &id(&root), &before).await.unwrap();
        let texts: Vec<_> = earlier.items.iter().map(|message| message.content.as_str()).collect();
        assert_eq!(texts, ["answer 1", "answer 2"]);
        assert!(earlier.pagination.has_more && earlier.pagination.prev_cursor == Some(earlier.items[1].id));
        let after = PageRequest {
            after: earlier.pagination.prev_cursor.map(|id| id.to_string()),
            ..PageRequest::default()
        };
        let later = messages.thread(&principal("ann"), &id(&root), &after).await.unwrap();
        assert_eq!(
            later.items.iter().map(|one| one.id).collect::<Vec<_>>(),
            page.items.iter().map(|one| one.id).collect::<Vec<_>>()
        );
        assert!(!later.pagination.has_more);
        messages
            .delete(&principal("bob"), None, &page.items[1].id.to_string())
            .await
            .unwrap();
        let found = messages.find(&principal("ann"), &id(&root)).await.unwrap();
        assert_eq!(found.reply_count, 4, "what is deleted does not count");
    }
}

#[tokio::test]
async fn mentions_are_members_and_everybody_only_by_an_admin() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob", "cat"]).await;
        let mentioned = async |who: &str, text: &str| {
            let posted = store.post(who, to(&group), text).await.unwrap();
            let mentions = posted.message.mentions.iter().map(ToString::to_string);
            mentions.collect::<Vec<_>>()
        };
        assert_eq!(
            mentioned("bob", "@ANN and @cat, not @dan or me@bob").await,
            ["ann", "cat"]
        );
        assert_eq!(mentioned("ann", "@all").await, ["bob", "cat"]);
        assert!(mentioned("bob", "@all").await.is_empty());
        let address = NewProfile {
            username: Some("ann@example.test".to_owned()),
            ..NewProfile::default()
        };
        store.services.people.put(&admin(), "cat", address).await.unwrap();
        assert_eq!(mentioned("bob", "@ann@example.test, @ann").await, ["ann", "cat"]);
        assert_eq!(
            mentioned("bob", "@Ann@Example.Test.").await,
            ["cat"],
            "the longest name is meant"
        );
    }
}

#[tokio::test]
async fn what_is_answered_stays_hidden_from_who_came_later() {
    for store in Store::each().await {
        let (messages, conversations) = (&store.services.messages, &store.services.conversations);
        let group = NewGroup {
            name: "lobby".to_owned(),
            history: History::FromJoin,
            ..NewGroup::default()
        };
        let (group, _) = conversations.create_group(&principal("ann"), group).await.unwrap();
        let older = store.post("ann", to(&group), "older").await.unwrap();
        let reference = group.id.to_string();
        conversations
            .add_members(&principal("ann"), &reference, vec!["bob".to_owned()])
            .await
            .unwrap();
        store.promote("ann", &group, &["bob"], "admin").await.unwrap();
        let answer = Draft {
            parent: Some(id(&older)),
            ..Draft::text(to(&group), "newer", Via::Rest)
        };
        let answer = messages.post(&principal("ann"), answer).await.unwrap();
        let pinned = messages.pin(&principal("bob"), &id(&answer), true).await.unwrap();
        assert!(pinned.quoted.is_none());
        let unpinned = messages.pin(&principal("ann"), &id(&answer), false).await.unwrap();
        assert_eq!(unpinned.quoted.unwrap().content, "older");
    }
}
