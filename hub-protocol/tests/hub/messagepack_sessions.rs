//! A hub and a MessagePack client on a socket: the exchanges that were recorded from ASP.NET Core.

use futures_util::SinkExt;
use hub_protocol::{
    hub::{Context, Hub, HubError},
    values::{Binary, DateTime, Guid},
};
use serde::{Deserialize, Serialize};
use tokio_tungstenite::tungstenite::Message;

use crate::support::serve;

#[derive(Serialize, Deserialize)]
enum Colour {
    Red,
    Green,
}

fn hub() -> Hub {
    Hub::builder("Conformance")
        .method("Echo", async |_: Context, text: String| Ok(text))
        .method("Add", async |_: Context, a: i32, b: i32| Ok(a + b))
        .method("Nothing", async |_: Context| Ok(()))
        .method("EchoEnum", async |_: Context, colour: Colour| Ok(colour))
        .method("EchoBytes", async |_: Context, bytes: Binary| Ok(bytes))
        .method("EchoDateTime", async |_: Context, time: DateTime| Ok(time))
        .method("EchoDouble", async |_: Context, number: f64| Ok(number))
        .method("EchoGuid", async |_: Context, guid: Guid| Ok(guid))
        .method("CallMeText", async |cx: Context, target: String, text: String| {
            cx.clients().caller().send(&target, (text,)).await
        })
        .method("Fail", async |_: Context| {
            Err::<(), _>(HubError::unexpected("InvalidOperationException", "detail"))
        })
        .build()
}

/// Says a record of up to 127 bytes and hears one.
async fn exchange(record: &[u8]) -> Vec<u8> {
    let server = serve(&hub()).await;
    let mut client = server.open(String::new()).await;
    let handshake = Message::text("{\"protocol\":\"messagepack\",\"version\":1}\u{1e}");
    client.socket.send(handshake).await.unwrap();
    let accepted = client.frame().await.unwrap();
    assert_eq!(accepted.into_data(), &b"{}\x1e"[..]);
    let framed = [&[u8::try_from(record.len()).unwrap()], record].concat();
    client.socket.send(Message::binary(framed)).await.unwrap();
    match client.frame().await {
        Some(Message::Binary(frame)) => {
            assert_eq!(usize::from(frame[0]), frame.len() - 1, "one record a frame");
            frame[1..].to_vec()
        }
        other => panic!("expected a binary frame, got {other:?}"),
    }
}

#[tokio::test]
async fn calls_are_answered_as_recorded() {
    let cases: [(&[u8], &[u8]); 13] = [
        (
            b"\x96\x01\x80\xA11\xA4Echo\x91\xA6h\xC3\xA9llo\x90",
            b"\x95\x03\x80\xA11\x03\xA6h\xC3\xA9llo",
        ),
        (
            b"\x95\x01\x80\xA11\xA4Echo\x91\xA5hello",
            b"\x95\x03\x80\xA11\x03\xA5hello",
        ),
        (
            b"\x96\x01\x81\xA1a\xA1b\xA11\xA4Echo\x91\xA1x\x90",
            b"\x95\x03\x80\xA11\x03\xA1x",
        ),
        (
            b"\x96\x01\x80\xA11\xA3Add\x92\x02\x03\x90",
            b"\x95\x03\x80\xA11\x03\x05",
        ),
        (b"\x96\x01\x80\xA11\xA7Nothing\x90\x90", b"\x95\x03\x80\xA11\x03\xC0"),
        (
            b"\x96\x01\x80\xC0\xAACallMeText\x92\xA6notify\xA1x\x90",
            b"\x96\x01\x80\xC0\xA6notify\x91\xA1x\x90",
        ),
        (
            b"\x96\x01\x80\xA11\xA8EchoEnum\x91\xA5Green\x90",
            b"\x95\x03\x80\xA11\x03\xA5Green",
        ),
        (
            b"\x96\x01\x80\xA11\xA8EchoEnum\x91\x01\x90",
            b"\x95\x03\x80\xA11\x01\xD9\x3AFailed to invoke 'EchoEnum' due to an error on the server.",
        ),
        (
            b"\x96\x01\x80\xA11\xA4Fail\x90\x90",
            b"\x95\x03\x80\xA11\x01\xD9\x3BAn unexpected error occurred invoking 'Fail' on the server.",
        ),
        (
            b"\x96\x01\x80\xA11\xA9EchoBytes\x91\xC4\x03\x01\x02\x03\x90",
            b"\x95\x03\x80\xA11\x03\xC4\x03\x01\x02\x03",
        ),
        (
            b"\x96\x01\x80\xA11\xACEchoDateTime\x91\xD6\xFF\x65\x92\xA9\x40\x90",
            b"\x95\x03\x80\xA11\x03\xD6\xFF\x65\x92\xA9\x40",
        ),
        (
            b"\x96\x01\x80\xA11\xAAEchoDouble\x91\xCB\x3F\xE0\0\0\0\0\0\0\x90",
            b"\x95\x03\x80\xA11\x03\xCB\x3F\xE0\0\0\0\0\0\0",
        ),
        (
            b"\x96\x01\x80\xA11\xA8EchoGuid\x91\xD9\x243f2504e0-4f89-11d3-9a0c-0305e82c3301\x90",
            b"\x95\x03\x80\xA11\x03\xD9\x243f2504e0-4f89-11d3-9a0c-0305e82c3301",
        ),
    ];
    for (call, answer) in cases {
        assert_eq!(exchange(call).await, answer, "{call:x?}");
    }
}

#[tokio::test]
async fn what_is_no_message_is_answered_with_a_close() {
    let close = b"\x93\x07\xD9\x20Connection closed with an error.\xC3";
    for record in [&b"\x90"[..], b"\x81\xA1a\x01", b"\xC1\xC1\xC1"] {
        assert_eq!(exchange(record).await, close);
    }
}
