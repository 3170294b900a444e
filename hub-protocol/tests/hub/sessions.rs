//! Whole hubs over real sockets: calls, audiences, filters, endings, and what is left behind.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use futures_util::{SinkExt, future::BoxFuture};
use hub_protocol::{
    close::{CloseReason, End},
    codec::Arguments,
    hub::{Answer, Call, Context, Disconnected, Filter, Hub, HubError, Next},
};
use parking_lot::Mutex;
use serde_json::json;
use tokio::sync::{Notify, mpsc};
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use crate::support::{serve, until};

#[tokio::test]
async fn a_call_is_answered_and_nothing_is_left_when_its_client_goes() {
    let hub = Hub::builder("h")
        .method("Join", async |cx: Context, group: String| {
            cx.groups().add(cx.connection_id(), &group).await?;
            Ok(())
        })
        .build();
    let server = serve(&hub).await;
    let mut client = server.connect_as("ann").await;
    client.call("1", "join", json!(["lobby"])).await;
    assert_eq!(client.hear().await, r#"{"type":3,"invocationId":"1","result":null}"#);
    let handle = hub.handle();
    assert_eq!(
        (
            handle.connections(),
            handle.groups_with_members(),
            handle.users(),
            handle.connections_of("ann")
        ),
        (1, 1, 1, 1)
    );
    drop(client);
    until("the registry is empty", || {
        handle.connections() == 0 && handle.groups_with_members() == 0 && handle.users() == 0
    })
    .await;
    until("the token is forgotten", || server.endpoint.is_empty()).await;
}

/// Row 29 of the security checklist: names of groups are compared as they are, and nothing is left of them.
#[tokio::test]
async fn sec_29_groups_that_are_joined_and_left_a_thousand_times_leave_nothing() {
    let hub = Hub::builder("h")
        .method("Join", async |cx: Context, group: String| {
            cx.groups().add(cx.connection_id(), &group).await
        })
        .method("Leave", async |cx: Context, group: String| {
            cx.groups().remove(cx.connection_id(), &group).await
        })
        .build();
    let server = serve(&hub).await;
    let mut client = server.connect_as("ann").await;
    let handle = hub.handle();
    for turn in 0..1_000 {
        for (method, group) in [("Join", "Room-A"), ("Leave", "room-a"), ("leave", "ROOM-A ")] {
            client.call("1", method, json!([group])).await;
            assert_eq!(client.hear().await, r#"{"type":3,"invocationId":"1","result":null}"#);
        }
        assert_eq!(handle.groups_with_members(), 1, "turn {turn}");
        if turn % 2 == 0 {
            client.call("1", "Leave", json!(["Room-A"])).await;
            client.hear().await;
            assert_eq!(handle.groups_with_members(), 0, "turn {turn}");
        }
    }
    drop(client);
    until("the registry is empty", || {
        handle.connections() == 0 && handle.groups_with_members() == 0
    })
    .await;
}

#[tokio::test]
async fn raw_methods_take_a_range_of_arguments_and_other_names() {
    let hub = Hub::builder("h")
        .raw("Count", 1..=2, async |_: Context, arguments: Arguments| {
            Ok(arguments.len())
        })
        .alias("CountAsync", "Count")
        .build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    for (arguments, answer) in [
        (json!([1]), r#""result":1}"#),
        (json!([1, 2]), r#""result":2}"#),
        (
            json!([]),
            r#""error":"Failed to invoke 'Count' due to an error on the server."}"#,
        ),
    ] {
        client.call("1", "COUNTASYNC", arguments).await;
        let heard = client.hear().await;
        assert!(heard.ends_with(answer), "{heard}");
    }
}

/// Row 71 of the security checklist.
#[tokio::test]
async fn sec_71_a_panic_fails_its_call_and_nothing_else() {
    let hub = Hub::builder("h")
        .method("Panic", async |_: Context, panic: bool| {
            assert!(!panic, "asked to");
            Ok("fine")
        })
        .build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    client.call("1", "Panic", json!([true])).await;
    let error =
        r#"{"type":3,"invocationId":"1","error":"An unexpected error occurred invoking 'Panic' on the server."}"#;
    assert_eq!(client.hear().await, error);
    client.call("2", "Panic", json!([false])).await;
    assert_eq!(client.hear().await, r#"{"type":3,"invocationId":"2","result":"fine"}"#);
}

#[tokio::test]
async fn a_policy_that_panics_refuses_its_call_and_the_connection_goes_on() {
    let hub = Hub::builder("h")
        .method("Guarded", async |_: Context| Ok(()))
        .authorize("Guarded", |_| panic!("the policy is broken"))
        .method("Fine", async |_: Context| Ok(1))
        .build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    client.call("1", "Guarded", json!([])).await;
    let refused = r#"{"type":3,"invocationId":"1","error":"Failed to invoke 'Guarded' because user is unauthorized"}"#;
    assert_eq!(client.hear().await, refused);
    client.call("2", "Fine", json!([])).await;
    assert_eq!(client.hear().await, r#"{"type":3,"invocationId":"2","result":1}"#);
}

#[tokio::test]
async fn filters_wrap_calls_connects_and_disconnects() {
    struct Log(Arc<Mutex<Vec<String>>>, &'static str);
    impl Filter for Log {
        fn call<'a>(&'a self, call: Call, next: Next<'a>) -> BoxFuture<'a, Result<Answer, HubError>> {
            Box::pin(async move {
                self.0.lock().push(format!("{} before {}", self.1, call.method));
                let result = next.call(call).await;
                self.0.lock().push(format!("{} after", self.1));
                result
            })
        }
        fn connected<'a>(&'a self, context: Context, next: Next<'a>) -> BoxFuture<'a, Result<(), HubError>> {
            self.0.lock().push(format!("{} connected", self.1));
            next.connected(context)
        }
        fn disconnected<'a>(&'a self, context: Context, how: Disconnected, next: Next<'a>) -> BoxFuture<'a, ()> {
            self.0.lock().push(format!("{} disconnected", self.1));
            next.disconnected(context, how)
        }
    }
    let log = Arc::new(Mutex::new(Vec::new()));
    let hub = Hub::builder("h")
        .filter(Log(log.clone(), "outer"))
        .filter(Log(log.clone(), "inner"))
        .method("Do", async |_: Context| Ok(()))
        .build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    client.call("1", "do", json!([])).await;
    client.hear().await;
    drop(client);
    until("both saw the end", || log.lock().len() == 8).await;
    let expected = [
        "outer connected",
        "inner connected",
        "outer before Do",
        "inner before Do",
        "inner after",
        "outer after",
        "outer disconnected",
        "inner disconnected",
    ];
    assert_eq!(*log.lock(), expected);
}

#[tokio::test]
async fn a_hub_that_refuses_a_connection_says_so_without_inviting_it_back() {
    let disconnected = Arc::new(AtomicUsize::new(0));
    let count = disconnected.clone();
    let hub = Hub::builder("h")
        .on_connected(async |_| Err(HubError::unexpected("Exception", "no")))
        .on_disconnected(move |_, _| {
            count.fetch_add(1, Ordering::SeqCst);
            async {}
        })
        .build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    assert_eq!(
        client.hear().await,
        r#"{"type":7,"error":"Connection closed with an error."}"#
    );
    assert_eq!(client.closed().await.unwrap().code, CloseCode::Normal);
    until("it is gone", || hub.handle().connections() == 0).await;
    assert_eq!(disconnected.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn endings_tell_who_left_and_who_was_lost() {
    let (sender, mut ends) = mpsc::channel::<Disconnected>(8);
    let hub = Hub::builder("h")
        .on_disconnected(move |_, how| {
            let sender = sender.clone();
            async move { sender.send(how).await.unwrap() }
        })
        .build();
    let server = serve(&hub).await;
    let close = |code| {
        Message::Close(Some(CloseFrame {
            code,
            reason: "".into(),
        }))
    };

    let mut client = server.connect().await;
    client.say(r#"{"type":7}"#).await;
    assert_eq!(client.hear().await, r#"{"type":7}"#);
    assert_eq!(ends.recv().await.unwrap().end, End::Closed);

    let mut client = server.connect().await;
    client.socket.send(close(CloseCode::Away)).await.unwrap();
    assert_eq!(
        ends.recv().await.unwrap().end,
        End::Closed,
        "a page that is left says 1001"
    );

    let mut client = server.connect().await;
    client.socket.send(Message::Close(None)).await.unwrap();
    assert_eq!(
        ends.recv().await.unwrap().end,
        End::Lost,
        "the client's own time-out sends no code"
    );
    assert_eq!(
        client.closed().await.unwrap().code,
        CloseCode::Normal,
        "the answer is 1000, not an echo"
    );

    drop(server.connect().await);
    assert_eq!(ends.recv().await.unwrap().end, End::Lost);

    let mut client = server.connect().await;
    client.say("garbage").await;
    let end = ends.recv().await.unwrap();
    assert_eq!(end.end, End::Server);
    assert_eq!(end.reason, CloseReason::Malformed("Error reading JSON.".to_owned()));
}

#[tokio::test]
async fn a_stopping_server_answers_what_runs_and_invites_everybody_back() {
    let (entered, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (inside, gate) = (entered.clone(), go.clone());
    let hub = Hub::builder("h")
        .method("Wait", move |_: Context| {
            let (inside, gate) = (inside.clone(), gate.clone());
            async move {
                inside.notify_one();
                gate.notified().await;
                Ok("done")
            }
        })
        .build();
    let server = serve(&hub).await;
    let mut busy = server.connect().await;
    let mut idle = server.connect().await;
    busy.call("1", "Wait", json!([])).await;
    entered.notified().await;
    let handle = hub.handle();
    let draining = tokio::spawn(async move {
        handle
            .drain(std::time::Duration::ZERO, std::time::Duration::from_secs(5))
            .await;
    });
    assert_eq!(idle.hear().await, r#"{"type":7,"allowReconnect":true}"#);
    assert_eq!(idle.closed().await.unwrap().code, CloseCode::Normal);
    go.notify_one();
    assert_eq!(busy.hear().await, r#"{"type":3,"invocationId":"1","result":"done"}"#);
    assert_eq!(busy.hear().await, r#"{"type":7,"allowReconnect":true}"#);
    drop((busy, idle));
    draining.await.unwrap();
    assert_eq!(hub.handle().connections(), 0);
}

#[tokio::test]
async fn a_probe_is_proven_by_the_clients_pong_and_by_no_other() {
    let (sender, mut proven) = mpsc::channel(8);
    let hub = Hub::builder("h")
        .method("Ask", async |cx: Context, nonce: u64| {
            cx.probe_answer(nonce);
            Ok("asked")
        })
        .on_proven(move |_, nonce| sender.try_send(nonce).unwrap())
        .build();
    let server = serve(&hub).await;
    let mut client = server.connect().await;
    client
        .socket
        .send(Message::Pong(Bytes::from_static(b"unasked")))
        .await
        .unwrap();
    client.call("1", "Ask", json!([7])).await;
    assert_eq!(client.hear().await, r#"{"type":3,"invocationId":"1","result":"asked"}"#);
    let Some(Message::Ping(nonce)) = client.frame().await else {
        panic!("the Ping comes right behind the answer")
    };
    assert_eq!(nonce[..], 7_u64.to_be_bytes());
    client.socket.flush().await.unwrap();
    assert_eq!(proven.recv().await, Some(7));
}

#[tokio::test]
async fn groups_users_and_exceptions_reach_whom_they_name() {
    let hub = Hub::builder("h")
        .method("Id", async |cx: Context| Ok(cx.connection_id().to_string()))
        .method("Others", async |cx: Context| {
            cx.clients().others().send("said", ("others",)).await
        })
        .build();
    let server = serve(&hub).await;
    let (mut ann, mut bob) = (server.connect_as("ann").await, server.connect_as("bob").await);
    ann.call("1", "Others", json!([])).await;
    assert_eq!(bob.hear().await, r#"{"type":1,"target":"said","arguments":["others"]}"#);
    assert_eq!(ann.hear().await, r#"{"type":3,"invocationId":"1","result":null}"#);
    let handle = hub.handle();
    handle.clients().user("bob").send("said", ("to bob", 5)).await.unwrap();
    assert_eq!(
        bob.hear().await,
        r#"{"type":1,"target":"said","arguments":["to bob",5]}"#
    );
    handle
        .clients()
        .users(["ann", "nobody"])
        .send("said", ())
        .await
        .unwrap();
    assert_eq!(ann.hear().await, r#"{"type":1,"target":"said","arguments":[]}"#);
    handle.groups().add("no such connection", "g").await.unwrap();
    handle.clients().group("g").send("said", ()).await.unwrap();
}
