//! What travels in a record: one plain struct for each message of the specification.
//!
//! Names and members are those of `HubProtocol.md`; the codecs of [`crate::codec`] turn them to bytes and back.

use bytes::Bytes;

use crate::codec::Arguments;

/// One hub message, of either direction.
#[derive(Clone, Debug, PartialEq)]
pub enum HubMessage {
    /// Type 1: a call. Without an id nobody answers it, not even with an error.
    Invocation(Invocation),
    /// Type 2: one item of a stream.
    StreamItem(StreamItem),
    /// Type 3: the end of a call or stream.
    Completion(Completion),
    /// Type 4: a call that asks for a stream.
    StreamInvocation(Invocation),
    /// Type 5: the caller wants no more of a stream.
    CancelInvocation(CancelInvocation),
    /// Type 6: a sign of life.
    Ping,
    /// Type 7: the connection ends.
    Close(Close),
    /// Type 8: everything up to this message arrived (stateful reconnect).
    Ack(Sequence),
    /// Type 9: the number of the next message (stateful reconnect).
    Sequence(Sequence),
}

impl HubMessage {
    /// Whether stateful reconnect counts it (`HubProtocol.md#stateful-reconnect`): types 1 to 5.
    pub fn is_counted(&self) -> bool {
        match self {
            Self::Invocation(_)
            | Self::StreamItem(_)
            | Self::Completion(_)
            | Self::StreamInvocation(_)
            | Self::CancelInvocation(_) => true,
            Self::Ping | Self::Close(_) | Self::Ack(_) | Self::Sequence(_) => false,
        }
    }

    /// About how many bytes it takes when it is written, to set them aside.
    pub(crate) fn size(&self) -> usize {
        /// Braces, names and numbers.
        const AROUND: usize = 64;
        AROUND
            + match self {
                Self::Invocation(call) | Self::StreamInvocation(call) => {
                    let ids = call.invocation_id.iter().chain(&call.stream_ids);
                    let arguments = call.arguments.items().iter();
                    call.target.len()
                        + ids.map(|id| id.len() + 3).sum::<usize>()
                        + arguments.map(|item| item.len() + 1).sum::<usize>()
                }
                Self::StreamItem(item) => item.invocation_id.len() + item.item.len(),
                Self::Completion(completion) => {
                    completion.invocation_id.len()
                        + match &completion.outcome {
                            Outcome::Error(error) => error.len(),
                            Outcome::Result(result) => result.len(),
                            Outcome::Void => 0,
                        }
                }
                Self::CancelInvocation(_) | Self::Ping | Self::Close(_) | Self::Ack(_) | Self::Sequence(_) => 0,
            }
    }

    /// Its type and target or id, for logs: never what it carries.
    pub fn describe(&self) -> String {
        match self {
            Self::Invocation(call) => format!("Invocation of {:?} {:?}", call.target, call.invocation_id),
            Self::StreamInvocation(call) => format!("StreamInvocation of {:?} {:?}", call.target, call.invocation_id),
            Self::StreamItem(item) => format!("StreamItem {:?}", item.invocation_id),
            Self::Completion(completion) => format!("Completion {:?}", completion.invocation_id),
            Self::CancelInvocation(cancel) => format!("CancelInvocation {:?}", cancel.invocation_id),
            Self::Ping => "Ping".to_owned(),
            Self::Close(_) => "Close".to_owned(),
            Self::Ack(sequence) => format!("Ack {}", sequence.sequence_id),
            Self::Sequence(sequence) => format!("Sequence {}", sequence.sequence_id),
        }
    }
}

/// A call of `target`, in either direction.
#[derive(Clone, Debug, PartialEq)]
pub struct Invocation {
    /// Chosen by the caller; `None` and the empty text mean that no answer is wanted.
    pub invocation_id: Option<String>,
    /// The method's name as the caller spelled it.
    pub target: String,
    /// The arguments, still encoded.
    pub arguments: Arguments,
    /// Names of the streams that the caller is about to send.
    pub stream_ids: Vec<String>,
}

/// One item of the stream `invocation_id`.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamItem {
    /// The id of the call, or of the upload stream.
    pub invocation_id: String,
    /// The item, still encoded.
    pub item: Bytes,
}

/// The answer to the call `invocation_id`.
#[derive(Clone, Debug, PartialEq)]
pub struct Completion {
    /// The id that the caller chose.
    pub invocation_id: String,
    /// How the call ended.
    pub outcome: Outcome,
}

/// How a call ended. Result and error exclude each other.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Neither a result nor an error: the end of a stream.
    Void,
    /// An encoded result; a method without one has the encoded null.
    Result(Bytes),
    /// The sentence that the caller is shown.
    Error(String),
}

/// Asks to stop the stream `invocation_id`. An unknown id is a normal race and is ignored.
#[derive(Clone, Debug, PartialEq)]
pub struct CancelInvocation {
    /// The id of the stream.
    pub invocation_id: String,
}

/// The end of a connection, at most one in each direction.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Close {
    /// Why, when something went wrong.
    pub error: Option<String>,
    /// Whether a client with automatic reconnect should come back. Only servers say so.
    pub allow_reconnect: bool,
}

/// The number of a message, counted from 1 in each direction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sequence {
    /// Counted over types 1 to 5.
    pub sequence_id: i64,
}
