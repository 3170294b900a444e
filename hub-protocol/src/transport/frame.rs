//! Records as they leave, framed once and shared by every connection that receives them.

use bytes::Bytes;

use crate::{
    codec::{Protocol, TransferFormat},
    message::HubMessage,
};

/// Whole records with a WebSocket header in front (RFC 6455 §5.2; servers do not mask).
///
/// Cloning shares the bytes. Other transports take the records without the header.
#[derive(Clone, Debug)]
pub struct Frame {
    bytes: Bytes,
    header: u8,
    /// Whether stateful reconnect counts what is inside: one invocation, item or completion.
    pub(crate) is_counted: bool,
}

impl Frame {
    /// Frames one hub message.
    pub(crate) fn of(protocol: Protocol, message: &HubMessage) -> Self {
        let mut record = Vec::with_capacity(256);
        protocol.write(message, &mut record);
        Self {
            is_counted: message.is_counted(),
            ..Self::new(protocol.transfer_format(), &record)
        }
    }

    /// Frames records that end where a hub message ends.
    pub(crate) fn new(format: TransferFormat, records: &[u8]) -> Self {
        let opcode: u8 = match format {
            TransferFormat::Text => 0x81,
            TransferFormat::Binary => 0x82,
        };
        let mut bytes = Vec::with_capacity(records.len() + 10);
        bytes.push(opcode);
        match (u8::try_from(records.len()), u16::try_from(records.len())) {
            (Ok(length @ ..=125), _) => bytes.push(length),
            (_, Ok(length)) => {
                bytes.push(126);
                bytes.extend_from_slice(&length.to_be_bytes());
            }
            _ => {
                bytes.push(127);
                bytes.extend_from_slice(&(records.len() as u64).to_be_bytes());
            }
        }
        let header = u8::try_from(bytes.len()).expect("a header has at most 10 bytes");
        bytes.extend_from_slice(records);
        Self {
            bytes: bytes.into(),
            header,
            is_counted: false,
        }
    }

    /// One unfragmented WebSocket data frame.
    pub fn websocket(&self) -> &Bytes {
        &self.bytes
    }

    /// The records alone.
    pub fn records(&self) -> Bytes {
        self.bytes.slice(usize::from(self.header)..)
    }

    /// Its size in bytes as it counts against an outbox.
    pub fn size(&self) -> usize {
        self.bytes.len()
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
