//! Groups 1 to 4: lengths, Pings and Pongs, reserved bits, reserved opcodes.

use super::{
    Case,
    peer::{BINARY, CLOSE, FIN, PING, PONG, TEXT, play},
};

const PROTOCOL_ERROR: u16 = 1002;

#[tokio::test]
async fn messages_of_any_length_come_back() {
    let lengths = [1, 125, 126, 127, 128, 65_535, 65_536];
    play([(1, TEXT), (2, BINARY)].into_iter().flat_map(|(group, opcode)| {
        lengths.map(|length| {
            let payload = vec![b'*'; length];
            let case = Case::new(format!("1.{group} with {length}"));
            case.frame(FIN | opcode, &payload).echoes(&payload)
        })
    }))
    .await;
}

/// An empty message carries nothing, and nothing comes back: SignalR has no use for its boundaries.
#[tokio::test]
async fn empty_messages_are_taken() {
    play([TEXT, BINARY].map(|opcode| Case::new("1.1.1, 1.2.1").frame(FIN | opcode, b""))).await;
}

#[tokio::test]
async fn pings_are_answered_and_pongs_are_not() {
    let longest = [0xFE; 125];
    let binary = [0x00, 0xFF, 0xFE, 0xFD, 0xFC, 0xFB, 0x00, 0xFF];
    let ten = |case: Case, number: u8| case.frame(FIN | PING, &[b'p', number]).pongs(&[b'p', number]);
    play([
        Case::new("2.1").frame(FIN | PING, b"").pongs(b""),
        Case::new("2.2")
            .frame(FIN | PING, b"Hello, world!")
            .pongs(b"Hello, world!"),
        Case::new("2.3").frame(FIN | PING, &binary).pongs(&binary),
        Case::new("2.4, 2.6").frame(FIN | PING, &longest).pongs(&longest),
        Case::new("2.5").frame(FIN | PING, &[0xFE; 126]).closes(PROTOCOL_ERROR),
        Case::new("2.7").frame(FIN | PONG, b""),
        Case::new("2.8").frame(FIN | PONG, b"unsolicited"),
        Case::new("2.9")
            .frame(FIN | PONG, b"unsolicited")
            .frame(FIN | PING, b"payload")
            .pongs(b"payload"),
        (0..10).fold(Case::new("2.10, 2.11"), ten),
    ])
    .await;
}

#[tokio::test]
async fn reserved_bits_end_the_connection() {
    let alone = |bits: u8, opcode: u8| {
        let case = Case::new(format!("3 with bits {bits} on {opcode:#x}"));
        case.frame(FIN | bits << 4 | opcode, b"").closes(PROTOCOL_ERROR)
    };
    let behind = |bits: u8| {
        let case = Case::new(format!("3.2 with bits {bits}"))
            .frame(FIN | TEXT, b"before")
            .echoes(b"before")
            .then();
        case.frame(FIN | bits << 4 | TEXT, b"*")
            .frame(FIN | PING, b"")
            .closes(PROTOCOL_ERROR)
    };
    let opcodes = [TEXT, BINARY, PING, PONG, CLOSE];
    play((1..8).flat_map(|bits| {
        opcodes
            .map(|opcode| alone(bits, opcode))
            .into_iter()
            .chain([behind(bits)])
    }))
    .await;
}

#[tokio::test]
async fn reserved_opcodes_end_the_connection() {
    let opcodes = (3..8).chain(11..16);
    play(opcodes.flat_map(|opcode: u8| {
        let case = |part: &str| Case::new(format!("4 with opcode {opcode:#x}, {part}"));
        [
            case("empty").frame(FIN | opcode, b"").closes(PROTOCOL_ERROR),
            case("with a payload")
                .frame(FIN | opcode, b"reserved")
                .closes(PROTOCOL_ERROR),
            case("behind a message")
                .frame(FIN | TEXT, b"before")
                .echoes(b"before")
                .then()
                .frame(FIN | opcode, b"*")
                .frame(FIN | PING, b"")
                .closes(PROTOCOL_ERROR),
        ]
    }))
    .await;
}

#[tokio::test]
async fn frames_without_a_mask_end_the_connection() {
    let unmasked = Case::new("RFC 6455 5.1").octets(&[FIN | TEXT, 2, b'h', b'i']);
    play([unmasked.closes(PROTOCOL_ERROR)]).await;
}
