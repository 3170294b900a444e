//! What was done in a world, for whoever looks for a difference.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt::Display,
    sync::Arc,
};

use parking_lot::Mutex;

pub(super) type Trace = Arc<Mutex<Steps>>;

/// The last steps, for whoever looks for a difference, and how often each thing was done.
#[derive(Default)]
pub(super) struct Steps {
    pub(super) at: u64,
    last: VecDeque<String>,
    pub(super) tally: BTreeMap<&'static str, usize>,
}

impl Steps {
    pub(super) fn note(&mut self, slot: usize, verb: &'static str, what: &dyn Display) {
        if self.last.len() == 60 {
            self.last.pop_front();
        }
        let who = u8::try_from(slot).map_or_else(|_| "somebody".to_owned(), |slot| slot.to_string());
        self.last.push_back(format!("{}: {who} {verb} {what}", self.at));
        *self.tally.entry(verb).or_default() += 1;
    }

    pub(super) fn steps(&self) -> String {
        self.last.iter().map(|step| format!("{step}\n")).collect()
    }
}
