//! A server that stops: what connections with stateful reconnect see, whose clients come back by themselves.

use std::sync::Arc;

use serde_json::json;

use crate::{
    hub_client::{Door, HubClient, RS},
    support::TestApp,
};

/// Somebody whose client asks for stateful reconnect, as the official one does on request.
async fn statefully(app: &TestApp, hub: &str, user: &str) -> HubClient {
    let door = Door {
        hub,
        query: "useStatefulReconnect=true",
        ..Door::default()
    };
    let mut client = HubClient::open(app.address, &app.token(user), door).await;
    client
        .send_raw(&format!("{{\"protocol\":\"json\",\"version\":2}}{RS}"))
        .await;
    assert_eq!(client.next_record().await, Some(json!({})), "the handshake's answer");
    client
}

fn drains(app: &TestApp) -> impl Future<Output = ()> + use<> {
    let app = Arc::clone(&app.app);
    let draining = tokio::spawn(async move { app.hubs.drain().await });
    async { draining.await.unwrap() }
}

#[tokio::test]
async fn a_stateful_connection_is_cut_without_a_word_that_would_end_it() {
    for hub in ["/hubs/chat", "/hubs/chat-online"] {
        let app = TestApp::start().await;
        let mut stateful = statefully(&app, hub, "ann").await;
        stateful.call("Ping", json!([])).await;
        let door = Door { hub, ..Door::default() };
        let mut plain = HubClient::enter(app.address, &app.token("bob"), door).await;
        plain.call("Ping", json!([])).await;
        let drained = drains(&app);
        assert_eq!(stateful.is_sent_away().await, (None, None), "{hub}: the socket is cut");
        let goodbye = Some(json!({"type": 7, "allowReconnect": true}));
        assert_eq!(plain.is_sent_away().await, (goodbye, Some(1000)), "{hub}");
        drained.await;
    }
}

#[tokio::test]
async fn what_a_stateful_connection_asked_is_answered_before_it_is_cut() {
    let app = TestApp::start().await;
    let mut ann = statefully(&app, "/hubs/chat", "ann").await;
    let call = ann.begin("SendMessage", &json!(["bob", "the last"])).await;
    // The answer is read only after the server has let go of the connection.
    let conversations = async || app.person("bob").get("/conversations").await.data();
    crate::support::eventually(async || conversations().await[0].is_object()).await;
    drains(&app).await;
    let sent = ann.answer(&call).await.unwrap();
    assert_eq!(sent["content"], "the last");
}
