//! Connections without a hub, over the same negotiation and transports.

use futures_util::SinkExt;
use hub_protocol::{codec::TransferFormat, endpoint::Endpoint, hub::HubOptions, negotiate::TransportKind};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::{Message, protocol::frame::coding::CloseCode};

use crate::support::{serve_endpoint, until};

fn echo() -> Endpoint {
    Endpoint::raw(HubOptions::default(), async |mut connection| {
        while let Some(bytes) = connection.receive().await {
            connection.send(TransferFormat::Text, &bytes).await;
        }
    })
}

#[tokio::test]
async fn chunks_come_back_and_nothing_is_left() {
    let server = serve_endpoint(echo()).await;
    let mut client = server.open(String::new()).await;
    client.socket.send(Message::text("hello")).await.unwrap();
    assert_eq!(client.frame().await, Some(Message::text("hello")));
    client.socket.close(None).await.unwrap();
    assert_eq!(client.closed().await.map(|close| close.code), Some(CloseCode::Normal));
    until("the connection is forgotten", || server.endpoint.is_empty()).await;
}

#[tokio::test]
async fn the_functions_last_word_comes_before_the_goodbye() {
    let (kinds, mut kind) = mpsc::channel(1);
    let endpoint = Endpoint::raw(HubOptions::default(), move |connection| {
        let kinds = kinds.clone();
        async move {
            kinds.send(connection.transport()).await.unwrap();
            connection.send(TransferFormat::Binary, b"bye").await;
        }
    });
    let server = serve_endpoint(endpoint).await;
    let mut client = server.open(String::new()).await;
    assert_eq!(client.frame().await, Some(Message::binary(&b"bye"[..])));
    assert_eq!(client.closed().await.map(|close| close.code), Some(CloseCode::Normal));
    assert_eq!(kind.recv().await, Some(TransportKind::WebSockets));
}

#[tokio::test]
async fn a_function_that_does_not_read_is_not_sent_more_than_fits() {
    let endpoint = Endpoint::raw(HubOptions::default(), async |connection| {
        // Reads nothing, and goes with its client.
        while connection.send(TransferFormat::Text, b"still here").await {
            tokio::task::yield_now().await;
        }
    });
    let server = serve_endpoint(endpoint).await;
    let mut client = server.open(String::new()).await;
    for _ in 0..100 {
        client.socket.send(Message::text("unread")).await.unwrap();
    }
    drop(client);
    until("the connection is forgotten", || server.endpoint.is_empty()).await;
}
