//! Group 7: how a connection ends. Every proper Close is answered with 1000, as ASP.NET Core answers it.

use super::{
    Case,
    peer::{CLOSE, CONTINUATION, FIN, PING, TEXT, play},
};

const NORMAL: u16 = 1000;
const PROTOCOL_ERROR: u16 = 1002;
const INVALID_PAYLOAD: u16 = 1007;

fn closing(case: Case, code: u16, reason: &[u8]) -> Case {
    case.frame(FIN | CLOSE, &[&code.to_be_bytes(), reason].concat())
}

#[tokio::test]
async fn a_close_is_the_last_word_of_both() {
    let greeting = |name: &str| Case::new(name).frame(FIN | TEXT, b"Hello").echoes(b"Hello").then();
    play([
        closing(greeting("7.1.1"), 1000, b"").closes(NORMAL),
        closing(closing(Case::new("7.1.2"), 1000, b""), 1000, b"").closes(NORMAL),
        closing(Case::new("7.1.3"), 1000, b"")
            .frame(FIN | PING, b"late")
            .closes(NORMAL),
        closing(Case::new("7.1.4"), 1000, b"")
            .frame(FIN | TEXT, b"late")
            .closes(NORMAL),
        closing(Case::new("7.1.5").frame(TEXT, b"one"), 1000, b"")
            .frame(FIN | CONTINUATION, b"two")
            .closes(NORMAL),
    ])
    .await;
}

#[tokio::test]
async fn a_close_says_nothing_or_a_code_and_a_text() {
    play([
        Case::new("7.3.1").frame(FIN | CLOSE, b"").closes(NORMAL),
        Case::new("7.3.2").frame(FIN | CLOSE, b"a").closes(PROTOCOL_ERROR),
        closing(Case::new("7.3.3"), 1000, b"").closes(NORMAL),
        closing(Case::new("7.3.4"), 1000, b"Hello World!").closes(NORMAL),
        closing(Case::new("7.3.5"), 1000, &[b'*'; 123]).closes(NORMAL),
        closing(Case::new("7.3.6"), 1000, &[b'*'; 124]).closes(PROTOCOL_ERROR),
        closing(Case::new("7.5.1"), 1000, b"\xCE\xBA\xED\xA0\x80edited").closes(INVALID_PAYLOAD),
    ])
    .await;
}

#[tokio::test]
async fn codes_that_may_be_sent_are_answered_and_others_are_errors() {
    let valid = [
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999,
    ];
    let invalid = [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535];
    let answered = valid.map(|code| closing(Case::new(format!("7.7 with {code}")), code, b"").closes(NORMAL));
    let refused =
        invalid.map(|code| closing(Case::new(format!("7.9, 7.13 with {code}")), code, b"").closes(PROTOCOL_ERROR));
    play(answered.into_iter().chain(refused)).await;
}
