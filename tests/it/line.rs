//! A client of either hub over each transport and in each protocol, down to the bytes of each.
//!
//! What it hears has camel-case names and times as text in both protocols; [`Line::raw`] is what really came.

mod carriers;

use serde_json::{Map, Value, json};

pub(crate) use self::carriers::Carrier;
use self::carriers::Wire;
use crate::{
    hub_client::RS,
    support::{DEADLINE, TestApp, messagepack},
};

/// How records are spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    Json,
    MessagePack,
}

/// Where and how to come in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    pub(crate) hub: &'static str,
    pub(crate) carrier: Carrier,
    pub(crate) spelling: Spelling,
}

/// The usual way to each hub.
pub(crate) const CHAT: Way = Way {
    hub: "/hubs/chat",
    carrier: Carrier::WebSockets,
    spelling: Spelling::Json,
};
pub(crate) const ONLINE: Way = Way {
    hub: "/hubs/chat-online",
    ..CHAT
};

impl Way {
    pub(crate) fn over(self, carrier: Carrier) -> Self {
        Self { carrier, ..self }
    }

    /// Each transport with each protocol it can carry: server-sent events are text.
    pub(crate) fn each(self) -> Vec<Self> {
        use Carrier::{Events, Polls, WebSockets};
        use Spelling::{Json, MessagePack};
        [
            (WebSockets, Json),
            (WebSockets, MessagePack),
            (Events, Json),
            (Polls, Json),
            (Polls, MessagePack),
        ]
        .map(|(carrier, spelling)| Self {
            carrier,
            spelling,
            ..self
        })
        .to_vec()
    }
}

/// One connection.
pub(crate) struct Line {
    pub(crate) wire: Wire,
    spelling: Spelling,
    /// Bytes that came and were not read as records yet.
    bytes: Vec<u8>,
    events: Vec<(String, Value)>,
    /// The last event that was asked for, as it came.
    pub(crate) raw: Value,
    calls: u64,
}

impl Line {
    /// Comes in and shakes hands.
    pub(crate) async fn open(app: &TestApp, user: &str, way: Way) -> Self {
        Self::with_token(app, &app.token(user), way).await
    }

    pub(crate) async fn with_token(app: &TestApp, token: &str, way: Way) -> Self {
        let mut line = Self {
            wire: Wire::open(app.address, token, way.hub, way.carrier).await,
            spelling: way.spelling,
            bytes: Vec::new(),
            events: Vec::new(),
            raw: Value::Null,
            calls: 0,
        };
        let name = match way.spelling {
            Spelling::Json => "json",
            Spelling::MessagePack => "messagepack",
        };
        let hello = format!("{{\"protocol\":\"{name}\",\"version\":1}}{RS}");
        line.wire.send(hello.as_bytes(), false).await;
        while !line.bytes.contains(&(RS as u8)) {
            let more = line.wire.receive().await.expect("an answer to the handshake");
            line.bytes.extend(more);
        }
        let end = line.bytes.iter().position(|byte| *byte == RS as u8).unwrap();
        let answer: Vec<_> = line.bytes.drain(..=end).collect();
        assert_eq!(answer, format!("{{}}{RS}").as_bytes());
        line
    }

