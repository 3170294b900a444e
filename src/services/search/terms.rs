//! What is looked for: words and phrases, taken from what somebody typed. Nothing of it is syntax of any database.

use super::words::{self, Word, words};
use crate::services::Error;

/// Characters of a search term at most.
const MAX_CHARACTERS: usize = 200;
/// Words of a search term that count.
const MAX_WORDS: usize = 10;

/// One word as it was typed and as it is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// Letters, digits and marks only.
    pub(super) typed: String,
    pub(super) folded: String,
}

/// Words that must stand side by side, in this order; mostly one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Term {
    pub(super) tokens: Vec<Token>,
    /// The last word may go on: it is still being typed.
    pub(super) is_prefix: bool,
}

impl Term {
    /// Whether it stands at the beginning of `words`; `Some(true)` when every word is the whole one.
    pub(super) fn stands_at(&self, words: &[Word]) -> Option<bool> {
        let here = words.get(..self.tokens.len())?;
        let last = self.tokens.len().checked_sub(1)?;
        let mut is_whole = true;
        for (place, (token, word)) in self.tokens.iter().zip(here).enumerate() {
            if token.folded == word.folded {
                continue;
            }
            if !(self.is_prefix && place == last && word.folded.starts_with(&token.folded)) {
                return None;
            }
            is_whole = false;
        }
        Some(is_whole)
    }
}

/// Takes a search term apart: words that all must occur, phrases in double quotes. The last word is a prefix, unless a
/// blank, a quote or any other sign follows it. A term without a single word finds nothing.
pub(super) fn parse(text: &str) -> Result<Vec<Term>, Error> {
    if text.trim().is_empty() {
        return Err(Error::invalid("searchTerm", "is needed; q and query are the same"));
    }
    if text.chars().count() > MAX_CHARACTERS {
        let reason = format!("must have at most {MAX_CHARACTERS} characters");
        return Err(Error::invalid("searchTerm", reason));
    }
    let mut terms: Vec<Term> = Vec::new();
    let mut room = MAX_WORDS;
    for (place, segment) in text.split(is_quote).enumerate() {
        let phrases: Vec<&str> = if place % 2 == 1 {
            vec![segment]
        } else {
            segment.split_whitespace().collect()
        };
        for phrase in phrases {
            let all = words(phrase).map(|word| Token {
                typed: phrase[word.start..word.end].to_owned(),
                folded: word.folded,
            });
            let tokens: Vec<Token> = all.take(room + 1).collect();
            if tokens.len() > room {
                return Ok(finished(terms, tokens, room));
            }
            room -= tokens.len();
            if !tokens.is_empty() {
                terms.push(Term {
                    tokens,
                    is_prefix: false,
                });
            }
        }
    }
    if let Some(last) = terms.last_mut() {
        last.is_prefix = text.ends_with(words::is_of_word);
    }
    Ok(terms)
}

/// The terms when there is no room for all words of the last one.
fn finished(mut terms: Vec<Term>, mut tokens: Vec<Token>, room: usize) -> Vec<Term> {
    tokens.truncate(room);
    if !tokens.is_empty() {
        terms.push(Term {
            tokens,
            is_prefix: false,
        });
    }
    terms
}

fn is_quote(character: char) -> bool {
    matches!(character, '"' | '“' | '”' | '„' | '«' | '»' | '＂')
}

#[cfg(test)]
mod tests {
    use super::parse;

    /// Words joined by blanks, a phrase's by `+`, a prefix with `*`.
    fn parsed(text: &str) -> String {
        let terms = parse(text).unwrap();
        let shown = terms.iter().map(|term| {
            let words: Vec<_> = term.tokens.iter().map(|token| token.folded.as_str()).collect();
            words.join("+") + if term.is_prefix { "*" } else { "" }
        });
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_last_word_is_still_being_typed() {
        assert_eq!(parsed("Hello Wor"), "hello wor*");
        assert_eq!(parsed("hello wor "), "hello wor");
        assert_eq!(parsed("hello wor!"), "hello wor");
    }

    #[test]
    fn quotes_make_a_phrase() {
        assert_eq!(parsed(r#"say "Good morning" now"#), "say good+morning now*");
        assert_eq!(parsed(r#""good morning""#), "good+morning");
        assert_eq!(parsed(r#""good morn"#), "good+morn*");
        assert_eq!(parsed("don't"), "don+t*");
    }

    #[test]
    fn sec_47_nothing_typed_is_syntax() {
        for text in ["%", "_", "\\", "* ^ :", "\"\"", "'", "()", "\"\"\"\"\"", "\u{0}"] {
            assert_eq!(parsed(text), "", "{text}");
        }
        assert_eq!(parsed("NEAR("), "near");
        assert_eq!(parsed("' OR 1=1--"), "or 1+1");
        assert_eq!(parsed("content:x* AND -y"), "content+x and y*");
    }

    #[test]
    fn length_and_words_are_bounded() {
        assert!(parse(&"é".repeat(200)).is_ok());
        assert!(parse(&"é".repeat(201)).is_err());
        assert!(parse("  ").is_err());
        assert_eq!(parsed("a b c d e f g h i j k l"), "a b c d e f g h i j");
        assert_eq!(parsed("a b c d e f g h \"i j k l\""), "a b c d e f g h i+j");
    }
}
