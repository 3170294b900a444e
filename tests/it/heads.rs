//! Requests that never quite arrive: the accept loop on its own, under a clock that runs ahead whenever all wait.

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{Request, StatusCode};
use hubwire::serve::serve;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;
use tower::service_fn;

/// A server that answers every request that it gets whole.
async fn start() -> (SocketAddr, CancellationToken) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let answer = service_fn(|request: Request<Body>| async move {
        let body = axum::body::to_bytes(request.into_body(), 1024).await;
        Ok::<_, Infallible>(match body {
            Ok(body) => Response::new(Body::from(body)),
            Err(_) => StatusCode::BAD_REQUEST.into_response(),
        })
    });
    tokio::spawn(serve(listener, answer, stop.clone(), Duration::from_secs(1)));
    (address, stop)
}

/// Sends one byte of a head every ten seconds and says how long it was let.
async fn drip(address: SocketAddr) -> Duration {
    let began = Instant::now();
    let mut socket = TcpStream::connect(address).await.unwrap();
    for byte in b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: yes\r\n\r\n" {
        if socket.write_all(&[*byte]).await.is_err() {
            break;
        }
        // Whatever is said back, an error or nothing, is the end of it.
        let mut answer = [0; 64];
        if timeout(Duration::from_secs(10), socket.read(&mut answer)).await.is_ok() {
            break;
        }
    }
    began.elapsed()
}

/// Row 64 of the security checklist.
#[tokio::test(start_paused = true)]
async fn sec_64_heads_that_drip_are_cut_off_and_others_are_answered() {
    let (address, _stop) = start().await;
    let dripping = futures_util::future::join_all((0..200).map(|_| drip(address)));
    let healthy = async {
        let mut socket = TcpStream::connect(address).await.unwrap();
        let request = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        socket.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"));
    };
    let (let_drip, ()) = tokio::join!(dripping, healthy);
    for time in let_drip {
        assert!(time <= Duration::from_secs(30), "{time:?}");
    }
}

/// Row 6 of the security checklist.
#[tokio::test]
async fn sec_06_a_head_of_a_megabyte_is_refused_at_its_limit() {
    const PIECE: usize = 512;
    let (address, _stop) = start().await;
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.set_nodelay(true).unwrap();
    let request = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n";
    // Byte by byte first: each of them wakes the server.
    for byte in request {
        socket.write_all(&[*byte]).await.unwrap();
    }
    let (mut reading, mut writing) = socket.split();
    let line = format!("x-more: {}\r\n", "x".repeat(PIECE - 10));
    let send = async {
        let mut sent = 0;
        while sent < 1024 * 1024 && writing.write_all(line.as_bytes()).await.is_ok() {
            sent += PIECE;
        }
        std::future::pending::<()>().await;
    };
    let mut answer = [0; 12];
    tokio::select! {
        read = reading.read_exact(&mut answer) => assert!(read.is_ok()),
        () = send => {}
    }
    assert_eq!(&answer, b"HTTP/1.1 431");
}

/// Row 5 of the security checklist: what follows a bare line feed is no second request.
#[tokio::test]
async fn sec_05_a_line_feed_in_a_chunk_extension_ends_the_connection() {
    let (address, _stop) = start().await;
    let mut socket = TcpStream::connect(address).await.unwrap();
    let smuggled = "GET /second HTTP/1.1\r\nhost: x\r\n\r\n";
    let request = "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n4;ext\nABCD\r\n0\r\n\r\n";
    socket
        .write_all(format!("{request}{smuggled}").as_bytes())
        .await
        .unwrap();
    let mut answer = Vec::new();
    let reading = timeout(Duration::from_secs(5), socket.read_to_end(&mut answer));
    let _ = reading.await.expect("the connection ends");
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
}
