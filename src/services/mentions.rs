//! Who a text mentions: `@username` of a member, and `@all` where the author may call everybody.

use std::collections::HashSet;

use entities::conversation::Kind;
use entities::member::Role;
use entities::person;
use entities::user_id::UserId;
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter};

use crate::log::members::Membership;
use crate::services::Error;

/// The name that means everybody.
const ALL: &str = "all";
/// People of one statement at most.
const PORTION: usize = 500;

/// The current members that `text` mentions, each once, without the author. `@all` counts in a group where the author is
/// an admin; from anybody else it is only text. Names ignore case.
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
    let may_call_all = membership.kind == Kind::Group
        && membership
            .current(author)
            .is_some_and(|member| member.role >= Role::Admin);
    if may_call_all && names.contains(ALL) {
        return Ok(others);
    }
    let mut mentioned = HashSet::new();
    for portion in others.chunks(PORTION) {
        let people = person::Entity::find()
            .filter(person::Column::Id.is_in(portion))
            .all(read)
            .await?;
        let named = people
            .into_iter()
            .filter(|person| names.contains(&person.username.to_lowercase()));
        mentioned.extend(named.map(|person| person.id));
    }
    Ok(others.into_iter().filter(|user| mentioned.contains(user)).collect())
}

/// What follows an `@` at the start of a word, in lower case, with and without a full stop that ends a sentence.
fn names(text: &str) -> HashSet<String> {
    let mut names = HashSet::new();
    let mut before = ' ';
    for (place, letter) in text.char_indices() {
        if letter == '@' && !before.is_alphanumeric() {
            let rest = &text[place + 1..];
            let end = rest.find(|letter| !is_of_name(letter)).unwrap_or(rest.len());
            let name = rest[..end].to_lowercase();
            let shorter = name.trim_end_matches(['.', '-']).to_owned();
            names.extend([name, shorter].into_iter().filter(|name| !name.is_empty()));
        }
        before = letter;
    }
    names
}

fn is_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '.' | '-')
}

#[cfg(test)]
mod tests {
    use super::names;

    fn found(text: &str) -> Vec<String> {
        let mut names: Vec<_> = names(text).into_iter().collect();
        names.sort();
        names
    }

    #[test]
    fn names_follow_an_at_sign_that_begins_a_word() {
        assert_eq!(found("@Ann, @bob_1 and (@Éva)!"), ["ann", "bob_1", "éva"]);
        assert_eq!(found("ask @ann.lee."), ["ann.lee", "ann.lee."]);
        assert!(found("ann@example.test @ @@").is_empty());
    }
}
