//! A lifetime manager of the application's own: it is asked for everything, and may send it elsewhere.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{FutureExt, future::BoxFuture};
use hub_protocol::{
    codec::Protocol,
    hub::{Builder, Context, Encoded, Hub, HubError, LifetimeManager, Local, Question, Reply, Target},
    message::Outcome,
    negotiate::ConnectionId,
};
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::support::{serve, until};

/// Writes down what it is asked, sends what is for group `far` to everybody, and answers for `elsewhere`.
#[derive(Clone, Default)]
struct Spy {
    seen: Arc<Mutex<Vec<String>>>,
    refuses: bool,
}

impl Spy {
    fn note(&self, what: impl Into<String>) {
        self.seen.lock().push(what.into());
    }
}

impl LifetimeManager for Spy {
    fn connected<'a>(&'a self, local: &'a Local, id: &'a ConnectionId) -> BoxFuture<'a, Result<(), HubError>> {
        let here = local.contains(id.as_str());
        self.note(format!("connected, here: {here}"));
        let outcome = match self.refuses {
            true => Err(HubError::unexpected("RedisException", "the backplane is away")),
            false => Ok(()),
        };
        std::future::ready(outcome).boxed()
    }

    fn disconnected<'a>(&'a self, _: &'a Local, _: &'a ConnectionId) -> BoxFuture<'a, ()> {
        self.note("disconnected");
        std::future::ready(()).boxed()
    }

    fn send<'a>(
        &'a self,
        local: &'a Local,
        target: &'a Target,
        call: &'a Encoded<'a>,
    ) -> BoxFuture<'a, Result<(), HubError>> {
        match target {
            Target::Connection(_) => self.note("send to one"),
            _ => self.note(format!("send to {target:?}")),
        }
        match target {
            Target::Groups(names) if names == &["far"] => local.send(&Target::All, call).boxed(),
            _ => local.send(target, call).boxed(),
        }
    }

    fn join<'a>(&'a self, local: &'a Local, id: &'a str, group: &'a str) -> BoxFuture<'a, Result<(), HubError>> {
        self.note(format!("join {group}"));
        local.join(id, group);
        std::future::ready(Ok(())).boxed()
    }

    fn leave<'a>(&'a self, local: &'a Local, id: &'a str, group: &'a str) -> BoxFuture<'a, Result<(), HubError>> {
        self.note(format!("leave {group}"));
        local.leave(id, group);
        std::future::ready(Ok(())).boxed()
    }

    fn ask<'a>(
        &'a self,
        local: &'a Local,
        connection: &'a str,
        question: Question<'a>,
    ) -> BoxFuture<'a, Result<Reply, HubError>> {
        self.note(format!("ask {}", question.target));
        if connection != "elsewhere" {
            return local.ask(connection, question).boxed();
        }
        let reply = Reply {
            protocol: Protocol::Json,
            outcome: Outcome::Result(Bytes::from_static(b"42")),
        };
        std::future::ready(Ok(reply)).boxed()
    }
}

fn hub(spy: &Spy) -> Builder {
    let (connected, disconnected) = (spy.clone(), spy.clone());
    Hub::builder("h")
        .lifetime_manager(spy.clone())
        .on_connected(move |_| {
            connected.note("connect handler");
            async { Ok(()) }
        })
        .on_disconnected(move |_, _| {
            disconnected.note("disconnect handler");
            async {}
        })
}

#[tokio::test]
async fn everything_passes_through_the_manager() {
    let spy = Spy::default();
    let hub = hub(&spy)
        .method("All", async |cx: Context| {
            let id = cx.connection_id();
            cx.groups().add(id, "g").await?;
            cx.clients().group("g").send("said", (1,)).await?;
            cx.groups().remove(id, "g").await?;
            cx.clients().group("g").send("said", (2,)).await?;
            cx.clients().user("nobody").send("said", (3,)).await?;
            cx.clients().all_except(["x"]).send("said", (4,)).await?;
            cx.clients().caller().send("said", (5,)).await?;
            cx.clients().caller().invoke::<i32>("number", ()).await
        })
        .build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    client.call("1", "All", json!([])).await;
    for number in [1, 4, 5] {
        let said = format!(r#"{{"type":1,"target":"said","arguments":[{number}]}}"#);
        client.hears(&[&said]).await;
    }
    let question = client.asked("number").await;
    client.answer(&question, json!(6)).await;
    client.hears(&[r#"{"type":3,"invocationId":"1","result":6}"#]).await;
    drop(client);
    until("it has gone", || {
        spy.seen.lock().iter().any(|seen| seen == "disconnected")
    })
    .await;
    let expected = [
        "connected, here: true",
        "connect handler",
        "join g",
        r#"send to Groups(["g"])"#,
        "leave g",
        r#"send to Groups(["g"])"#,
        r#"send to Users(["nobody"])"#,
        r#"send to AllExcept(["x"])"#,
        "send to one",
        "ask number",
        "disconnect handler",
        "disconnected",
    ];
    assert_eq!(*spy.seen.lock(), expected);
}

#[tokio::test]
async fn a_manager_may_send_and_ask_elsewhere() {
    let spy = Spy::default();
    let hub = hub(&spy)
        .method("Far", async |cx: Context| {
            cx.clients().group("far").send("said", ("to all",)).await?;
            cx.clients().client("elsewhere").invoke::<i32>("number", ()).await
        })
        .build();
    let server = serve(&hub).await;
    let (mut ann, mut bob) = (server.connect().await, server.connect().await);
    until("both are there", || hub.handle().connections() == 2).await;
    ann.call("1", "Far", json!([])).await;
    let said = r#"{"type":1,"target":"said","arguments":["to all"]}"#;
    bob.hears(&[said]).await;
    ann.hears(&[said, r#"{"type":3,"invocationId":"1","result":42}"#]).await;
}

#[tokio::test]
async fn a_manager_that_fails_ends_the_connection_without_a_close() {
    let spy = Spy {
        refuses: true,
        ..Spy::default()
    };
    let hub = hub(&spy).build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    client.closed().await;
    assert!(!client.has_heard(), "no Close of the hub's");
    until("it has gone", || hub.handle().connections() == 0).await;
    // The hub's own handlers never met it.
    assert_eq!(*spy.seen.lock(), ["connected, here: true", "disconnected"]);
}

#[tokio::test]
async fn sending_to_a_manager_takes_any_value_that_a_client_can_hear() {
    let spy = Spy::default();
    let hub = hub(&spy).build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    until("it is there", || hub.handle().connections() == 1).await;
    let value = json!({"a": [1, null, "x"]});
    let all = hub.handle().clients().all();
    all.send("said", (value.clone(), 1.5, None::<u8>)).await.unwrap();
    let heard: Value = serde_json::from_str(&client.hear().await).unwrap();
    assert_eq!(heard["arguments"], json!([value, 1.5, null]));
}
