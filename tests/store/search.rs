//! Search finds messages by words, whatever the database.

mod cost;
mod limits;
mod receipts;
mod stretches;

use std::ops::RangeInclusive;

use entities::ids::{MessageId, MessageNumber, Seq};
use entities::message;
use hubwire::services::Error;
use hubwire::services::details::ConversationDetails;
use hubwire::services::paging::PageRequest;
use hubwire::services::search::Found;
use migrations::{Migrator, MigratorTrait};
use sea_orm::sea_query::{Expr, SimpleExpr};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use uuid::Uuid;

use crate::support::{Store, principal, to};

/// Rows of one statement.
const ROWS: usize = 500;

async fn search(store: &Store, user: &str, term: &str, place: Option<&ConversationDetails>) -> Result<Found, Error> {
    search_page(store, user, term, place, &PageRequest::default()).await
}

async fn search_page(
    store: &Store,
    user: &str,
    term: &str,
    place: Option<&ConversationDetails>,
    page: &PageRequest,
) -> Result<Found, Error> {
    let place = place.map(|place| place.id.to_string());
    let search = &store.services.search;
    search.messages(&principal(user), term, place.as_deref(), page).await
}

/// How much somebody finds.
async fn total(store: &Store, user: &str, term: &str, place: Option<&ConversationDetails>) -> i64 {
    let found = search(store, user, term, place).await.unwrap();
    found.page.pagination.total
}

/// What bob finds everywhere, the best first.
async fn texts(store: &Store, term: &str) -> Vec<String> {
    let found = search(store, "bob", term, None).await.unwrap();
    found.page.items.into_iter().map(|hit| hit.message.content).collect()
}

/// A group of ann and bob where ann said all this.
async fn said(store: &Store, texts: &[&str]) -> (ConversationDetails, Vec<MessageNumber>) {
    let group = store.group("ann", &["bob"]).await;
    let mut numbers = Vec::new();
    for text in texts {
        numbers.push(store.post("ann", to(&group), text).await.unwrap().message.number);
    }
    (group, numbers)
}

/// Stores what `change` makes of copies of a message, for each of these places.
async fn copied(
    store: &Store,
    number: MessageNumber,
    places: RangeInclusive<i64>,
    change: impl Fn(message::Model, i64) -> message::Model,
) {
    let first = message::Entity::find_by_id(number)
        .one(&store.database.read)
        .await
        .unwrap()
        .unwrap();
    let rows = places.map(|place| {
        let copy = message::Model {
            id: MessageId(Uuid::now_v7()),
            ..first.clone()
        };
        change(copy, place).into_active_model().reset_all()
    });
    for rows in rows.collect::<Vec<_>>().chunks(ROWS) {
        message::Entity::insert_many(rows.iter().cloned())
            .exec_without_returning(&store.database.write)
            .await
            .unwrap();
    }
}

async fn change(store: &Store, number: MessageNumber, column: message::Column, value: impl Into<SimpleExpr>) {
    message::Entity::update_many()
        .col_expr(column, value.into())
        .filter(message::Column::Number.eq(number))
        .exec(&store.database.write)
        .await
        .unwrap();
}

#[tokio::test]
async fn search_finds_words_prefixes_and_phrases() {
    for store in Store::each().await {
        said(
            &store,
            &[
                "the quick brown fox",
                "brown the fox",
                "foxes don't fly",
                "1.5 e-mails at x@y.example",
            ],
        )
        .await;
        let cases: [(&str, &[&str]); 11] = [
            ("quick", &["the quick brown fox"]),
            ("qui", &["the quick brown fox"]),
            ("qui ", &[]),
            ("fox the", &["brown the fox", "the quick brown fox"]),
            ("\"brown fox\"", &["the quick brown fox"]),
            ("\"brown f", &["the quick brown fox"]),
            ("don't", &["foxes don't fly"]),
            ("FLY", &["foxes don't fly"]),
            ("1.5", &["1.5 e-mails at x@y.example"]),
            ("mails y.example", &["1.5 e-mails at x@y.example"]),
            ("fox cat", &[]),
        ];
        for (term, expected) in cases {
            assert_eq!(texts(&store, term).await, expected, "{term}");
        }
    }
}

