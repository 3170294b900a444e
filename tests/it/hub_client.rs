//! A client of the chat hub that does what it is told: negotiates, shakes hands, calls, hears events by name.
//!
//! It reads only while it waits for something, so a test that does not ask leaves the socket unread.

use std::{convert::Infallible, net::SocketAddr};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Message, client::IntoClientRequest as _, protocol::WebSocketConfig},
};

use crate::{
    described::conforming,
    support::{DEADLINE, TestApp, ask},
};

/// Ends a record.
pub(crate) const RS: char = '\u{1e}';

/// How to come in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Door<'a> {
    /// The hub's path.
    pub(crate) hub: &'a str,
    /// Behind the hub's path, without the question mark.
    pub(crate) query: &'a str,
    /// Negotiated version; only clients of version 1 are sent Pings.
    pub(crate) version: u32,
    /// The socket's receive buffer in bytes, where it matters.
    pub(crate) buffer: Option<u32>,
    /// What the client's device was given before; without it is a device of its own.
    pub(crate) cookie: Option<&'a str>,
    /// What its client calls the server.
    pub(crate) host: Option<&'a str>,
}

impl Default for Door<'_> {
    fn default() -> Self {
        Self {
            hub: "/hubs/chat",
            query: "",
            version: 1,
            buffer: None,
            cookie: None,
            host: None,
        }
    }
}

/// What a call became: the result, or the whole error text.
pub(crate) type Answer = Result<Value, String>;

/// One connection.
pub(crate) struct HubClient {
    socket: WebSocketStream<TcpStream>,
    /// The rest of the message that is being read.
    records: std::vec::IntoIter<Value>,
    /// Heard and not yet asked for.
    events: Vec<(String, Value)>,
    answers: Vec<(String, Answer)>,
    /// What came of those that are not over; the answer to a call of a stream is all of its items.
    streams: Vec<(String, Vec<Value>)>,
    calls: u64,
    pongs: u64,
    closed: Option<u16>,
    /// What its device is recognised by.
    pub(crate) cookie: String,
}

impl HubClient {
    /// Comes in the usual way.
    pub(crate) async fn connect(app: &TestApp, user: &str) -> Self {
        Self::enter(app.address, &app.token(user), Door::default()).await
    }

    /// Comes in and shakes hands.
    pub(crate) async fn enter(address: SocketAddr, token: &str, door: Door<'_>) -> Self {
        let mut client = Self::open(address, token, door).await;
        client
            .send_raw(&format!("{{\"protocol\":\"json\",\"version\":1}}{RS}"))
            .await;
        assert_eq!(client.next_record().await, Some(json!({})), "the handshake's answer");
        client
    }

    /// Negotiates and upgrades; no hand is shaken yet.
    pub(crate) async fn open(address: SocketAddr, token: &str, door: Door<'_>) -> Self {
        let Door {
            hub,
            query,
            version,
            buffer,
            cookie,
            host,
        } = door;
        let bearer = format!("Bearer {token}");
        let path = format!("{hub}/negotiate?negotiateVersion={version}&{query}");
        let mut headers = vec![("authorization", bearer.as_str())];
        headers.extend(cookie.map(|cookie| ("cookie", cookie)));
        let answer = ask(address, "POST", &path, &headers, b"").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let given = answer.header("set-cookie").and_then(|cookie| cookie.split(';').next());
        let cookie = cookie.or(given).expect("a device has a cookie").to_owned();
        let answer = answer.json();
        let id = if version == 0 {
            &answer["connectionId"]
        } else {
            &answer["connectionToken"]
        };
        let url = format!("ws://{address}{hub}?id={}&{query}", id.as_str().unwrap());
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("authorization", bearer.parse().unwrap());
        request.headers_mut().insert("cookie", cookie.parse().unwrap());
        if let Some(host) = host {
            request.headers_mut().insert("host", host.parse().unwrap());
        }
        let tcp = TcpSocket::new_v4().unwrap();
        if let Some(bytes) = buffer {
            tcp.set_recv_buffer_size(bytes).unwrap();
        }
        let tcp = tcp.connect(address).await.unwrap();
        let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
        let (socket, _) = client_async_with_config(request, tcp, Some(config)).await.unwrap();
        Self {
            socket,
            records: Vec::new().into_iter(),
            events: Vec::new(),
            answers: Vec::new(),
            streams: Vec::new(),
            calls: 0,
            pongs: 0,
            closed: None,
            cookie,
        }
    }

