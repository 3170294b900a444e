//! How the database in use goes about every hot query is kept beside this file and compared, and what is shown costs
//! the same number of statements whatever its size.
//!
//! After a change that is meant, `HUBWIRE_WRITE_PLANS=1 cargo test --test store plans` writes the files anew.

mod fixture;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use hubwire::clock::Clock;
use hubwire::database::{Database, Options};
use hubwire::services::paging::PageRequest;
use sea_orm::{ConnectionTrait, DbBackend, Statement, TransactionTrait};

use crate::database::TestDatabase;
use crate::support::{EPOCH, Store, principal, settings};

/// What is read, in the order it is read.
type Statements = Arc<Mutex<Vec<Statement>>>;

/// A store with years of talk in it, and what it asks its database.
async fn watched(home: TestDatabase) -> (Store, Statements) {
    let mut database = Database::open(&Options::new(&home.url)).await.unwrap();
    let statements = Statements::default();
    let heard = Arc::clone(&statements);
    database.read.set_metric_callback(move |info| {
        // A server on PostgreSQL looks every second what others wrote, whatever else it is asked.
        if !info.statement.sql.contains("FROM \"log_heads\"") {
            heard.lock().unwrap().push(info.statement.clone());
        }
    });
    let store = Store::over(home, database, Clock::fixed(EPOCH), settings()).await;
    fixture::fill(&store).await;
    (store, statements)
}

fn page(take: &str) -> PageRequest {
    PageRequest {
        take: Some(take.to_owned()),
        ..PageRequest::default()
    }
}

#[tokio::test]
async fn page_and_list_cost_a_constant_number_of_statements() {
    for home in TestDatabase::each().await {
        let (store, statements) = watched(home).await;
        let ann = principal("ann");
        let services = &store.services;
        let taken = || std::mem::take(&mut *statements.lock().unwrap()).len();
        let mut counts = Vec::new();
        for take in ["1", "1", "10", "100"] {
            taken();
            let messages = services.messages.page(&ann, "1", &page(take)).await.unwrap();
            let history = taken();
            let listed = services.conversations.list(&ann, &page(take), false).await.unwrap();
            assert_eq!(
                (messages.items.len().to_string(), listed.items.len().to_string()),
                (take.to_owned(), take.to_owned())
            );
            counts.push((history, taken()));
        }
        // The first also learns who is who.
        assert!(counts[1..].iter().all(|count| *count == counts[1]), "{counts:?}");
    }
}

#[tokio::test]
async fn hot_queries_keep_their_plans() {
    for home in TestDatabase::each().await {
        let name = if home.is_sqlite() { "sqlite" } else { "postgres" };
        let (store, statements) = watched(home).await;
        let ann = principal("ann");
        let services = &store.services;
        // What is known once is not asked again.
        services.messages.page(&ann, "1", &page("1")).await.unwrap();
        services.conversations.list(&ann, &page("1"), false).await.unwrap();
        statements.lock().unwrap().clear();

        let mut text = String::new();
        let mut tell = async |what: &str| {
            let mut asked = std::mem::take(&mut *statements.lock().unwrap());
            // Some are asked side by side, and come in any order.
            asked.sort_by(|one, other| one.sql.cmp(&other.sql));
            writeln!(text, "# {what}").unwrap();
            for statement in asked {
                writeln!(text, "\n{}", statement.sql).unwrap();
                for line in plan(&store, &statement).await {
                    writeln!(text, "    {line}").unwrap();
                }
            }
            text.push('\n');
            statements.lock().unwrap().clear();
        };
        services.messages.page(&ann, "1", &page("3")).await.unwrap();
        tell("a page of history").await;
        let before = PageRequest {
            before: Some((EPOCH + 5_000).to_string()),
            ..page("3")
        };
        services.messages.page(&ann, "1", &before).await.unwrap();
        tell("a page of history before a time").await;
        services.conversations.list(&ann, &page("3"), false).await.unwrap();
        tell("a page of the list").await;
        services.conversations.unread_total(&ann.user_id).await.unwrap();
        tell("all that is unread").await;
        for (term, place, what) in [
            ("word7 ", None, "a search in everything"),
            ("word7 some", Some("1"), "a search in one conversation"),
        ] {
            services.search.messages(&ann, term, place, &page("3")).await.unwrap();
            tell(what).await;
        }
        let (beginning, head) = (entities::ids::EventId(0), store.log.tail.head());
        store.log.concerning(&ann.user_id, beginning, head, 3).await.unwrap();
        tell("what somebody missed").await;
        compare(name, &text);
    }
}

async fn plan(store: &Store, statement: &Statement) -> Vec<String> {
    let read = &store.database.read;
    let backend = read.get_database_backend();
    let explain = match backend {
        DbBackend::Sqlite => "EXPLAIN QUERY PLAN",
        _ => "EXPLAIN (COSTS OFF)",
    };
    let asked = Statement {
        sql: format!("{explain} {}", statement.sql),
        ..statement.clone()
    };
    let transaction = read.begin().await.unwrap();
    if backend == DbBackend::Postgres {
        // Small tables are read whole whatever there is. What is kept says what there is.
        let setting = "SET LOCAL enable_seqscan = off";
        transaction.execute_unprepared(setting).await.unwrap();
    }
    let rows = transaction.query_all_raw(asked).await.unwrap();
    transaction.rollback().await.unwrap();
    let column = match backend {
        DbBackend::Sqlite => "detail",
        _ => "QUERY PLAN",
    };
    rows.iter()
        .map(|row| unvalued(&row.try_get::<String>("", column).unwrap()))
        .collect()
}

/// Without what stands in quotes: values of this run.
fn unvalued(line: &str) -> String {
    let parts = line.split('\'').enumerate();
    let shown = parts.map(|(place, part)| if place % 2 == 1 { "'…'" } else { part });
    shown.collect()
}

#[expect(clippy::disallowed_methods, reason = "the tests' own setting")]
fn compare(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/store/plans/{name}.txt"));
    if std::env::var("HUBWIRE_WRITE_PLANS").is_ok() {
        std::fs::write(&path, text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = kept.lines().zip(text.lines()).find(|(kept, now)| kept != now);
    assert!(
        kept == text,
        "{name}: the plans are others than those kept: {differs:?}"
    );
}
