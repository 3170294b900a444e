//! Group 5: messages in several frames, with control frames between them.

use super::{
    Case,
    peer::{CONTINUATION, FIN, PING, PONG, TEXT, play},
};

const PROTOCOL_ERROR: u16 = 1002;

#[tokio::test]
async fn fragments_are_one_message_whatever_comes_between_them() {
    let five = |case: Case| {
        case.frame(TEXT, b"fragment1")
            .frame(CONTINUATION, b"fragment2")
            .frame(FIN | PING, b"ping1")
            .pongs(b"ping1")
            .frame(CONTINUATION, b"fragment3")
            .frame(CONTINUATION, b"fragment4")
            .frame(FIN | PING, b"ping2")
            .pongs(b"ping2")
            .frame(FIN | CONTINUATION, b"fragment5")
            .echoes(b"fragment1fragment2fragment3fragment4fragment5")
    };
    play([
        Case::new("5.3, 5.4, 5.5")
            .frame(TEXT, b"one")
            .frame(FIN | CONTINUATION, b"two")
            .echoes(b"onetwo"),
        Case::new("5.6, 5.7, 5.8")
            .frame(TEXT, b"one")
            .frame(FIN | PING, b"between")
            .pongs(b"between")
            .frame(FIN | CONTINUATION, b"two")
            .echoes(b"onetwo"),
        Case::new("a Pong between")
            .frame(TEXT, b"one")
            .frame(FIN | PONG, b"")
            .frame(FIN | CONTINUATION, b"")
            .echoes(b"one"),
        Case::new("6.1.2, all empty")
            .frame(TEXT, b"")
            .frame(CONTINUATION, b"")
            .frame(FIN | CONTINUATION, b""),
        Case::new("6.1.3")
            .frame(TEXT, b"")
            .frame(CONTINUATION, b"middle")
            .frame(FIN | CONTINUATION, b"")
            .echoes(b"middle"),
        five(Case::new("5.19, 5.20")),
        five(five(Case::new("5.19 twice"))),
    ])
    .await;
}

#[tokio::test]
async fn control_frames_are_never_fragments() {
    play([PING, PONG].map(|opcode| {
        let case = Case::new(format!("5.1, 5.2 with {opcode:#x}")).frame(opcode, b"fragment1");
        case.frame(FIN | CONTINUATION, b"fragment2").closes(PROTOCOL_ERROR)
    }))
    .await;
}

#[tokio::test]
async fn what_continues_nothing_ends_the_connection() {
    let whole = |case: Case| {
        case.frame(TEXT, b"one")
            .frame(FIN | CONTINUATION, b"two")
            .echoes(b"onetwo")
    };
    play([
        Case::new("5.9, 5.10, 5.11")
            .frame(FIN | CONTINUATION, b"*")
            .frame(FIN | TEXT, b"Hello")
            .closes(PROTOCOL_ERROR),
        Case::new("5.12, 5.13, 5.14")
            .frame(CONTINUATION, b"*")
            .frame(FIN | TEXT, b"Hello")
            .closes(PROTOCOL_ERROR),
        whole(Case::new("5.15"))
            .then()
            .frame(CONTINUATION, b"three")
            .frame(FIN | TEXT, b"four")
            .closes(PROTOCOL_ERROR),
        whole(Case::new("5.17"))
            .then()
            .frame(FIN | CONTINUATION, b"three")
            .closes(PROTOCOL_ERROR),
        Case::new("5.18")
            .frame(TEXT, b"one")
            .frame(FIN | TEXT, b"two")
            .closes(PROTOCOL_ERROR),
    ])
    .await;
}
