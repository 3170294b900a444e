//! People come into a group and leave it: who may, who is told, what they see.

use std::sync::Arc;

use entities::conversation::History;
use entities::ids::EventId;
use hubwire::log::event::{Body, Departure, Event};
use hubwire::services::details::ConversationDetails;
use hubwire::services::groups::{GroupChange, SkipReason, Skipped};
use hubwire::services::paging::PageRequest;
use hubwire::services::{Error, Limits, Settings, UnknownPeople};

use crate::database::TestDatabase;
use crate::support::{Store, principal, settings, to};

impl Store {
    pub async fn add(&self, by: &str, group: &ConversationDetails, ids: &[&str]) -> Result<Vec<Skipped>, Error> {
        let ids = ids.iter().map(|id| (*id).to_owned()).collect();
        let conversations = &self.services.conversations;
        let written = conversations
            .add_members(&principal(by), &group.id.to_string(), ids)
            .await?;
        Ok(written.skipped)
    }

    async fn remove(&self, by: &str, group: &ConversationDetails, ids: Option<&[&str]>) -> Result<Vec<Skipped>, Error> {
        let ids = ids.map(|ids| ids.iter().map(|id| (*id).to_owned()).collect());
        let conversations = &self.services.conversations;
        let written = conversations
            .remove_members(&principal(by), &group.id.to_string(), ids)
            .await?;
        Ok(written.skipped)
    }

    /// The members with their power, `ann*` the owner and `bob+` an admin.
    pub async fn members(&self, group: &ConversationDetails) -> Vec<String> {
        let membership = self.log.members.of(group.number).await.unwrap().unwrap();
        let current = membership
            .intervals
            .iter()
            .filter(|member| member.until_event.is_none());
        current
            .map(|member| {
                let sign = match member.role {
                    entities::member::Role::Owner => "*",
                    entities::member::Role::Admin => "+",
                    entities::member::Role::Member => "",
                };
                format!("{}{sign}", member.user)
            })
            .collect()
    }

    /// What happened since, as `kind person: those who are told`; not what is kept of people, of which nobody is.
    pub async fn told_since(&self, since: i64) -> Vec<String> {
        let events = self.log.read_after(EventId(since), 100).await.unwrap();
        let mut told = Vec::new();
        for event in events {
            if !matches!(event.body, Body::PersonChanged(_)) {
                told.push(self.shown(&event).await);
            }
        }
        told
    }

    async fn shown(&self, event: &Arc<Event>) -> String {
        let what = match &event.body {
            Body::MemberAdded(change) | Body::MemberRemoved(change) | Body::RoleChanged(change) => {
                format!("{} {}", event.body.kind(), change.person.id)
            }
            body => body.kind().to_owned(),
        };
        if let Some(user) = &event.user {
            return format!("{what}: {user} alone");
        }
        let membership = self.log.members.of(event.conversation.unwrap()).await.unwrap().unwrap();
        let hearers: Vec<_> = membership.told(event).map(|member| member.user.as_str()).collect();
        format!("{what}: {}", hearers.join(" "))
    }

    async fn sees(&self, user: &str, group: &ConversationDetails) -> Vec<String> {
        let page = PageRequest::default();
        let messages = &self.services.messages;
        let page = messages.page(&principal(user), &group.id.to_string(), &page).await;
        page.unwrap().items.into_iter().map(|message| message.content).collect()
    }
}

#[tokio::test]
async fn members_learn_of_a_newcomer_and_the_newcomer_of_the_group() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob"]).await;
        let before = store.events();
        store.add("ann", &group, &["cat", "dan", "cat"]).await.unwrap();
        let expected = [
            "member_added cat: ann bob",
            "member_added dan: ann bob",
            "member_joined: cat alone",
            "member_joined: dan alone",
        ];
        assert_eq!(store.told_since(before).await, expected);
        assert_eq!(store.members(&group).await, ["ann*", "bob", "cat", "dan"]);
        let posted = store.post("cat", to(&group), "hello").await.unwrap();
        let told = store.told_since(posted.event.unwrap().0 - 1).await;
        assert_eq!(told, ["message_posted: ann bob cat dan"]);
    }
}

#[tokio::test]
async fn only_the_owner_and_admins_add_and_what_cannot_be_added_is_reported() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob"]).await;
        let refused = store.add("bob", &group, &["cat"]).await.unwrap_err();
        assert_eq!(refused.code(), "forbidden");
        let refused = store.add("eve", &group, &["eve"]).await.unwrap_err();
        assert_eq!(refused.code(), "not_found");
        let skipped = store.add("ann", &group, &["", "bob", "cat", "ann"]).await.unwrap();
        let skipped: Vec<_> = skipped.iter().map(|one| (one.id.as_str(), one.reason)).collect();
        let expected = [
            ("", SkipReason::Malformed),
            ("bob", SkipReason::AlreadyMember),
            ("ann", SkipReason::AlreadyMember),
        ];
        assert_eq!(skipped, expected);
        let nobody = store.add("ann", &group, &[]).await.unwrap_err();
        assert!(matches!(nobody, Error::Invalid { field: "memberIds", .. }));
        assert_eq!(store.members(&group).await, ["ann*", "bob", "cat"]);
    }
}

