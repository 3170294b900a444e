//! What a Pong proves, without a socket.

use uuid::Uuid;

use super::*;

fn sent(positions: &[u64]) -> Sent {
    let ends = positions.first().copied().zip(positions.last().copied());
    Sent {
        positions: ends,
        messages: positions
            .iter()
            .map(|position| {
                let seq = Seq(i64::try_from(*position).unwrap());
                Arrived {
                    conversation: ConversationNumber(1),
                    first: seq,
                    last: seq,
                    of_others: true,
                    position: *position,
                }
            })
            .collect(),
        answers: vec![],
    }
}

fn positions(sent: &Sent) -> Vec<u64> {
    sent.messages.iter().map(|arrived| arrived.position).collect()
}

#[test]
fn a_ping_proves_what_was_handed_over_before_it_and_nothing_else() {
    let mut since = sent(&[3, 4, 8]);
    let before = since.up_to(5);
    assert_eq!((before.positions, positions(&before)), (Some((3, 5)), vec![3, 4]));
    assert_eq!((since.positions, positions(&since)), (Some((6, 8)), vec![8]));
    let rest = since.up_to(8);
    assert_eq!((rest.positions, positions(&rest)), (Some((6, 8)), vec![8]));
    assert_eq!((since.positions, positions(&since)), (None, vec![]));
}

#[test]
fn a_question_that_may_be_lost_is_asked_again_with_what_it_covered() {
    let mut state = State::default();
    for position in 1..=6 {
        state.since = sent(&[position]);
        state.asked_at = None;
        assert!(state.ask_if_due(position).is_some());
    }
    assert_eq!(state.asked.len(), MOST_ASKED);
    let all: Vec<_> = state.asked.iter().flat_map(|asked| positions(&asked.sent)).collect();
    assert_eq!(all, [1, 2, 3, 4, 5, 6]);
    assert_eq!(state.asked[0].sent.positions, Some((1, 3)));
}

#[test]
fn one_question_is_out_at_a_time() {
    let mut state = State::default();
    state.since.answers.push(MessageId(Uuid::nil()));
    assert!(state.ask_if_due(0).is_some());
    state.since.answers.push(MessageId(Uuid::nil()));
    assert_eq!(state.ask_if_due(0), None);
}

#[test]
fn who_mishandles_pings_is_never_asked_and_keeps_what_was_sent_lately_unproven() {
    let proof = Proof::new(false);
    let ann = "ann".parse().unwrap();
    proof.sent(7, None, &ann);
    proof.sent(9, None, &ann);
    assert_eq!(proof.ask(|| 9), None);
    assert!(proof.call_out().is_none());
    assert_eq!(proof.unproven_from(), Some(7));
}
