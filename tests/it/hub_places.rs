//! How many connections a person may have, however they are opened.

use std::{net::SocketAddr, time::Duration};

use futures_util::{SinkExt as _, StreamExt as _};
use hubwire::config::Limits;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest as _},
};

use crate::support::{TestApp, ask};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Opens a socket that never shakes hands, or says with which status it was refused.
async fn open(address: SocketAddr, token: &str, id: &str) -> Result<Socket, u16> {
    let mut request = format!("ws://{address}/hubs/chat?id={id}")
        .into_client_request()
        .unwrap();
    let bearer = format!("Bearer {token}").parse().unwrap();
    request.headers_mut().insert("authorization", bearer);
    match connect_async(request).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(answer)) => Err(answer.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn sec_63_the_limit_holds_for_who_negotiates_first_and_never_shakes_hands() {
    let limits = Limits {
        connections_per_person: 2,
        ..Limits::default()
    };
    let app = TestApp::with(|config| config.limits = limits).await;
    let token = app.token("ann");
    let bearer = format!("Bearer {token}");
    let mut ids = Vec::new();
    for _ in 0..4 {
        let path = "/hubs/chat/negotiate?negotiateVersion=1";
        let answer = ask(app.address, "POST", path, &[("authorization", &bearer)], b"").await;
        ids.push(answer.json()["connectionToken"].as_str().unwrap().to_owned());
    }
    let first = open(app.address, &token, &ids[0]).await.unwrap();
    let _second = open(app.address, &token, &ids[1]).await.unwrap();
    assert_eq!(open(app.address, &token, &ids[2]).await.err(), Some(429));
    assert_eq!(open(app.address, &token, "").await.err(), Some(429));
    let somebody_else = open(app.address, &app.token("bob"), "").await;
    assert!(somebody_else.is_ok(), "the limit is each person's own");
    drop(first);
    let free = async {
        while open(app.address, &token, &ids[3]).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), free)
        .await
        .expect("a place is free again when its connection is gone");
}

#[tokio::test]
async fn a_socket_that_takes_over_from_a_cut_one_needs_no_place_of_its_own() {
    let app = TestApp::with(|config| config.limits.connections_per_person = 1).await;
    let token = app.token("ann");
    let bearer = format!("Bearer {token}");
    let path = "/hubs/chat/negotiate?negotiateVersion=1&useStatefulReconnect=true";
    let answer = ask(app.address, "POST", path, &[("authorization", &bearer)], b"")
        .await
        .json();
    assert_eq!(answer["useStatefulReconnect"], true);
    let id = answer["connectionToken"].as_str().unwrap();
    let mut first = open(app.address, &token, id).await.unwrap();
    let hello = "{\"protocol\":\"json\",\"version\":2}\u{1e}";
    first.send(Message::text(hello)).await.unwrap();
    let answer = first.next().await.unwrap().unwrap();
    assert_eq!(answer.to_text().unwrap(), "{}\u{1e}");
    drop(first);
    let again = tokio::time::timeout(Duration::from_secs(10), open(app.address, &token, id)).await;
    assert!(again.unwrap().is_ok(), "it goes on");
    assert_eq!(
        open(app.address, &token, "").await.err(),
        Some(429),
        "and there is no other place"
    );
}
