//! Group 6: what is UTF-8 and what is not, whole and in fragments of one octet.
//!
//! Autobahn's 6.4 asks whether a server closes before the bad frame is whole. Ours closes at the end of the fragment,
//! which Autobahn calls non-strict; the code is the same.

use super::{
    Case,
    peer::{BINARY, CONTINUATION, FIN, TEXT, play},
};

const INVALID_PAYLOAD: u16 = 1007;

/// A message in fragments of one octet each.
fn by_octets(case: Case, text: &[u8]) -> Case {
    let last = text.len() - 1;
    text.iter().enumerate().fold(case, |case, (at, octet)| {
        let opcode = if at == 0 { TEXT } else { CONTINUATION };
        case.frame(if at == last { FIN | opcode } else { opcode }, &[*octet])
    })
}

#[tokio::test]
async fn texts_come_back_wherever_they_are_cut() {
    let noncharacters = (0..=16_u32).flat_map(|plane| [plane << 16 | 0xFFFE, plane << 16 | 0xFFFF]);
    let edges = [
        0x00, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFD, 0xFFFE, 0xFFFF, 0x10000, 0x10_FFFF,
    ];
    let characters = edges.into_iter().chain(noncharacters);
    let texts = characters.map(|code| char::from_u32(code).unwrap().to_string());
    let words = ["Hello-µ@ßöäüàá-UTF-8!!", "κόσμε", "日本語", "🎉 and 👩‍👩‍👧"].map(str::to_owned);
    play(texts.chain(words).flat_map(|text| {
        let case = |part: &str| Case::new(format!("6.2, 6.5 to 6.23: {text:?} {part}"));
        [
            case("whole").frame(FIN | TEXT, text.as_bytes()).echoes(text.as_bytes()),
            by_octets(case("by octets"), text.as_bytes()).echoes(text.as_bytes()),
        ]
    }))
    .await;
}

#[tokio::test]
async fn what_is_no_text_ends_the_connection() {
    let invalid: &[&[u8]] = &[
        b"\x80",
        b"\xBF",
        b"\x80\xBF",
        b"\x80\xBF\x80\xBF\x80\xBF\x80",
        b"\xC0 \xC1 \xDF ",
        b"\xE0 \xEF ",
        b"\xF0 \xF7 ",
        b"\xF8 \xFB ",
        b"\xFC \xFD ",
        b"\xC0",
        b"\xE0\x80",
        b"\xF0\x80\x80",
        b"\xF8\x80\x80\x80",
        b"\xFC\x80\x80\x80\x80",
        b"\xDF",
        b"\xEF\xBF",
        b"\xF7\xBF\xBF",
        b"\xFE",
        b"\xFF",
        b"\xFE\xFE\xFF\xFF",
        b"\xC0\xAF",
        b"\xE0\x80\xAF",
        b"\xF0\x80\x80\xAF",
        b"\xF8\x80\x80\x80\xAF",
        b"\xFC\x80\x80\x80\x80\xAF",
        b"\xC1\xBF",
        b"\xE0\x9F\xBF",
        b"\xF0\x8F\xBF\xBF",
        b"\xF8\x87\xBF\xBF\xBF",
        b"\xC0\x80",
        b"\xE0\x80\x80",
        b"\xF0\x80\x80\x80",
        b"\xED\xA0\x80",
        b"\xED\xAD\xBF",
        b"\xED\xAE\x80",
        b"\xED\xAF\xBF",
        b"\xED\xB0\x80",
        b"\xED\xBF\xBF",
        b"\xED\xA0\x80\xED\xB0\x80",
        b"\xF4\x90\x80\x80",
        b"\xF7\xBF\xBF\xBF",
        b"\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5\xED\xA0\x80edited",
        b"cut short \xE2\x82",
    ];
    play(invalid.iter().flat_map(|bytes| {
        let case = |part: &str| Case::new(format!("6.3 to 6.21: {bytes:x?} {part}"));
        let amid = [b"before".as_slice(), bytes, b"behind"].concat();
        [
            case("whole").frame(FIN | TEXT, bytes).closes(INVALID_PAYLOAD),
            case("amid").frame(FIN | TEXT, &amid).closes(INVALID_PAYLOAD),
            by_octets(case("by octets"), bytes).closes(INVALID_PAYLOAD),
            case("in binary").frame(FIN | BINARY, bytes).echoes(bytes),
        ]
    }))
    .await;
}
