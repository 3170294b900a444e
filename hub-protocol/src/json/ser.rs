//! Writes values as JSON; see [`super`].

use std::fmt::Display;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Serialize, ser};

use super::{Naming, camel_case};
use crate::error::EncodeError;

pub(super) struct Serializer<'a> {
    pub(super) out: &'a mut Vec<u8>,
    pub(super) naming: Naming,
}

/// An array or object that is being written.
pub(super) struct Compound<'a> {
    out: &'a mut Vec<u8>,
    naming: Naming,
    empty: bool,
    /// What closes it: one bracket, or two for a variant with data.
    close: &'static [u8],
}

impl<'a> Serializer<'a> {
    fn plain(self, value: impl Serialize) -> Result<(), EncodeError> {
        Ok(serde_json::to_writer(self.out, &value)?)
    }

    fn open(self, open: &[u8], close: &'static [u8]) -> Compound<'a> {
        let Serializer { out, naming } = self;
        out.extend_from_slice(open);
        Compound {
            out,
            naming,
            empty: true,
            close,
        }
    }

    fn variant(self, variant: &str, open: &[u8], close: &'static [u8]) -> Compound<'a> {
        let Serializer { out, naming } = self;
        out.push(b'{');
        write_name(out, variant, naming);
        out.extend_from_slice(open);
        Compound {
            out,
            naming,
            empty: true,
            close,
        }
    }
}

impl Compound<'_> {
    fn separate(&mut self) {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.separate();
        value.serialize(Serializer {
            out: self.out,
            naming: self.naming,
        })
    }

    fn member<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), EncodeError> {
        if name == RAW_VALUE {
            return self.raw(value);
        }
        self.separate();
        write_name(self.out, name, self.naming);
        value.serialize(Serializer {
            out: self.out,
            naming: self.naming,
        })
    }

    /// Writes a text without quotes.
    fn raw<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        let text: String = serde_json::from_slice(&serde_json::to_vec(value)?)?;
        self.out.extend_from_slice(text.as_bytes());
        Ok(())
    }

    fn close(self) {
        self.out.extend_from_slice(self.close);
    }
}

/// What `serde_json`'s `RawValue` calls itself and its only member, a text that is JSON already.
const RAW_VALUE: &str = "$serde_json::private::RawValue";

/// Names of members are Rust identifiers or `rename`s without quotes or control characters.
fn write_name(out: &mut Vec<u8>, name: &str, naming: Naming) {
    out.push(b'"');
    match naming {
        Naming::CamelCase => camel_case(name, out),
        Naming::Exact => out.extend_from_slice(name.as_bytes()),
    }
    out.extend_from_slice(b"\":");
}

/// What `serde_json` writes as we would.
macro_rules! plain {
    ($($method:ident: $type:ty)*) => {$(
        fn $method(self, value: $type) -> Result<(), EncodeError> {
            self.plain(value)
        }
    )*};
}

impl<'a> ser::Serializer for Serializer<'a> {
    type Ok = ();
    type Error = EncodeError;
    type SerializeSeq = Compound<'a>;
    type SerializeTuple = Compound<'a>;
    type SerializeTupleStruct = Compound<'a>;
    type SerializeTupleVariant = Compound<'a>;
    type SerializeMap = Compound<'a>;
    type SerializeStruct = Compound<'a>;
    type SerializeStructVariant = Compound<'a>;

    fn serialize_bool(self, value: bool) -> Result<(), EncodeError> {
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }
    plain! {
        serialize_i8: i8 serialize_i16: i16 serialize_i32: i32 serialize_i64: i64
        serialize_u8: u8 serialize_u16: u16 serialize_u32: u32 serialize_u64: u64
        serialize_char: char serialize_str: &str
    }
    fn serialize_f32(self, value: f32) -> Result<(), EncodeError> {
        if value.is_finite() {
            self.plain(value)
        } else {
            Err(not_finite())
        }
    }
    fn serialize_f64(self, value: f64) -> Result<(), EncodeError> {
        if value.is_finite() {
            self.plain(value)
        } else {
            Err(not_finite())
        }
    }
    fn serialize_bytes(self, value: &[u8]) -> Result<(), EncodeError> {
        self.plain(STANDARD.encode(value))
    }
    fn serialize_none(self) -> Result<(), EncodeError> {
        self.serialize_unit()
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), EncodeError> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<(), EncodeError> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), EncodeError> {
        self.serialize_unit()
    }
    fn serialize_unit_variant(self, _: &'static str, index: u32, _: &'static str) -> Result<(), EncodeError> {
        self.plain(index)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), EncodeError> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        let compound = self.variant(variant, b"", b"}");
        value.serialize(Serializer {
            out: &mut *compound.out,
            naming: compound.naming,
        })?;
        compound.close();
        Ok(())
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Compound<'a>, EncodeError> {
        Ok(self.open(b"[", b"]"))
    }
    fn serialize_tuple(self, _: usize) -> Result<Compound<'a>, EncodeError> {
        Ok(self.open(b"[", b"]"))
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Compound<'a>, EncodeError> {
        Ok(self.open(b"[", b"]"))
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'a>, EncodeError> {
        Ok(self.variant(variant, b"[", b"]}"))
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Compound<'a>, EncodeError> {
        Ok(self.open(b"{", b"}"))
    }
    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Compound<'a>, EncodeError> {
        Ok(match name {
            RAW_VALUE => self.open(b"", b""),
            _ => self.open(b"{", b"}"),
        })
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'a>, EncodeError> {
        Ok(self.variant(variant, b"{", b"}}"))
    }
    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), EncodeError> {
        self.plain(value.to_string())
    }
}

fn not_finite() -> EncodeError {
    EncodeError("JSON has no NaN and no infinity".to_owned())
}

/// Everything between brackets is written alike, whatever serde calls it.
macro_rules! elements {
    ($($kind:ident::$method:ident)*) => {$(
        impl ser::$kind for Compound<'_> {
            type Ok = ();
            type Error = EncodeError;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
                self.element(value)
            }
            fn end(self) -> Result<(), EncodeError> {
                self.close();
                Ok(())
            }
        }
    )*};
}
elements! {
    SerializeSeq::serialize_element SerializeTuple::serialize_element
    SerializeTupleStruct::serialize_field SerializeTupleVariant::serialize_field
}

macro_rules! members {
    ($($kind:ident)*) => {$(
        impl ser::$kind for Compound<'_> {
            type Ok = ();
            type Error = EncodeError;
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), EncodeError> {
                self.member(name, value)
            }
            fn end(self) -> Result<(), EncodeError> {
                self.close();
                Ok(())
            }
        }
    )*};
}
members! { SerializeStruct SerializeStructVariant }

impl ser::SerializeMap for Compound<'_> {
    type Ok = ();
    type Error = EncodeError;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), EncodeError> {
        self.separate();
        let mut written = Vec::new();
        // Exact: keys are data, not names. An enum as a key is written as its number, like .NET's.
        key.serialize(Serializer {
            out: &mut written,
            naming: Naming::Exact,
        })?;
        match written.first() {
            Some(b'"') => self.out.extend_from_slice(&written),
            Some(b'-' | b'0'..=b'9' | b't' | b'f') => {
                self.out.push(b'"');
                self.out.extend_from_slice(&written);
                self.out.push(b'"');
            }
            _ => return Err(EncodeError("a key of a JSON object is text or a number".to_owned())),
        }
        Ok(())
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.out.push(b':');
        value.serialize(Serializer {
            out: self.out,
            naming: self.naming,
        })
    }
    fn end(self) -> Result<(), EncodeError> {
        self.close();
        Ok(())
    }
}
