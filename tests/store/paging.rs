//! Pages neither skip nor repeat, whatever style the client speaks.

use std::time::Duration;

use hubwire::services::details::ConversationDetails;
use hubwire::services::messages::Target;
use hubwire::services::paging::{Page, PageRequest};
use hubwire::services::{Error, details::MessageDetails};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::{EPOCH, Store, principal, to};

const MESSAGES: i64 = 23;

/// `MESSAGES` messages, four a millisecond, and some elsewhere in between.
async fn filled(store: &Store) -> (ConversationDetails, Vec<MessageDetails>) {
    let group = store.group("ann", &["bob"]).await;
    for turn in 0..MESSAGES {
        store.post("ann", to(&group), &format!("turn {turn}")).await.unwrap();
        if turn % 3 == 0 {
            store
                .post("ann", Target::Person("bob".into()), "elsewhere")
                .await
                .unwrap();
        }
        if turn % 4 == 3 {
            store.clock.advance(Duration::from_millis(7));
        }
    }
    let all = page(
        store,
        &group,
        &PageRequest {
            take: Some("100".into()),
            ..PageRequest::default()
        },
    )
    .await
    .items;
    assert_eq!(all.len() as i64, MESSAGES);
    (group, all)
}

async fn page(store: &Store, group: &ConversationDetails, request: &PageRequest) -> Page<MessageDetails> {
    store
        .services
        .messages
        .page(&principal("bob"), &group.id.to_string(), request)
        .await
        .unwrap()
}

fn places(page: &Page<MessageDetails>) -> Vec<i64> {
    page.items.iter().map(|message| message.seq.0).collect()
}

/// How a bound is spelled.
#[derive(Clone, Copy, Debug)]
enum Spelling {
    Id,
    Number,
    Time,
    Milliseconds,
}

/// A request in the model's terms.
#[derive(Clone, Debug)]
struct Asked {
    before: Option<(i64, Spelling)>,
    after: Option<(i64, Spelling)>,
    skip: i64,
    by_page: bool,
    size: i64,
}

fn asked() -> impl Strategy<Value = Asked> {
    let spelling = prop_oneof![
        Just(Spelling::Id),
        Just(Spelling::Number),
        Just(Spelling::Time),
        Just(Spelling::Milliseconds)
    ];
    let bound = || proptest::option::of((1..=MESSAGES, spelling.clone()));
    (bound(), bound(), 0..30_i64, any::<bool>(), 1..30_i64).prop_map(|(before, after, skip, by_page, size)| Asked {
        before,
        after,
        skip,
        by_page,
        size,
    })
}

fn spell((place, spelling): (i64, Spelling), all: &[MessageDetails]) -> String {
    let message = &all[usize::try_from(place - 1).unwrap()];
    match spelling {
        Spelling::Id => message.id.to_string(),
        Spelling::Number => message.number.to_string(),
        Spelling::Time => {
            let time = chrono::DateTime::from_timestamp_millis(message.created_at).unwrap();
            time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
        }
        Spelling::Milliseconds => message.created_at.to_string(),
    }
}

impl Asked {
    fn request(&self, all: &[MessageDetails]) -> PageRequest {
        let size = Some(self.size.to_string());
        let mut request = PageRequest {
            before: self.before.map(|bound| spell(bound, all)),
            after: self.after.map(|bound| spell(bound, all)),
            ..PageRequest::default()
        };
        if self.by_page {
            (request.page, request.limit) = (Some((self.skip / self.size + 1).to_string()), size);
        } else {
            (request.skip, request.take) = (Some(self.skip.to_string()), size);
        }
        request
    }

