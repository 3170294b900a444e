//! The AsyncAPI document, from the tables of the hubs' methods and of what clients are told.

use hub_protocol::hub::HubError;
use schemars::Schema;
use serde_json::{Map, Value, json};

use super::{
    DescribedMethod, Kind, examples,
    method::{Argument, DescribedHub},
    schemas::Schemas,
};
use crate::{
    hubs, router,
    services::Error,
    views::{ClientEvent, DescribedEvent, EventHub, words::ErrorCode},
};

const ABOUT: &str = "SignalR hubs. A client negotiates, opens a connection and calls methods; the server answers, and calls client \
                     methods, which are the events here. `receive` is what the server receives: the payload is the `arguments` of \
                     an Invocation (of a StreamInvocation where `x-signalr.kind` is `stream`) and the reply the `result` of its \
                     Completion, or the `item` of each StreamItem. `send` is an Invocation of the client's method with one argument. \
                     Over MessagePack names of members are in PascalCase and times are timestamps. Names of methods ignore case.";
const BEARER: &str = "`Authorization: Bearer` where a client can say it.";
const QUERY: &str = "`?access_token=` for WebSockets and event streams in browsers, which can send no header. SignalR's clients do this by \
                     themselves.";

pub(super) fn document() -> Value {
    let mut schemas = Schemas::new();
    let [chat, online] = hubs::methods(&mut schemas);
    let codes = schemas.answer::<ErrorCode>();
    let events = ClientEvent::described(schemas.answers());
    let described = [
        (
            EventHub::Chat,
            "chat",
            DescribedHub {
                paths: router::CHAT,
                methods: chat,
            },
        ),
        (
            EventHub::Online,
            "chatOnline",
            DescribedHub {
                paths: router::ONLINE,
                methods: online,
            },
        ),
    ];
    let mut calls = Vec::new();
    for (of, name, hub) in &described {
        let methods = hub.methods.iter().map(|method| call(method, &mut schemas));
        calls.push((*of, *name, hub, methods.collect::<Vec<_>>()));
    }
    let definitions = schemas.definitions();
    let (mut channels, mut operations) = (Map::new(), Map::new());
    for (of, name, hub, calls) in calls {
        let mut channel = Channel::new(name, hub.paths, &codes);
        for (method, forms) in hub.methods.iter().zip(calls) {
            channel.method(method, &forms, &definitions);
        }
        for event in events.iter().filter(|event| event.hub == of) {
            channel.event(event, &definitions);
        }
        channels.insert(name.to_owned(), channel.document);
        operations.extend(channel.operations);
    }
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Hubwire's hubs",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": "MIT OR Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "here": {
                "host": "127.0.0.1:5080",
                "protocol": "ws",
                "description": "Where the server listens when nobody says otherwise; WebSockets, server-sent events and long polling.",
                "security": [{"$ref": "#/components/securitySchemes/bearer"}, {"$ref": "#/components/securitySchemes/query"}],
            },
        },
        "channels": channels,
        "operations": operations,
        "components": {
            "schemas": definitions,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": BEARER},
                "query": {"type": "httpApiKey", "in": "query", "name": "access_token", "description": QUERY},
            },
        },
    })
}

/// The arguments of each form, described.
fn call(method: &DescribedMethod, schemas: &mut Schemas) -> Vec<Vec<Value>> {
    let mut described = |argument: &Argument| {
        json!({
            "name": argument.name,
            "description": argument.words,
            "required": argument.is_required,
            "schema": (argument.schema)(schemas),
            "example": argument.example,
        })
    };
    let forms = method.words.forms.iter();
    forms.map(|form| form.iter().map(&mut described).collect()).collect()
}

/// A hub while its messages and operations are gathered.
struct Channel {
    name: &'static str,
    document: Value,
    operations: Map<String, Value>,
}

impl Channel {
    fn new(name: &'static str, paths: &[&str], codes: &Schema) -> Self {
        let others: Vec<_> = paths[1..].iter().map(|path| format!("`{path}`")).collect();
        let error = json!({
            "name": "error",
            "summary": "Why a call was refused: the `error` of its Completion.",
            "payload": {"type": "string", "description": "A code, a colon and a sentence; or a sentence alone for what went wrong on the server."},
            "examples": [{"payload": "not_found: Conversation not found"}],
            "x-code": codes,
        });
        Self {
            name,
            document: json!({
                "address": paths[0],
                "description": format!("The hub. Also at {}.", others.join(", ")),
                "messages": {"error": error},
            }),
            operations: Map::new(),
        }
    }

