//! The descriptions: whole, true, and given out. What all other tests are answered is held against them too.

pub(crate) mod conforming;
mod schema;

use std::{collections::BTreeSet, sync::LazyLock};

use entities::message;
use hubwire::{
    described,
    router::ROUTES,
    services,
    views::{ClientEvent, words},
};
use serde_json::{Value, json};

use self::schema::Checker;
use crate::{hub_client::HubClient, support::TestApp};

static OPENAPI: LazyLock<Value> = LazyLock::new(described::openapi);
static ASYNCAPI: LazyLock<Value> = LazyLock::new(described::asyncapi);

/// Every operation of the REST description: path, method, what is said of it.
fn operations() -> Vec<(&'static str, &'static str, &'static Value)> {
    let paths = OPENAPI["paths"].as_object().unwrap().iter();
    let methods = |(path, methods): (&'static String, &'static Value)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    };
    paths.flat_map(methods).collect()
}

#[tokio::test]
async fn every_route_is_described_and_nothing_else() {
    let app = TestApp::start().await;
    let answer = app.ask("GET", "/openapi.json", &[], b"").await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("application/json; charset=utf-8"))
    );
    assert_eq!(answer.json(), *OPENAPI);
    let described: BTreeSet<_> = operations().iter().map(|(path, method, _)| (*path, *method)).collect();
    let routes = ROUTES.iter();
    let routes: BTreeSet<_> = routes
        .flat_map(|(path, methods)| methods.iter().map(|method| (*path, *method)))
        .collect();
    assert_eq!(described, routes);
}

#[tokio::test]
async fn every_method_and_event_of_the_hubs_is_described_and_nothing_else() {
    let app = TestApp::start().await;
    let answer = app.ask("GET", "/asyncapi.json", &[], b"").await;
    assert_eq!(answer.json(), *ASYNCAPI);
    let of = |part: &str| -> BTreeSet<String> {
        let operations = ASYNCAPI["operations"].as_object().unwrap().keys();
        operations
            .filter_map(|id| id.strip_prefix(part))
            .map(str::to_owned)
            .collect()
    };
    for (hub, methods) in ["chat", "chatOnline"].into_iter().zip(app.app.hubs.methods()) {
        let methods: BTreeSet<_> = methods.into_iter().map(str::to_owned).collect();
        assert_eq!(of(&format!("{hub}.invoke.")), methods, "{hub}");
    }
    let heard = of("chat.on.").into_iter().chain(of("chatOnline.on."));
    let events: BTreeSet<_> = ClientEvent::NAMES.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(heard.collect::<BTreeSet<_>>(), events);
}

#[test]
fn every_operation_says_what_it_does_and_has_an_id_of_its_own() {
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations() {
        let place = format!("{method} {path}");
        let id = operation["operationId"].as_str().unwrap();
        assert!(ids.insert(id), "{place}: {id} is another's");
        assert!(!operation["summary"].as_str().unwrap().is_empty(), "{place}");
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        for parameter in &parameters {
            assert_ne!(parameter["description"], "", "{place}: {parameter}");
        }
        let named = parameters.iter().filter(|parameter| parameter["in"] == "path");
        assert_eq!(named.count(), path.matches('{').count(), "{place}");
        let tag = &operation["tags"][0];
        let tags = OPENAPI["tags"].as_array().unwrap();
        assert!(tags.iter().any(|known| known["name"] == *tag), "{place}: {tag}");
    }
    for (id, operation) in ASYNCAPI["operations"].as_object().unwrap() {
        assert!(!operation["summary"].as_str().unwrap().is_empty(), "{id}");
    }
}

