//! Who belongs where is kept in memory, and follows every change without being read again.

use std::sync::{Arc, Mutex};

use entities::conversation::History;
use hubwire::clock::Clock;
use hubwire::database::{Database, Options};
use hubwire::log::Log;
use hubwire::services::details::ConversationDetails;
use hubwire::services::groups::GroupChange;

use crate::database::TestDatabase;
use crate::support::{EPOCH, Store, principal, settings, to};

/// Statements about members.
type Statements = Arc<Mutex<Vec<String>>>;

async fn watched(home: TestDatabase) -> (Store, Statements) {
    let mut database = Database::open(&Options::new(&home.url)).await.unwrap();
    let statements = Statements::default();
    for pool in [&mut database.read, &mut database.write] {
        let heard = Arc::clone(&statements);
        pool.set_metric_callback(move |info| {
            if info.statement.sql.contains("members") {
                heard.lock().unwrap().push(info.statement.sql.clone());
            }
        });
    }
    let store = Store::over(home, database, Clock::fixed(EPOCH), settings()).await;
    (store, statements)
}

impl Store {
    /// Whether what is in memory of a conversation is what the tables say.
    pub async fn remembers(&self, number: entities::ids::ConversationNumber) -> bool {
        let other = Log::open(&self.database, &self.clock).await.unwrap();
        let stored = other.members.of(number).await.unwrap().unwrap();
        other.close().await;
        let known = self.log.members.cached(number);
        known.is_some_and(|known| *known == *stored)
    }

    async fn do_everything_to(&self, group: &ConversationDetails, turn: usize) {
        let (conversations, id, ann) = (&self.services.conversations, &group.id.to_string(), &principal("ann"));
        let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        match turn {
            0 => drop(conversations.add_members(ann, id, ids(&["dan", "eve"])).await.unwrap()),
            1 => {
                let bob = Some(ids(&["bob"]));
                conversations.change_roles(ann, id, bob, "admin").await.unwrap();
            }
            2 => {
                let change = GroupChange {
                    name: Some("lounge".to_owned()),
                    history: Some(History::FromJoin),
                    ..GroupChange::default()
                };
                conversations.change_group(ann, id, change).await.unwrap();
            }
            3 => {
                let both = Some(ids(&["cat", "dan"]));
                conversations.remove_members(ann, id, both).await.unwrap();
            }
            4 => drop(conversations.add_members(ann, id, ids(&["cat", "fay"])).await.unwrap()),
            5 => drop(conversations.leave(&principal("eve"), id).await.unwrap()),
            _ => drop(conversations.transfer(ann, id, "bob").await.unwrap()),
        }
    }
}

#[tokio::test]
async fn a_message_after_a_change_of_members_reads_none_of_them() {
    for home in TestDatabase::each().await {
        let (store, statements) = watched(home).await;
        let group = store.group("ann", &["bob", "cat"]).await;
        for turn in 0..7 {
            store.do_everything_to(&group, turn).await;
            assert!(store.remembers(group.number).await, "after change {turn}");
            statements.lock().unwrap().clear();
            store.post("bob", to(&group), "hello").await.unwrap();
            let read = std::mem::take(&mut *statements.lock().unwrap());
            assert_eq!(read, [""; 0], "after change {turn}");
        }
    }
}

#[tokio::test]
async fn what_is_hidden_and_blocked_is_remembered_as_the_tables_say() {
    for store in Store::each().await {
        let direct = store.direct("ann", "bob").await;
        store.post("ann", to(&direct), "hello").await.unwrap();
        let (ann, services) = (principal("ann"), &store.services);
        services
            .conversations
            .leave(&ann, &direct.id.to_string())
            .await
            .unwrap();
        assert!(store.remembers(direct.number).await);
        for is_blocked in [true, false] {
            services.blocks.set(&ann, "bob", is_blocked).await.unwrap();
            assert!(store.remembers(direct.number).await);
        }
    }
}
