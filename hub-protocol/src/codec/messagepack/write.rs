//! Writes messages in the layouts of ASP.NET Core, which clients without tolerance count on.

use rmp::encode::{self, ValueWriteError};

use crate::{
    framing::write_length,
    message::{CancelInvocation, Close, Completion, HubMessage, Invocation, Outcome, Sequence, StreamItem},
};

type Written = Result<(), ValueWriteError>;

/// Writes a message behind its length.
pub(in crate::codec) fn write(message: &HubMessage, out: &mut Vec<u8>) {
    let from = out.len();
    body(message, out).expect("memory takes every byte");
    let mut prefix = Vec::with_capacity(5);
    write_length(out.len() - from, &mut prefix);
    out.splice(from..from, prefix);
}

fn body(message: &HubMessage, out: &mut Vec<u8>) -> Written {
    match message {
        HubMessage::Invocation(call) => invocation(1, call, out),
        HubMessage::StreamInvocation(call) => invocation(4, call, out),
        HubMessage::StreamItem(StreamItem { invocation_id, item }) => {
            begin(4, 2, out)?;
            headers_and_id(Some(invocation_id), out)?;
            out.extend_from_slice(item);
            Ok(())
        }
        HubMessage::Completion(Completion { invocation_id, outcome }) => {
            begin(if *outcome == Outcome::Void { 4 } else { 5 }, 3, out)?;
            headers_and_id(Some(invocation_id), out)?;
            match outcome {
                Outcome::Error(error) => {
                    out.push(1);
                    encode::write_str(out, error)?;
                }
                Outcome::Void => out.push(2),
                Outcome::Result(result) => {
                    out.push(3);
                    out.extend_from_slice(result);
                }
            }
            Ok(())
        }
        HubMessage::CancelInvocation(CancelInvocation { invocation_id }) => {
            begin(3, 5, out)?;
            headers_and_id(Some(invocation_id), out)
        }
        HubMessage::Ping => begin(1, 6, out),
        HubMessage::Close(Close { error, allow_reconnect }) => {
            begin(3, 7, out)?;
            text_or_nil(error.as_deref(), out)?;
            encode::write_bool(out, *allow_reconnect).map_err(ValueWriteError::InvalidMarkerWrite)
        }
        HubMessage::Ack(number) => sequence(8, *number, out),
        HubMessage::Sequence(number) => sequence(9, *number, out),
    }
}

/// The array of so many members, and its first: the type.
fn begin(members: u32, kind: u8, out: &mut Vec<u8>) -> Written {
    encode::write_array_len(out, members)?;
    out.push(kind);
    Ok(())
}

/// No headers are ever sent; their map is there all the same.
fn headers_and_id(id: Option<&str>, out: &mut Vec<u8>) -> Written {
    encode::write_map_len(out, 0)?;
    text_or_nil(id, out)
}

fn invocation(kind: u8, call: &Invocation, out: &mut Vec<u8>) -> Written {
    begin(6, kind, out)?;
    headers_and_id(call.invocation_id.as_deref().filter(|id| !id.is_empty()), out)?;
    encode::write_str(out, &call.target)?;
    encode::write_array_len(out, count(call.arguments.len()))?;
    for argument in call.arguments.items() {
        out.extend_from_slice(argument);
    }
    encode::write_array_len(out, count(call.stream_ids.len()))?;
    for id in &call.stream_ids {
        encode::write_str(out, id)?;
    }
    Ok(())
}

fn sequence(kind: u8, number: Sequence, out: &mut Vec<u8>) -> Written {
    begin(2, kind, out)?;
    encode::write_sint(out, number.sequence_id).map(drop)
}

fn text_or_nil(text: Option<&str>, out: &mut Vec<u8>) -> Written {
    match text {
        Some(text) => encode::write_str(out, text),
        None => encode::write_nil(out).map_err(ValueWriteError::InvalidMarkerWrite),
    }
}

fn count(elements: usize) -> u32 {
    u32::try_from(elements).expect("that many elements do not fit into a message")
}