#[tokio::test]
async fn full_group_takes_nobody_and_strangers_are_refused_where_the_setting_says_so() {
    for home in TestDatabase::each().await {
        let settings = Settings {
            limits: Limits {
                group_members: 3,
                ..settings().limits
            },
            ..settings()
        };
        let store = Store::open_with(home, settings.clone()).await;
        let group = store.group("ann", &["bob"]).await;
        let before = store.events();
        let full = store.add("ann", &group, &["cat", "dan"]).await.unwrap_err();
        assert_eq!(full, Error::GroupFull { limit: 3, members: 4 });
        assert_eq!(store.events(), before);
        store.log.close().await;
        store.database.close().await.unwrap();

        let refusing = Settings {
            unknown_people: UnknownPeople::Refuse,
            ..settings
        };
        let store = Store::open_with(store.home, refusing).await;
        store.services.people.seen(&principal("dan")).await.unwrap();
        let skipped = store
            .add("ann", &group, &["nobody", "dan", "bob", "no one"])
            .await
            .unwrap();
        let reasons: Vec<_> = skipped.iter().map(|one| one.reason).collect();
        assert_eq!(
            reasons,
            [SkipReason::Unknown, SkipReason::Unknown, SkipReason::AlreadyMember]
        );
        assert_eq!(store.members(&group).await, ["ann*", "bob", "dan"]);
    }
}

#[tokio::test]
async fn removed_member_hears_that_and_nothing_after_it() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob", "cat"]).await;
        let before = store.events();
        assert_eq!(store.remove("ann", &group, Some(&["bob"])).await.unwrap(), []);
        store.post("ann", to(&group), "without bob").await.unwrap();
        let expected = [
            "member_removed bob: ann cat",
            "member_left: bob alone",
            "message_posted: ann cat",
        ];
        assert_eq!(store.told_since(before).await, expected);
        let events = store.log.read_after(EventId(before), 10).await.unwrap();
        assert!(matches!(&events[1].body, Body::MemberLeft(left) if left.how == Departure::Removed));
        let (bob, reference) = (principal("bob"), group.id.to_string());
        let errors = [
            store.post("bob", to(&group), "I am back").await.unwrap_err(),
            store.add("bob", &group, &["bob"]).await.unwrap_err(),
            store.remove("bob", &group, None).await.unwrap_err(),
            store.services.conversations.find(&bob, &reference).await.unwrap_err(),
            store.services.conversations.leave(&bob, &reference).await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error, Error::NotAParticipant);
        }
        let again = store.remove("ann", &group, Some(&["bob", "eve"])).await.unwrap();
        let again: Vec<_> = again.iter().map(|one| one.reason).collect();
        assert_eq!(again, [SkipReason::NotAMember; 2]);
    }
}

#[tokio::test]
async fn admins_remove_members_the_owner_anybody_and_members_nobody() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob", "cat", "dan", "eve"]).await;
        store.promote("ann", &group, &["bob", "cat"], "admin").await.unwrap();
        for (by, whom) in [("dan", "eve"), ("bob", "cat"), ("bob", "ann")] {
            let before = store.events();
            let refused = store.remove(by, &group, Some(&["eve", whom])).await.unwrap_err();
            assert_eq!(refused.code(), "forbidden", "{by} removes {whom}");
            assert_eq!(store.events(), before, "nobody is removed by half");
        }
        store.remove("bob", &group, Some(&["eve"])).await.unwrap();
        store.remove("ann", &group, Some(&["cat", "dan"])).await.unwrap();
        assert_eq!(store.members(&group).await, ["ann*", "bob+"]);
    }
}

#[tokio::test]
async fn without_a_target_a_member_leaves_and_who_has_power_is_asked_whom_they_mean() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob", "cat"]).await;
        store.promote("ann", &group, &["bob"], "admin").await.unwrap();
        for by in ["ann", "bob"] {
            let asked = store.remove(by, &group, None).await.unwrap_err();
            assert!(matches!(asked, Error::Invalid { field: "memberIds", .. }), "{asked}");
        }
        store.remove("cat", &group, None).await.unwrap();
        store.remove("bob", &group, Some(&["bob"])).await.unwrap();
        assert_eq!(store.members(&group).await, ["ann*"]);
    }
}