    /// A call that succeeds.
    pub(crate) async fn call(&mut self, method: &str, arguments: Value) -> Value {
        let answer = self.ask(method, arguments).await;
        answer.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// A call and whatever becomes of it.
    pub(crate) async fn ask(&mut self, method: &str, arguments: Value) -> Result<Value, String> {
        self.calls += 1;
        let id = self.calls.to_string();
        self.send(&id, method, &arguments).await;
        loop {
            let record = self.record().await.expect("the connection lives");
            if record["type"] == 3 && record["invocationId"] == id.as_str() {
                return match record.get("error") {
                    Some(error) => Err(error.as_str().unwrap().to_owned()),
                    None => Ok(record["result"].clone()),
                };
            }
            self.keep(&record);
        }
    }

    /// The next event of that name.
    pub(crate) async fn hears(&mut self, name: &str) -> Value {
        loop {
            if let Some(at) = self.events.iter().position(|(known, _)| known == name) {
                self.raw = self.events.remove(at).1;
                return plain(&self.raw);
            }
            let record = tokio::time::timeout(DEADLINE, self.record()).await;
            let record = record.unwrap_or_else(|_| panic!("never heard: {name}; only {:?}", self.events));
            self.keep(&record.unwrap_or_else(|| panic!("the connection ended before {name}")));
        }
    }

    /// The names of what was heard and not asked for, after a round trip by a method without arguments.
    pub(crate) async fn heard(&mut self, method: &str) -> Vec<String> {
        self.call(method, json!([])).await;
        self.events.iter().map(|(name, _)| name.clone()).collect()
    }

    /// The Close that ends the connection.
    pub(crate) async fn is_sent_away(&mut self) -> Option<Value> {
        while let Some(record) = self.record().await {
            if record["type"] == 7 {
                return Some(record);
            }
        }
        None
    }

    /// Takes leave as a page does.
    pub(crate) async fn leave(self) {
        self.wire.leave().await;
    }

    fn keep(&mut self, record: &Value) {
        assert_eq!(record["type"], 1, "{record}");
        let arguments = record["arguments"].as_array().unwrap();
        assert_eq!(arguments.len(), 1, "one event, one argument: {record}");
        let name = record["target"].as_str().unwrap().to_owned();
        self.events.push((name, arguments[0].clone()));
    }

    async fn send(&mut self, id: &str, method: &str, arguments: &Value) {
        match self.spelling {
            Spelling::Json => {
                let call = json!({"type": 1, "invocationId": id, "target": method, "arguments": arguments});
                self.wire.send(format!("{call}{RS}").as_bytes(), false).await;
            }
            Spelling::MessagePack => {
                let mut call = Vec::new();
                messagepack::write(&json!([1, {}, id, method, arguments, []]), &mut call);
                let mut framed = Vec::new();
                let mut length = call.len();
                while length >= 0x80 {
                    framed.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
                    length >>= 7;
                }
                framed.push(u8::try_from(length).unwrap());
                framed.extend(call);
                self.wire.send(&framed, true).await;
            }
        }
    }

    /// The next record that is no keep-alive, spelled as in JSON; `None` when the connection is over.
    async fn record(&mut self) -> Option<Value> {
        loop {
            match self.next_whole() {
                Some(record) if record["type"] == 6 => {}
                Some(record) => return Some(record),
                None => {
                    let more = tokio::time::timeout(DEADLINE, self.wire.receive()).await;
                    self.bytes.extend(more.expect("something in time")?);
                }
            }
        }
    }

    fn next_whole(&mut self) -> Option<Value> {
        if self.spelling == Spelling::Json {
            let end = self.bytes.iter().position(|byte| *byte == RS as u8)?;
            let record: Vec<_> = self.bytes.drain(..=end).collect();
            let mut record: Value = serde_json::from_slice(&record[..end]).unwrap();
            if record["type"] == 3 {
                record["result"] = plain(&record["result"]);
            }
            return Some(record);
        }
        let head = self.bytes.iter().position(|byte| byte & 0x80 == 0)?;
        let length = self.bytes[..=head]
            .iter()
            .rev()
            .fold(0, |length, byte| length << 7 | usize::from(byte & 0x7f));
        if self.bytes.len() < head + 1 + length {
            return None;
        }
        let frame: Vec<_> = self.bytes.drain(..head + 1 + length).collect();
        let mut rest = &frame[head + 1..];
        let record = messagepack::read(&mut rest);
        assert!(rest.is_empty(), "one message, one frame: {record}");
        Some(named(&record))
    }
}

/// A message of MessagePack with the members it has in JSON.
fn named(record: &Value) -> Value {
    let [kind, rest @ ..] = record.as_array().unwrap().as_slice() else {
        panic!("{record}")
    };
    match (kind.as_u64().unwrap(), rest) {
        (1, [_, _, target, arguments, ..]) => json!({"type": 1, "target": target, "arguments": arguments}),
        (3, [_, id, outcome, rest @ ..]) => match (outcome.as_u64().unwrap(), rest) {
            (1, [error]) => json!({"type": 3, "invocationId": id, "error": error}),
            (2, []) => json!({"type": 3, "invocationId": id, "result": null}),
            (3, [result]) => json!({"type": 3, "invocationId": id, "result": plain(result)}),
            _ => panic!("{record}"),
        },
        (6, []) => json!({"type": 6}),
        (7, [error, allow_reconnect]) => json!({"type": 7, "error": error, "allowReconnect": allow_reconnect}),
        _ => panic!("{record}"),
    }
}

/// A value as it is in JSON: names begin small, times are text.
fn plain(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(members) => {
            if let Some(time) = members.get("timestamp").and_then(Value::as_i64) {
                return Value::from(hubwire::views::Time(time).to_string());
            }
            let members = members.iter().map(|(name, value)| {
                let mut name = name.clone();
                name[..1].make_ascii_lowercase();
                (name, plain(value))
            });
            Value::Object(members.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}
