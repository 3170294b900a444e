//! The longest and most costly messages that a hub with default options accepts.

use std::time::Duration;

use anyhow::Result;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::SIP;
use crate::frames::masked;

/// The longest record with its separator (`MaximumReceiveMessageSize`).
pub(super) const LONGEST: usize = 32 * 1024;
/// An id for which there is room in a record.
pub(super) const LONGEST_ID: usize = LONGEST - 512;
/// A server that takes nothing for so long does not read any more.
pub(super) const PATIENCE: Duration = Duration::from_millis(700);

/// A record that calls a method; `arguments` stand between the brackets.
pub(super) fn call(id: &str, target: &str, arguments: &str) -> String {
    format!("{{\"type\":1,\"invocationId\":\"{id}\",\"target\":\"{target}\",\"arguments\":[{arguments}]}}\u{1e}")
}

/// The longest call whose last argument is a list of as many of these as there is room for.
pub(super) fn list_call(target: &str, before: &str, item: &str) -> String {
    let around = call("1", target, &format!("{before}[]")).len();
    let items = vec![item; (LONGEST - around + 1) / (item.len() + 1)].join(",");
    call("1", target, &format!("{before}[{items}]"))
}

/// The longest call whose last argument is a text.
pub(super) fn text_call(target: &str, before: &str) -> String {
    let around = call("1", target, &format!("{before}\"\"")).len();
    call("1", target, &format!("{before}\"{}\"", "x".repeat(LONGEST - around)))
}

/// A call that runs for longer than any attack, so that what follows it waits, and not for as long as it is measured.
pub(super) fn slow_call() -> String {
    call("slow", "Slow", "30000")
}

/// The object that is largest for its length when it is decoded: each has a map of its own.
pub(super) const OBJECT: &str = "{\"\":0}";

/// A number that is written longer than it was read.
pub(super) const NUMBER: &str = "1e15";

/// `CallMe("m", [{"": null}, …])` in MessagePack, as long as it may be.
pub(super) fn packed_call() -> Vec<u8> {
    const ITEM: [u8; 3] = [0x81, 0xa0, 0xc0];
    let mut record = vec![0x96, 1, 0x80, 0xa1, b'1', 0xa6];
    record.extend_from_slice(b"CallMe");
    record.extend_from_slice(&[0x92, 0xa1, b'm', 0xdc]);
    let items = (LONGEST - record.len() - 8) / ITEM.len();
    record.extend_from_slice(&u16::try_from(items).unwrap_or(u16::MAX).to_be_bytes());
    record.extend(ITEM.repeat(items));
    // No streams.
    record.push(0x90);
    let length = record.len();
    let mut framed = vec![
        (length & 0x7f) as u8 | 0x80,
        (length >> 7 & 0x7f) as u8 | 0x80,
        (length >> 14) as u8,
    ];
    framed.extend_from_slice(&record);
    framed
}

/// A text message of a client, whole.
pub(super) fn text(payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    masked(0x81, payload, &mut frame);
    // A thousand attackers may hold one each.
    frame.shrink_to_fit();
    frame
}

/// A binary message of a client, whole.
pub(super) fn binary(payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    masked(0x82, payload, &mut frame);
    frame.shrink_to_fit();
    frame
}

/// Takes a sip of what has arrived, now and then: whoever takes nothing for ten seconds is given up.
pub(super) struct Sips(Instant);

impl Sips {
    pub(super) fn new() -> Self {
        Self(Instant::now())
    }

    fn sip_when_due(&mut self, stream: &TcpStream) {
        if self.0.elapsed() >= SIP {
            self.0 = Instant::now();
            // An end is found by whoever writes.
            let _ = stream.try_read(&mut [0; 16 * 1024]);
        }
    }

    /// Writes until all is written, or the server takes no more: then false, and half of it may be written.
    pub(super) async fn shove(&mut self, stream: &mut TcpStream, mut bytes: &[u8]) -> Result<bool> {
        while !bytes.is_empty() {
            self.sip_when_due(stream);
            match timeout(PATIENCE, stream.write(bytes)).await {
                Ok(written) => bytes = &bytes[written?..],
                Err(_) => return Ok(false),
            }
        }
        Ok(true)
    }
}

/// Writes once, as [`Sips::shove`].
pub(super) async fn shove(stream: &mut TcpStream, bytes: &[u8]) -> Result<bool> {
    Sips::new().shove(stream, bytes).await
}

/// Writes the same again and again until the server takes no more.
pub(super) async fn shove_all(stream: &mut TcpStream, bytes: &[u8]) -> Result<()> {
    let mut sips = Sips::new();
    while sips.shove(stream, bytes).await? {}
    Ok(())
}
