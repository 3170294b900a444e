//! Who is here on other servers, and which of those live: what is known of them, as a table that is handed the time.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use entities::node;
use entities::user_id::UserId;
use uuid::Uuid;

/// How long a server may give no sign of life; then nobody is here by it. It is the grace of those it had.
pub(super) const LEASE: Duration = Duration::from_secs(15);
/// How often it is looked for signs of life.
pub(super) const LOOKING: Duration = Duration::from_secs(1);

/// The other servers on this database.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    known: HashMap<Uuid, Node>,
    looked_at: Option<Duration>,
}

#[derive(Debug)]
struct Node {
    /// By its own clock; only that it changes means something.
    seen_at: i64,
    /// How long it did not change, as far as anybody looked. While the database is away everybody seems silent.
    silent: Duration,
    here: HashSet<UserId>,
    /// All of them, and not only those of whom it was heard.
    is_read: bool,
}

/// What a look at the servers found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// They were here by servers that are gone, each as often as by one, last seen so long ago.
    pub(super) left: Vec<(UserId, Duration)>,
    /// There is a server that lives and whose people were not read.
    pub(super) is_unread: bool,
}

impl Nodes {
    /// Takes in when the servers were last alive, as the database has it at `now`; `wall` is the time by this server's
    /// clock, which of a server that was never seen before must do.
    pub(super) fn look(&mut self, rows: &[node::Sign], now: Duration, wall: i64) -> Found {
        let passed = self.looked_at.map_or(Duration::ZERO, |at| now.saturating_sub(at));
        self.looked_at = Some(now);
        let mut found = Found::default();
        let stored: HashMap<_, _> = rows.iter().copied().collect();
        for node in self.known.iter_mut().filter(|(id, _)| !stored.contains_key(id)) {
            node.1.silent = LEASE;
            node.1.leave(&mut found);
        }
        self.known.retain(|id, _| stored.contains_key(id));
        for (id, seen_at) in stored {
            let Some(node) = self.known.get_mut(&id) else {
                let silent = u64::try_from(wall.saturating_sub(seen_at)).unwrap_or(0);
                let silent = Duration::from_millis(silent).min(LEASE);
                let node = Node {
                    seen_at,
                    silent,
                    here: HashSet::new(),
                    is_read: false,
                };
                self.known.insert(id, node);
                continue;
            };
            if node.seen_at != seen_at {
                node.is_read &= node.lives();
                (node.seen_at, node.silent) = (seen_at, Duration::ZERO);
            } else if node.lives() {
                // A long time between two looks is no silence: nobody looked.
                node.silent += passed.min(2 * LOOKING);
                if !node.lives() {
                    node.leave(&mut found);
                }
            }
        }
        found.is_unread = self.known.values().any(|node| node.lives() && !node.is_read);
        found
    }

    /// The servers that live.
    pub(super) fn living(&self) -> Vec<Uuid> {
        let living = self.known.iter().filter(|(_, node)| node.lives());
        living.map(|(id, _)| *id).collect()
    }

    /// Somebody is here by a server that lives; `None` where it is not known that it does. Whether that is new.
    pub(super) fn came(&mut self, node: Uuid, user: &UserId) -> Option<bool> {
        let node = self.known.get_mut(&node).filter(|node| node.lives())?;
        Some(node.here.insert(user.clone()))
    }

    /// Somebody is here by it no longer.
    pub(super) fn went(&mut self, node: Uuid, user: &UserId) -> Option<bool> {
        let node = self.known.get_mut(&node).filter(|node| node.lives())?;
        Some(node.here.remove(user))
    }

    /// These are all who are here by a server that lives. Returns who came and who went.
    pub(super) fn replace(&mut self, node: Uuid, here: HashSet<UserId>) -> (Vec<UserId>, Vec<UserId>) {
        let Some(node) = self.known.get_mut(&node).filter(|node| node.lives()) else {
            return (Vec::new(), Vec::new());
        };
        let came = here.difference(&node.here).cloned().collect();
        let went = node.here.difference(&here).cloned().collect();
        (node.here, node.is_read) = (here, true);
        (came, went)
    }
}

impl Node {
    fn lives(&self) -> bool {
        self.silent < LEASE
    }

    fn leave(&mut self, found: &mut Found) {
        let silent = self.silent;
        found.left.extend(self.here.drain().map(|user| (user, silent)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WALL: i64 = 1_700_000_000_000;
    const NODE: Uuid = Uuid::from_u128(1);

    fn ann() -> UserId {
        "ann".parse().unwrap()
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// A server that lives and has Ann.
    fn with_ann() -> Nodes {
        let mut nodes = Nodes::default();
        assert!(nodes.look(&[(NODE, WALL)], seconds(0), WALL).is_unread);
        nodes.replace(NODE, HashSet::from([ann()]));
        nodes
    }

    #[test]
    fn a_server_that_says_nothing_for_its_lease_is_gone_and_may_come_back() {
        let mut nodes = with_ann();
        for second in 1..15 {
            assert_eq!(nodes.look(&[(NODE, WALL)], seconds(second), WALL), Found::default());
        }
        let found = nodes.look(&[(NODE, WALL)], seconds(15), WALL);
        assert_eq!(found.left, [(ann(), LEASE)]);
        assert_eq!((nodes.living(), nodes.came(NODE, &ann())), (vec![], None));
        assert_eq!(nodes.look(&[(NODE, WALL)], seconds(16), WALL), Found::default(), "once");
        assert!(
            nodes.look(&[(NODE, WALL + 1)], seconds(17), WALL).is_unread,
            "all of it is read again"
        );
        assert_eq!(nodes.came(NODE, &ann()), Some(true));
    }

    #[test]
    fn a_sign_of_life_is_any_change_whatever_the_clocks_say() {
        let mut nodes = with_ann();
        for second in 1..100 {
            let seen_at = WALL - 1_000 * i64::try_from(second).unwrap();
            let found = nodes.look(&[(NODE, seen_at)], seconds(second * 10), WALL);
            assert_eq!(found, Found::default());
        }
    }

    #[test]
    fn while_nobody_could_look_nobody_died() {
        let mut nodes = with_ann();
        assert_eq!(nodes.look(&[(NODE, WALL)], seconds(60), WALL), Found::default());
        assert_eq!(nodes.look(&[(NODE, WALL)], seconds(120), WALL), Found::default());
    }

    #[test]
    fn a_server_that_was_forgotten_is_gone() {
        let mut nodes = with_ann();
        assert_eq!(nodes.look(&[], seconds(1), WALL).left.len(), 1);
        assert!(nodes.living().is_empty());
    }

    #[test]
    fn of_those_before_this_one_the_clock_says_how_long_they_are_still_waited_for() {
        let mut nodes = Nodes::default();
        let rows = [(NODE, WALL - 14_000), (Uuid::from_u128(2), WALL - 15_000)];
        assert!(nodes.look(&rows, seconds(0), WALL).is_unread);
        assert_eq!(nodes.living(), [NODE]);
        nodes.came(NODE, &ann());
        assert_eq!(nodes.look(&rows, seconds(1), WALL).left.len(), 1);
    }

    #[test]
    fn what_was_read_again_says_who_came_and_who_went() {
        let mut nodes = with_ann();
        let bob: UserId = "bob".parse().unwrap();
        let (came, went) = nodes.replace(NODE, HashSet::from([bob.clone()]));
        assert_eq!((came, went), (vec![bob], vec![ann()]));
        assert_eq!(nodes.went(NODE, &ann()), Some(false));
    }
}
