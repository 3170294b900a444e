//! What a socket owes to the task that polls it.

use std::{future::Future as _, pin::pin, time::Duration};

use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use super::*;

/// "hi" in a masked text frame.
const FRAME: [u8; 8] = [0x81, 0x82, 0, 0, 0, 0, b'h', b'i'];
const DEADLINE: Duration = Duration::from_secs(10);

/// tokio lets a task do so much in a turn; then its sockets say that there is nothing, and do not remember who asked.
#[tokio::test]
async fn a_task_that_has_used_up_its_turn_is_woken_by_what_comes_later() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (server, _) = listener.accept().await.unwrap();
    let mut socket = WebSocket::accept(Io::Tcp(server), Bytes::new(), None).await;
    let (tell, mut told) = mpsc::channel(8);
    let mut received = 0;
    let mut polls_since = 0;
    let reading = tokio::spawn(std::future::poll_fn(move |cx| {
        while let Poll::Ready(incoming) = socket.poll_receive(cx) {
            assert!(matches!(incoming, Incoming::Bytes(bytes) if bytes == "hi"));
            received += 1;
            if received == 2 {
                return Poll::Ready(());
            }
            while pin!(tokio::task::coop::consume_budget()).poll(cx).is_ready() {}
        }
        polls_since += received;
        // The first time its turn was used up, the second time it was not.
        if polls_since == 2 {
            tell.try_send(()).unwrap();
        }
        Poll::Pending
    }));
    client.write_all(&FRAME).await.unwrap();
    tokio::time::timeout(DEADLINE, told.recv()).await.expect("another turn");
    client.write_all(&FRAME).await.unwrap();
    let read = tokio::time::timeout(DEADLINE, reading).await;
    read.expect("what comes later wakes the task").unwrap();
}