    /// Comes in as the same device as another connection.
    pub(crate) async fn again(app: &TestApp, user: &str, cookie: &str) -> Self {
        let door = Door {
            cookie: Some(cookie),
            ..Door::default()
        };
        Self::enter(app.address, &app.token(user), door).await
    }

    /// A call that succeeds.
    #[track_caller]
    pub(crate) fn call(&mut self, method: &str, arguments: Value) -> impl Future<Output = Value> {
        let caller = std::panic::Location::caller();
        let method = method.to_owned();
        async move {
            let answer = self.ask(&method, &arguments).await;
            answer.unwrap_or_else(|error| panic!("{caller}: {error}"))
        }
    }

    /// A call that is refused with `code: a sentence`.
    pub(crate) async fn refused(&mut self, method: &str, arguments: Value) -> String {
        let error = self.ask(method, &arguments).await.expect_err(&arguments.to_string());
        let (_, sentence) = error
            .split_once("on the server. HubException: ")
            .unwrap_or_else(|| panic!("{arguments}: {error}"));
        sentence.to_owned()
    }

    /// A call and whatever becomes of it.
    pub(crate) async fn ask(&mut self, method: &str, arguments: &Value) -> Answer {
        let call = self.begin(method, arguments).await;
        let answer = self.answer(&call).await;
        conforming::call(method, &answer);
        answer
    }

    /// Calls and does not wait.
    pub(crate) async fn begin(&mut self, method: &str, arguments: &Value) -> String {
        self.calls += 1;
        let id = self.calls.to_string();
        let is_stream = method.to_lowercase().starts_with("stream");
        if is_stream {
            self.streams.push((id.clone(), Vec::new()));
        }
        let kind = if is_stream { 4 } else { 1 };
        let call = json!({"type": kind, "invocationId": id, "target": method, "arguments": arguments});
        self.send_raw(&format!("{call}{RS}")).await;
        id
    }

    /// Waits for the answer to a call.
    pub(crate) async fn answer(&mut self, call: &str) -> Answer {
        loop {
            if let Some(at) = self.answers.iter().position(|(id, _)| id == call) {
                return self.answers.remove(at).1;
            }
            self.read(&format!("the answer to call {call}")).await;
        }
    }

    /// The next event of that name.
    pub(crate) async fn hears(&mut self, name: &str) -> Value {
        self.hears_where(name, |_| true).await
    }

    /// The next event of that name that fits; what does not fit is kept.
    pub(crate) async fn hears_where(&mut self, name: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let mut looked = 0;
        loop {
            let waiting = &self.events[looked..];
            if let Some(at) = waiting.iter().position(|(known, event)| known == name && fits(event)) {
                return self.events.remove(looked + at).1;
            }
            looked = self.events.len();
            self.read(name).await;
        }
    }

    /// The message with that text.
    pub(crate) async fn hears_text(&mut self, content: &str) -> Value {
        self.hears_where("ReceiveMessage", |message| message["content"] == content)
            .await
    }

    /// What was heard of that name and not asked for yet.
    pub(crate) fn heard(&self, name: &str) -> Vec<&Value> {
        let named = self.events.iter().filter(|(known, _)| known == name);
        named.map(|(_, event)| event).collect()
    }

    /// All that was heard and not asked for yet.
    pub(crate) fn everything_heard(&self) -> Vec<(&str, &Value)> {
        let events = self.events.iter();
        events.map(|(name, event)| (name.as_str(), event)).collect()
    }

    /// The texts of the messages among them.
    pub(crate) fn heard_texts(&self) -> Vec<&str> {
        let messages = self.heard("ReceiveMessage").into_iter();
        messages.map(|message| message["content"].as_str().unwrap()).collect()
    }

    /// A round trip: what was sent before is carried out, and what was queued for this client before is read.
    pub(crate) async fn catches_up(&mut self) {
        self.call("GetConversations", json!([{"take": 1}])).await;
    }

    /// Reads on while something else comes to be, and keeps what it hears.
    pub(crate) async fn listens_while<T>(&mut self, other: impl Future<Output = T>) -> T {
        tokio::select! {
            done = other => done,
            never = self.listens() => match never {},
        }
    }

    async fn listens(&mut self) -> Infallible {
        loop {
            self.read("whatever comes").await;
        }
    }

