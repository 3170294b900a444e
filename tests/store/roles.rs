//! Who may do what in a group.

use hubwire::services::Error;
use hubwire::services::details::ConversationDetails;
use hubwire::services::groups::{GroupChange, SkipReason, Skipped};

use crate::support::{Store, admin, principal};

impl Store {
    pub async fn promote(
        &self,
        by: &str,
        group: &ConversationDetails,
        ids: &[&str],
        role: &str,
    ) -> Result<Vec<Skipped>, Error> {
        let ids = (!ids.is_empty()).then(|| ids.iter().map(|id| (*id).to_owned()).collect());
        let conversations = &self.services.conversations;
        let written = conversations
            .change_roles(&principal(by), &group.id.to_string(), ids, role)
            .await?;
        Ok(written.skipped)
    }
}

#[tokio::test]
async fn nobody_who_was_deactivated_becomes_the_owner_while_there_is_somebody_else() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob", "cat"]).await;
        store.promote("ann", &group, &["bob"], "admin").await.unwrap();
        store.services.deactivate(&admin(), "bob").await.unwrap();
        let (conversations, id) = (&store.services.conversations, group.id.to_string());
        let refused = conversations.transfer(&principal("ann"), &id, "bob").await.unwrap_err();
        assert_eq!(refused.code(), "forbidden");
        conversations.leave(&principal("ann"), &id).await.unwrap();
        assert_eq!(store.members(&group).await, ["bob+", "cat*"]);
    }
}

#[tokio::test]
async fn only_the_owner_makes_and_unmakes_admins() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob", "cat"]).await;
        let before = store.events();
        let skipped = store.promote("ann", &group, &["bob", "eve"], "Admin").await.unwrap();
        assert_eq!(skipped[0].reason, SkipReason::NotAMember);
        assert_eq!(store.told_since(before).await, ["role_changed bob: ann bob cat"]);
        assert_eq!(store.members(&group).await, ["ann*", "bob+", "cat"]);
        let before = store.events();
        store.promote("ann", &group, &["bob"], "admin").await.unwrap();
        for (by, whom, role) in [
            ("bob", "cat", "admin"),
            ("bob", "bob", "member"),
            ("cat", "bob", "member"),
        ] {
            let refused = store.promote(by, &group, &[whom], role).await.unwrap_err();
            assert_eq!(refused.code(), "forbidden", "{by} makes {whom} {role}");
        }
        for role in ["owner", "", "king"] {
            let refused = store.promote("ann", &group, &["bob"], role).await.unwrap_err();
            assert!(matches!(refused, Error::Invalid { field: "role", .. }), "{role}");
        }
        let refused = store
            .promote("ann", &group, &["bob", "ann"], "member")
            .await
            .unwrap_err();
        assert_eq!(refused.code(), "validation_failed");
        assert_eq!(store.events(), before);
        store.promote("ann", &group, &["bob"], "member").await.unwrap();
        assert_eq!(store.members(&group).await, ["ann*", "bob", "cat"]);
    }
}

#[tokio::test]
async fn without_a_target_it_is_the_only_other_member() {
    for store in Store::each().await {
        let pair = store.group("ann", &["bob"]).await;
        store.promote("ann", &pair, &[], "admin").await.unwrap();
        assert_eq!(store.members(&pair).await, ["ann*", "bob+"]);
        let more = store.group("ann", &["bob", "cat"]).await;
        let asked = store.promote("ann", &more, &[], "admin").await.unwrap_err();
        assert!(matches!(asked, Error::Invalid { field: "memberIds", .. }));
    }
}

#[tokio::test]
async fn ownership_passes_to_a_member_and_the_old_owner_stays_an_admin() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob", "cat"]).await;
        let (reference, conversations) = (group.id.to_string(), &store.services.conversations);
        let before = store.events();
        let transfer = async |by: &str, to: &str| conversations.transfer(&principal(by), &reference, to).await;
        assert_eq!(transfer("bob", "bob").await.unwrap_err().code(), "forbidden");
        assert!(matches!(
            transfer("ann", "eve").await,
            Err(Error::Invalid { field: "userId", .. })
        ));
        transfer("ann", "ann").await.unwrap();
        assert_eq!(store.events(), before);
        let after = transfer("ann", "bob").await.unwrap();
        assert_eq!(after.owner().unwrap().person.id.as_str(), "bob");
        let expected = ["role_changed ann: ann bob cat", "role_changed bob: ann bob cat"];
        assert_eq!(store.told_since(before).await, expected);
        assert_eq!(store.members(&group).await, ["ann+", "bob*", "cat"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_transfers_at_once_make_one_owner() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob", "cat"]).await;
        let (reference, conversations) = (group.id.to_string(), &store.services.conversations);
        let ann = principal("ann");
        let (to_bob, to_cat) = tokio::join!(
            conversations.transfer(&ann, &reference, "bob"),
            conversations.transfer(&ann, &reference, "cat"),
        );
        let outcomes = [to_bob.is_ok(), to_cat.is_ok()];
        assert_eq!(
            outcomes.iter().filter(|done| **done).count(),
            1,
            "the second is no owner"
        );
        let members = store.members(&group).await;
        let owners: Vec<_> = members.iter().filter(|member| member.ends_with('*')).collect();
        assert_eq!(owners, [if outcomes[0] { "bob*" } else { "cat*" }]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn transfer_to_somebody_who_leaves_at_once_leaves_one_owner() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob", "cat"]).await;
        let (reference, conversations) = (group.id.to_string(), &store.services.conversations);
        let (ann, bob) = (principal("ann"), principal("bob"));
        let (_, left) = tokio::join!(
            conversations.transfer(&ann, &reference, "bob"),
            conversations.leave(&bob, &reference),
        );
        left.unwrap();
        let members = store.members(&group).await;
        assert_eq!(members.len(), 2);
        assert_eq!(
            members.iter().filter(|member| member.ends_with('*')).count(),
            1,
            "{members:?}"
        );
    }
}

#[tokio::test]
async fn owner_and_admins_change_what_the_group_shows_and_everybody_is_told() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob", "cat"]).await;
        let (reference, conversations) = (group.id.to_string(), &store.services.conversations);
        store.promote("ann", &group, &["bob"], "admin").await.unwrap();
        let change = async |by: &str, change| conversations.change_group(&principal(by), &reference, change).await;
        let named = |name: &str| GroupChange {
            name: Some(name.to_owned()),
            ..GroupChange::default()
        };
        assert_eq!(change("cat", named("mine")).await.unwrap_err().code(), "forbidden");
        assert!(matches!(
            change("ann", named("  ")).await,
            Err(Error::Invalid { field: "name", .. })
        ));
        let before = store.events();
        change("ann", named("lobby")).await.unwrap();
        assert_eq!(store.events(), before, "nothing changed");
        let told = GroupChange {
            description: Some("All of us".to_owned()),
            ..named("Team")
        };
        change("bob", told).await.unwrap();
        assert_eq!(store.told_since(before).await, ["group_changed: ann bob cat"]);
        let cleared = GroupChange {
            description: Some(String::new()),
            ..GroupChange::default()
        };
        let after = change("ann", cleared).await.unwrap();
        assert_eq!((after.name.as_deref(), after.description), (Some("Team"), None));
        let direct = store.direct("ann", "bob").await;
        let refused = conversations
            .change_group(&principal("ann"), &direct.id.to_string(), named("us"))
            .await;
        assert_eq!(refused.unwrap_err().code(), "forbidden");
    }
}
