//! The MessagePack protocol: one array a record (`HubProtocol.md#messagepack-msgpack-encoding`).
//!
//! Members are read in order, and only those that a type has: what follows them in the record is ignored.
//! Values are checked to be whole and not nested too deep before anything keeps them.

mod write;

use std::fmt::Display;

use bytes::Bytes;

pub(super) use self::write::write;
use super::{Arguments, Protocol};
use crate::{
    error::ParseError,
    message::{CancelInvocation, Close, Completion, HubMessage, Invocation, Outcome, Sequence, StreamItem},
    messagepack::{Head, Malformed, Reader},
};

pub(super) fn parse(record: &Bytes) -> Result<Option<HubMessage>, ParseError> {
    let mut members = Members {
        record,
        reader: Reader::new(record),
    };
    let count = members.array("message")?;
    Ok(Some(match members.int32("messageType")? {
        1 => HubMessage::Invocation(members.invocation(count)?),
        2 => HubMessage::StreamItem(StreamItem {
            invocation_id: members.headers_and_id("StreamItem")?,
            item: members.value("item")?,
        }),
        3 => HubMessage::Completion(members.completion()?),
        4 => HubMessage::StreamInvocation(members.stream_invocation(count)?),
        5 => HubMessage::CancelInvocation(CancelInvocation {
            invocation_id: members.headers_and_id("CancelInvocation")?,
        }),
        6 => HubMessage::Ping,
        7 => HubMessage::Close(members.close(count)?),
        8 => HubMessage::Ack(members.sequence()?),
        9 => HubMessage::Sequence(members.sequence()?),
        _ => return Ok(None),
    }))
}

/// The members that have not been read yet.
struct Members<'a> {
    record: &'a Bytes,
    reader: Reader<'a>,
}

