//! Conversations come to be once, and everybody concerned is told.

use entities::conversation::Kind;
use entities::ids::EventId;
use entities::member::Role;
use hubwire::database::{Database, Options};
use hubwire::log::event::Body;
use hubwire::services::groups::{NewGroup, SkipReason, Skipped};
use hubwire::services::paging::PageRequest;
use hubwire::services::{Error, Limits, Profile, Settings, UnknownPeople};

use crate::database::TestDatabase;
use crate::support::{Store, person, principal, settings, to};

#[tokio::test(flavor = "multi_thread")]
async fn racing_first_messages_make_one_conversation() {
    for store in Store::each().await {
        let sends = (0..40).map(|turn| {
            let messages = store.services.messages.clone();
            let (from, target) = if turn % 2 == 0 {
                ("ann", person("bob"))
            } else {
                ("bob", person("ann"))
            };
            let draft = hubwire::services::messages::Draft::text(
                target,
                format!("turn {turn}"),
                hubwire::services::messages::Via::Hub,
            );
            tokio::spawn(async move { messages.post(&principal(from), draft).await.unwrap().message })
        });
        let mut conversations = std::collections::HashSet::new();
        for send in sends.collect::<Vec<_>>() {
            conversations.insert(send.await.unwrap().conversation);
        }
        assert_eq!(conversations.len(), 1);
        let direct = store.direct("bob", "ann").await;
        assert!(conversations.contains(&direct.number));
    }
}

#[tokio::test]
async fn every_member_is_told_of_a_new_conversation() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob", "cat", "bob", "ann"]).await;
        let events = store.log.read_after(EventId(0), 10).await.unwrap();
        let is_news = |body: &Body| !matches!(body, Body::PersonChanged(_));
        let events: Vec<_> = events.iter().filter(|event| is_news(&event.body)).collect();
        let [created, joined @ ..] = events.as_slice() else {
            panic!("no events")
        };
        assert!(matches!(&created.body, Body::ConversationCreated(body) if body.members.len() == 3));
        let told: Vec<_> = joined
            .iter()
            .filter_map(|event| event.user.as_ref())
            .map(|user| user.as_str())
            .collect();
        assert_eq!(told, ["ann", "bob", "cat"]);
        let membership = store.log.members.of(group.number).await.unwrap().unwrap();
        let hears: Vec<_> = membership.at(created.id).map(|member| member.user.as_str()).collect();
        assert_eq!(hears, ["ann", "bob", "cat"]);
        assert_eq!(membership.at(EventId(created.id.0 - 1)).count(), 0);
        for event in joined {
            let view = store
                .services
                .conversations
                .view_for(event.user.as_ref().unwrap(), group.number)
                .await
                .unwrap();
            assert_eq!(view.unwrap().participants.len(), 3);
        }
        let joined = store
            .services
            .conversations
            .joined(&"bob".parse().unwrap())
            .await
            .unwrap();
        assert_eq!(joined, [group.number]);
    }
}

#[tokio::test]
async fn creator_owns_the_group_and_malformed_ids_are_reported() {
    for store in Store::each().await {
        let group = NewGroup {
            name: " lobby ".to_owned(),
            member_ids: vec!["bob".into(), String::new(), "a\nb".into()],
            description: Some("  ".to_owned()),
            ..NewGroup::default()
        };
        let (group, skipped) = store
            .services
            .conversations
            .create_group(&principal("ann"), group)
            .await
            .unwrap();
        assert_eq!(
            (group.name.as_deref(), group.description.as_deref()),
            (Some("lobby"), None)
        );
        assert_eq!(group.owner().unwrap().person.id.as_str(), "ann");
        assert_eq!(
            group.participants.iter().map(|one| one.role).collect::<Vec<_>>(),
            [Role::Owner, Role::Member]
        );
        let malformed = |id: &str| Skipped {
            id: id.to_owned(),
            reason: SkipReason::Malformed,
        };
        assert_eq!(skipped, [malformed(""), malformed("a\nb")]);
    }
}

#[tokio::test]
async fn group_has_a_limit_that_counts_the_creator() {
    let settings = Settings {
        limits: Limits {
            group_members: 3,
            ..settings().limits
        },
        ..settings()
    };
    for home in TestDatabase::each().await {
        let store = Store::open_with(home, settings.clone()).await;
        store.group("ann", &["bob", "cat"]).await;
        let events = store.events();
        let group = NewGroup {
            name: "x".into(),
            member_ids: ["bob", "cat", "dan"].map(String::from).into(),
            ..NewGroup::default()
        };
        let refused = store
            .services
            .conversations
            .create_group(&principal("ann"), group)
            .await
            .unwrap_err();
        assert_eq!(refused, Error::GroupFull { limit: 3, members: 4 });
        assert_eq!(store.events(), events);
        // The numbers of what was refused are given out again.
        store.group("ann", &["bob"]).await;
        assert_eq!(store.events(), events + 3);
    }
}

