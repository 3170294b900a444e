//! The JSON protocol: one object a record (`HubProtocol.md#json-encoding`).

use std::{borrow::Cow, fmt};

use bytes::Bytes;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{Arguments, Protocol};
use crate::{
    error::ParseError,
    json,
    message::{CancelInvocation, Close, Completion, HubMessage, Invocation, Outcome, Sequence, StreamItem},
};

/// Reads a record. Text behind the object is ignored, as ASP.NET Core ignores it.
pub(super) fn parse(record: &Bytes) -> Result<Option<HubMessage>, ParseError> {
    let members = Members::read(record)?;
    let kind = members.number("type", members.kind)?;
    Ok(Some(match kind {
        1 => HubMessage::Invocation(members.invocation(record, false)?),
        2 => HubMessage::StreamItem(StreamItem {
            invocation_id: members.required_id()?,
            item: share(record, members.item.ok_or_else(|| ParseError::missing("item"))?),
        }),
        3 => HubMessage::Completion(members.completion(record)?),
        4 => HubMessage::StreamInvocation(members.invocation(record, true)?),
        5 => HubMessage::CancelInvocation(CancelInvocation {
            invocation_id: members.required_id()?,
        }),
        6 => HubMessage::Ping,
        7 => HubMessage::Close(members.close()?),
        8 => HubMessage::Ack(members.sequence()?),
        9 => HubMessage::Sequence(members.sequence()?),
        _ => return Ok(None),
    }))
}

/// The members that any message has, each as it was spelled; of repeated ones the last.
#[derive(Default)]
struct Members<'a> {
    kind: Option<&'a RawValue>,
    headers: Option<&'a RawValue>,
    invocation_id: Option<&'a RawValue>,
    target: Option<&'a RawValue>,
    arguments: Option<&'a RawValue>,
    stream_ids: Option<&'a RawValue>,
    item: Option<&'a RawValue>,
    result: Option<&'a RawValue>,
    error: Option<&'a RawValue>,
    allow_reconnect: Option<&'a RawValue>,
    sequence_id: Option<&'a RawValue>,
}

impl<'a> Members<'a> {
    fn read(record: &'a [u8]) -> Result<Self, ParseError> {
        let unreadable = || ParseError::new("Error reading JSON.");
        let text = std::str::from_utf8(record).map_err(|_| unreadable())?;
        let members = read_object(text, MembersVisitor)?;
        // The object itself is the first level.
        let is_too_deep = |value: &&RawValue| json::is_deeper(value.get().as_bytes(), json::MAX_DEPTH - 1);
        let nested = [members.arguments, members.item, members.result];
        if nested.iter().flatten().any(is_too_deep) {
            return Err(unreadable());
        }
        members.check_headers()?;
        Ok(members)
    }

    /// Headers are read and ignored, but they must be what they should be.
    fn check_headers(&self) -> Result<(), ParseError> {
        let Some(headers) = present(self.headers) else {
            return Ok(());
        };
        if !headers.get().starts_with('{') {
            return Err(ParseError::expected("headers", "StartObject"));
        }
        let headers = object_members(headers.get())?;
        match headers.iter().find(|(_, value)| !is_text(value)) {
            Some((name, _)) => Err(ParseError::new(format!(
                "Expected header '{name}' to be of type String."
            ))),
            None => Ok(()),
        }
    }

    fn invocation(&self, record: &Bytes, streaming: bool) -> Result<Invocation, ParseError> {
        let stream_ids = self.stream_ids()?;
        let arguments = match self.arguments {
            Some(arguments) if arguments.get().starts_with('[') => Some(arguments),
            Some(_) => return Err(ParseError::expected("arguments", "Array")),
            None => None,
        };
        let target = text("target", self.target)?;
        let invocation_id = self.invocation_id()?;
        let target = target.ok_or_else(|| ParseError::missing("target"))?;
        if streaming && invocation_id.is_none() {
            return Err(ParseError::missing("invocationId"));
        }
        let arguments = arguments.ok_or_else(|| ParseError::missing("arguments"))?;
        let items = serde_json::Deserializer::from_str(arguments.get())
            .deserialize_seq(ItemsVisitor(record))
            .map_err(|_| ParseError::new("Error reading JSON."))?;
        Ok(Invocation {
            invocation_id,
            target,
            arguments: Arguments::new(Protocol::Json, items),
            stream_ids,
        })
    }