#[tokio::test]
async fn accents_and_case_are_folded() {
    for store in Store::each().await {
        let all = [
            "Café au lait",
            "un CAFE\u{301}, s'il vous plaît",
            "Ångström",
            "ΟΔΟΣ",
            "ПРИВЕТ",
            "がくせい",
            "नमस्ते",
            "한국어",
        ];
        said(&store, &all).await;
        for (term, expected) in [
            ("cafe", vec![all[0], all[1]]),
            ("CAFÉ", vec![all[0], all[1]]),
            ("plait", vec![all[1]]),
            ("angstrom", vec![all[2]]),
            ("οδος", vec![all[3]]),
            ("привет", vec![all[4]]),
            ("がく", vec![all[5]]),
            ("かく", vec![]),
            ("नमस्ते", vec![all[6]]),
            ("한국", vec![all[7]]),
        ] {
            let mut found = texts(&store, term).await;
            found.sort_by_key(|text| all.iter().position(|other| other == text));
            assert_eq!(found, expected, "{term}");
        }
    }
}

#[tokio::test]
async fn better_matches_come_first_then_newer_ones() {
    for store in Store::each().await {
        let long = format!("release {}", "and many other words ".repeat(40));
        said(&store, &["releases", "release", &long, "release"]).await;
        let found = search(&store, "bob", "release", None).await.unwrap();
        let order: Vec<i64> = found.page.items.iter().map(|hit| hit.message.seq.0).collect();
        assert_eq!(order, [4, 2, 1, 3], "whole, older, begins so, lost in text");
        assert_eq!(
            (found.page.pagination.total, found.page.pagination.has_more),
            (4, false)
        );
        assert!(!found.is_limited && !found.skipped_encrypted);
    }
}

#[tokio::test]
async fn pages_of_matches_neither_skip_nor_repeat() {
    for store in Store::each().await {
        let words: Vec<String> = (0..7).map(|turn| format!("word {turn}")).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        said(&store, &words).await;
        let mut walked = Vec::new();
        for skip in [0, 3, 6, 9] {
            let page = PageRequest {
                skip: Some(skip.to_string()),
                take: Some("3".to_owned()),
                before: Some("soon".to_owned()),
                ..PageRequest::default()
            };
            let found = search_page(&store, "bob", "word", None, &page).await.unwrap();
            assert_eq!((found.page.pagination.total, found.page.pagination.total_pages), (7, 3));
            assert_eq!(found.page.pagination.has_more, skip < 6);
            walked.extend(found.page.items.into_iter().map(|hit| hit.message.seq));
        }
        walked.sort_unstable();
        assert_eq!(walked, (1..=7).map(Seq).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn highlight_shows_what_matched() {
    for store in Store::each().await {
        said(&store, &["😀 un Café <b>"]).await;
        let found = search(&store, "bob", "caf", None).await.unwrap();
        let highlight = &found.page.items[0].highlight;
        assert_eq!(
            (highlight.text.as_str(), highlight.ranges.as_slice()),
            ("😀 un Café <b>", &[(6, 4)][..])
        );
    }
}

#[tokio::test]
async fn edits_and_deletions_are_followed() {
    for store in Store::each().await {
        let (_, numbers) = said(&store, &["apple", "banana", "cherry", "date"]).await;
        change(&store, numbers[0], message::Column::Content, "apricot").await;
        assert_eq!(texts(&store, "apple").await, [""; 0]);
        assert_eq!(texts(&store, "apricot").await, ["apricot"]);
        change(&store, numbers[1], message::Column::DeletedAt, 1_i64).await;
        assert_eq!(texts(&store, "banana").await, [""; 0]);
        change(&store, numbers[1], message::Column::Content, "").await;
        change(&store, numbers[1], message::Column::DeletedAt, Expr::value(None::<i64>)).await;
        change(&store, numbers[1], message::Column::Content, "banana").await;
        assert_eq!(texts(&store, "banana").await, ["banana"]);
        change(&store, numbers[2], message::Column::Kind, 7_i16).await;
        assert_eq!(texts(&store, "cherry").await, [""; 0]);
        message::Entity::delete_by_id(numbers[3])
            .exec(&store.database.write)
            .await
            .unwrap();
        assert_eq!(texts(&store, "date").await, [""; 0]);
    }
}

#[tokio::test]
async fn messages_from_before_the_index_are_found() {
    for store in Store::each().await {
        said(&store, &["older than search"]).await;
        let later = Migrator::migrations().len() as u32 - SEARCH;
        Migrator::down(&store.database.write, Some(later)).await.unwrap();
        store.database.migrate().await.unwrap();
        assert_eq!(texts(&store, "older").await, ["older than search"]);
    }
}

/// Migrations before the one of search.
const SEARCH: u32 = 3;
