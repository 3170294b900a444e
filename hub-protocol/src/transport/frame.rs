//! Records as they leave, framed once and shared by every connection that receives them.

use std::sync::Arc;

use bytes::{Buf, Bytes};

use crate::{
    codec::{Protocol, TransferFormat},
    message::HubMessage,
};

/// What stands before the records of a frame, at most: opcode, length and its 8 bytes.
const LONGEST_HEADER: usize = 10;

/// What a frame costs besides its bytes, roughly. Without it thousands of short answers would be nearly free.
const FRAME_BYTES: usize = 64;

/// Whole records with a WebSocket header in front (RFC 6455 §5.2; servers do not mask).
///
/// Cloning shares the bytes, and takes no more room in a queue than a pointer: a broadcast is in thousands of them.
/// Other transports take the records without the header.
#[derive(Clone, Debug)]
pub struct Frame(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    bytes: Bytes,
    header: u8,
    is_counted: bool,
}

impl Frame {
    /// Frames one hub message.
    pub(crate) fn of(protocol: Protocol, message: &HubMessage) -> Self {
        let mut bytes = Vec::with_capacity(LONGEST_HEADER + message.size());
        bytes.resize(LONGEST_HEADER, 0);
        protocol.write(message, &mut bytes);
        // It may wait for long, and escapes made it grow by doubling.
        if bytes.capacity() - bytes.len() > 16 + bytes.len() / 8 {
            bytes.shrink_to_fit();
        }
        Self::behind_header(protocol.transfer_format(), bytes, message.is_counted())
    }

    /// Frames records that end where a hub message ends.
    pub(crate) fn new(format: TransferFormat, records: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(LONGEST_HEADER + records.len());
        bytes.resize(LONGEST_HEADER, 0);
        bytes.extend_from_slice(records);
        Self::behind_header(format, bytes, false)
    }

    /// Takes records with room for the longest header in front of them: they are written once and never moved.
    fn behind_header(format: TransferFormat, mut bytes: Vec<u8>, is_counted: bool) -> Self {
        let opcode: u8 = match format {
            TransferFormat::Text => 0x81,
            TransferFormat::Binary => 0x82,
        };
        let length = bytes.len() - LONGEST_HEADER;
        let header = match (u8::try_from(length), u16::try_from(length)) {
            (Ok(length @ ..=125), _) => {
                bytes[LONGEST_HEADER - 1] = length;
                2
            }
            (_, Ok(length)) => {
                bytes[LONGEST_HEADER - 3] = 126;
                bytes[LONGEST_HEADER - 2..LONGEST_HEADER].copy_from_slice(&length.to_be_bytes());
                4
            }
            _ => {
                bytes[1] = 127;
                bytes[2..LONGEST_HEADER].copy_from_slice(&(length as u64).to_be_bytes());
                LONGEST_HEADER
            }
        };
        bytes[LONGEST_HEADER - header] = opcode;
        let mut bytes = Bytes::from(bytes);
        bytes.advance(LONGEST_HEADER - header);
        Self(Arc::new(Inner {
            bytes,
            header: u8::try_from(header).expect("a header has at most 10 bytes"),
            is_counted,
        }))
    }

    /// One unfragmented WebSocket data frame.
    pub fn websocket(&self) -> &Bytes {
        &self.0.bytes
    }

    /// The records alone.
    pub fn records(&self) -> Bytes {
        self.0.bytes.slice(usize::from(self.0.header)..)
    }

    /// Its size in bytes as it counts against an outbox.
    pub fn size(&self) -> usize {
        self.0.bytes.len()
    }

    /// The same where nobody shares it: then one client pays for what a frame costs besides its bytes.
    pub(crate) fn size_alone(&self) -> usize {
        self.size() + FRAME_BYTES
    }

    /// Whether stateful reconnect counts what is inside: one invocation, item or completion.
    pub(crate) fn is_counted(&self) -> bool {
        self.0.is_counted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_take_the_shortest_header() {
        for (length, header) in [
            (0, vec![0x81, 0]),
            (125, vec![0x81, 125]),
            (126, vec![0x81, 126, 0, 126]),
            (65_535, vec![0x81, 126, 0xFF, 0xFF]),
            (65_536, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let records = vec![b'x'; length];
            let frame = Frame::new(TransferFormat::Text, &records);
            assert_eq!(frame.websocket()[..header.len()], header);
            assert_eq!(frame.records(), records);
        }
    }
}
