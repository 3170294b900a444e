//! The first record of each direction, JSON whatever the protocol (`HubProtocol.md#overview`).

use serde_json::value::RawValue;

use crate::{codec::Protocol, error::ParseError, negotiate::TransportKind};

/// The answer to a good handshake. Nothing may be sent before it.
pub const ACCEPTED: &[u8] = b"{}\x1e";

/// What the client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandshakeRequest {
    /// The protocol's name, in any case.
    pub protocol: String,
    /// Every version up to [`Protocol::VERSION`] is spoken, zero and negative ones too.
    pub version: i64,
}

impl HandshakeRequest {
    /// Reads the record, without its separator. Names are matched exactly and unknown members skipped.
    ///
    /// # Errors
    ///
    /// Fails where a member is missing or of another type; the client is told only with detailed errors.
    pub fn parse(record: &[u8]) -> Result<Self, ParseError> {
        let text = std::str::from_utf8(record).map_err(|_| ParseError::new("Error reading JSON."))?;
        let members = crate::codec::object_members(text)?;
        let last = |name: &str| {
            members
                .iter()
                .rev()
                .find(|(known, _)| known == name)
                .map(|(_, value)| *value)
        };
        let protocol = last("protocol").ok_or_else(|| missing("protocol", text))?;
        let version = last("version").ok_or_else(|| missing("version", text))?;
        Ok(Self {
            protocol: serde_json::from_str(protocol.get()).map_err(|_| ParseError::expected("protocol", "String"))?,
            version: RawValue::get(version)
                .parse()
                .map_err(|_| ParseError::expected("version", "Number"))?,
        })
    }

    /// Chooses the protocol, one of `protocols` that the transport must be able to carry.
    ///
    /// # Errors
    ///
    /// The sentence that the client is told.
    pub fn choose(&self, transport: TransportKind, protocols: &[Protocol]) -> Result<Protocol, String> {
        let protocol = Protocol::named(&self.protocol).filter(|protocol| protocols.contains(protocol));
        let Some(protocol) = protocol else {
            return Err(format!("The protocol '{}' is not supported.", self.protocol));
        };
        if self.version > Protocol::VERSION {
            let name = protocol.name();
            return Err(format!(
                "The server does not support version {} of the '{name}' protocol.",
                self.version
            ));
        }
        let format = protocol.transfer_format();
        if !transport.transfer_formats().contains(&format) {
            let name = protocol.name();
            return Err(format!(
                "Cannot use the '{name}' protocol on the current transport. The transport does not support \
                 '{format:?}' transfer format."
            ));
        }
        Ok(protocol)
    }
}

/// The record that refuses a handshake.
pub fn refusal(error: &str) -> Vec<u8> {
    let mut record = b"{\"error\":".to_vec();
    serde_json::to_writer(&mut record, error).expect("a text can be written to memory");
    record.extend_from_slice(b"}\x1e");
    record
}

fn missing(property: &str, text: &str) -> ParseError {
    ParseError::new(format!(
        "Missing required property '{property}'. Message content: {text}"
    ))
}
