//! Records out of streams, for both framings.

use super::*;

fn binary(limit: Option<usize>) -> RecordReader {
    let mut reader = RecordReader::new(limit);
    reader.switch(Framing::LengthPrefix);
    reader
}

fn records(reader: &mut RecordReader) -> Vec<String> {
    let mut found = Vec::new();
    while let Some(record) = reader.next_record().unwrap() {
        found.push(String::from_utf8(record.to_vec()).unwrap());
    }
    found
}

const fn too_large(limit: usize) -> Result<Option<Bytes>, FramingError> {
    Err(FramingError::TooLarge(TooLarge { limit }))
}

#[test]
fn records_come_out_whole_however_they_arrive() {
    let mut reader = RecordReader::new(None);
    reader.push(Bytes::from_static(b"one\x1etwo\x1eth"));
    assert_eq!(records(&mut reader), ["one", "two"]);
    reader.push(Bytes::from_static(b"r"));
    assert!(records(&mut reader).is_empty());
    reader.push(Bytes::from_static(b"ee\x1e\x1efour\x1e"));
    assert_eq!(records(&mut reader), ["three", "", "four"]);
    assert_eq!(reader.buffered(), 0);

    let mut reader = binary(None);
    reader.push(Bytes::from_static(b"\x03one\x03two\x05th"));
    assert_eq!(records(&mut reader), ["one", "two"]);
    reader.push(Bytes::from_static(b"r"));
    assert!(records(&mut reader).is_empty());
    reader.push(Bytes::from_static(b"ee\x00\x04four"));
    assert_eq!(records(&mut reader), ["three", "", "four"]);
    assert_eq!(reader.buffered(), 0);
}

#[test]
fn the_limit_counts_the_frame() {
    let mut reader = RecordReader::new(Some(4));
    reader.push(Bytes::from_static(b"abc\x1e"));
    assert_eq!(records(&mut reader), ["abc"]);
    reader.push(Bytes::from_static(b"abcd\x1e"));
    assert_eq!(reader.next_record(), too_large(4));

    let mut reader = binary(Some(4));
    reader.push(Bytes::from_static(b"\x03abc"));
    assert_eq!(records(&mut reader), ["abc"]);
    reader.push(Bytes::from_static(b"\x04abcd"));
    assert_eq!(reader.next_record(), too_large(4));
}

#[test]
fn a_record_is_refused_as_soon_as_it_cannot_fit() {
    let mut reader = RecordReader::new(Some(4));
    reader.push(Bytes::from_static(b"abcd"));
    assert_eq!(reader.next_record(), Ok(None));
    reader.push(Bytes::from_static(b"e"));
    assert_eq!(reader.next_record(), too_large(4));

    let mut reader = binary(Some(200));
    reader.push(Bytes::from_static(b"\xC7"));
    assert_eq!(reader.next_record(), Ok(None));
    reader.push(Bytes::from_static(b"\x01"));
    assert_eq!(reader.next_record(), too_large(200), "199 bytes and a prefix of 2");
    assert_eq!(reader.buffered(), 2);
}

#[test]
fn whole_records_before_a_long_one_are_still_read() {
    let mut reader = RecordReader::new(Some(4));
    reader.push(Bytes::from_static(b"ab\x1etoo long\x1e"));
    assert_eq!(reader.next_record(), Ok(Some(Bytes::from_static(b"ab"))));
    assert_eq!(reader.next_record(), too_large(4));

    let mut reader = binary(Some(4));
    reader.push(Bytes::from_static(b"\x02ab\x08too long"));
    assert_eq!(reader.next_record(), Ok(Some(Bytes::from_static(b"ab"))));
    assert_eq!(reader.next_record(), too_large(4));
}

#[test]
fn what_follows_the_handshake_is_kept_when_the_framing_changes() {
    for cut in 0..9 {
        let stream = Bytes::from_static(b"{}\x1e\x03a\x1ec\x01x");
        let mut reader = RecordReader::new(None);
        reader.push(stream.slice(..cut));
        let early = reader.next_record().unwrap();
        if early.is_some() {
            reader.switch(Framing::LengthPrefix);
        }
        reader.push(stream.slice(cut..));
        if early.is_none() {
            assert_eq!(reader.next_record(), Ok(Some(Bytes::from_static(b"{}"))));
            reader.switch(Framing::LengthPrefix);
        }
        assert_eq!(records(&mut reader), ["a\x1ec", "x"], "cut at {cut}");
        assert_eq!(reader.buffered(), 0);
    }
}

#[test]
fn a_record_in_one_chunk_is_not_copied() {
    let chunk = Bytes::from(b"\x03one\x02tw".to_vec());
    let mut reader = binary(None);
    reader.push(chunk.clone());
    let record = reader.next_record().unwrap().unwrap();
    assert_eq!(record.as_ptr(), chunk[1..].as_ptr());
    let record = reader.next_record().unwrap().unwrap();
    assert_eq!(record.as_ptr(), chunk[5..].as_ptr());
}

#[test]
fn lengths_are_leb128_up_to_2_gb() {
    for (bytes, read) in [
        (&b"\x00"[..], Ok(Some((1, 0)))),
        (b"\x7F", Ok(Some((1, 127)))),
        (b"\x80\x01", Ok(Some((2, 128)))),
        (b"\x80\x00", Ok(Some((2, 0)))),
        (b"\xFF\xFF\xFF\xFF\x07", Ok(Some((5, MAX_LENGTH)))),
        (b"\xFF\xFF\xFF\xFF\x08", Err(FramingError::Over2Gb)),
        (b"\x80\x80\x80\x80\x80", Err(FramingError::Over2Gb)),
        (b"\x80\x80\x80\x80", Ok(None)),
        (b"", Ok(None)),
    ] {
        assert_eq!(prefix::read(bytes), read, "{bytes:x?}");
    }
}

#[cfg(feature = "messagepack")]
#[test]
fn lengths_are_written_as_they_are_read() {
    for length in [0, 1, 127, 128, 16_383, 16_384, 2_097_152, 268_435_456, MAX_LENGTH] {
        let mut written = Vec::new();
        write_length(length, &mut written);
        assert_eq!(prefix::read(&written), Ok(Some((written.len(), length))));
    }
}

#[test]
fn nothing_is_kept_when_nothing_waits() {
    let chunk = std::sync::Arc::new(*b"one\x1etwo\x1e");
    struct Shared(std::sync::Arc<[u8; 8]>);
    impl AsRef<[u8]> for Shared {
        fn as_ref(&self) -> &[u8] {
            &*self.0
        }
    }
    let mut reader = RecordReader::new(None);
    reader.push(Bytes::from_owner(Shared(chunk.clone())));
    while reader.next_record().unwrap().is_some() {}
    assert_eq!(std::sync::Arc::strong_count(&chunk), 1);
}

#[test]
fn little_is_set_aside_for_what_follows() {
    let mut reader = RecordReader::new(None);
    for size in [32_765, 32_765, 32_765, 1, 1, 1] {
        reader.push(Bytes::from(vec![b'x'; size]));
        let (waits, held) = (reader.buffered(), reader.partial.capacity());
        assert!(held <= waits + waits / 32, "{held} bytes for {waits}");
    }
}
