//! What search costs, printed: `cargo test -p hubwire --release --test store search::cost -- --ignored --nocapture`.
//! The assertions are wide enough for any machine; the figures are for people.
#![allow(clippy::print_stdout, reason = "the figures are what it is run for")]
#![allow(clippy::disallowed_methods, reason = "time is what is measured")]

use std::time::{Duration, Instant};

use sea_orm::ConnectionTrait;

use super::search;
use crate::support::{Store, to};

const MESSAGES: i64 = 200_000;
const POSTS: usize = 5_000;

/// Text of twelve words; a handful of words is in most of the messages. Every word begins with `a`.
const TEXT: &str = "'a' || (n * 7919 % 20011) || ' all and ab' || (n % 5) || ' ac' || (n * 31 % 997) || \
     ' about an apple a' || (n * 104729 % 30011) || ' again ad' || (n % 17) || ' alas'";

#[tokio::test]
#[ignore = "takes a minute"]
async fn sec_48_worst_search_over_200_000_messages_is_bounded() {
    let store = Store::sqlite().await;
    let group = store.group("ann", &["bob"]).await;
    store.post("ann", to(&group), "first").await.unwrap();
    let began = Instant::now();
    let fill = format!(
        "WITH RECURSIVE n(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM n WHERE n < {MESSAGES}) \
         INSERT INTO messages (number, id, conversation, seq, sender_id, kind, content, content_hash, created_at) \
         SELECT number + n, randomblob(16), conversation, n, sender_id, 0, {TEXT}, content_hash, created_at + n \
         FROM messages, n WHERE seq = 1"
    );
    store.database.write.execute_unprepared(&fill).await.unwrap();
    println!("{MESSAGES} messages: {:?}", began.elapsed());
    for term in [
        "a",
        "ab",
        "all",
        "all and",
        "\"and all\"",
        "a b c d",
        "all again al",
        "all xyz",
        "first",
    ] {
        for place in [None, Some(&group)] {
            let began = Instant::now();
            let found = search(&store, "bob", term, place).await.unwrap();
            let took = began.elapsed();
            println!(
                "{term:?}, {}: {} of them in {took:?}",
                if place.is_some() { "in one" } else { "all" },
                found.page.pagination.total
            );
            assert!(took < Duration::from_secs(10), "{term}: {took:?}");
        }
    }
}

#[tokio::test]
#[ignore = "takes a minute"]
async fn what_a_stored_message_pays_for_being_found() {
    for is_indexed in [false, true, false, true] {
        let store = Store::sqlite().await;
        let group = store.group("ann", &["bob"]).await;
        if !is_indexed {
            let drop = "DROP TRIGGER messages_search_insert";
            store.database.write.execute_unprepared(drop).await.unwrap();
        }
        let began = Instant::now();
        for turn in 0..POSTS {
            let text = format!(
                "message {turn} of a person who writes word{} as people do",
                turn * 7919 % 2003
            );
            store.post("ann", to(&group), &text).await.unwrap();
        }
        let each = began.elapsed() / u32::try_from(POSTS).unwrap();
        println!(
            "a post, {}: {each:?}",
            if is_indexed { "indexed" } else { "not indexed" }
        );
    }
}
