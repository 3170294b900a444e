//! Whom the other servers know to be here, and what they are still to be told.

use std::collections::HashSet;
use std::time::Duration;

use entities::user_id::UserId;

/// Whether somebody is here by this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Here {
    ByConnection,
    /// By a heartbeat or the grace: nobody says when that is over.
    ForNow,
    /// For so long, as far as that is known.
    Gone(Duration),
}

/// Who came and who went, and how long ago.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Unsaid {
    pub(super) came: Vec<UserId>,
    pub(super) went: Vec<(UserId, Duration)>,
}

/// What was said. At most one entry a person in each.
#[derive(Debug, Default)]
pub(super) struct Said {
    here: HashSet<UserId>,
    /// Those of whom something else may be true.
    unsure: HashSet<UserId>,
    /// Those of `here` whom the others may not know: they are to be told again, and still of their going.
    doubted: HashSet<UserId>,
    is_new: bool,
}

impl Unsaid {
    pub(super) fn is_empty(&self) -> bool {
        self.came.is_empty() && self.went.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.came.len() + self.went.len()
    }
}

impl Said {
    /// Something happened to somebody.
    pub(super) fn note(&mut self, user: &UserId) {
        self.is_new |= self.unsure.insert(user.clone());
    }

    /// Whether that was noted of anybody new since it was asked.
    pub(super) fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.is_new)
    }

    /// What is to be said now, `most` at most; it counts as said.
    pub(super) fn unsaid(&mut self, most: usize, look: impl Fn(&UserId) -> Here) -> Unsaid {
        let mut unsaid = Unsaid::default();
        let (here, doubted) = (&mut self.here, &mut self.doubted);
        self.unsure.retain(|user| {
            if unsaid.len() >= most {
                return true;
            }
            let state = look(user);
            let is_doubted = doubted.remove(user);
            match state {
                Here::Gone(ago) if here.remove(user) => unsaid.went.push((user.clone(), ago)),
                Here::ByConnection | Here::ForNow if here.insert(user.clone()) || is_doubted => {
                    unsaid.came.push(user.clone())
                }
                Here::ByConnection | Here::ForNow | Here::Gone(_) => {}
            }
            state == Here::ForNow
        });
        unsaid
    }

    /// It could not be said.
    pub(super) fn take_back(&mut self, unsaid: Unsaid) {
        for user in unsaid.came {
            self.doubted.insert(user.clone());
            self.unsure.insert(user);
        }
        for (user, _) in unsaid.went {
            self.here.insert(user.clone());
            self.unsure.insert(user);
        }
    }

    /// The others may have forgotten it.
    pub(super) fn forget(&mut self) {
        self.unsure.extend(self.here.iter().cloned());
        self.doubted.extend(self.here.iter().cloned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users<const N: usize>(names: [&str; N]) -> [UserId; N] {
        names.map(|name| name.parse().unwrap())
    }

    #[test]
    fn what_cancels_out_is_not_said_and_what_is_over_by_itself_is_looked_at_again() {
        let [ann, bob] = users(["ann", "bob"]);
        let mut said = Said::default();
        said.note(&ann);
        said.note(&bob);
        assert!(said.take_news());
        let gone = Here::Gone(Duration::from_secs(1));
        let unsaid = said.unsaid(9, |user| if *user == ann { Here::ForNow } else { gone });
        assert_eq!((unsaid.came, unsaid.went), (vec![ann.clone()], vec![]));
        assert_eq!(said.unsaid(9, |_| Here::ForNow), Unsaid::default());
        let unsaid = said.unsaid(9, |_| gone);
        assert_eq!(unsaid.went, [(ann, Duration::from_secs(1))]);
        assert_eq!(said.unsaid(9, |_| gone), Unsaid::default());
        assert!(!said.take_news());
    }

    #[test]
    fn what_could_not_be_said_and_what_was_forgotten_is_said_again() {
        let [ann] = users(["ann"]);
        let mut said = Said::default();
        said.note(&ann);
        let unsaid = said.unsaid(9, |_| Here::ByConnection);
        said.take_back(unsaid);
        assert_eq!(said.unsaid(9, |_| Here::ByConnection).came, std::slice::from_ref(&ann));
        assert!(said.unsaid(9, |_| Here::ByConnection).is_empty());
        said.forget();
        assert_eq!(said.unsaid(9, |_| Here::ByConnection).came, [ann]);
    }

    #[test]
    fn who_goes_while_it_is_in_doubt_is_still_said_to_have_gone() {
        let [ann] = users(["ann"]);
        let gone = Here::Gone(Duration::ZERO);
        let mut said = Said::default();
        said.note(&ann);
        let unsaid = said.unsaid(9, |_| Here::ByConnection);
        said.take_back(unsaid);
        assert_eq!(said.unsaid(9, |_| gone).went.len(), 1, "it may have been stored");
        said.note(&ann);
        said.unsaid(9, |_| Here::ByConnection);
        said.forget();
        assert_eq!(said.unsaid(9, |_| gone).went.len(), 1);
    }

    #[test]
    fn of_many_some_are_said_and_then_the_others() {
        let mut said = Said::default();
        let users = users(["ann", "bob", "cat"]);
        users.iter().for_each(|user| said.note(user));
        let counts = [2, 2, 2].map(|most| said.unsaid(most, |_| Here::ByConnection).len());
        assert_eq!(counts, [2, 1, 0]);
    }
}
