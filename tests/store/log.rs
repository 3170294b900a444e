//! The log: one order, from memory and from the database alike.

use entities::ids::{ConversationNumber, EventId};
use entities::{event, log_head};
use hubwire::log::Log;
use hubwire::log::event::Body;
use hubwire::services::Services;
use hubwire::services::messages::{Draft, Via};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};

use crate::support::{Store, person, principal, settings, to};

#[tokio::test]
async fn events_read_the_same_from_memory_and_from_the_database() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob"]).await;
        for turn in 0..5 {
            store.post("ann", to(&group), &format!("turn {turn}")).await.unwrap();
        }
        let draft = Draft {
            metadata: Some(serde_json::json!({"plan": {"b": [1, "\u{0}"]}})),
            kind: Some("Location".into()),
            temp_id: Some("7".into()),
            ..Draft::text(to(&group), "there", Via::Hub)
        };
        store.services.messages.post(&principal("ann"), draft).await.unwrap();
        let remembered = store.log.read_after(EventId(0), 100).await.unwrap();
        assert!(store.log.tail.after(EventId(0), 1).is_some());
        let epoch = store.log.epoch().to_owned();
        let store = store.restart().await;
        assert_eq!(store.log.epoch(), epoch);
        assert!(store.log.tail.after(EventId(0), 1).is_none());
        let stored = store.log.read_after(EventId(0), 100).await.unwrap();
        let text = |events: &[std::sync::Arc<hubwire::log::event::Event>]| format!("{events:?}");
        assert_eq!(text(&remembered), text(&stored));
        assert_eq!(
            stored.len(),
            11,
            "two people, their group, two members and six messages"
        );
        assert_eq!(store.log.read_after(EventId(3), 2).await.unwrap()[0].id, EventId(4));
        assert!(store.log.read_after(store.log.tail.head(), 9).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn followers_wake_after_the_commit() {
    let store = Store::sqlite().await;
    let mut changed = store.log.tail.changed();
    store.post("ann", person("bob"), "hello").await.unwrap();
    changed.changed().await.unwrap();
    let head = *changed.borrow_and_update();
    assert!(!store.log.read_after(EventId(0), 9).await.unwrap().is_empty());
    assert!(head <= store.log.tail.head());
}

#[tokio::test]
async fn what_another_node_wrote_is_folded_before_anything_is_checked() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob"]).await;
        store.post("ann", to(&group), "one").await.unwrap();
        // A second server on the same database.
        let other = Log::open(&store.database, &store.clock).await.unwrap();
        let services = Services::new(&store.database, &other, &store.clock, settings());
        let there = |target, content: &str| {
            let draft = Draft {
                client_message_id: Some("k1".into()),
                ..Draft::text(target, content, Via::Hub)
            };
            let messages = services.messages.clone();
            async move { messages.post(&principal("bob"), draft).await }
        };
        assert_eq!(there(to(&group), "two").await.unwrap().message.seq.0, 2);
        let elsewhere = there(person("cat"), "hello").await.unwrap().message;
        // This node goes on where the other one was, and its followers hear what happened there.
        assert_eq!(store.post("ann", to(&group), "three").await.unwrap().message.seq.0, 3);
        assert_eq!(there(to(&group), "two").await.unwrap().message.seq.0, 2);
        let events = store.log.read_after(EventId(0), 100).await.unwrap();
        let told: Vec<_> = events
            .iter()
            .filter_map(|event| match &event.body {
                Body::MessagePosted(message) => Some(message.content.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(told, ["one", "two", "hello", "three"]);
        assert!(events.windows(2).all(|pair| pair[0].id.next() == pair[1].id));
        assert!(store.log.members.cached(elsewhere.conversation).is_some());
    }
}

#[tokio::test]
async fn closed_log_finishes_what_it_accepted_and_takes_no_more() {
    let store = Store::sqlite().await;
    let group = store.group("ann", &["bob"]).await;
    let sends: Vec<_> = (0..20)
        .map(|turn| {
            let (messages, target) = (store.services.messages.clone(), to(&group));
            tokio::spawn(async move {
                let draft = Draft::text(target, format!("turn {turn}"), Via::Hub);
                messages.post(&principal("ann"), draft).await
            })
        })
        .collect();
    tokio::task::yield_now().await;
    store.log.close().await;
    for send in sends {
        match send.await.unwrap() {
            Ok(posted) => assert!(posted.event.unwrap() <= store.log.tail.head()),
            Err(error) => assert_eq!(error.code(), "unavailable"),
        }
    }
    assert_eq!(
        store.post("ann", to(&group), "late").await.unwrap_err().code(),
        "unavailable"
    );
}

/// As the versions before values were in them wrote them.
const OLD: [(&str, &str); 5] = [
    (
        "conversation_created",
        r#"{"id":"ID","kind":"group","name":"lobby","members":[{"user":"ann","role":"owner"}]}"#,
    ),
    (
        "member_joined",
        r#"{"conversation_id":"ID","kind":"group","name":"lobby","role":"member","founding":false}"#,
    ),
    (
        "member_left",
        r#"{"conversation_id":"ID","name":"lobby","how":"removed"}"#,
    ),
    ("group_changed", r#"{"conversation_id":"ID","name":"lounge"}"#),
    ("state_changed", r#"{"conversation_id":"ID","what":"muted"}"#),
];

#[tokio::test]
async fn events_of_older_versions_are_read() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob"]).await;
        let head = store.log.tail.head();
        write(
            &store,
            group.number,
            OLD.map(|(kind, body)| (kind, body.replace("ID", &group.id.to_string()))),
        )
        .await;
        let store = store.restart().await;
        let events = store.log.read_after(head, 100).await.unwrap();
        let kinds: Vec<_> = events.iter().map(|event| event.body.kind()).collect();
        assert_eq!(kinds, OLD.map(|(kind, _)| kind));
        let says_nothing = |body: &Body| match body {
            Body::ConversationCreated(created) => created.profile.is_none(),
            Body::MemberJoined(joined) => joined.entry.is_none(),
            Body::MemberLeft(left) => left.until_event.is_none(),
            Body::GroupChanged(changed) => changed.profile.is_none(),
            Body::StateChanged(changed) => changed.now.is_none(),
            _ => false,
        };
        assert!(events.iter().all(|event| says_nothing(&event.body)));
    }
}

/// Writes events about bob as another version of the server would, which this one does not know of yet.
async fn write(
    store: &Store,
    conversation: ConversationNumber,
    events: impl IntoIterator<Item = (&'static str, String)>,
) {
    let head = store.log.tail.head();
    let rows = events
        .into_iter()
        .zip(head.0 + 1..)
        .map(|((kind, body), id)| event::Model {
            id: EventId(id),
            conversation: Some(conversation),
            user_id: Some("bob".parse().unwrap()),
            kind: kind.to_owned(),
            actor_id: "ann".parse().unwrap(),
            body,
            created_at: 0,
            message: None,
        });
    let rows: Vec<_> = rows.collect();
    let last = rows.last().unwrap().id;
    let rows = rows.into_iter().map(|row| row.into_active_model().reset_all());
    let written = event::Entity::insert_many(rows).exec_without_returning(&store.database.write);
    written.await.unwrap();
    let moved = log_head::Entity::update_many().col_expr(log_head::Column::Event, Expr::value(last.0));
    moved.exec(&store.database.write).await.unwrap();
}

#[tokio::test]
async fn a_server_goes_on_beside_a_newer_one_whose_events_it_does_not_know() {
    for store in Store::each().await {
        let group = store.group("ann", &["bob"]).await;
        let head = store.log.tail.head();
        write(&store, group.number, [("tomorrow", r#"{"what":"ever"}"#.to_owned())]).await;
        store.post("ann", to(&group), "today").await.unwrap();
        let events = store.log.read_after(head, 100).await.unwrap();
        let kinds: Vec<_> = events.iter().map(|event| event.body.kind()).collect();
        assert_eq!(kinds[..2], ["unknown", "message_posted"]);
    }
}
