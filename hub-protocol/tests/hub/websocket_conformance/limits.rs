//! Group 9: large messages, in one frame and in many, up to the limit.

use super::{
    Case,
    peer::{BINARY, CONTINUATION, FIN, LIMIT, TEXT, play},
};

#[tokio::test]
async fn messages_up_to_the_limit_come_back_in_however_many_frames() {
    let mut cases = Vec::new();
    for length in [64 * 1024, 256 * 1024, 1024 * 1024, LIMIT] {
        let payload = vec![b'*'; length];
        for opcode in [TEXT, BINARY] {
            let case = Case::new(format!("9.1, 9.2 with {length}"));
            cases.push(case.frame(FIN | opcode, &payload).echoes(&payload));
        }
    }
    let payload = vec![b'*'; 1024 * 1024];
    for piece in [64, 256, 1024, 4096, 16 * 1024, 64 * 1024, 256 * 1024] {
        let mut case = Case::new(format!("9.3, 9.4 in pieces of {piece}"));
        let last = payload.len() / piece - 1;
        for (at, fragment) in payload.chunks(piece).enumerate() {
            let opcode = if at == 0 { BINARY } else { CONTINUATION };
            case = case.frame(if at == last { FIN | opcode } else { opcode }, fragment);
        }
        cases.push(case.echoes(&payload));
    }
    play(cases).await;
}
