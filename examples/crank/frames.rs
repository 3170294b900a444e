//! What a client reads from a WebSocket: frames taken apart into hub records, without copying where that is possible.

use anyhow::{Result, bail};

/// Where a client's stream of bytes was left.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    /// The beginning of a frame.
    frame: Vec<u8>,
    /// The beginning of a record, from frames before.
    record: Vec<u8>,
}

/// What a client must do about what it read.
#[derive(Debug, Default)]
pub(crate) struct Owed {
    /// Pings to answer, as masked frames.
    pub(crate) pongs: Vec<u8>,
}

const RECORD_SEPARATOR: u8 = 0x1e;

impl Frames {
    /// Takes the next bytes; `visit` sees every whole record, without its separator.
    pub(crate) fn read(&mut self, bytes: &[u8], mut visit: impl FnMut(&[u8])) -> Result<Owed> {
        let mut owed = Owed::default();
        if self.frame.is_empty() {
            let left = self.walk(bytes, &mut owed, &mut visit)?;
            self.frame.extend_from_slice(&bytes[left..]);
        } else {
            let mut whole = std::mem::take(&mut self.frame);
            whole.extend_from_slice(bytes);
            let left = self.walk(&whole, &mut owed, &mut visit)?;
            whole.drain(..left);
            self.frame = whole;
        }
        Ok(owed)
    }

    /// Walks over whole frames and says where the first that is not whole begins.
    fn walk(&mut self, bytes: &[u8], owed: &mut Owed, visit: &mut impl FnMut(&[u8])) -> Result<usize> {
        let mut at = 0;
        while let Some((opcode, payload)) = frame(&bytes[at..]) {
            let (begin, end) = (at + payload.start, at + payload.end);
            if end > bytes.len() {
                break;
            }
            let payload = &bytes[begin..end];
            match opcode {
                0x0..=0x2 => self.records(payload, visit),
                0x8 => bail!("the server closed the connection: {payload:?}"),
                0x9 => masked(0x8a, payload, &mut owed.pongs),
                _ => {}
            }
            at = end;
        }
        Ok(at)
    }

    fn records(&mut self, mut payload: &[u8], visit: &mut impl FnMut(&[u8])) {
        while let Some(end) = memchr::memchr(RECORD_SEPARATOR, payload) {
            if self.record.is_empty() {
                visit(&payload[..end]);
            } else {
                self.record.extend_from_slice(&payload[..end]);
                visit(&self.record);
                self.record.clear();
            }
            payload = &payload[end + 1..];
        }
        self.record.extend_from_slice(payload);
    }
}

/// The opcode of the frame at the beginning of `bytes` and where its payload lies, once its header is whole.
fn frame(bytes: &[u8]) -> Option<(u8, std::ops::Range<usize>)> {
    let (&first, &second) = (bytes.first()?, bytes.get(1)?);
    let (header, length) = match second & 0x7f {
        126 => (4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        127 => (
            10,
            usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?,
        ),
        short => (2, usize::from(short)),
    };
    Some((first & 0x0f, header..header + length))
}

/// Appends a frame as clients send them: masked, with a mask of zeros that changes nothing.
pub(crate) fn masked(first: u8, payload: &[u8], out: &mut Vec<u8>) {
    out.push(first);
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length @ ..=125), _) => out.push(0x80 | length),
        (_, Ok(length)) => {
            out.push(0x80 | 126);
            out.extend_from_slice(&length.to_be_bytes());
        }
        _ => {
            out.push(0x80 | 127);
            out.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(payload);
}
