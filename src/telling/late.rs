//! What is told late: of what only says how something stands, the last is enough.

use std::collections::HashMap;

use crate::views::Standing;

/// Client events in their order, as whatever an edge makes of them.
#[derive(Debug)]
pub struct Late<T> {
    told: Vec<Option<T>>,
    standing: HashMap<Standing, usize>,
}

impl<T> Late<T> {
    /// One more, in the place of what says how the same thing stood before.
    pub fn push(&mut self, standing: Option<Standing>, made: T) {
        if let Some(standing) = standing
            && let Some(earlier) = self.standing.insert(standing, self.told.len())
        {
            self.told[earlier] = None;
        }
        self.told.push(Some(made));
    }
}

impl<T> Default for Late<T> {
    fn default() -> Self {
        Self {
            told: Vec::new(),
            standing: HashMap::new(),
        }
    }
}

impl<T> IntoIterator for Late<T> {
    type Item = T;
    type IntoIter = std::iter::Flatten<std::vec::IntoIter<Option<T>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.told.into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use entities::ids::MessageId;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_last_of_what_says_how_the_same_thing_stands_remains_in_its_place() {
        let of = |number: u128, user: &str| {
            let user = Some(user).filter(|user| !user.is_empty());
            let user = user.map(|user| user.parse().unwrap());
            Some(Standing::Message(MessageId(Uuid::from_u128(number)), user))
        };
        let mut late = Late::default();
        for (standing, told) in [
            (of(1, ""), "sent"),
            (of(1, "ann"), "delivered to ann"),
            (None, "a message"),
            (of(1, "bob"), "delivered to bob"),
            (of(2, "ann"), "another"),
            (of(1, "ann"), "read by ann"),
            (None, "a message"),
        ] {
            late.push(standing, told);
        }
        let told: Vec<_> = late.into_iter().collect();
        let expected = [
            "sent",
            "a message",
            "delivered to bob",
            "another",
            "read by ann",
            "a message",
        ];
        assert_eq!(told, expected);
    }
}