#[tokio::test]
async fn unknown_people_are_placeholders_or_refused() {
    for home in TestDatabase::each().await {
        let refuse = Settings {
            unknown_people: UnknownPeople::Refuse,
            ..settings()
        };
        let store = Store::open_with(home, refuse).await;
        store.services.people.seen(&principal("bob")).await.unwrap();
        let group = NewGroup {
            name: "x".into(),
            member_ids: vec!["bob".into(), "nobody".into()],
            ..NewGroup::default()
        };
        let (group, skipped) = store
            .services
            .conversations
            .create_group(&principal("ann"), group)
            .await
            .unwrap();
        assert_eq!(group.participants.len(), 2);
        assert_eq!(
            skipped,
            [Skipped {
                id: "nobody".into(),
                reason: SkipReason::Unknown
            }]
        );
        let refused = store.post("ann", person("nobody"), "hello").await.unwrap_err();
        assert_eq!(refused.code(), "not_found");
        // With the other setting the same database takes them in.
        let store = store.restart().await;
        let direct = store.direct("ann", "nobody").await;
        assert_eq!(direct.kind, Kind::Direct);
        assert!(direct.participants.iter().any(|one| one.person.full_name == "nobody"));
        let mut token = principal("nobody");
        token.profile = Profile {
            full_name: Some("No Body".into()),
            ..Profile::default()
        };
        store.services.people.seen(&token).await.unwrap();
        let direct = store.direct("ann", "nobody").await;
        assert!(direct.participants.iter().any(|one| one.person.full_name == "No Body"));
    }
}

#[tokio::test]
async fn profile_follows_the_token_and_keeps_what_it_does_not_say() {
    for store in Store::each().await {
        let people = &store.services.people;
        let mut token = principal("ann");
        assert_eq!(people.seen(&token).await.unwrap().full_name, "ann");
        token.profile = Profile {
            full_name: Some("Ann Lee".into()),
            username: Some("annlee".into()),
            avatar: Some("a.png".into()),
            ..Profile::default()
        };
        assert_eq!(people.seen(&token).await.unwrap().full_name, "Ann Lee");
        let stored = people.me(&principal("ann")).await.unwrap();
        assert_eq!(
            (stored.username.as_str(), stored.avatar.as_deref()),
            ("annlee", Some("a.png"))
        );
        assert_eq!(people.find(&"ann".parse().unwrap()).await.unwrap().unwrap(), stored);
        assert_eq!(people.find(&"bob".parse().unwrap()).await.unwrap(), None);
    }
}

#[tokio::test]
async fn list_has_the_latest_activity_first_and_pages() {
    for store in Store::each().await {
        let mut groups = Vec::new();
        for _ in 0..7 {
            groups.push(store.group("ann", &["bob"]).await.number);
            store.clock.advance(std::time::Duration::from_secs(1));
        }
        let target = store
            .services
            .conversations
            .view_for(&"ann".parse().unwrap(), groups[2])
            .await
            .unwrap()
            .unwrap();
        store.post("bob", to(&target), "hello").await.unwrap();
        store.post("ann", to(&target), "hello").await.unwrap();
        groups.reverse();
        let moved = groups.remove(4);
        groups.insert(0, moved);
        let mut listed = Vec::new();
        for page in 1..=3 {
            let request = PageRequest {
                page: Some(page.to_string()),
                limit: Some("3".into()),
                ..PageRequest::default()
            };
            let page = store
                .services
                .conversations
                .list(&principal("ann"), &request, false)
                .await
                .unwrap();
            assert_eq!((page.pagination.total, page.pagination.total_pages), (7, 3));
            assert_eq!(page.pagination.has_more, page.pagination.page < 3);
            listed.extend(page.items);
        }
        assert_eq!(listed.iter().map(|one| one.number).collect::<Vec<_>>(), groups);
        assert_eq!(listed[0].unread_count, 1);
        assert_eq!(listed[0].last_message.as_ref().unwrap().sender.id.as_str(), "ann");
        assert_eq!(
            store
                .services
                .conversations
                .groups(&principal("bob"), &PageRequest::default())
                .await
                .unwrap()
                .items
                .len(),
            7
        );
    }
}

#[tokio::test]
async fn guids_are_one_person_in_any_case() {
    let store = Store::sqlite().await;
    let upper = "018F3C2A-7B1E-7C4D-9A2B-0123456789AB";
    let first = store
        .services
        .conversations
        .direct(&principal("ann"), upper)
        .await
        .unwrap();
    let second = store
        .services
        .conversations
        .direct(&principal("ann"), &upper.to_lowercase())
        .await
        .unwrap();
    assert_eq!(first.number, second.number);
}

#[tokio::test]
async fn connecting_twice_is_one_database() {
    let home = TestDatabase::sqlite();
    let first = Database::open(&Options::new(&home.url)).await.unwrap();
    let second = Database::open(&Options::new(&home.url)).await.unwrap();
    first.ping().await.unwrap();
    second.ping().await.unwrap();
}
