//! `person_names`: what people are found by, folded, a row for each beginning: the username, the full name, and the full
//! name from each of its later words on.

use sea_orm::entity::prelude::*;

use crate::user_id::UserId;

/// Characters of a name that count.
const CHARACTERS: usize = 100;
/// Words of a full name that count.
const WORDS: usize = 6;

/// One name of somebody.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person_names")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A name as it is compared: small letters, single blanks.
#[must_use]
pub fn fold(name: &str) -> String {
    let words: Vec<_> = name.split_whitespace().collect();
    words.join(" ").to_lowercase().chars().take(CHARACTERS).collect()
}

/// Everything somebody of these names is found by, each once.
#[must_use]
pub fn of(username: &str, full_name: &str) -> Vec<String> {
    let words: Vec<_> = full_name.split_whitespace().take(WORDS).collect();
    let beginnings = (0..words.len()).map(|first| fold(&words[first..].join(" ")));
    let mut names: Vec<_> = std::iter::once(fold(username))
        .chain(beginnings)
        .filter(|name| !name.is_empty())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn people_are_found_by_every_word_of_their_name() {
        assert_eq!(of("ann", "Ann  LEE"), ["ann", "ann lee", "lee"]);
        assert_eq!(of("Ann", "ann"), ["ann"]);
    }
}
