//! RFC 6455 where it meets us: fragments, control frames between them, and bytes that break its rules.

use std::time::Duration;

use hub_protocol::hub::{Context, Hub};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{DEADLINE, Server, serve, until};

/// A socket after the upgrade, without a WebSocket library.
async fn raw(server: &Server) -> TcpStream {
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    let request = "GET /hub HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    socket.write_all(request.as_bytes()).await.unwrap();
    let answer = read_until(&mut socket, b"\r\n\r\n").await;
    assert!(
        answer.starts_with(b"HTTP/1.1 101"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    socket
        .write_all(&frame(0x81, b"{\"protocol\":\"json\",\"version\":1}\x1e"))
        .await
        .unwrap();
    assert_eq!(read_until(&mut socket, b"\x1e").await, b"\x81\x03{}\x1e");
    socket
}

async fn read_until(socket: &mut TcpStream, end: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let reading = async {
        while !bytes.ends_with(end) {
            bytes.push(socket.read_u8().await.unwrap());
        }
    };
    tokio::time::timeout(DEADLINE, reading)
        .await
        .unwrap_or_else(|_| panic!("only {bytes:?}"));
    bytes
}

/// A masked frame.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [1, 2, 3, 4];
    let mut bytes = vec![first];
    match u8::try_from(payload.len()) {
        Ok(length @ ..=125) => bytes.push(0x80 | length),
        _ => {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&u16::try_from(payload.len()).unwrap().to_be_bytes());
        }
    }
    bytes.extend_from_slice(&mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

fn echo() -> Hub {
    Hub::builder("h")
        .method("Echo", async |_: Context, text: String| Ok(text))
        .build()
}

#[tokio::test]
async fn fragments_with_a_ping_between_them_are_one_message() {
    let server = serve(&echo()).await;
    let mut socket = raw(&server).await;
    let call = b"{\"type\":1,\"invocationId\":\"1\",\"target\":\"Echo\",\"arguments\":[\"\xc3\xa9\"]}\x1e";
    let (first, second) = call.split_at(60);
    socket.write_all(&frame(0x01, first)).await.unwrap();
    socket.write_all(&frame(0x89, b"ping")).await.unwrap();
    assert_eq!(read_until(&mut socket, b"ping").await, b"\x8a\x04ping");
    socket.write_all(&frame(0x80, second)).await.unwrap();
    let answer = read_until(&mut socket, b"\x1e").await;
    assert!(String::from_utf8_lossy(&answer).contains("\"result\":\"é\""));
}

#[tokio::test]
async fn many_pings_are_answered_between_whole_frames() {
    let server = serve(&echo()).await;
    let mut socket = raw(&server).await;
    let call = format!(
        "{{\"type\":1,\"invocationId\":\"1\",\"target\":\"Echo\",\"arguments\":[\"{}\"]}}\u{1e}",
        "x".repeat(20_000)
    );
    for _ in 0..50 {
        socket.write_all(&frame(0x81, call.as_bytes())).await.unwrap();
        socket.write_all(&frame(0x89, b"?")).await.unwrap();
    }
    // Read frame by frame: a Pong inside a data frame would break the count.
    let (mut answers, mut pongs) = (0, 0);
    while answers < 50 || pongs < 1 {
        let opcode = socket.read_u8().await.unwrap();
        let length = match socket.read_u8().await.unwrap() {
            126 => usize::from(socket.read_u16().await.unwrap()),
            length => usize::from(length),
        };
        let mut payload = vec![0; length];
        socket.read_exact(&mut payload).await.unwrap();
        match opcode {
            0x81 => answers += payload.iter().filter(|byte| **byte == 0x1e).count(),
            0x8a => pongs += 1,
            other => panic!("opcode {other:#x}"),
        }
    }
}

/// Row 38 of the security checklist.
#[tokio::test]
async fn sec_38_broken_frames_end_the_connection_with_the_right_code() {
    let server = serve(&echo()).await;
    let unmasked = b"\x81\x01x".to_vec();
    for (what, bytes, code) in [
        ("unmasked", unmasked, 1002_u16),
        ("reserved bits", frame(0xf1, b"x"), 1002),
        ("reserved opcode", frame(0x83, b"x"), 1002),
        ("continuation of nothing", frame(0x80, b"x"), 1002),
        ("fragmented ping", frame(0x09, b"x"), 1002),
        ("long ping", frame(0x89, &[b'x'; 126]), 1002),
        ("not UTF-8", frame(0x81, b"\xff\xfe"), 1007),
    ] {
        let mut socket = raw(&server).await;
        socket.write_all(&bytes).await.unwrap();
        let mut answer = [0; 4];
        tokio::time::timeout(DEADLINE, socket.read_exact(&mut answer))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (answer[0], answer[1], u16::from_be_bytes([answer[2], answer[3]])),
            (0x88, 2, code),
            "{what}"
        );
    }
}

/// Row 33 of the security checklist: a header that claims 2 GiB allocates nothing and ends the connection.
#[tokio::test]
async fn sec_33_a_frame_that_claims_two_gibibytes_is_refused() {
    let server = serve(&echo()).await;
    let mut socket = raw(&server).await;
    socket
        .write_all(b"\x82\xff\x00\x00\x00\x00\x80\x00\x00\x00\x01\x02\x03\x04")
        .await
        .unwrap();
    let said = read_until(&mut socket, b"\x1e").await;
    assert!(
        String::from_utf8_lossy(&said)
            .contains(r#"{"type":7,"error":"Connection closed with an error.","allowReconnect":true}"#)
    );
}

#[tokio::test]
async fn a_client_that_says_goodbye_is_answered_with_1000() {
    let server = serve(&echo()).await;
    let mut socket = raw(&server).await;
    socket.write_all(&frame(0x88, &1001_u16.to_be_bytes())).await.unwrap();
    let mut rest = Vec::new();
    tokio::time::timeout(DEADLINE, socket.read_to_end(&mut rest))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(rest, b"\x88\x02\x03\xe8");
}

/// Row 7 of the security checklist.
#[tokio::test]
async fn sec_07_improper_upgrades_get_no_101() {
    let server = serve(&echo()).await;
    let good = [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    for (name, value, status) in [
        ("Sec-WebSocket-Key", "", "400"),
        ("Sec-WebSocket-Key", "short", "400"),
        ("Sec-WebSocket-Version", "12", "426"),
        ("Connection", "keep-alive", "400"),
        ("Upgrade", "h2c", "400"),
    ] {
        let mut request = "GET /hub HTTP/1.1\r\nHost: localhost\r\n".to_owned();
        for (header, proper) in good {
            let value = if header == name { value } else { proper };
            if !value.is_empty() {
                request += &format!("{header}: {value}\r\n");
            }
        }
        let mut socket = TcpStream::connect(server.address).await.unwrap();
        socket.write_all(format!("{request}\r\n").as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        tokio::time::timeout(Duration::from_secs(5), socket.read_exact(&mut answer))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(&answer[9..], status.as_bytes(), "{name}: {value}");
    }
}

/// Row 39 of the security checklist: frames that add up to nothing end their connection long before a million of them.
#[tokio::test]
async fn sec_39_floods_of_frames_that_say_nothing_are_cut_off() {
    let server = serve(&echo()).await;
    let floods = [
        ("empty frames", frame(0x81, b"")),
        ("empty fragments", frame(0x00, b"")),
        ("pings", frame(0x89, b"ping")),
        ("fragments of a byte", frame(0x00, b"x")),
    ];
    for (what, flood) in floods {
        let socket = raw(&server).await;
        let (mut reading, mut writing) = socket.into_split();
        let sending = tokio::spawn(async move {
            if flood[0] == 0 && writing.write_all(&frame(0x01, b"{")).await.is_err() {
                return;
            }
            let many = flood.repeat(1000);
            for _ in 0..1000 {
                if writing.write_all(&many).await.is_err() {
                    return;
                }
            }
            panic!("a million frames were read");
        });
        // A Close 1008 is sent, but whoever does not stop to read it gets a reset instead.
        let ended = tokio::time::timeout(DEADLINE, reading.read_to_end(&mut Vec::new())).await;
        assert!(ended.is_ok(), "{what}: never ended");
        sending.await.unwrap();
    }
    until("the connections are forgotten", || server.endpoint.is_empty()).await;
}

/// Row 39 of the security checklist: separators alone are no messages.
#[tokio::test]
async fn sec_39_separators_alone_end_the_connection_at_the_first() {
    let server = serve(&echo()).await;
    let mut socket = raw(&server).await;
    socket.write_all(&frame(0x82, &[0x1e; 60_000])).await.unwrap();
    let said = read_until(&mut socket, b"\x1e").await;
    assert!(String::from_utf8_lossy(&said).contains(r#""type":7"#));
}

/// Row 40 of the security checklist.
#[tokio::test]
async fn sec_40_compression_is_not_negotiated() {
    let server = serve(&echo()).await;
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    let request = "GET /hub HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                   Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    socket.write_all(request.as_bytes()).await.unwrap();
    let answer = String::from_utf8(read_until(&mut socket, b"\r\n\r\n").await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
    assert!(!answer.to_lowercase().contains("sec-websocket-extensions"), "{answer}");
}
