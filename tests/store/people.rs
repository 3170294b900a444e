//! People are who their tokens and they themselves say they are, also after a restart.

use hubwire::services::people::NewProfile;
use hubwire::services::{Error, Principal, Profile};

use crate::support::{Store, admin, person, principal};

/// Somebody whose token says this full name.
fn named(id: &str, full_name: &str) -> Principal {
    Principal {
        profile: Profile {
            full_name: Some(full_name.to_owned()),
            ..Profile::default()
        },
        ..principal(id)
    }
}

fn full_name(full_name: &str) -> NewProfile {
    NewProfile {
        full_name: Some(full_name.to_owned()),
        ..NewProfile::default()
    }
}

#[tokio::test]
async fn a_token_that_was_seen_before_does_not_undo_a_chosen_name_after_a_restart() {
    for store in Store::each().await {
        let old = named("ann", "Ann Lee");
        store.services.people.rename_me(&old, full_name("Annie")).await.unwrap();
        let store = store.restart().await;
        let people = &store.services.people;
        assert_eq!(people.seen(&old).await.unwrap().full_name, "Annie");
        assert_eq!(
            people.seen(&named("ann", "Ann Day")).await.unwrap().full_name,
            "Ann Day"
        );
        // What an administrator says of somebody counts until their first token says otherwise.
        people.put(&admin(), "bob", full_name("Bob Ray")).await.unwrap();
        assert_eq!(people.seen(&principal("bob")).await.unwrap().full_name, "Bob Ray");
        assert_eq!(
            people.seen(&named("bob", "Bob Day")).await.unwrap().full_name,
            "Bob Day"
        );
    }
}

#[tokio::test]
async fn of_two_tokens_that_are_both_valid_the_newer_names_its_subject() {
    for store in Store::each().await {
        let people = &store.services.people;
        let issued = |name: &str, at: i64| {
            let mut principal = named("ann", name);
            principal.profile.issued_at = Some(at);
            principal
        };
        let seen = async |principal: Principal| people.seen(&principal).await.unwrap().full_name;
        assert_eq!(seen(issued("Ann Lee", 1_000)).await, "Ann Lee");
        assert_eq!(seen(issued("Ann Day", 2_000)).await, "Ann Day");
        let events = store.events();
        assert_eq!(seen(issued("Ann Lee", 1_000)).await, "Ann Day", "the phone's is older");
        assert_eq!(seen(issued("Ann Day", 2_000)).await, "Ann Day");
        assert_eq!(store.events(), events);
        assert_eq!(seen(issued("Ann Lee", 3_000)).await, "Ann Lee");
        let events = store.events();
        let store = store.restart().await;
        let people = &store.services.people;
        assert_eq!(
            people.seen(&issued("Ann Lee", 4_000)).await.unwrap().full_name,
            "Ann Lee"
        );
        assert_eq!(store.events(), events, "what it says is no news");
    }
}

#[tokio::test]
async fn who_was_deactivated_stays_out_after_a_restart() {
    for store in Store::each().await {
        store.post("ann", person("bob"), "hello").await.unwrap();
        store.services.deactivate(&admin(), "bob").await.unwrap();
        let refused = store.services.deactivate(&principal("ann"), "bob").await.unwrap_err();
        assert_eq!(refused.code(), "forbidden");
        let store = store.restart().await;
        let people = &store.services.people;
        people.load().await.unwrap();
        let bob = "bob".parse().unwrap();
        assert_eq!(people.admit(&bob).unwrap_err().code(), "forbidden");
        let refused = store.post("ann", person("bob"), "again").await.unwrap_err();
        assert_eq!(refused.code(), "forbidden");
        people.set_active(&admin(), "BOB", true).await.unwrap_err();
        people.set_active(&admin(), "bob", true).await.unwrap();
        assert_eq!(people.admit(&bob), Ok(()));
        store.post("ann", person("bob"), "again").await.unwrap();
    }
}

#[tokio::test]
async fn search_finds_folded_beginnings_of_names_and_pages() {
    for store in Store::each().await {
        let people = &store.services.people;
        for (id, name) in [("1", "Ann Lee"), ("2", "Bob LEE"), ("3", "Éve Leer"), ("4", "Cleo")] {
            people.put(&admin(), id, full_name(name)).await.unwrap();
        }
        people.put(&admin(), "1", full_name("Ann Day")).await.unwrap();
        let page = Default::default();
        let found = async |query: &str| {
            let page = people.search(query, &page).await.unwrap();
            page.items
                .iter()
                .map(|person| person.id.to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(found("lee").await, ["2", "3"]);
        assert_eq!(found("éVE  lee").await, ["3"]);
        assert_eq!(found("%").await, [""; 0]);
        assert_eq!(found("le\0e").await, ["2", "3"], "no name has a control character");
        assert!(matches!(
            people.search("\0", &page).await,
            Err(Error::Invalid { field: "query", .. })
        ));
    }
}