    /// What the page must hold, and whether there is more: filter, turn round, skip, take.
    fn expected(&self) -> (Vec<i64>, bool) {
        let before = self.before.map_or(i64::MAX, |(place, _)| place);
        let after = self.after.map_or(0, |(place, _)| place);
        let mut range: Vec<i64> = (1..=MESSAGES)
            .filter(|place| *place > after && *place < before)
            .collect();
        let ascends = self.after.is_some() && self.before.is_none();
        if !ascends {
            range.reverse();
        }
        let skip = if self.by_page {
            self.skip / self.size * self.size
        } else {
            self.skip
        };
        let (skip, size) = (usize::try_from(skip).unwrap(), usize::try_from(self.size).unwrap());
        let has_more = range.len() > skip + size;
        let mut page: Vec<i64> = range.into_iter().skip(skip).take(size).collect();
        page.sort_unstable();
        (page, has_more)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_style_agrees_with_the_model() {
    for store in Store::each().await {
        let (group, all) = filled(&store).await;
        let handle = tokio::runtime::Handle::current();
        tokio::task::block_in_place(|| {
            let mut runner = TestRunner::new(Config {
                cases: 200,
                failure_persistence: None,
                ..Config::default()
            });
            runner
                .run(&asked(), |asked| {
                    let page = handle.block_on(page(&store, &group, &asked.request(&all)));
                    let (expected, has_more) = asked.expected();
                    prop_assert_eq!(places(&page), expected);
                    prop_assert_eq!(page.pagination.has_more, has_more);
                    prop_assert_eq!(page.pagination.limit, asked.size);
                    Ok(())
                })
                .unwrap();
        });
    }
}

#[tokio::test]
async fn cursors_walk_through_everything_once_in_both_directions() {
    for store in Store::each().await {
        let (group, all) = filled(&store).await;
        let expected: Vec<i64> = (1..=MESSAGES).collect();
        let size = Some("5".to_owned());
        let mut walked = Vec::new();
        let mut request = PageRequest {
            limit: size.clone(),
            ..PageRequest::default()
        };
        loop {
            let page = page(&store, &group, &request).await;
            walked.splice(0..0, places(&page));
            let Some(next) = page.pagination.next_cursor else { break };
            assert!(page.pagination.has_more);
            request.before = Some(next.to_string());
        }
        assert_eq!(walked, expected);

        let mut walked = vec![1];
        let mut cursor = all[0].id;
        loop {
            let request = PageRequest {
                limit: size.clone(),
                after: Some(cursor.to_string()),
                ..PageRequest::default()
            };
            let page = page(&store, &group, &request).await;
            walked.extend(places(&page));
            let Some(next) = page.pagination.next_cursor else { break };
            cursor = next;
        }
        assert_eq!(walked, expected);
    }
}

#[tokio::test]
async fn size_is_clamped_and_empty_parameters_are_absent() {
    let store = Store::sqlite().await;
    let (group, _) = filled(&store).await;
    let text = |text: &str| Some(text.to_owned());
    let cases = [
        (
            PageRequest {
                take: text("0"),
                ..PageRequest::default()
            },
            1,
        ),
        (
            PageRequest {
                limit: text("-5"),
                ..PageRequest::default()
            },
            1,
        ),
        (
            PageRequest {
                page_size: text("99999999999999999999"),
                ..PageRequest::default()
            },
            100,
        ),
        (
            PageRequest {
                take: text(""),
                before: text(" "),
                page: text(""),
                ..PageRequest::default()
            },
            50,
        ),
        (
            PageRequest {
                page: text("0"),
                skip: text("-1"),
                ..PageRequest::default()
            },
            50,
        ),
        (
            PageRequest {
                offset: text("99999999999999999999"),
                ..PageRequest::default()
            },
            50,
        ),
        (
            PageRequest {
                page: text("9223372036854775807"),
                page_size: text("7"),
                ..PageRequest::default()
            },
            7,
        ),
    ];
    for (request, limit) in cases {
        assert_eq!(
            page(&store, &group, &request).await.pagination.limit,
            limit,
            "{request:?}"
        );
    }
}

#[tokio::test]
async fn bad_parameters_are_named() {
    let store = Store::sqlite().await;
    let (group, _) = filled(&store).await;
    let text = || Some("soon".to_owned());
    let cases = [
        (
            PageRequest {
                take: text(),
                ..PageRequest::default()
            },
            "take",
        ),
        (
            PageRequest {
                page_number: text(),
                ..PageRequest::default()
            },
            "pageNumber",
        ),
        (
            PageRequest {
                offset: text(),
                ..PageRequest::default()
            },
            "offset",
        ),
        (
            PageRequest {
                before: text(),
                ..PageRequest::default()
            },
            "before",
        ),
        (
            PageRequest {
                after: text(),
                ..PageRequest::default()
            },
            "after",
        ),
    ];
    for (request, expected) in cases {
        let error = store
            .services
            .messages
            .page(&principal("bob"), &group.id.to_string(), &request)
            .await
            .unwrap_err();
        assert!(
            matches!(error, Error::Invalid { field, .. } if field == expected),
            "{error:?}"
        );
    }
    // A message of another conversation is no place in this one.
    let elsewhere = store
        .post("ann", Target::Person("bob".into()), "x")
        .await
        .unwrap()
        .message
        .id;
    let request = PageRequest {
        before: Some(elsewhere.to_string()),
        ..PageRequest::default()
    };
    let error = store
        .services
        .messages
        .page(&principal("bob"), &group.id.to_string(), &request)
        .await
        .unwrap_err();
    assert_eq!(error, Error::NotFound("Message not found".into()));
}

#[tokio::test]
async fn times_are_read_in_the_spellings_clients_use() {
    let store = Store::sqlite().await;
    let (group, all) = filled(&store).await;
    assert_eq!(all[0].created_at, EPOCH);
    for time in [
        "2026-01-01T00:00:00.003Z",
        "2026-01-01T00:00:00.003",
        "2026-01-01T01:00:00.003+01:00",
        "2026-01-01T01:00:00.003 01:00",
        "2026-01-01 00:00:00.003",
        "1767225600003",
        // Finer than a millisecond: everything in the millisecond below is before it.
        "2026-01-01T00:00:00.0025Z",
    ] {
        let request = PageRequest {
            before: Some(time.to_owned()),
            ..PageRequest::default()
        };
        assert_eq!(places(&page(&store, &group, &request).await), [1, 2, 3], "{time}");
    }
    let request = PageRequest {
        after: Some("2026-01-02".to_owned()),
        ..PageRequest::default()
    };
    assert!(places(&page(&store, &group, &request).await).is_empty());
}
