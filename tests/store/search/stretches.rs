//! Matches are found wherever they lie among millions of messages, however seldom they are.

use entities::ids::{MessageId, MessageNumber, Seq};
use entities::message;
use hubwire::services::details::ConversationDetails;
use hubwire::services::paging::PageRequest;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use uuid::Uuid;

use super::to;
use crate::support::{Store, principal};

/// Messages, and how far apart their numbers are: they lie in forty-six of the stretches that PostgreSQL looks through.
const MESSAGES: i64 = 3_000;
const APART: i64 = 1_000;
/// Rows of one statement.
const ROWS: usize = 500;

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
    let first = message::Entity::find_by_id(first)
        .one(&store.database.read)
        .await
        .unwrap()
        .unwrap();
    let rows = (1..=MESSAGES).map(|place| {
        let row = message::Model {
            number: MessageNumber(first.number.0 + place * APART),
            id: MessageId(Uuid::now_v7()),
            conversation: if is_here(place) { here.number } else { elsewhere.number },
            seq: Seq(1 + place),
            content: text(place),
            ..first.clone()
        };
        row.into_active_model().reset_all()
    });
    for rows in rows.collect::<Vec<_>>().chunks(ROWS) {
        message::Entity::insert_many(rows.iter().cloned())
            .exec_without_returning(&store.database.write)
            .await
            .unwrap();
    }
    here
}

#[tokio::test]
async fn the_newest_matches_are_found_however_far_they_lie_apart() {
    for store in Store::each().await {
        let here = fill(&store).await.id.to_string();
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
            for place in [None, Some(here.as_str())] {
                let search = async |skip| {
                    let page = PageRequest {
                        skip: Some(skip),
                        take: Some("1".to_owned()),
                        ..PageRequest::default()
                    };
                    let search = &store.services.search;
                    search
                        .messages(&principal("bob"), term, place, &page)
                        .await
                        .unwrap()
                        .page
                };
                let newest = search("0".to_owned()).await;
                let oldest = search((expected.len() - 1).to_string()).await;
                let found = [&newest, &oldest].map(|page| page.items[0].message.seq.0 - 1);
                let ends = [expected[0], expected[expected.len() - 1]];
                assert_eq!(
                    (newest.pagination.total, found),
                    (expected.len() as i64, ends),
                    "{term:?} in {place:?}"
                );
            }
        }
    }
}
