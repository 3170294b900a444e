//! Commands that share a batch. Asked together on one thread they reach the writer together, in this order.

use entities::ids::EventId;
use entities::user_id::UserId;
use sea_orm::{ConnectionTrait, Statement};

use crate::clock::Clock;
use crate::database::{Database, Options};
use crate::log::Log;
use crate::log::event::{Body, MessageDetails};
use crate::log::writer::changes::{Delete, Edit};
use crate::services::messages::{Draft, Placed, Target, Via};
use crate::services::{Principal, Profile, Services, Settings};

#[path = "../../../tests/support/database.rs"]
#[allow(unreachable_pub, reason = "the test binaries see all of it")]
mod database;

struct Node {
    database: Database,
    log: Log,
    services: Services,
}

impl Node {
    async fn open(url: &str) -> Self {
        let clock = Clock::system();
        let database = Database::open(&Options::new(url)).await.unwrap();
        let log = Log::open(&database, &clock).await.unwrap();
        let services = Services::new(&database, &log, &clock, Settings::default());
        Self {
            database,
            log,
            services,
        }
    }

    async fn post(&self, who: &str, draft: Draft) -> MessageDetails {
        let posted = self.services.messages.post(&principal(who), draft).await.unwrap();
        MessageDetails::clone(&posted.message)
    }

    async fn prepare(&self, who: &str, draft: Draft) -> Placed {
        let (who, messages) = (principal(who), &self.services.messages);
        let prepared = messages.prepare(&who, draft).await.unwrap();
        messages.place(&who, prepared).await.unwrap()
    }

    /// Neither the database nor anything in memory says it.
    async fn has_nowhere(&self, text: &str) {
        for event in self.log.read_after(EventId(0), 1_000).await.unwrap() {
            assert!(!format!("{event:?}").contains(text), "{event:?}");
        }
        let memory = format!("{:?}", self.log.unproven);
        assert!(!memory.contains(text), "{memory}");
        let backend = self.database.read.get_database_backend();
        for (table, column) in [
            ("events", "body"),
            ("messages", "content"),
            ("message_edits", "content"),
        ] {
            let sql = format!("SELECT {column} FROM {table} WHERE {column} LIKE '%{text}%'");
            let rows = self.database.read.query_all_raw(Statement::from_string(backend, sql));
            assert!(rows.await.unwrap().is_empty(), "{table}");
        }
    }
}

fn principal(id: &str) -> Principal {
    Principal {
        user_id: id.parse().unwrap(),
        profile: Profile::default(),
        is_admin: false,
    }
}

fn to_bob(text: &str) -> Draft {
    Draft::text(Target::Person("bob".to_owned()), text, Via::Hub)
}

fn answer(to: &MessageDetails, text: &str) -> Draft {
    Draft {
        parent: Some(to.id.to_string()),
        ..Draft::text(Target::Conversation(to.conversation_id.to_string()), text, Via::Hub)
    }
}

fn edit(message: &MessageDetails, content: &str) -> Edit {
    Edit {
        message: message.number,
        editor: message.sender.id.clone(),
        content: content.to_owned(),
        mentions: Vec::new(),
        window_minutes: 0,
    }
}

fn deletion(message: &MessageDetails) -> Delete {
    Delete {
        message: message.number,
        actor: message.sender.id.clone(),
    }
}

#[tokio::test]
async fn what_a_batch_deletes_it_says_nowhere() {
    for home in database::TestDatabase::each().await {
        let node = Node::open(&home.url).await;
        let writer = &node.log.writer;
        let message = node.post("ann", to_bob("the first secret")).await;
        let earlier = node.post("bob", answer(&message, "really?")).await;
        let later = node.prepare("bob", answer(&message, "no!")).await;
        let forward = Draft {
            forward: Some(message.id.to_string()),
            ..Draft::text(Target::Person("cat".to_owned()), "", Via::Rest)
        };
        let forward = node.prepare("bob", forward).await;
        let unrelated = node.post("ann", to_bob("nothing special")).await;

        let (edited, answer_edited, _, deleted, answered, forwarded) = tokio::join!(
            writer.change(edit(&message, "another secret")),
            writer.change(edit(&earlier, "really, now?")),
            writer.change(edit(&unrelated, "nothing at all")),
            writer.change(deletion(&message)),
            node.services.messages.store(later),
            node.services.messages.store(forward),
        );
        assert_eq!(edited.unwrap().content, "another secret");
        assert_eq!(answer_edited.unwrap().quoted.unwrap().content, "another secret");
        deleted.unwrap();
        let quoted = answered.unwrap().message.quoted.clone().unwrap();
        assert_eq!((quoted.content.as_str(), quoted.is_deleted), ("", true));
        let forwarded = forwarded.unwrap().message;
        assert_eq!(forwarded.content, "the first secret", "a message of its own");

        let bob: UserId = "bob".parse().unwrap();
        let of_bob = Delete {
            message: forwarded.number,
            actor: bob,
        };
        writer.change(of_bob).await.unwrap();
        node.has_nowhere("secret").await;
        let said = node.log.read_after(EventId(0), 1_000).await.unwrap();
        let kept = said.iter().any(|event| match &event.body {
            Body::MessageEdited(message) => message.content == "nothing at all",
            _ => false,
        });
        assert!(kept, "what was not deleted stays");
    }
}

#[tokio::test]
async fn an_answer_on_its_way_does_not_keep_what_is_deleted_meanwhile() {
    for home in database::TestDatabase::each().await {
        let node = Node::open(&home.url).await;
        let message = node.post("ann", to_bob("a secret")).await;
        let answer = node.prepare("bob", answer(&message, "really?")).await;
        node.log.writer.change(deletion(&message)).await.unwrap();
        let answer = node.services.messages.store(answer).await.unwrap().message;
        assert!(answer.quoted.as_ref().unwrap().is_deleted);
        node.has_nowhere("secret").await;
    }
}

#[tokio::test]
async fn what_another_node_deletes_leaves_this_ones_memory_too() {
    for home in database::TestDatabase::each().await {
        let (node, other) = (Node::open(&home.url).await, Node::open(&home.url).await);
        let message = node.post("ann", to_bob("a secret")).await;
        node.post("bob", answer(&message, "really?")).await;
        other.log.writer.change(deletion(&message)).await.unwrap();
        node.post("ann", to_bob("oh")).await;
        node.has_nowhere("secret").await;
    }
}
