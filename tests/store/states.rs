//! What a conversation is to one of its members.

use hubwire::services::details::ConversationDetails;
use hubwire::services::groups::NewGroup;
use hubwire::services::messages::Target;
use hubwire::services::paging::PageRequest;
use hubwire::services::states::Flag;

use crate::support::{EPOCH, Store, person, principal, to};

impl Store {
    async fn listed(&self, user: &str, include_archived: bool) -> Vec<ConversationDetails> {
        let conversations = &self.services.conversations;
        let page = conversations
            .list(&principal(user), &PageRequest::default(), include_archived)
            .await;
        page.unwrap().items
    }

    async fn found(&self, user: &str, text: &str) -> Vec<String> {
        let conversations = &self.services.conversations;
        let page = conversations
            .search(&principal(user), text, &PageRequest::default())
            .await;
        let name = |found: ConversationDetails| {
            found
                .name
                .unwrap_or_else(|| found.participants[1].person.id.to_string())
        };
        page.unwrap().items.into_iter().map(name).collect()
    }
}

#[tokio::test]
async fn flags_are_ones_own_and_the_same_again_tells_nobody() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob"]).await;
        let (reference, conversations) = (group.id.to_string(), &store.services.conversations);
        let set = async |flag| {
            conversations
                .set_flag(&principal("ann"), &reference, flag)
                .await
                .unwrap()
        };
        let muted = Flag::Muted {
            is_muted: true,
            until: None,
        };
        let before = store.events();
        for _ in 0..2 {
            assert!(set(muted).await.is_muted);
            assert!(set(Flag::Pinned(true)).await.is_pinned);
            let state = set(Flag::Archived(true)).await;
            assert!(state.is_muted && state.is_pinned && state.is_archived);
        }
        assert_eq!(store.told_since(before).await, ["state_changed: ann alone"; 3]);
        assert!(store.listed("ann", false).await.is_empty());
        assert!(store.listed("ann", true).await[0].is_muted);
        assert!(!store.listed("bob", false).await[0].is_muted);
        assert!(!set(Flag::Archived(false)).await.is_archived);
        let refused = conversations.set_flag(&principal("eve"), &reference, muted).await;
        assert_eq!(refused.unwrap_err().code(), "not_found");
    }
}

#[tokio::test]
async fn mute_ends_by_itself() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob"]).await;
        let (reference, conversations) = (group.id.to_string(), &store.services.conversations);
        let mute = async |until| {
            let flag = Flag::Muted {
                is_muted: true,
                until: Some(until),
            };
            conversations
                .set_flag(&principal("ann"), &reference, flag)
                .await
                .unwrap()
        };
        assert!(!mute(EPOCH - 1).await.is_muted, "it is over already");
        assert_eq!(mute(EPOCH + 1_000).await.muted_until, Some(EPOCH + 1_000));
        assert!(store.listed("ann", false).await[0].is_muted);
        store.clock.advance(std::time::Duration::from_secs(1));
        assert!(!store.listed("ann", false).await[0].is_muted);
        let state = conversations
            .set_flag(&principal("ann"), &reference, Flag::Pinned(true))
            .await;
        assert!(!state.unwrap().is_muted);
    }
}

#[tokio::test]
async fn removed_direct_conversation_is_cleared_and_comes_back_with_the_next_message() {
    for store in Store::each().await {
        store.post("bob", person("ann"), "one").await.unwrap();
        let direct = store.direct("ann", "bob").await;
        let (reference, conversations) = (direct.id.to_string(), &store.services.conversations);
        let (ann, page) = (principal("ann"), PageRequest::default());
        conversations
            .set_flag(&ann, &reference, Flag::Archived(true))
            .await
            .unwrap();
        let before = store.events();
        for _ in 0..2 {
            conversations.leave(&ann, &reference).await.unwrap();
        }
        assert_eq!(store.told_since(before).await, ["state_changed: ann alone"]);
        assert!(store.listed("ann", true).await.is_empty());
        assert_eq!(store.found("ann", "bob").await, Vec::<String>::new());
        assert_eq!(store.listed("bob", true).await.len(), 1, "the other keeps it");
        let cleared = store.direct("ann", "bob").await;
        assert_eq!((cleared.id, cleared.unread_count), (direct.id, 0));
        assert!(cleared.last_message.is_none());

        store.post("bob", to(&direct), "two").await.unwrap();
        let listed = store.listed("ann", false).await;
        assert_eq!((listed[0].id, listed[0].unread_count), (direct.id, 1));
        let seen = store.services.messages.page(&ann, &reference, &page).await.unwrap();
        let seen: Vec<_> = seen.items.iter().map(|message| message.content.as_str()).collect();
        assert_eq!(seen, ["two"]);
        let seen = store
            .services
            .messages
            .page(&principal("bob"), &reference, &page)
            .await
            .unwrap();
        assert_eq!(seen.items.len(), 2);
        conversations.leave(&ann, &reference).await.unwrap();
        assert!(store.listed("ann", true).await.is_empty(), "and may be removed again");
    }
}

#[tokio::test]
async fn pinned_unread_and_names_find_conversations() {
    for store in Store::each().await {
        let (ann, conversations) = (principal("ann"), &store.services.conversations);
        for name in ["Café Zürich", "Coffee"] {
            let group = NewGroup {
                name: name.to_owned(),
                member_ids: vec!["bob".to_owned()],
                ..NewGroup::default()
            };
            conversations.create_group(&ann, group).await.unwrap();
        }
        let direct = store.direct("ann", "zoë").await;
        store.post("zoë", to(&direct), "hi").await.unwrap();
        for (text, names) in [
            ("cafe", vec!["Café Zürich"]),
            ("ZURICH", vec!["Café Zürich"]),
            ("co", vec!["Coffee"]),
            ("Zoe", vec!["zoë"]),
            ("ann", vec![]),
            ("%", vec![]),
        ] {
            assert_eq!(store.found("ann", text).await, names, "{text}");
        }
        assert_eq!(store.found("bob", "c").await.len(), 2);
        assert_eq!(store.found("eve", "c").await, Vec::<String>::new());

        conversations
            .set_flag(&ann, &direct.id.to_string(), Flag::Pinned(true))
            .await
            .unwrap();
        let pinned = conversations.pinned(&ann, &PageRequest::default()).await.unwrap();
        let pinned: Vec<_> = pinned.items.iter().map(|found| found.id).collect();
        assert_eq!(pinned, [direct.id]);
        let unread = conversations.unread(&ann).await.unwrap();
        assert_eq!((unread.total, unread.conversations), (1, vec![(direct.id, 1)]));
        let unread = conversations.unread(&principal("zoë")).await.unwrap();
        assert_eq!((unread.total, unread.conversations), (0, vec![]));
    }
}

#[tokio::test]
async fn former_members_have_no_state() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob"]).await;
        let (reference, conversations) = (group.id.to_string(), &store.services.conversations);
        conversations.leave(&principal("bob"), &reference).await.unwrap();
        let set = conversations
            .set_flag(&principal("bob"), &reference, Flag::Pinned(true))
            .await;
        assert_eq!(set.unwrap_err().code(), "not_a_participant");
        let post = store.post("bob", Target::Conversation(reference), "x").await;
        assert_eq!(post.unwrap_err().code(), "not_a_participant");
    }
}