    fn method(&mut self, method: &DescribedMethod, forms: &[Vec<Value>], definitions: &Map<String, Value>) {
        let (words, name) = (&method.words, method.names[0]);
        let payloads: Vec<_> = forms.iter().map(|form| tuple(form)).collect();
        let examples = forms.iter().map(|form| {
            let values = form.iter().map(|argument| argument["example"].clone());
            json!({"payload": values.collect::<Vec<_>>()})
        });
        let call = json!({
            "name": name,
            "summary": words.summary,
            "payload": match payloads.as_slice() {
                [one] => one.clone(),
                several => json!({"oneOf": several}),
            },
            "examples": examples.collect::<Vec<_>>(),
        });
        let result = json!({
            "name": format!("{name} result"),
            "summary": match method.kind {
                Kind::Result => "What it answers with.",
                Kind::Stream => "Each item of the stream.",
            },
            "payload": method.result,
            "examples": [{"payload": examples::of(method.result.as_value(), definitions, "")}],
        });
        let (called, answered) = (format!("invoke.{name}"), format!("result.{name}"));
        let mut operation = self.operation("receive", words.summary, &called);
        if !words.about.is_empty() {
            operation["description"] = words.about.into();
        }
        operation["reply"] = json!({
            "channel": {"$ref": format!("#/channels/{}", self.name)},
            "messages": [self.message(&answered), self.message("error")],
        });
        operation["x-signalr"] = json!({
            "target": name,
            "aliases": method.names[1..],
            "kind": match method.kind {
                Kind::Result => "invocation",
                Kind::Stream => "stream",
            },
            "forms": forms,
            "result": method.result,
            "errors": errors(method),
        });
        self.document["messages"][&called] = call;
        self.document["messages"][&answered] = result;
        self.operations.insert(format!("{}.{called}", self.name), operation);
    }

    fn event(&mut self, event: &DescribedEvent, definitions: &Map<String, Value>) {
        let argument = json!({"schema": event.argument, "required": true});
        let example = examples::of(event.argument.as_value(), definitions, "");
        let heard = format!("on.{}", event.name);
        let mut operation = self.operation("send", event.words, &heard);
        operation["x-signalr"] = json!({"target": event.name, "kind": "event", "argument": event.argument});
        self.document["messages"][&heard] = json!({
            "name": event.name,
            "summary": event.words,
            "payload": tuple(&[argument]),
            "examples": [{"payload": [example]}],
        });
        self.operations.insert(format!("{}.{heard}", self.name), operation);
    }

    fn operation(&self, action: &str, summary: &str, message: &str) -> Value {
        json!({
            "action": action,
            "channel": {"$ref": format!("#/channels/{}", self.name)},
            "summary": summary,
            "messages": [self.message(message)],
        })
    }

    fn message(&self, name: &str) -> Value {
        json!({"$ref": format!("#/channels/{}/messages/{name}", self.name)})
    }
}

/// A list with a schema for each place, in the words of AsyncAPI's own dialect.
fn tuple(form: &[Value]) -> Value {
    let least = form.iter().filter(|argument| argument["required"] == true).count();
    let items = form.iter().map(|argument| match argument["required"] == true {
        true => argument["schema"].clone(),
        false => json!({"anyOf": [argument["schema"], {"type": "null"}]}),
    });
    let mut tuple = json!({"type": "array", "minItems": least, "maxItems": form.len()});
    if !form.is_empty() {
        tuple["items"] = items.collect();
    }
    tuple
}

/// What its caller may be told instead of an answer.
fn errors(method: &DescribedMethod) -> Vec<Value> {
    let first = method.words.forms.iter().flatten().next();
    let unfit = first.map(|argument| Error::invalid(argument.name, "is needed"));
    let refusals = unfit
        .into_iter()
        .chain(method.words.refusals.iter().cloned())
        .chain([Error::Unavailable]);
    let mut texts: Vec<Value> = Vec::new();
    for refusal in refusals {
        let code = refusal.code();
        let text = json!({"code": code, "text": HubError::from(refusal).to_string()});
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts
}