#[tokio::test]
async fn owner_who_leaves_hands_over_to_the_oldest_admin_else_the_oldest_member() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob", "cat", "dan"]).await;
        let reference = group.id.to_string();
        let conversations = &store.services.conversations;
        store.promote("ann", &group, &["dan"], "admin").await.unwrap();
        let before = store.events();
        conversations.leave(&principal("ann"), &reference).await.unwrap();
        let expected = [
            "member_removed ann: bob cat dan",
            "member_left: ann alone",
            "role_changed dan: bob cat dan",
        ];
        assert_eq!(store.told_since(before).await, expected);
        assert_eq!(store.members(&group).await, ["bob", "cat", "dan*"]);
        store.remove("dan", &group, Some(&["dan", "bob"])).await.unwrap();
        assert_eq!(store.members(&group).await, ["cat*"], "whoever is left owns it");
        conversations.leave(&principal("cat"), &reference).await.unwrap();
        assert_eq!(store.members(&group).await, Vec::<String>::new());
        let over = conversations.find(&principal("cat"), &reference).await.unwrap_err();
        assert_eq!(over, Error::NotAParticipant);
    }
}

#[tokio::test]
async fn newcomers_see_everything_or_what_is_said_from_then_on() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob"]).await;
        store.post("ann", to(&group), "one").await.unwrap();
        store.add("ann", &group, &["cat"]).await.unwrap();
        assert_eq!(store.sees("cat", &group).await, ["one"]);
        let seen = store
            .services
            .conversations
            .find(&principal("cat"), &group.id.to_string())
            .await
            .unwrap();
        assert_eq!(seen.unread_count, 0, "what was said before is not new to them");

        let change = GroupChange {
            history: Some(History::FromJoin),
            ..GroupChange::default()
        };
        store
            .services
            .conversations
            .change_group(&principal("ann"), &group.id.to_string(), change)
            .await
            .unwrap();
        store.add("ann", &group, &["dan"]).await.unwrap();
        store.post("ann", to(&group), "two").await.unwrap();
        assert_eq!(store.sees("dan", &group).await, ["two"]);
        store.remove("ann", &group, Some(&["dan", "cat"])).await.unwrap();
        store.post("ann", to(&group), "three").await.unwrap();
        store.add("ann", &group, &["dan", "cat"]).await.unwrap();
        store.post("ann", to(&group), "four").await.unwrap();
        for user in ["cat", "dan"] {
            assert_eq!(store.sees(user, &group).await, ["four"], "{user} came anew");
        }
        assert_eq!(store.sees("bob", &group).await, ["one", "two", "three", "four"]);
    }
}

#[tokio::test]
async fn owner_ends_a_group_for_everybody() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob", "cat"]).await;
        let (reference, conversations) = (group.id.to_string(), &store.services.conversations);
        store.promote("ann", &group, &["bob"], "admin").await.unwrap();
        let refused = conversations.end(&principal("bob"), &reference).await.unwrap_err();
        assert_eq!(refused.code(), "forbidden");
        let before = store.events();
        conversations.end(&principal("ann"), &reference).await.unwrap();
        let expected = [
            "member_left: ann alone",
            "member_left: bob alone",
            "member_left: cat alone",
        ];
        assert_eq!(store.told_since(before).await, expected);
        for user in ["ann", "bob", "cat"] {
            let error = store.post(user, to(&group), "anybody?").await.unwrap_err();
            assert_eq!(error, Error::NotAParticipant);
            assert!(conversations.joined(&user.parse().unwrap()).await.unwrap().is_empty());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_and_being_removed_at_once_end_one_membership_once() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob", "cat"]).await;
        let (before, reference) = (store.events(), group.id.to_string());
        let conversations = &store.services.conversations;
        let (ann, bob) = (principal("ann"), principal("bob"));
        let (left, removed) = tokio::join!(
            conversations.leave(&bob, &reference),
            conversations.remove_members(&ann, &reference, Some(vec!["bob".to_owned()])),
        );
        assert!(left.is_ok() || left.unwrap_err() == Error::NotAParticipant);
        assert!(removed.is_ok());
        let told = store.told_since(before).await;
        assert_eq!(told, ["member_removed bob: ann cat", "member_left: bob alone"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_leaving_at_once_leaves_an_owner_until_nobody_is_left() {
    for store in Store::each().await {
        let names = ["ann", "bob", "cat", "dan", "eve"];
        let group = store.group("ann", &names[1..]).await;
        let leaving = names.map(|name| {
            let (conversations, reference) = (store.services.conversations.clone(), group.id.to_string());
            tokio::spawn(async move { conversations.leave(&principal(name), &reference).await })
        });
        for one in leaving {
            one.await.unwrap().unwrap();
        }
        assert_eq!(store.members(&group).await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_removed_while_they_write_has_written_before_or_not_at_all() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob", "cat"]).await;
        let before = store.events();
        let (removed, posted) = tokio::join!(
            store.remove("ann", &group, Some(&["bob"])),
            store.post("bob", to(&group), "my last word"),
        );
        removed.unwrap();
        let told = store.told_since(before).await;
        let removal = ["member_removed bob: ann cat", "member_left: bob alone"];
        match posted {
            Ok(_) => assert_eq!(told, [&["message_posted: ann bob cat"][..], &removal].concat()),
            Err(error) => {
                assert_eq!(error, Error::NotAParticipant);
                assert_eq!(told, removal);
            }
        }
    }
}
