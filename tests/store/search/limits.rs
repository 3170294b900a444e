//! Only what the caller may see is found, whatever is typed, and no search is dear.

use entities::ids::{MessageNumber, Seq};
use entities::{member, message};
use futures_util::future::try_join_all;
use hubwire::services::Error;
use hubwire::services::messages::{Draft, Via};
use sea_orm::sea_query::SimpleExpr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{copied, said, search, texts, total};
use crate::support::{Store, person, principal, to};

async fn change_member(store: &Store, user: &str, column: member::Column, value: impl Into<SimpleExpr>) {
    member::Entity::update_many()
        .col_expr(column, value.into())
        .filter(member::Column::UserId.eq(user))
        .exec(&store.database.write)
        .await
        .unwrap();
}

#[tokio::test]
async fn encrypted_messages_are_not_searched_and_the_answer_says_so() {
    for store in Store::each().await {
        let (group, _) = said(&store, &["plain secret"]).await;
        let other = store.group("ann", &["bob"]).await;
        let draft = Draft {
            kind: Some("encrypted".to_owned()),
            ..Draft::text(to(&group), "opaque secret", Via::Rest)
        };
        store.services.messages.post(&principal("ann"), draft).await.unwrap();
        for (place, skipped) in [(None, true), (Some(&group), true), (Some(&other), false)] {
            let found = search(&store, "bob", "opaque", place).await.unwrap();
            assert_eq!((found.page.items.len(), found.skipped_encrypted), (0, skipped));
        }
        assert_eq!(texts(&store, "secret").await, ["plain secret"]);
    }
}

#[tokio::test]
async fn only_what_the_caller_may_see_is_found() {
    for store in Store::each().await {
        let (group, _) = said(&store, &["pear one", "pear two", "pear three"]).await;
        store.post("ann", person("bob"), "pear direct").await.unwrap();
        store.post("cat", person("dan"), "pear elsewhere").await.unwrap();
        let mut everywhere = texts(&store, "pear").await;
        everywhere.sort();
        assert_eq!(everywhere, ["pear direct", "pear one", "pear three", "pear two"]);
        assert_eq!(total(&store, "bob", "pear", Some(&group)).await, 3);
        // A number of a conversation is not a word of its messages.
        assert_eq!(texts(&store, &group.number.to_string()).await, [""; 0]);

        let stranger = search(&store, "cat", "pear", Some(&group)).await.unwrap_err();
        assert_eq!(stranger, Error::NotFound("Conversation not found".into()));
        let found = search(&store, "cat", "pear", None).await.unwrap();
        assert_eq!(found.page.items[0].message.content, "pear elsewhere");
        assert_eq!(found.page.pagination.total, 1);
        assert_eq!(total(&store, "nobody", "pear", None).await, 0);

        change_member(&store, "bob", member::Column::VisibleFromSeq, 3_i64).await;
        let store = store.restart().await;
        assert_eq!(texts(&store, "pear").await, ["pear three"], "from where one joined");
        assert_eq!(total(&store, "bob", "pear", Some(&group)).await, 1);

        change_member(&store, "bob", member::Column::UntilEvent, 1_000_i64).await;
        let store = store.restart().await;
        assert_eq!(texts(&store, "pear").await, [""; 0]);
        let former = search(&store, "bob", "pear", Some(&group)).await.unwrap_err();
        assert_eq!(former, Error::NotAParticipant);
    }
}

#[tokio::test]
async fn sec_47_whatever_is_typed_is_no_syntax_and_finds_nothing_more() {
    for store in Store::each().await {
        let (group, _) = said(&store, &["hello world", "100% of a_b", "or 1 plus 2"]).await;
        for term in [
            "%",
            "_",
            "\\",
            "*",
            "^",
            ":",
            "\"",
            "\"\"",
            "'",
            "''",
            "(",
            ")",
            "-",
            "+",
            "|",
            "&",
            "!",
            "<->",
            "{",
            "}",
            "😀",
            "\u{301}",
            "\u{0}",
            "' OR '1'='1",
            "\" OR 1=1--",
            "' OR 1=1--",
            "hello\" OR \"x",
            "hello OR x",
            "hello NOT x",
            "content : hello",
            "c:1",
            "'c:1'",
            "hel%",
            "h_llo",
            "hello & !x",
            "hello | x",
            "^hello x",
            "NEAR(hello world)",
            "NEAR/2",
            "hello AND",
            "AND",
            "NOT",
            "x\u{0}hello",
            "messages_search",
            "rank",
            "1=1;--",
            "'); DROP TABLE messages;--",
            "$9",
            "?9",
            "\\'",
            "hello:*x",
            "{content}: x",
        ] {
            for place in [None, Some(&group)] {
                let found = search(&store, "bob", term, place).await.unwrap();
                let texts: Vec<_> = found
                    .page
                    .items
                    .iter()
                    .map(|hit| hit.message.content.as_str())
                    .collect();
                assert_eq!(texts, [""; 0], "{term}");
            }
        }
        assert_eq!(texts(&store, "OR").await, ["or 1 plus 2"], "operators are words");
        assert_eq!(texts(&store, "* hello:").await, ["hello world"]);
        assert_eq!(texts(&store, "100%").await, ["100% of a_b"]);
        for term in ["\"".repeat(10_240), "a".repeat(201), "(a+)+$".repeat(100)] {
            let error = search(&store, "bob", &term, None).await.unwrap_err();
            assert_eq!(error, Error::invalid("searchTerm", "must have at most 200 characters"));
        }
        assert!(
            search(&store, "bob", &"\"".repeat(200), None)
                .await
                .unwrap()
                .page
                .items
                .is_empty()
        );
        assert!(search(&store, "bob", " ", None).await.is_err());
    }
}

#[tokio::test]
async fn sec_48_no_more_than_a_thousand_matches_are_ranked_and_the_answer_says_so() {
    for store in Store::each().await {
        let (group, numbers) = said(&store, &["a"]).await;
        copied(&store, numbers[0], 2..=1_200, |copy, place| message::Model {
            number: MessageNumber(numbers[0].0 + place - 1),
            seq: Seq(place),
            ..copy
        })
        .await;
        for place in [None, Some(&group)] {
            let found = search(&store, "bob", "a", place).await.unwrap();
            assert_eq!((found.page.pagination.total, found.is_limited), (1_000, true));
            assert_eq!(found.page.items[0].message.seq, Seq(1_200), "the newest are ranked");
        }
    }
}

#[tokio::test]
async fn who_has_more_conversations_than_are_searched_is_told_so() {
    for store in Store::each().await {
        let conversations = &store.services.conversations;
        let (ann, others) = (
            principal("ann"),
            (0..499).map(|number| format!("person-{number}")).collect::<Vec<_>>(),
        );
        for some in others.chunks(50) {
            let made = some.iter().map(|other| conversations.direct(&ann, other));
            try_join_all(made).await.unwrap();
        }
        for (other, is_limited) in [("bob", false), ("cat", true)] {
            store.post("ann", person(other), "needle").await.unwrap();
            let found = search(&store, "ann", "needle", None).await.unwrap();
            assert_eq!(found.is_limited, is_limited, "with {other}");
        }
    }
}