    /// Waits until the next Ping was answered, and what proves it was taken by the server. Behind the answer to a send
    /// it is the one that asks for it.
    pub(crate) async fn answers_a_ping(&mut self) {
        let before = self.pongs;
        let next = async {
            // Nothing else need follow a Ping.
            while self.pongs == before {
                if let Some(text) = self.hear().await.expect("a Ping") {
                    self.take_in(&text);
                }
            }
        };
        // Keep-alives go on without it.
        tokio::time::timeout(DEADLINE, next).await.expect("a Ping in time");
        self.catches_up().await;
    }

    /// Text as it is, in one WebSocket message.
    pub(crate) async fn send_raw(&mut self, text: &str) {
        let sent = self.socket.send(Message::text(text)).await;
        assert!(sent.is_ok() || self.closed.is_some(), "{sent:?}");
    }

    /// Ends the connection as a page that is left does.
    pub(crate) async fn leave(mut self) {
        use tokio_tungstenite::tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};
        let close = CloseFrame {
            code: CloseCode::Away,
            reason: "".into(),
        };
        drop(self.socket.close(Some(close)).await);
        while self.next_record().await.is_some() {}
    }

    /// Reads until the server says goodbye. Returns its Close, if it sent one, and the WebSocket's close code.
    pub(crate) async fn is_sent_away(&mut self) -> (Option<Value>, Option<u16>) {
        let mut goodbye = None;
        while let Some(record) = self.next_record().await {
            goodbye = (record["type"] == 7).then_some(record).or(goodbye);
        }
        (goodbye, self.closed)
    }

    /// The next record that is no keep-alive, or `None` when the connection is over.
    pub(crate) async fn next_record(&mut self) -> Option<Value> {
        loop {
            match self.records.next() {
                Some(record) if record["type"] == 6 => {}
                Some(record) => return Some(record),
                None => {
                    let text = self.next_message().await?;
                    self.take_in(&text);
                }
            }
        }
    }

    /// Puts the records of a message behind those that are not read yet.
    fn take_in(&mut self, text: &str) {
        assert!(text.ends_with(RS), "whole records: {text}");
        let records = text
            .split_terminator(RS)
            .map(|record| serde_json::from_str(record).unwrap());
        self.records = self.records.by_ref().chain(records).collect::<Vec<_>>().into_iter();
    }

    async fn next_message(&mut self) -> Option<String> {
        loop {
            if let Some(text) = self.hear().await? {
                return Some(text);
            }
        }
    }

    /// Whatever comes next on the socket, and its text if it has one.
    async fn hear(&mut self) -> Option<Option<String>> {
        let message = tokio::time::timeout(DEADLINE, self.socket.next()).await;
        match message.expect("something in time")? {
            Ok(Message::Text(text)) => return Some(Some(text.as_str().to_owned())),
            Ok(Message::Ping(_)) => {
                // The library has queued the Pong.
                drop(self.socket.flush().await);
                self.pongs += 1;
            }
            Ok(Message::Close(close)) => self.closed = close.map(|close| close.code.into()),
            Ok(other) => panic!("unexpected: {other:?}"),
            Err(_) => return None,
        }
        Some(None)
    }

    /// Reads one record to where it belongs.
    async fn read(&mut self, wanted: &str) {
        let reading = tokio::time::timeout(DEADLINE, self.next_record()).await;
        let record = reading
            .unwrap_or_else(|_| panic!("never heard: {wanted}; only {:?}", self.events))
            .unwrap_or_else(|| panic!("the connection ended before {wanted}"));
        match record["type"].as_u64() {
            Some(1) => {
                let arguments = record["arguments"].as_array().unwrap();
                assert_eq!(arguments.len(), 1, "one event, one argument: {record}");
                let name = record["target"].as_str().unwrap().to_owned();
                conforming::event(&name, &arguments[0]);
                self.events.push((name, arguments[0].clone()));
            }
            Some(2) => {
                let mut streams = self.streams.iter_mut();
                let stream = streams.find(|(id, _)| record["invocationId"] == id.as_str());
                stream.unwrap().1.push(record["item"].clone());
            }
            Some(3) => {
                let id = record["invocationId"].as_str().unwrap().to_owned();
                let items = self.streams.iter().position(|(known, _)| *known == id);
                let items = items.map(|at| self.streams.swap_remove(at).1);
                let answer = match (record.get("error"), items) {
                    (Some(error), _) => Err(error.as_str().unwrap().to_owned()),
                    (None, Some(items)) => Ok(Value::Array(items)),
                    (None, None) => Ok(record.get("result").cloned().unwrap_or(Value::Null)),
                };
                self.answers.push((id, answer));
            }
            _ => panic!("{record} before {wanted}"),
        }
    }
}