impl Members<'_> {
    fn invocation(&mut self, count: u64) -> Result<Invocation, ParseError> {
        self.headers()?;
        let invocation_id = self.text("invocationId")?.filter(|id| !id.is_empty());
        self.call(count, invocation_id, "Invocation")
    }

    fn stream_invocation(&mut self, count: u64) -> Result<Invocation, ParseError> {
        let invocation_id = self.headers_and_id("StreamInvocation")?;
        self.call(count, Some(invocation_id), "StreamInvocation")
    }

    fn call(
        &mut self,
        count: u64,
        invocation_id: Option<String>,
        message: &'static str,
    ) -> Result<Invocation, ParseError> {
        let target = self.text("target")?.filter(|target| !target.is_empty());
        let target = target.ok_or_else(|| ParseError::new(format!("Null or empty target for {message} message.")))?;
        let arguments = self.arguments()?;
        // Some clients leave the sixth member out. Behind arguments that are none nothing is looked for.
        let stream_ids = if count > 5 && arguments.check().is_ok() {
            self.stream_ids()?
        } else {
            Vec::new()
        };
        Ok(Invocation {
            invocation_id,
            target,
            arguments,
            stream_ids,
        })
    }

    /// Arguments that are missing or no array are an error of the call; arguments that are broken are not.
    fn arguments(&mut self) -> Result<Arguments, ParseError> {
        let head = if self.reader.is_empty() {
            Head::Nil
        } else {
            self.reader.head().map_err(|malformed| broken("arguments", malformed))?
        };
        let Head::Array(count) = head else {
            let text = "Reading array length for 'arguments' failed.";
            return Ok(Arguments::unreadable(Protocol::MessagePack, text));
        };
        let items: Result<_, _> = (0..count).map(|_| self.value("arguments")).collect();
        Ok(Arguments::new(Protocol::MessagePack, items?))
    }

    /// Nil counts as none, as in JSON: leniency is safe.
    fn stream_ids(&mut self) -> Result<Vec<String>, ParseError> {
        let count = match self.reader.head() {
            Ok(Head::Array(count)) => count,
            Ok(Head::Nil) => 0,
            _ => return Err(unreadable("array length for 'streamIds'")),
        };
        let id = |members: &mut Self| {
            let id = members.text("streamIds")?.filter(|id| !id.is_empty());
            id.ok_or_else(|| ParseError::new("Null or empty value in streamIds received."))
        };
        (0..count).map(|_| id(self)).collect()
    }

    fn completion(&mut self) -> Result<Completion, ParseError> {
        let invocation_id = self.headers_and_id("Completion")?;
        let outcome = match self.int32("resultKind")? {
            // An error of nil is none, as .NET reads it.
            1 => self.text("error")?.map_or(Outcome::Void, Outcome::Error),
            2 => Outcome::Void,
            3 => Outcome::Result(self.value("result")?),
            _ => return Err(ParseError::new("Invalid invocation result kind.")),
        };
        Ok(Completion { invocation_id, outcome })
    }

    fn close(&mut self, count: u64) -> Result<Close, ParseError> {
        let error = self.text("error")?;
        let allow_reconnect = if count > 2 {
            let Ok(Head::Bool(allowed)) = self.reader.head() else {
                return Err(unreadable("'allowReconnect' as Boolean"));
            };
            allowed
        } else {
            false
        };
        Ok(Close { error, allow_reconnect })
    }

    fn sequence(&mut self) -> Result<Sequence, ParseError> {
        let sequence_id = self.integer().ok_or_else(|| unreadable("'sequenceId' as Int64"))?;
        Ok(Sequence { sequence_id })
    }

    /// Headers are read and ignored, but they must be what they should be.
    fn headers(&mut self) -> Result<(), ParseError> {
        let Ok(Head::Map(count)) = self.reader.head() else {
            return Err(unreadable("map length for 'headers'"));
        };
        for at in 0..count {
            for (part, name) in [("Key", "key"), ("Value", "value")] {
                let text = self.text(format_args!("headers[{at}].{part}"))?;
                if text.is_none_or(|text| text.is_empty()) {
                    return Err(ParseError::new(format!("Null or empty {name} in header.")));
                }
            }
        }
        Ok(())
    }

    fn headers_and_id(&mut self, message: &'static str) -> Result<String, ParseError> {
        self.headers()?;
        let id = self.text("invocationId")?.filter(|id| !id.is_empty());
        id.ok_or_else(|| ParseError::new(format!("Null or empty invocation ID for {message} message.")))
    }

    fn array(&mut self, name: &'static str) -> Result<u64, ParseError> {
        match self.reader.head() {
            Ok(Head::Array(count)) => Ok(count),
            _ => Err(unreadable(format_args!("array length for '{name}'"))),
        }
    }

    fn int32(&mut self, name: &'static str) -> Result<i32, ParseError> {
        let number = self.integer().and_then(|number| i32::try_from(number).ok());
        number.ok_or_else(|| unreadable(format_args!("'{name}' as Int32")))
    }

    fn integer(&mut self) -> Option<i64> {
        match self.reader.head() {
            Ok(Head::Unsigned(number)) => i64::try_from(number).ok(),
            Ok(Head::Signed(number)) => Some(number),
            _ => None,
        }
    }

    /// A text or nil.
    fn text(&mut self, name: impl Display) -> Result<Option<String>, ParseError> {
        let text = match self.reader.head() {
            Ok(Head::Nil) => return Ok(None),
            Ok(Head::Text(length)) => self.reader.take(length).ok().map(<[u8]>::to_vec),
            _ => None,
        };
        let text = text.and_then(|text| String::from_utf8(text).ok());
        text.map(Some)
            .ok_or_else(|| unreadable(format_args!("'{name}' as String")))
    }

    /// The bytes of a value, shared with the record they lie in.
    fn value(&mut self, name: &'static str) -> Result<Bytes, ParseError> {
        let value = self.reader.value().map_err(|malformed| broken(name, malformed))?;
        Ok(self.record.slice_ref(value))
    }
}

fn unreadable(what: impl Display) -> ParseError {
    ParseError::new(format!("Reading {what} failed."))
}

fn broken(name: &str, malformed: Malformed) -> ParseError {
    ParseError::new(format!("Reading '{name}' failed: {malformed}."))
}