    fn completion(&self, record: &Bytes) -> Result<Completion, ParseError> {
        let invocation_id = self.required_id()?;
        let outcome = match (text("error", present(self.error))?, self.result) {
            (Some(_), Some(_)) => {
                return Err(ParseError::new(
                    "The 'error' and 'result' properties are mutually exclusive.",
                ));
            }
            (Some(error), None) => Outcome::Error(error),
            (None, Some(result)) => Outcome::Result(share(record, result)),
            (None, None) => Outcome::Void,
        };
        Ok(Completion { invocation_id, outcome })
    }

    fn close(&self) -> Result<Close, ParseError> {
        let allow_reconnect = match self.allow_reconnect.map(RawValue::get) {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(ParseError::new("Expected 'allowReconnect' to be true or false.")),
        };
        Ok(Close {
            error: text("error", present(self.error))?,
            allow_reconnect,
        })
    }

    fn sequence(&self) -> Result<Sequence, ParseError> {
        Ok(Sequence {
            sequence_id: self.number("sequenceId", self.sequence_id)?,
        })
    }

    /// The id of a call; null and the empty text are none.
    fn invocation_id(&self) -> Result<Option<String>, ParseError> {
        Ok(text("invocationId", present(self.invocation_id))?.filter(|id| !id.is_empty()))
    }

    fn required_id(&self) -> Result<String, ParseError> {
        self.invocation_id()?.ok_or_else(|| ParseError::missing("invocationId"))
    }

    fn stream_ids(&self) -> Result<Vec<String>, ParseError> {
        let Some(ids) = present(self.stream_ids) else {
            return Ok(Vec::new());
        };
        if !ids.get().starts_with('[') {
            return Err(ParseError::expected("streamIds", "Array"));
        }
        let ids: Vec<&RawValue> =
            serde_json::from_str(ids.get()).map_err(|_| ParseError::new("Error reading JSON."))?;
        ids.into_iter()
            .map(|id| match present(Some(id)) {
                None => Err(ParseError::new("Null value for 'streamIds' is not valid.")),
                id => Ok(text("streamIds", id)?.unwrap_or_default()),
            })
            .collect()
    }

    fn number(&self, name: &str, value: Option<&RawValue>) -> Result<i64, ParseError> {
        let value = value.ok_or_else(|| ParseError::missing(name))?.get();
        value.parse().map_err(|_| ParseError::expected(name, "Number"))
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Members::default();
        while let Some(name) = map.next_key::<Name<'de>>()? {
            let member = match &*name.0 {
                "type" => &mut members.kind,
                "headers" => &mut members.headers,
                "invocationId" => &mut members.invocation_id,
                "target" => &mut members.target,
                "arguments" => &mut members.arguments,
                "streamIds" => &mut members.stream_ids,
                "item" => &mut members.item,
                "result" => &mut members.result,
                "error" => &mut members.error,
                "allowReconnect" => &mut members.allow_reconnect,
                "sequenceId" => &mut members.sequence_id,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *member = Some(map.next_value()?);
        }
        Ok(members)
    }
}

/// Shares each item of a list with the record that it lies in.
struct ItemsVisitor<'a>(&'a Bytes);

impl<'de> Visitor<'de> for ItemsVisitor<'_> {
    type Value = Vec<Bytes>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<Bytes>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(share(self.0, item));
        }
        Ok(items)
    }
}

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Reads the object at the start of a text; what follows it is ignored.
fn read_object<'de, V: Visitor<'de>>(text: &'de str, visitor: V) -> Result<V::Value, ParseError> {
    let unreadable = |_| ParseError::new("Error reading JSON.");
    let mut value = serde_json::Deserializer::from_str(text);
    match text.trim_ascii_start().bytes().next() {
        None | Some(b'{') => value.deserialize_map(visitor).map_err(unreadable),
        Some(first) => {
            IgnoredAny::deserialize(&mut value).map_err(unreadable)?;
            let kind = token_type(first);
            Err(ParseError::new(format!(
                "Unexpected JSON Token Type '{kind}'. Expected a JSON Object."
            )))
        }
    }
}

