//! The log is the truth: folding it from its first event gives what the tables hold, whatever happened, on PostgreSQL
//! through two servers.
//!
//! Folded are people and the names they are found by, conversations, members with their intervals, roles, states and
//! pointers, messages with their former contents and files, reactions, receipts and blocks, and the numbers that were given out.
//! Not in the log: the files themselves, when people were last seen, where connections are (`nodes`, `tickets`), and the hash of what was first
//! sent, which recognises repeats. Numbers that only the database gives to rows say nothing.

mod folding;
mod history;
mod random;
mod state;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use entities::event;
use entities::ids::EventId;
use hubwire::log::Log;
use hubwire::log::event::Event;
use hubwire::services::{Limits, Settings};
use sea_orm::EntityTrait;

use self::history::History;
use self::state::State;
use crate::database::TestDatabase;
use crate::nodes::beside_with;
use crate::support::{Store, settings};

const ACTIONS: usize = 800;
/// What is done at once takes turns in no order of ours: a history goes on until everything was done, and every kind of
/// event is there so often.
const OFTEN: usize = 4;

/// A store after a history, begun again so that every event comes from the database.
async fn lived(home: TestDatabase, seed: u64) -> (Store, Vec<Arc<Event>>) {
    let limits = Limits {
        reactions_per_minute: 0,
        ..settings().limits
    };
    let settings = Settings { limits, ..settings() };
    let store = Store::open_with(home, settings.clone()).await;
    let beside = beside_with(&store, store.clock.clone(), settings).await;
    let others = || beside.iter();
    let servers = std::iter::once(&store.services).chain(others().map(|(_, services)| services));
    let mut history = History::new(&store, servers.cloned().collect(), seed);
    history.go_on(ACTIONS).await;
    for _ in 0..50 {
        if history.done.len() == 28 && kinds(&store).await.values().filter(|often| **often >= OFTEN).count() == 18 {
            break;
        }
        history.go_on(50).await;
    }
    let (done, said) = (history.done, history.said);
    assert_eq!(done.len(), 28, "everything succeeded at least once: {done:?}");
    memory_is_what_the_tables_say(&store, &store.log).await;
    for (log, _) in others() {
        memory_is_what_the_tables_say(&store, log).await;
        log.close().await;
    }
    let store = store.restart().await;
    nothing_deleted_is_there(&store, &said).await;
    let mut events = Vec::new();
    while let Some(last) = next(&store, &events).await {
        events.extend(last);
    }
    (store, events)
}

/// How often each kind of event is in the log.
async fn kinds(store: &Store) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for row in event::Entity::find().all(&store.database.read).await.unwrap() {
        *kinds.entry(row.kind).or_default() += 1;
    }
    kinds
}

/// Who belongs where, as a server has it in memory.
async fn memory_is_what_the_tables_say(store: &Store, log: &Log) {
    let fresh = Log::open(&store.database, &store.clock).await.unwrap();
    // Nothing is that old; but first it takes in what others wrote.
    log.prune(Duration::MAX, &store.clock).await.unwrap();
    let mut known = 0;
    for number in State::stored(&store.database.read).await.conversations.into_keys() {
        if let Some(cached) = log.members.cached(number) {
            assert_eq!(cached, fresh.members.of(number).await.unwrap().unwrap());
            known += 1;
        }
    }
    fresh.close().await;
    assert!(known > 10, "{known} are in memory");
}

async fn next(store: &Store, known: &[Arc<Event>]) -> Option<Vec<Arc<Event>>> {
    let position = known.last().map_or(EventId(0), |event| event.id);
    let events = store.log.read_after(position, 500).await.unwrap();
    (!events.is_empty()).then_some(events)
}

/// The log has no word of what a deleted message ever said, nor of what it was before.
async fn nothing_deleted_is_there(store: &Store, said: &[(entities::ids::MessageId, String)]) {
    let rows = event::Entity::find().all(&store.database.read).await.unwrap();
    let bodies: String = rows.into_iter().map(|row| row.body).collect();
    let messages = entities::message::Entity::find()
        .all(&store.database.read)
        .await
        .unwrap();
    let deleted: BTreeSet<_> = messages
        .iter()
        .filter(|row| row.deleted_at.is_some())
        .map(|row| row.id.0)
        .collect();
    assert!(deleted.len() > 5, "{} messages were deleted", deleted.len());
    for (id, text) in said {
        let is_gone = deleted.contains(&id.0);
        // What says it as its key is not its text, and those that sent it on still say it.
        let is_there = bodies.contains(&format!("\"content\":\"{text}"));
        let is_sent_on = messages
            .iter()
            .any(|row| row.id.0 != id.0 && row.content.starts_with(text));
        assert_eq!(is_there, !is_gone || is_sent_on, "{text} of {id}");
        let is_called = bodies.contains(&format!("{text}.png"));
        // Those that sent it on still have its files.
        let is_shared = messages.iter().any(|row| row.id.0 != id.0 && has_file(row, text));
        assert!(!(is_gone && is_called) || is_shared, "a file of {id}");
    }
}

fn has_file(row: &entities::message::Model, text: &str) -> bool {
    let called = format!("{text}.png");
    row.attachments.as_deref().is_some_and(|files| files.contains(&called))
}

fn folded<'a>(events: impl Iterator<Item = &'a Arc<Event>>) -> State {
    let mut state = State::default();
    events.for_each(|event| state.fold(event));
    state
}

#[tokio::test]
async fn folding_the_log_gives_what_the_tables_hold() {
    for seed in [1, 2] {
        for home in TestDatabase::each().await {
            let (store, events) = Box::pin(lived(home, seed)).await;
            let differences = folded(events.iter()).differences(&State::stored(&store.database.read).await);
            assert!(differences.is_empty(), "seed {seed}: {}", differences.join("\n"));
        }
    }
}

#[tokio::test]
async fn a_kind_of_event_that_is_left_out_is_missed() {
    let (store, events) = Box::pin(lived(TestDatabase::sqlite(), 3)).await;
    let stored = State::stored(&store.database.read).await;
    let kinds: BTreeSet<_> = events.iter().map(|event| event.body.kind()).collect();
    assert_eq!(kinds.len(), 18, "{kinds:?}");
    // Those two say once more what happened to a member, to the others.
    let telling = ["member_added", "member_removed"];
    for kind in kinds.into_iter().filter(|kind| !telling.contains(kind)) {
        let rest = events.iter().filter(|event| event.body.kind() != kind);
        assert!(!folded(rest).differences(&stored).is_empty(), "{kind}");
    }
}
