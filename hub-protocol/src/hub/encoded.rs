//! One call of clients, encoded once for each protocol and shared by everybody who receives it.

use std::sync::OnceLock;

use super::HubError;
use crate::{
    codec::{Arguments, Protocol, ToArguments},
    error::EncodeError,
    json::Naming,
    message::{HubMessage, Invocation},
    transport::Frame,
};

/// An invocation of `target` that is encoded when the first client of a protocol needs it.
pub struct Encoded<'a> {
    target: &'a str,
    arguments: Box<dyn ToArguments + Send + Sync + 'a>,
    naming: Naming,
    frames: [OnceLock<Frame>; Protocol::ALL.len()],
}

impl std::fmt::Debug for Encoded<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoded")
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

impl<'a> Encoded<'a> {
    /// Prepares a call; the arguments are a tuple.
    pub fn new(target: &'a str, arguments: impl ToArguments + Send + Sync + 'a, naming: Naming) -> Self {
        Self {
            target,
            arguments: Box::new(arguments),
            naming,
            frames: Default::default(),
        }
    }

    /// Lets go of the arguments, which may be much larger than what they are written as, once they are written for the
    /// only client that will hear them: it may be waited for.
    pub(super) fn only_for(mut self, protocol: Protocol) -> Result<Self, HubError> {
        self.frame(protocol)?;
        self.arguments = Box::new(Written);
        Ok(self)
    }

    /// The client method it calls.
    pub fn target(&self) -> &'a str {
        self.target
    }

    /// The frame for clients of a protocol. It is shared: cloning it costs a counter.
    ///
    /// # Errors
    ///
    /// Fails for values that the protocol cannot carry.
    pub fn frame(&self, protocol: Protocol) -> Result<&Frame, HubError> {
        let cell = &self.frames[protocol.index()];
        if let Some(frame) = cell.get() {
            return Ok(frame);
        }
        let arguments = self.arguments.encode(protocol, self.naming)?;
        let target = self.target.to_owned();
        let call = Invocation {
            invocation_id: None,
            target,
            arguments,
            stream_ids: Vec::new(),
        };
        Ok(cell.get_or_init(|| Frame::of(protocol, &HubMessage::Invocation(call))))
    }
}

/// In the place of arguments that are written already.
struct Written;

impl ToArguments for Written {
    fn encode(&self, _: Protocol, _: Naming) -> Result<Arguments, EncodeError> {
        Err(EncodeError("the call was written for its only client".to_owned()))
    }
}
