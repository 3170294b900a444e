//! Words of a text, and what two words must share to be the same: letters without accents and case.
//!
//! The databases fold with means of their own (`m20261128_000004_search`); this says what is shown as a match.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A word and where it stands, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) folded: String,
}

/// The words of a text. Everything but letters, digits and the marks on them stands between words.
pub(super) fn words(text: &str) -> impl Iterator<Item = Word> {
    let mut rest = text.char_indices().peekable();
    std::iter::from_fn(move || {
        loop {
            let (start, _) = rest.find(|(_, character)| is_of_word(*character))?;
            while rest.next_if(|(_, character)| is_of_word(*character)).is_some() {}
            let end = rest.peek().map_or(text.len(), |(end, _)| *end);
            let folded = fold(&text[start..end]);
            if !folded.is_empty() {
                return Some(Word { start, end, folded });
            }
        }
    })
}

/// Whether a character is part of a word.
pub(super) fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || (!character.is_ascii() && is_combining_mark(character))
}

fn fold(word: &str) -> String {
    if word.is_ascii() {
        return word.to_ascii_lowercase();
    }
    word.nfkd()
        .filter(|character| !is_accent(*character))
        .nfc()
        .flat_map(char::to_lowercase)
        .filter(|character| is_of_word(*character))
        .map(|character| if character == 'ς' { 'σ' } else { character })
        .collect()
}

/// Vowel signs and the marks of kana are letters.
fn is_accent(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

#[cfg(test)]
mod tests {
    use super::words;

    fn folded(text: &str) -> Vec<String> {
        words(text).map(|word| word.folded).collect()
    }

    #[test]
    fn case_and_accents_do_not_tell_words_apart() {
        assert_eq!(folded("Café CAFE\u{301} ÅNGSTRÖM"), ["cafe", "cafe", "angstrom"]);
        assert_eq!(folded("ΟΔΟΣ οδος"), ["οδοσ", "οδοσ"]);
        assert_eq!(folded("ﬁne １２"), ["fine", "12"]);
        assert_ne!(folded("が"), folded("か"));
    }

    #[test]
    fn everything_else_stands_between_words() {
        assert_eq!(
            folded("don't-stop_me@now.example 😀 \u{301}"),
            ["don", "t", "stop", "me", "now", "example"]
        );
        let text = "a, été!";
        let word = words(text).nth(1).unwrap();
        assert_eq!(&text[word.start..word.end], "été");
    }
}
