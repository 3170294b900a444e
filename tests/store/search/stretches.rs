//! Matches are found wherever they lie among millions of messages, however seldom they are.

use entities::ids::{MessageNumber, Seq};
use entities::message;
use hubwire::services::details::ConversationDetails;
use hubwire::services::paging::PageRequest;

use super::{copied, search_page, to};
use crate::support::Store;

/// Messages, and how far apart their numbers are: they lie in forty-six of the stretches that PostgreSQL looks through.
const MESSAGES: i64 = 3_000;
const APART: i64 = 1_000;

/// What the message says; how well a word of it matches is the same wherever it occurs.
fn text(place: i64) -> String {
    let often = if place % 10 == 0 { "tenth" } else { "other" };
    let seldom = if place % 150 == 0 { "hardly" } else { "mostly" };
    let once = match place {
        1..=4 => "oldest",
        2_997.. => "newest",
        _ => "between",
    };
    format!("each {often} {seldom} {once}")
}

/// Whether it is in the group of bob, and not in the one he does not belong to.
fn is_here(place: i64) -> bool {
    place % 4 != 0
}

async fn fill(store: &Store) -> ConversationDetails {
    let [here, elsewhere] = [store.group("ann", &["bob"]).await, store.group("ann", &["cat"]).await];
    let first = store.post("ann", to(&here), "first").await.unwrap().message.number;
    copied(store, first, 1..=MESSAGES, |copy, place| message::Model {
        number: MessageNumber(first.0 + place * APART),
        conversation: if is_here(place) { here.number } else { elsewhere.number },
        seq: Seq(1 + place),
        content: text(place),
        ..copy
    })
    .await;
    here
}

#[tokio::test]
async fn the_newest_matches_are_found_however_far_they_lie_apart() {
    for store in Store::each().await {
        let here = fill(&store).await;
        for term in [
            "each",
            "tenth",
            "tent",
            "hardly ",
            "each hard",
            "oldest",
            "newest",
            "\"mostly oldest\"",
        ] {
            let words = term.trim_matches(['"', ' ']).split(' ').collect::<Vec<_>>();
            let matches = |place: &i64| words.iter().all(|word| text(*place).contains(word));
            let expected = (1..=MESSAGES).rev().filter(|place| is_here(*place)).filter(matches);
            let expected: Vec<i64> = expected.take(1_000).collect();
            for place in [None, Some(&here)] {
                let search = async |skip| {
                    let page = PageRequest {
                        skip: Some(skip),
                        take: Some("1".to_owned()),
                        ..PageRequest::default()
                    };
                    search_page(&store, "bob", term, place, &page).await.unwrap().page
                };
                let newest = search("0".to_owned()).await;
                let oldest = search((expected.len() - 1).to_string()).await;
                let found = [&newest, &oldest].map(|page| page.items[0].message.seq.0 - 1);
                let ends = [expected[0], expected[expected.len() - 1]];
                assert_eq!(
                    (newest.pagination.total, found),
                    (expected.len() as i64, ends),
                    "{term:?} in {:?}",
                    place.map(|place| place.id)
                );
            }
        }
    }
}
