//! Where a message matches: a piece of its text, and what of it was looked for.

use super::terms::Term;
use super::words::{Word, words};

/// Characters of the piece at most.
const MAX_CHARACTERS: usize = 200;
/// Of them before the first match.
const BEFORE: usize = 60;
/// What stands for text that was left out.
const CUT: char = '…';

/// A piece of a message's plain text around the first match. Nothing in it is markup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Highlight {
    pub text: String,
    /// Start and length of each match in `text`, in UTF-16 code units, ascending and apart.
    pub ranges: Vec<(usize, usize)>,
}

/// Shows where `terms` stand in `content`.
pub(super) fn highlight(content: &str, terms: &[Term]) -> Highlight {
    let words: Vec<Word> = words(content).collect();
    let matches = matches(&words, terms);
    let first = matches.first().map_or(0, |(start, _)| *start);
    let (from, to) = piece(content, first);
    let mut text = String::with_capacity(to - from + 2 * CUT.len_utf8());
    if from > 0 {
        text.push(CUT);
    }
    let shift = text.len();
    text.push_str(&content[from..to]);
    if to < content.len() {
        text.push(CUT);
    }
    let units = |text: &str| text.encode_utf16().count();
    let shown = matches.iter().filter(|(start, end)| *start >= from && *end <= to);
    let ranges = shown.map(|(start, end)| {
        let (start, end) = (start - from + shift, end - from + shift);
        (units(&text[..start]), units(&text[start..end]))
    });
    let ranges = ranges.collect();
    Highlight { text, ranges }
}

/// The matched stretches in bytes, ascending, those that touch joined.
fn matches(words: &[Word], terms: &[Term]) -> Vec<(usize, usize)> {
    let mut joined: Vec<(usize, usize)> = Vec::new();
    for place in 0..words.len() {
        let here = &words[place..];
        let longest = terms.iter().filter(|term| term.stands_at(here).is_some());
        let Some(count) = longest.map(|term| term.tokens.len()).max() else {
            continue;
        };
        let (start, end) = (here[0].start, here[count - 1].end);
        match joined.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => joined.push((start, end)),
        }
    }
    joined
}

/// The ends of the piece, in bytes; it begins with a word where there is a blank before `first`.
fn piece(content: &str, first: usize) -> (usize, usize) {
    let start = content[..first].char_indices().rev().take(BEFORE).last();
    let mut start = start.map_or(first, |(start, _)| start);
    if start > 0 {
        let blank = content[start..first].find(char::is_whitespace);
        start += blank.map_or(0, |blank| {
            let rest = &content[start + blank..first];
            blank + rest.len() - rest.trim_start().len()
        });
    }
    let end = content[start..].char_indices().nth(MAX_CHARACTERS);
    (start, end.map_or(content.len(), |(length, _)| start + length))
}

#[cfg(test)]
mod tests {
    use super::super::terms::parse;
    use super::highlight;

    fn marked(content: &str, term: &str) -> String {
        let highlight = highlight(content, &parse(term).unwrap());
        let units: Vec<u16> = highlight.text.encode_utf16().collect();
        let mut marked = Vec::new();
        let mut from = 0;
        for (start, length) in highlight.ranges {
            marked.extend_from_slice(&units[from..start]);
            marked.push(u16::from(b'['));
            marked.extend_from_slice(&units[start..start + length]);
            marked.push(u16::from(b']'));
            from = start + length;
        }
        marked.extend_from_slice(&units[from..]);
        String::from_utf16(&marked).unwrap()
    }

    #[test]
    fn ranges_count_as_javascript_slices() {
        assert_eq!(marked("😀 Café 😀 cafés!", "cafe"), "😀 [Café] 😀 [cafés]!");
        assert_eq!(marked("<b>bold</b>", "bold"), "<b>[bold]</b>");
    }

    #[test]
    fn phrase_is_one_range_and_its_words_alone_are_none() {
        assert_eq!(
            marked("good day, good morning", r#""good morning""#),
            "good day, [good morning]"
        );
    }

    #[test]
    fn long_text_is_cut_around_the_first_match() {
        let long = format!("{}the needle {}", "padding ".repeat(100), "é".repeat(500));
        let marked = marked(&long, "needle");
        assert!(
            marked.starts_with("…padding ") && marked.contains("the [needle] é"),
            "{marked}"
        );
        assert!(marked.ends_with("é…") && marked.chars().count() <= 204, "{marked}");
    }
}
