//! A hub under random clients, compared with a small model of it: who must have heard what, in which order.
//!
//! Clients of both protocols on real sockets connect, join and leave groups, call, stream in both directions, cancel,
//! stop reading, are cut within a record, come back or do not, and go. `HUBWIRE_MODEL_STEPS` says how many steps are
//! taken, `HUBWIRE_MODEL_SEED` which.

mod client;
mod ears;
mod hub;
mod socket;
mod steps;
mod trace;
mod world;

use std::{collections::BTreeMap, time::Duration};

use tokio::runtime::Handle;

use self::{steps::VERBS, trace::Trace, world::World};
use crate::support::until;

/// How long anything that is due may take.
const PATIENCE: Duration = Duration::from_secs(30);
const STEPS: u64 = 100_000;
const SEED: u64 = 20_260_918;
/// Hubs that run beside each other, each with its share of the steps.
const WORLDS: u64 = 4;
const CLIENTS: usize = 6;
/// After so many steps everything is compared.
const COMPARE: u64 = 24;

/// Numbers that look random and are the same for the same seed (`SplitMix64`).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).expect("below a bound")
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        // Drawn in any case, so that the steps after do not depend on what there is.
        let drawn = self.next();
        let at = (drawn as usize).checked_rem(from.len())?;
        Some(&from[at])
    }
}

fn setting(name: &str, default: u64) -> u64 {
    #[expect(clippy::disallowed_methods, reason = "which steps a test takes is the command's")]
    let value = std::env::var(name);
    value.map_or(default, |value| value.parse().expect("a number"))
}

/// Lives one world to its end; how often it was compared.
async fn live(seed: u64, steps: u64, trace: Trace) -> usize {
    let mut world = World::new(seed, CLIENTS, trace.clone());
    for step in 1..=steps {
        trace.lock().at = step;
        world.step().await;
        if step % COMPARE == 0 {
            world.compare().await;
        }
    }
    world.end().await;
    world.compared
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_does_what_a_small_model_of_it_says() {
    let (seed, steps) = (
        setting("HUBWIRE_MODEL_SEED", SEED),
        setting("HUBWIRE_MODEL_STEPS", STEPS),
    );
    let worlds: Vec<_> = (0..WORLDS)
        .map(|world| {
            let trace = Trace::default();
            let seed = seed.wrapping_add(world.wrapping_mul(0x1_0000_0001));
            (tokio::spawn(live(seed, steps.div_ceil(WORLDS), trace.clone())), trace)
        })
        .collect();
    let mut done = BTreeMap::new();
    for (world, trace) in worlds {
        let compared = world.await.unwrap_or_else(|_| {
            let trace = trace.lock();
            panic!(
                "HUBWIRE_MODEL_SEED={seed} HUBWIRE_MODEL_STEPS={steps}: differs at step {} of its world, after\n{}",
                trace.at,
                trace.steps()
            )
        });
        let often = compared as u64 > steps / WORLDS / COMPARE;
        assert!(often, "everything is compared again and again");
        for (verb, times) in &trace.lock().tally {
            *done.entry(*verb).or_insert(0) += times;
        }
    }
    let all = VERBS.iter().all(|verb| done.contains_key(verb));
    assert!(all || steps < STEPS, "something never happened: {done:?}");
    // Each hub still listens, and forgets negotiations that nobody took up.
    let metrics = Handle::current().metrics();
    until("nothing runs for anybody", || {
        metrics.num_alive_tasks() as u64 <= 2 * WORLDS
    })
    .await;
}
