//! The order of what was found, the same on every database: how well a message matches, then how new it is.

use entities::ids::MessageNumber;

use super::terms::Term;
use super::words::{Word, words};

/// Characters of a message that its rank is told from.
pub(super) const HEAD: usize = 2_000;

/// A message that a database found.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) number: MessageNumber,
    /// The beginning of its content: [`HEAD`] characters and one more, if there is one.
    pub(super) head: String,
}

/// How soon one more occurrence adds little, and the length in words of an ordinary message (BM25's `k1` and mean).
const SATURATION: f64 = 1.2;
const ORDINARY: f64 = 20.0;
/// What the beginning of a word is worth beside the whole word.
const PREFIX: f64 = 0.5;
/// What the newest candidate is worth more than the oldest, where a perfect match is worth one for each term.
const NEWNESS: f64 = 0.25;
/// A long message whose match lies behind its head.
const BEHIND: f64 = 0.1;

/// Orders candidates, which come newest first. What does not match after all is left out: the databases see a few
/// letters otherwise.
pub(super) fn rank(candidates: &[Candidate], terms: &[Term]) -> Vec<MessageNumber> {
    let count = candidates.len().max(1) as f64;
    let mut ranked: Vec<(f64, MessageNumber)> = candidates
        .iter()
        .enumerate()
        .filter_map(|(age, candidate)| {
            let newness = NEWNESS * (1.0 - age as f64 / count);
            score(&candidate.head, terms).map(|score| (score + newness, candidate.number))
        })
        .collect();
    ranked.sort_by(|(one, first), (other, second)| other.total_cmp(one).then(second.cmp(first)));
    ranked.into_iter().map(|(_, number)| number).collect()
}

fn score(head: &str, terms: &[Term]) -> Option<f64> {
    let words: Vec<Word> = words(head).collect();
    let length = SATURATION * (0.25 + 0.75 * words.len() as f64 / ORDINARY);
    let mut total = 0.0;
    for term in terms {
        let matches = (0..words.len()).filter_map(|place| term.stands_at(&words[place..]));
        let weight: f64 = matches.map(|is_whole| if is_whole { 1.0 } else { PREFIX }).sum();
        if weight > 0.0 {
            total += weight / (weight + length);
        } else if head.chars().nth(HEAD).is_some() {
            total += BEHIND;
        } else {
            return None;
        }
    }
    Some(total)
}
