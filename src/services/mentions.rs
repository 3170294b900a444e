//! Who a text mentions: `@username` of a member, and `@all` where the author may call everybody.

use std::collections::{HashMap, HashSet};

use entities::conversation::Kind;
use entities::member::Role;
use entities::person;
use entities::user_id::UserId;
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::log::members::Membership;
use crate::services::Error;

/// The name that means everybody.
const ALL: &str = "all";
/// People of one statement at most.
const PORTION: usize = 500;
/// Characters of a username at most.
const LONGEST: usize = 200;
/// Places of a text that are read as names at most, the first ones.
const MOST: usize = 200;

/// The current members that `text` mentions, each once, without the author. `@all` counts in a group where the author is
/// an admin; from anybody else it is only text. Names ignore case, and how accents are spelled.
pub(crate) async fn find(
    read: &DatabaseConnection,
    membership: &Membership,
    author: &UserId,
    text: &str,
) -> Result<Vec<UserId>, Error> {
    let names = names(text);
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let others: Vec<UserId> = membership.users().filter(|user| *user != author).cloned().collect();
    let mut known: HashMap<String, Vec<UserId>> = HashMap::new();
    for portion in others.chunks(PORTION) {
        let people = person::Entity::find()
            .filter(person::Column::Id.is_in(portion))
            .all(read)
            .await?;
        for person in people {
            known.entry(folded(&person.username)).or_default().push(person.id);
        }
    }
    let may_call_all = membership.kind == Kind::Group
        && membership
            .current(author)
            .is_some_and(|member| member.role >= Role::Admin);
    if may_call_all {
        known.insert(ALL.to_owned(), others.clone());
    }
    let meant = names
        .iter()
        .filter_map(|readings| readings.iter().find_map(|name| known.get(name)));
    let mentioned: HashSet<&UserId> = meant.flatten().collect();
    Ok(others.iter().filter(|user| mentioned.contains(user)).cloned().collect())
}

/// What follows each `@` at the start of a word, as it may be meant, the longest first: usernames may be addresses, and a
/// full stop may end a sentence.
fn names(text: &str) -> HashSet<Vec<String>> {
    let mut names = HashSet::new();
    let (mut before, mut read) = (' ', 0);
    for (place, letter) in text.char_indices() {
        let rest = &text[place + letter.len_utf8()..];
        if letter == '@' && !before.is_alphanumeric() && rest.starts_with(is_of_name) {
            read += 1;
            if read > MOST {
                break;
            }
            let whole = [leading(rest, is_of_address), leading(rest, is_of_name)];
            let mut readings: Vec<String> = Vec::new();
            for name in whole
                .iter()
                .flat_map(|name| [name, name.trim_end_matches(is_of_sentence)])
            {
                let name = folded(name);
                if !name.is_empty() && !readings.contains(&name) {
                    readings.push(name);
                }
            }
            names.insert(readings);
        }
        before = letter;
    }
    names
}

/// The beginning of a text whose characters may be of a name, as long as names are.
fn leading(text: &str, may_be: fn(char) -> bool) -> &str {
    let mut letters = text.char_indices().enumerate();
    let end = letters.find(|(length, (_, letter))| *length == LONGEST || !may_be(*letter));
    &text[..end.map_or(text.len(), |(_, (end, _))| end)]
}

fn folded(name: &str) -> String {
    name.to_lowercase().nfc().collect()
}

fn is_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || is_combining_mark(letter) || matches!(letter, '_' | '.' | '-')
}

fn is_of_address(letter: char) -> bool {
    is_of_name(letter) || matches!(letter, '@' | '+')
}

fn is_of_sentence(letter: char) -> bool {
    matches!(letter, '.' | '-' | '@' | '+')
}

#[cfg(test)]
mod tests {
    use super::names;

    fn found(text: &str) -> Vec<Vec<String>> {
        let mut names: Vec<_> = names(text).into_iter().collect();
        names.sort();
        names
    }

    #[test]
    fn names_follow_an_at_sign_that_begins_a_word() {
        assert_eq!(found("@Ann, @bob_1 and (@Éva)!"), [["ann"], ["bob_1"], ["éva"]]);
        assert_eq!(found("ask @ann.lee."), [["ann.lee.", "ann.lee"]]);
        assert!(found("ann@example.test @ @@").is_empty());
    }

    #[test]
    fn an_address_is_read_whole_first() {
        assert_eq!(
            found("@ann@example.test."),
            [["ann@example.test.", "ann@example.test", "ann"]]
        );
    }

    #[test]
    fn marks_belong_to_the_letter_before() {
        assert_eq!(found("@हिन्दी @e\u{301}va"), [["éva"], ["हिन्दी"]]);
    }

    #[test]
    fn no_name_is_longer_than_names_are() {
        let readings = found(&format!("@{}", "a".repeat(10_000)));
        assert_eq!(readings[0][0].len(), 200);
    }
}
