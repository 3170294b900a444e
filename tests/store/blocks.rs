//! Between two of whom one blocked the other there are no direct messages.

use hubwire::services::messages::Action;
use hubwire::services::paging::PageRequest;
use hubwire::services::{Error, Settings, UnknownPeople};

use crate::database::TestDatabase;
use crate::support::{Store, person, principal, settings, to};

impl Store {
    async fn block(&self, user: &str, other: &str, is_blocked: bool) {
        let blocks = &self.services.blocks;
        blocks.set(&principal(user), other, is_blocked).await.unwrap();
    }

    async fn blocked(&self, user: &str) -> Vec<String> {
        let page = self
            .services
            .blocks
            .list(&principal(user), &PageRequest::default())
            .await;
        page.unwrap().items.into_iter().map(|one| one.id.to_string()).collect()
    }
}

#[tokio::test]
async fn neither_writes_to_the_other_until_the_block_ends() {
    for store in Store::each().await {
        let direct = store.direct("ann", "bob").await;
        store.post("bob", to(&direct), "one").await.unwrap();
        for _ in 0..2 {
            store.block("ann", "bob", true).await;
        }
        assert_eq!(store.blocked("ann").await, ["bob"]);
        assert_eq!(store.blocked("bob").await, Vec::<String>::new());
        let before = store.events();
        let errors = [
            store.post("bob", to(&direct), "two").await.unwrap_err(),
            store.post("bob", person("ann"), "two").await.unwrap_err(),
            store.post("ann", person("bob"), "two").await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.code(), "forbidden");
        }
        let found = store
            .services
            .conversations
            .find(&principal("bob"), &direct.id.to_string())
            .await;
        assert_eq!(
            found.unwrap().last_message.unwrap().content,
            "one",
            "what was said stays"
        );
        assert_eq!(store.events(), before);

        // The other one's block is their own.
        store.block("bob", "ann", true).await;
        store.block("ann", "bob", false).await;
        assert_eq!(
            store.post("ann", to(&direct), "two").await.unwrap_err().code(),
            "forbidden"
        );
        store.block("bob", "ann", false).await;
        store.post("ann", to(&direct), "two").await.unwrap();
    }
}

#[tokio::test]
async fn neither_begins_a_conversation_with_the_other() {
    for store in Store::each().await {
        store.block("ann", "bob", true).await;
        let conversations = &store.services.conversations;
        let errors = [
            conversations.direct(&principal("bob"), "ann").await.unwrap_err(),
            conversations.direct(&principal("ann"), "bob").await.unwrap_err(),
            store.post("bob", person("ann"), "hi").await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.code(), "forbidden");
        }
        store.block("ann", "bob", false).await;
        store.post("bob", person("ann"), "hi").await.unwrap();
    }
}

#[tokio::test]
async fn nothing_new_is_said_by_other_means_either() {
    for store in Store::each().await {
        let messages = &store.services.messages;
        let posted = store.post("bob", person("ann"), "one").await.unwrap();
        let (bob, id) = (principal("bob"), posted.message.id.to_string());
        messages.react(&bob, None, &id, "👍", Action::Add).await.unwrap();
        store.block("ann", "bob", true).await;
        let before = store.events();
        let edited = messages.edit(&bob, None, &id, "two").await.map(drop);
        for action in [Action::Add, Action::Toggle] {
            let reacted = messages.react(&bob, None, &id, "two", action).await.map(drop);
            assert_eq!(reacted.unwrap_err().code(), "forbidden");
        }
        assert_eq!(edited.unwrap_err().code(), "forbidden");
        assert_eq!(store.events(), before);
        // What was said may be taken back.
        messages.react(&bob, None, &id, "👍", Action::Remove).await.unwrap();
        messages.delete(&bob, None, &id).await.unwrap();
    }
}

#[tokio::test]
async fn groups_know_no_blocks() {
    for store in Store::each().await {
        store.block("ann", "bob", true).await;
        let group = store.group("ann", &["bob"]).await;
        store.post("bob", to(&group), "hi").await.unwrap();
        store.post("ann", to(&group), "hi").await.unwrap();
    }
}

#[tokio::test]
async fn blocks_survive_the_server_and_hold_from_the_next_message_on() {
    for store in Store::each().await {
        store.post("bob", person("ann"), "one").await.unwrap();
        store.block("ann", "bob", true).await;
        let store = store.restart().await;
        assert_eq!(
            store.post("bob", person("ann"), "two").await.unwrap_err().code(),
            "forbidden"
        );
    }
}

#[tokio::test]
async fn nobody_blocks_themselves_or_somebody_unknown_where_that_is_refused() {
    for home in TestDatabase::each().await {
        let settings = Settings {
            unknown_people: UnknownPeople::Refuse,
            ..settings()
        };
        let store = Store::open_with(home, settings).await;
        let set = async |other: &str| store.services.blocks.set(&principal("ann"), other, true).await;
        assert!(matches!(set("ann").await, Err(Error::Invalid { field: "userId", .. })));
        for stranger in ["bob", "", "a\nb"] {
            assert_eq!(set(stranger).await.unwrap_err().code(), "not_found", "{stranger}");
        }
        assert_eq!(store.blocked("ann").await, Vec::<String>::new());
    }
}