/// Everything that stands beside a schema as an example of it.
fn examples(document: &Value, found: &mut Vec<(Value, Value)>) {
    match document {
        Value::Object(members) => {
            let schema = members.get("schema").or_else(|| members.get("payload"));
            if let Some(schema) = schema {
                let one = members.get("example").cloned();
                let several = members.get("examples").into_iter().flat_map(|examples| match examples {
                    Value::Array(list) => list
                        .iter()
                        .map(|example| example["payload"].clone())
                        .collect::<Vec<_>>(),
                    named => named
                        .as_object()
                        .unwrap()
                        .values()
                        .map(|example| example["value"].clone())
                        .collect(),
                });
                found.extend(one.into_iter().chain(several).map(|example| (schema.clone(), example)));
            }
            for (name, member) in members {
                if !matches!(name.as_str(), "schema" | "payload" | "example" | "examples") {
                    examples(member, found);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| examples(item, found)),
        _ => {}
    }
}

#[test]
fn every_example_is_one() {
    for (document, least) in [(&*OPENAPI, 200), (&*ASYNCAPI, 100)] {
        let mut found = Vec::new();
        examples(document, &mut found);
        assert!(found.len() >= least, "only {}", found.len());
        for (schema, example) in found {
            Checker::of(document).check(&schema, &example);
        }
    }
}

#[test]
fn words_are_the_ones_that_are_used() {
    let kinds = words::MessageType::ALL
        .iter()
        .map(|name| (name, name.parse::<message::Kind>().unwrap().name()));
    assert!(kinds.clone().count() == 8 && kinds.clone().all(|(word, name)| *word == name));
    use services::Error as E;
    let errors = [
        E::Unauthorized,
        E::Forbidden(String::new()),
        E::NotAParticipant,
        E::NotFound(String::new()),
        E::invalid("", ""),
        E::IdempotencyMismatch,
        E::GroupFull { limit: 1, members: 2 },
        E::EditWindowOver {
            minutes: 1,
            age_minutes: 1,
        },
        E::TooLarge(String::new()),
        E::TooMany {
            limit: String::new(),
            retry_after: std::time::Duration::ZERO,
        },
        E::Unavailable,
        E::Internal,
    ];
    for error in errors {
        assert!(words::ErrorCode::ALL.contains(&error.code()), "{}", error.code());
    }
}

/// What a view shows is what its type says: in every event of two people's hours.
#[tokio::test]
async fn what_is_heard_has_exactly_the_described_members() {
    let app = TestApp::start().await;
    let mut ann = HubClient::connect(&app, "ann").await;
    let mut bob = HubClient::connect(&app, "bob").await;
    let group = ann
        .call("CreateGroup", json!([{"name": "Weekend", "memberIds": ["bob"]}]))
        .await["id"]
        .clone();
    bob.hears("NewConversation").await;
    let message = ann
        .call(
            "SendMessage",
            json!([{"conversationId": group, "content": "Who is in?", "clientMessageId": "k"}]),
        )
        .await["id"]
        .clone();
    bob.hears("ReceiveMessage").await;
    let mut answer = json!([{"conversationId": group, "content": "I am", "parentMessageId": message}]);
    bob.call("SendMessage", answer.take()).await;
    ann.hears_where("ReceiveMessage", |heard| heard["replyTo"].is_object())
        .await;
    bob.call("ForwardMessage", json!([message, "ann"])).await;
    ann.hears_where("ReceiveMessage", |heard| heard["forwardedFrom"].is_object())
        .await;
    bob.call("StartTyping", json!([group])).await;
    ann.hears("UserTyping").await;
    bob.call("MarkAsRead", json!([group])).await;
    ann.hears_where("MessageStatus", |heard| heard["type"] == "message.read")
        .await;
    ann.call("EditMessage", json!([message, "Who is in? Say it"])).await;
    bob.hears("MessageEdited").await;
    bob.call("AddReaction", json!([message, "👍"])).await;
    ann.hears("MessageReaction").await;
    ann.call("PinMessage", json!([message])).await;
    bob.hears("MessagePinned").await;
    ann.call("AddMember", json!([group, "carol"])).await;
    bob.hears("MemberAdded").await;
    ann.call("SearchMessages", json!(["who"])).await;
    ann.call("GetConversations", json!([])).await;
    ann.call("GetMessages", json!([group])).await;
    let missed = app.person("ann").get("/sync").await.data()["cursor"].clone();
    ann.call("DeleteMessage", json!([message])).await;
    bob.hears("MessageDeleted").await;
    ann.call("Sync", json!([missed])).await;
    ann.call("RemoveMember", json!([group, "bob"])).await;
    bob.hears("RemovedFromGroup").await;
    assert_eq!(
        bob.refused("JoinConversation", json!([group])).await,
        "not_a_participant: You are not a participant in this conversation"
    );
}
