//! Messages of conversations that are not the caller's, by their right ids: nothing tells them from ids that never were.

use serde_json::{Value, json};

use super::{methods, routes};
use crate::{
    line::{CHAT, Line},
    support::{Person, TestApp},
};

/// What `bob` told `cat`.
const SECRET: &str = "what bob told cat";
/// Ids that never were: the same two shapes as a message's.
const NEVER: [&str; 2] = ["018f3c2a-7b1e-7c4d-9a2b-0123456789ab", "9000000"];

/// Calls that name a message beside a conversation of the caller's own: `{message}` is the foreign one.
#[rustfmt::skip]
const BESIDE: &[(&str, &str, &str)] = &[
    ("POST", "/messages", r#"{"conversationId": "{conversation}", "content": "x", "parentMessageId": "{message}"}"#),
    ("POST", "/messages", r#"{"conversationId": "{conversation}", "content": "x", "replyToMessageId": "{message}"}"#),
    ("POST", "/conversations/{conversation}/messages", r#"{"content": "x", "parentMessageId": "{message}"}"#),
    ("POST", "/messages/{own}/forward", r#"{"conversationId": "{conversation}", "parentMessageId": "{message}"}"#),
    ("POST", "/messages/{own}/read", r#"{"messageIds": ["{message}"]}"#),
    ("POST", "/messages/{own}/read", r#"{"messageIds": ["{own}", "{message}"]}"#),
    ("POST", "/conversations/{conversation}/read", r#"{"messageIds": ["{message}"]}"#),
    ("POST", "/conversations/{conversation}/read", r#"{"lastReadMessageId": "{message}"}"#),
    ("GET", "/conversations/{conversation}/messages?before={message}", ""),
    ("GET", "/conversations/{conversation}/messages?after={message}", ""),
    ("GET", "/messages?chatId={conversation}&before={message}", ""),
    ("", "SendMessage", r#"[{"conversationId": "{conversation}", "content": "x", "parentMessageId": "{message}"}]"#),
    ("", "GetMessages", r#"["{conversation}", {"before": "{message}"}]"#),
    ("", "EditMessage", r#"["{conversation}", "{message}", "x"]"#),
    ("", "DeleteMessage", r#"["{conversation}", "{message}"]"#),
    ("", "AddReaction", r#"["{conversation}", "{message}", "x"]"#),
    ("", "RemoveReaction", r#"["{conversation}", "{message}", "x"]"#),
    ("", "ToggleReaction", r#"["{conversation}", "{message}", "x"]"#),
    ("", "MarkAsRead", r#"["{conversation}", ["{message}"]]"#),
    ("", "MarkAsRead", r#"[{"conversationId": "{conversation}", "messageId": "{message}"}]"#),
    ("", "MessageDelivered", r#"["{conversation}", ["{message}"]]"#),
];

/// Calls that name nothing but a message of somebody else, besides those of the tables.
#[rustfmt::skip]
const ALONE: &[(&str, &str, &str)] = &[
    ("POST", "/messages", r#"{"conversationId": "{conversation}", "forwardMessageId": "{message}"}"#),
    ("POST", "/messages", r#"{"recipientId": "dan", "forwardedMessageId": "{message}"}"#),
    ("", "SendMessage", r#"[{"conversationId": "{conversation}", "forwardMessageId": "{message}"}]"#),
    ("", "MarkAsRead", r#"[["{message}"]]"#),
    ("", "MarkAsRead", r#"[{"messageId": "{message}"}]"#),
    ("", "MarkAsRead", r#"["{message}", ["{message}"]]"#),
    ("", "MessageDelivered", r#"[["{message}"]]"#),
];

struct World {
    app: TestApp,
    ann: Person,
    line: Line,
    /// A group of `ann` and `dan`, and `ann`'s message there.
    conversation: String,
    own: String,
}

impl World {
    /// The answer to one call, as far as it could tell one id from another.
    async fn answer(&mut self, (method, target, body): (&str, &str, &str), message: &str) -> String {
        let fill = |text: &str| {
            text.replace("{conversation}", &self.conversation)
                .replace("{other}", "dan")
                .replace("{own}", &self.own)
                .replace("{message}", message)
        };
        let (target, body) = (fill(target), fill(body));
        let answer = if method.is_empty() {
            let arguments: Value = serde_json::from_str(&body).unwrap();
            let answer = self.line.ask(&target, arguments).await;
            answer.expect_err(&format!("{target} {body}"))
        } else {
            let json = [("content-type", "application/json")];
            let headers = if body.is_empty() { &json[..0] } else { &json };
            let answer = self.ann.ask(method, &target, headers, body.as_bytes()).await;
            assert!(
                matches!(answer.status, 400 | 404),
                "{method} {target} {body}: {}",
                answer.text()
            );
            let mut told = answer.json();
            told["traceId"].take();
            format!("{} {told}", answer.status)
        };
        assert!(!answer.contains("bob") && !answer.contains("cat"), "{target}: {answer}");
        answer.replace(message, "{message}")
    }

    /// That calls with this message are refused as with one that never was.
    async fn tells_nothing(&mut self, calls: &[(&str, &str, &str)], ids: [&str; 2]) {
        for call in calls {
            for (id, never) in ids.into_iter().zip(NEVER) {
                let (real, unreal) = (self.answer(*call, id).await, self.answer(*call, never).await);
                assert_eq!(real, unreal, "{call:?} with {id}");
            }
        }
    }
}

/// Every route and hub method that names a message.
fn of_the_tables() -> Vec<(String, &'static str, &'static str)> {
    let routes = routes::TABLE.iter().map(|row| (row.0.to_uppercase(), row.2, row.3));
    let methods = methods::TABLE.iter().map(|row| (String::new(), row.0, row.1));
    let all = routes.chain(methods);
    all.filter(|call| format!("{}{}", call.1, call.2).contains("{message}"))
        .collect()
}

/// What is known of a message: as it is shown, and everything below it.
async fn everything_about(person: &Person, message: &str) -> Vec<Value> {
    let mut known = Vec::new();
    for part in ["", "/edits", "/reactions", "/read-receipts", "/thread"] {
        known.push(person.get(&format!("/messages/{message}{part}")).await.data());
    }
    known
}

/// Row 26 of the security checklist.
#[tokio::test]
async fn sec_26_a_message_elsewhere_is_as_one_that_never_was() {
    let app = TestApp::start().await;
    let [ann, bob] = app.people(["ann", "bob"]);
    // The first message there is, so that its number is known.
    let secret = bob
        .post("/messages", &json!({"recipientId": "cat", "content": "before"}))
        .await
        .data();
    let secret_id = secret["id"].as_str().unwrap();
    assert_eq!(bob.get("/messages/1").await.data()["id"], secret_id);
    let path = format!("/messages/{secret_id}");
    bob.put(&path, &json!({"content": SECRET})).await.data();
    bob.post(&format!("{path}/reactions"), &json!({"emoji": "🎉"}))
        .await
        .data();
    bob.post(&format!("{path}/pin"), &json!({})).await.data();

    let group = ann
        .post("/groups", &json!({"name": "g", "memberIds": ["dan"]}))
        .await
        .data();
    let conversation = group["id"].as_str().unwrap().to_owned();
    let own = ann.say(&conversation, "mine").await["id"].as_str().unwrap().to_owned();
    let aside = ann
        .post("/messages", &json!({"recipientId": "eve", "content": "aside"}))
        .await
        .data();
    assert_eq!(ann.get("/messages/3").await.data()["id"], aside["id"]);
    let mut listening = [Line::open(&app, "bob", CHAT).await, Line::open(&app, "cat", CHAT).await];
    let mut line = Line::open(&app, "ann", CHAT).await;
    // All of them are known: who comes for the first time is an event too.
    for line in listening.iter_mut().chain([&mut line]) {
        line.call("Ping", json!([])).await;
    }
    let before = (everything_about(&bob, secret_id).await, app.app.log.tail.head());
    let mut world = World {
        app,
        ann,
        line,
        conversation,
        own,
    };

    let tables = of_the_tables();
    assert!(tables.len() > 20, "{tables:?}");
    let tables: Vec<_> = tables
        .iter()
        .map(|(method, target, body)| (method.as_str(), *target, *body))
        .collect();
    for calls in [&tables, ALONE, BESIDE] {
        world.tells_nothing(calls, [secret_id, "1"]).await;
    }
    // One's own message is none of another conversation either.
    world.tells_nothing(BESIDE, [aside["id"].as_str().unwrap(), "3"]).await;

    assert_eq!(
        before,
        (everything_about(&bob, secret_id).await, world.app.app.log.tail.head())
    );
    for listener in &mut listening {
        let heard = listener.heard("Ping").await;
        assert!(heard.iter().all(|name| name == "UserPresenceChanged"), "{heard:?}");
    }
}
