//! WebSockets over HTTP/2 (RFC 8441), against a real HTTP/2 server.

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http_body_util::Empty;
use hub_protocol::hub::{Context, Hub};
use hyper::{Method, Request, StatusCode, client::conn::http2, ext::Protocol};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, protocol::Role},
};

use crate::support::{DEADLINE, until};

#[tokio::test]
async fn an_extended_connect_opens_a_hub() {
    let hub = Hub::builder("h")
        .method("Echo", async |_: Context, text: String| Ok(text))
        .build();
    let endpoint = hub.endpoint();
    let service = hyper_util::service::TowerToHyperService::new(endpoint.clone().routes::<()>("/hub"));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let mut server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        server.enable_connect_protocol();
        server.serve_connection(TokioIo::new(socket), service).await
    });

    let socket = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(socket))
        .await
        .unwrap();
    tokio::spawn(connection);
    // The server's settings must have come before a request may use them.
    sender.ready().await.unwrap();
    let plain = Request::get(format!("http://{address}/hub?id=x"))
        .body(Empty::<Bytes>::new())
        .unwrap();
    assert_eq!(
        sender.send_request(plain).await.unwrap().status(),
        StatusCode::NOT_FOUND
    );
    let request = Request::builder()
        .method(Method::CONNECT)
        .uri(format!("http://{address}/hub"))
        .header("sec-websocket-version", "13")
        .extension(Protocol::from_static("websocket"))
        .body(Empty::<Bytes>::new())
        .unwrap();
    let answer = sender.send_request(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let upgraded = TokioIo::new(hyper::upgrade::on(answer).await.unwrap());
    let mut socket = WebSocketStream::from_raw_socket(upgraded, Role::Client, None).await;

    let call = r#"{"type":1,"invocationId":"1","target":"Echo","arguments":["over HTTP/2"]}"#;
    let records = format!("{{\"protocol\":\"json\",\"version\":1}}\u{1e}{call}\u{1e}");
    socket.send(Message::text(records)).await.unwrap();
    let mut heard = String::new();
    while !heard.contains(r#"{"type":3,"invocationId":"1","result":"over HTTP/2"}"#) {
        let frame = tokio::time::timeout(DEADLINE, socket.next()).await.unwrap().unwrap();
        heard.push_str(frame.unwrap().to_text().unwrap());
    }
    drop(socket);
    until("the connection is forgotten", || endpoint.is_empty()).await;
}