/// The members of an object, in order, repeated ones too.
pub(crate) fn object_members(object: &str) -> Result<Vec<(String, &RawValue)>, ParseError> {
    struct Entries;
    impl<'de> Visitor<'de> for Entries {
        type Value = Vec<(String, &'de RawValue)>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut entries = Vec::new();
            while let Some(entry) = map.next_entry()? {
                entries.push(entry);
            }
            Ok(entries)
        }
    }
    read_object(object, Entries)
}

fn token_type(first: u8) -> &'static str {
    match first {
        b'[' => "Array",
        b'"' => "String",
        b'n' => "Null",
        b't' => "True",
        b'f' => "False",
        _ => "Number",
    }
}

fn is_text(value: &RawValue) -> bool {
    value.get().starts_with('"')
}

/// A member that is null counts as absent: some clients send `streamIds: null`, and leniency is safe.
fn present(value: Option<&RawValue>) -> Option<&RawValue> {
    value.filter(|value| value.get() != "null")
}

fn text(name: &str, value: Option<&RawValue>) -> Result<Option<String>, ParseError> {
    let Some(value) = value else { return Ok(None) };
    // It is JSON, so that a text without escapes is what stands between its quotes.
    let plain = value.get().strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    if let Some(plain) = plain.filter(|plain| !plain.contains('\\')) {
        return Ok(Some(plain.to_owned()));
    }
    serde_json::from_str(value.get())
        .map(Some)
        .map_err(|_| ParseError::expected(name, "String"))
}

/// The bytes of a value, shared with the record they lie in.
fn share(record: &Bytes, value: &RawValue) -> Bytes {
    record.slice_ref(value.get().as_bytes())
}

/// Writes a message without its separator, in the member order of ASP.NET Core.
pub(super) fn write(message: &HubMessage, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"type\":");
    match message {
        HubMessage::Invocation(call) => write_invocation(b"1", call, out),
        HubMessage::StreamInvocation(call) => write_invocation(b"4", call, out),
        HubMessage::StreamItem(StreamItem { invocation_id, item }) => {
            out.push(b'2');
            write_text("invocationId", invocation_id, out);
            write_raw("item", item, out);
        }
        HubMessage::Completion(Completion { invocation_id, outcome }) => {
            out.push(b'3');
            write_text("invocationId", invocation_id, out);
            match outcome {
                Outcome::Void => {}
                Outcome::Result(result) => write_raw("result", result, out),
                Outcome::Error(error) => write_text("error", error, out),
            }
        }
        HubMessage::CancelInvocation(CancelInvocation { invocation_id }) => {
            out.push(b'5');
            write_text("invocationId", invocation_id, out);
        }
        HubMessage::Ping => out.push(b'6'),
        HubMessage::Close(Close { error, allow_reconnect }) => {
            out.push(b'7');
            if let Some(error) = error {
                write_text("error", error, out);
            }
            if *allow_reconnect {
                write_raw("allowReconnect", b"true", out);
            }
        }
        HubMessage::Ack(sequence) => write_sequence(b'8', sequence, out),
        HubMessage::Sequence(sequence) => write_sequence(b'9', sequence, out),
    }
    out.push(b'}');
}

fn write_invocation(kind: &[u8], call: &Invocation, out: &mut Vec<u8>) {
    out.extend_from_slice(kind);
    if let Some(id) = &call.invocation_id {
        write_text("invocationId", id, out);
    }
    write_text("target", &call.target, out);
    write_raw("arguments", b"[", out);
    for (at, argument) in call.arguments.items().iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend_from_slice(argument);
    }
    out.push(b']');
    if !call.stream_ids.is_empty() {
        let ids = json::to_vec(&call.stream_ids, json::Naming::Exact).expect("texts can be written");
        write_raw("streamIds", &ids, out);
    }
}

fn write_sequence(kind: u8, sequence: &Sequence, out: &mut Vec<u8>) {
    out.push(kind);
    write_raw("sequenceId", sequence.sequence_id.to_string().as_bytes(), out);
}

fn write_text(name: &str, value: &str, out: &mut Vec<u8>) {
    write_raw(name, b"", out);
    serde_json::to_writer(out, value).expect("a text can be written to memory");
}

fn write_raw(name: &str, value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
    out.extend_from_slice(value);
}
