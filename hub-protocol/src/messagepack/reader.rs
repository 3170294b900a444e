//! Walks over MessagePack without decoding it: no recursion, no memory, and no trust in what a length says.

use rmp::Marker;
use thiserror::Error;

use super::MAX_DEPTH;

/// Bytes that are no MessagePack value, whatever type was wanted.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// A length says more than there is.
    #[error("the value is longer than the message")]
    Truncated,
    /// 0xC1, which means nothing.
    #[error("0xC1 begins no value")]
    Reserved,
    #[error("nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
}

/// The beginning of a value. What it says is behind it is there, at a byte an element at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Head {
    Nil,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    /// Text, of so many bytes.
    Text(u64),
    /// Bytes, a float or an extension with its type, of so many bytes in all.
    Opaque(u64),
    Array(u64),
    /// So many keys and as many values.
    Map(u64),
}

/// A place in MessagePack.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Reads how the next value begins; of scalars that is all.
    pub(crate) fn head(&mut self) -> Result<Head, Malformed> {
        let [marker] = self.array()?;
        let head = match Marker::from_u8(marker) {
            Marker::Null => Head::Nil,
            Marker::False => Head::Bool(false),
            Marker::True => Head::Bool(true),
            Marker::FixPos(number) => Head::Unsigned(number.into()),
            Marker::FixNeg(number) => Head::Signed(number.into()),
            Marker::U8 => Head::Unsigned(u8::from_be_bytes(self.array()?).into()),
            Marker::U16 => Head::Unsigned(u16::from_be_bytes(self.array()?).into()),
            Marker::U32 => Head::Unsigned(u32::from_be_bytes(self.array()?).into()),
            Marker::U64 => Head::Unsigned(u64::from_be_bytes(self.array()?)),
            Marker::I8 => Head::Signed(i8::from_be_bytes(self.array()?).into()),
            Marker::I16 => Head::Signed(i16::from_be_bytes(self.array()?).into()),
            Marker::I32 => Head::Signed(i32::from_be_bytes(self.array()?).into()),
            Marker::I64 => Head::Signed(i64::from_be_bytes(self.array()?)),
            Marker::F32 => Head::Opaque(4),
            Marker::F64 => Head::Opaque(8),
            Marker::FixStr(length) => Head::Text(length.into()),
            Marker::Str8 => Head::Text(self.length8()?),
            Marker::Str16 => Head::Text(self.length16()?),
            Marker::Str32 => Head::Text(self.length32()?),
            Marker::Bin8 => Head::Opaque(self.length8()?),
            Marker::Bin16 => Head::Opaque(self.length16()?),
            Marker::Bin32 => Head::Opaque(self.length32()?),
            Marker::FixExt1 => Head::Opaque(2),
            Marker::FixExt2 => Head::Opaque(3),
            Marker::FixExt4 => Head::Opaque(5),
            Marker::FixExt8 => Head::Opaque(9),
            Marker::FixExt16 => Head::Opaque(17),
            Marker::Ext8 => Head::Opaque(self.length8()? + 1),
            Marker::Ext16 => Head::Opaque(self.length16()? + 1),
            Marker::Ext32 => Head::Opaque(self.length32()? + 1),
            Marker::FixArray(count) => Head::Array(count.into()),
            Marker::Array16 => Head::Array(self.length16()?),
            Marker::Array32 => Head::Array(self.length32()?),
            Marker::FixMap(count) => Head::Map(count.into()),
            Marker::Map16 => Head::Map(self.length16()?),
            Marker::Map32 => Head::Map(self.length32()?),
            Marker::Reserved => return Err(Malformed::Reserved),
        };
        let least = match head {
            Head::Text(bytes) | Head::Opaque(bytes) => bytes,
            Head::Array(count) => count,
            Head::Map(count) => count * 2,
            Head::Nil | Head::Bool(_) | Head::Unsigned(_) | Head::Signed(_) => 0,
        };
        if least > self.rest.len() as u64 {
            return Err(Malformed::Truncated);
        }
        Ok(head)
    }

    /// Takes the bytes behind a head of text or of something opaque.
    pub(crate) fn take(&mut self, length: u64) -> Result<&'a [u8], Malformed> {
        let length = usize::try_from(length).map_err(|_| Malformed::Truncated)?;
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    /// Takes one whole value, all that is nested in it included: at most [`MAX_DEPTH`] levels.
    pub(crate) fn value(&mut self) -> Result<&'a [u8], Malformed> {
        let from = self.rest;
        // How many values each level still waits for; the first level is the value itself.
        let mut waiting = [0_u64; MAX_DEPTH + 1];
        waiting[0] = 1;
        let mut depth = 0;
        loop {
            if waiting[depth] == 0 {
                match depth.checked_sub(1) {
                    Some(outer) => depth = outer,
                    None => return Ok(&from[..from.len() - self.rest.len()]),
                }
                continue;
            }
            waiting[depth] -= 1;
            let inside = match self.head()? {
                Head::Array(count) => count,
                Head::Map(count) => count * 2,
                Head::Text(length) | Head::Opaque(length) => {
                    self.take(length)?;
                    continue;
                }
                Head::Nil | Head::Bool(_) | Head::Unsigned(_) | Head::Signed(_) => continue,
            };
            depth += 1;
            *waiting.get_mut(depth).ok_or(Malformed::TooDeep)? = inside;
        }
    }

    fn length8(&mut self) -> Result<u64, Malformed> {
        Ok(u8::from_be_bytes(self.array()?).into())
    }

    fn length16(&mut self) -> Result<u64, Malformed> {
        Ok(u16::from_be_bytes(self.array()?).into())
    }

    fn length32(&mut self) -> Result<u64, Malformed> {
        Ok(u32::from_be_bytes(self.array()?).into())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(*taken)
    }
}
