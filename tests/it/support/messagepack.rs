//! MessagePack by hand: as much of it as a hub speaks, so that the server's own reader and writer check nothing here.

use serde_json::{Value, json};

/// Writes a value; objects become maps with the names they have.
pub(crate) fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(0xc0),
        Value::Bool(value) => out.push(if *value { 0xc3 } else { 0xc2 }),
        Value::Number(number) => {
            out.push(0xd3);
            out.extend_from_slice(&number.as_i64().unwrap().to_be_bytes());
        }
        Value::String(text) => {
            out.push(0xdb);
            out.extend_from_slice(&u32::try_from(text.len()).unwrap().to_be_bytes());
            out.extend_from_slice(text.as_bytes());
        }
        Value::Array(items) => {
            out.push(0xdd);
            out.extend_from_slice(&u32::try_from(items.len()).unwrap().to_be_bytes());
            items.iter().for_each(|item| write(item, out));
        }
        Value::Object(members) => {
            out.push(0xdf);
            out.extend_from_slice(&u32::try_from(members.len()).unwrap().to_be_bytes());
            for (name, value) in members {
                write(&Value::from(name.as_str()), out);
                write(value, out);
            }
        }
    }
}

/// Reads the value that `bytes` begin with and moves behind it. A timestamp becomes `{"timestamp": milliseconds}`.
pub(crate) fn read(bytes: &mut &[u8]) -> Value {
    let kind = take(bytes, 1)[0];
    match kind {
        0x00..=0x7f => json!(kind),
        0x80..=0x8f => map(bytes, u64::from(kind & 0x0f)),
        0x90..=0x9f => array(bytes, u64::from(kind & 0x0f)),
        0xa0..=0xbf => text(bytes, u64::from(kind & 0x1f)),
        0xc0 => Value::Null,
        0xc2 => json!(false),
        0xc3 => json!(true),
        0xca => json!(f32::from_bits(u32::try_from(number(bytes, 4)).unwrap())),
        0xcb => json!(f64::from_bits(number(bytes, 8))),
        0xcc..=0xcf => json!(number(bytes, 1 << (kind - 0xcc))),
        0xd0 => json!(i8::from_be_bytes(take(bytes, 1).try_into().unwrap())),
        0xd1 => json!(i16::from_be_bytes(take(bytes, 2).try_into().unwrap())),
        0xd2 => json!(i32::from_be_bytes(take(bytes, 4).try_into().unwrap())),
        0xd3 => json!(i64::from_be_bytes(take(bytes, 8).try_into().unwrap())),
        0xd6 => timestamp(bytes, 4),
        0xd7 => timestamp(bytes, 8),
        0xd9..=0xdb => {
            let length = number(bytes, 1 << (kind - 0xd9));
            text(bytes, length)
        }
        0xdc | 0xdd => {
            let length = number(bytes, 2 << (kind - 0xdc));
            array(bytes, length)
        }
        0xde | 0xdf => {
            let length = number(bytes, 2 << (kind - 0xde));
            map(bytes, length)
        }
        0xe0..=0xff => json!(i8::from_be_bytes([kind])),
        _ => panic!("unexpected: {kind:#x}"),
    }
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (taken, rest) = bytes.split_at(count);
    *bytes = rest;
    taken
}

fn number(bytes: &mut &[u8], size: usize) -> u64 {
    take(bytes, size)
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn text(bytes: &mut &[u8], length: u64) -> Value {
    let text = take(bytes, usize::try_from(length).unwrap());
    Value::from(std::str::from_utf8(text).unwrap())
}

fn array(bytes: &mut &[u8], length: u64) -> Value {
    (0..length).map(|_| read(bytes)).collect()
}

fn map(bytes: &mut &[u8], length: u64) -> Value {
    let members = (0..length).map(|_| {
        let name = read(bytes).as_str().unwrap().to_owned();
        (name, read(bytes))
    });
    Value::Object(members.collect())
}

fn timestamp(bytes: &mut &[u8], size: usize) -> Value {
    assert_eq!(take(bytes, 1), [0xff], "extension -1");
    let number = number(bytes, size);
    let (nanoseconds, seconds) = if size == 4 {
        (0, number)
    } else {
        (number >> 34, number & ((1 << 34) - 1))
    };
    json!({"timestamp": seconds * 1000 + nanoseconds / 1_000_000})
}
