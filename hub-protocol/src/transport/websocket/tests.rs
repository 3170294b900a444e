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

/// A masked frame that is not worth a mask: of zeros.
fn long_frame(length: u16) -> Vec<u8> {
    let mut frame = vec![0x81, 0x80 | 126];
    frame.extend_from_slice(&length.to_be_bytes());
    frame.resize(frame.len() + 4 + usize::from(length), 0);
    frame
}

#[tokio::test]
async fn a_long_message_that_is_done_with_leaves_no_buffer_behind() {
    let long = long_frame(32_000);
    // A part of what follows is read with it.
    let cases: [&[&[u8]]; 3] = [&[&long], &[&long, &FRAME], &[&long, &long]];
    for frames in cases {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        let mut socket = WebSocket::accept(Io::Tcp(server), Bytes::new(), None).await;
        client.write_all(&frames.concat()).await.unwrap();
        for frame in frames {
            let received = std::future::poll_fn(|cx| socket.poll_receive(cx));
            let received = tokio::time::timeout(DEADLINE, received).await;
            let Incoming::Bytes(bytes) = received.expect("it has arrived") else {
                panic!("no message")
            };
            if *frame == FRAME {
                assert_eq!(bytes, "hi");
            } else {
                assert_eq!(bytes.len(), 32_000);
                assert!(bytes.is_unique(), "nobody else holds its buffer");
            }
        }
    }
}
