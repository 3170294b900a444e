//! A runtime for many connections that are all busy at once.

use std::{io, thread};

use tokio::runtime::{Builder, Runtime};

/// How many tasks of its own a thread runs before it takes one that waits for any thread.
const GLOBAL_QUEUE_INTERVAL: u32 = 3;

/// A tokio runtime in which everybody has their turn, however many have something to do.
///
/// A thread of tokio's has room for 256 tasks. What is more waits in a queue for all threads, of which a busy one takes a
/// task in 61: with a thousand connections in small groups the 99th percentile was 60 ms where the median was one. So
/// here it is one in three, and a process with a single core has one thread and one queue.
///
/// # Errors
///
/// Fails where the process cannot start its threads.
pub fn runtime() -> io::Result<Runtime> {
    let has_one_core = thread::available_parallelism().is_ok_and(|cores| cores.get() == 1);
    let mut builder = if has_one_core {
        Builder::new_current_thread()
    } else {
        Builder::new_multi_thread()
    };
    in_turn(&mut builder).build()
}

fn in_turn(builder: &mut Builder) -> &mut Builder {
    builder.global_queue_interval(GLOBAL_QUEUE_INTERVAL).enable_all()
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    /// How many turns the last of a thousand busy tasks has had when the first has had a hundred.
    fn turns_of_the_last(mut builder: Builder) -> usize {
        let runtime = in_turn(&mut builder).build().unwrap();
        let turns: Arc<Vec<AtomicUsize>> = Arc::new((0..1000).map(|_| AtomicUsize::new(0)).collect());
        runtime.block_on(async {
            // From a task, so that they are queued by the thread that runs them.
            let begun = tokio::spawn(async move {
                let busy = (0..turns.len()).map(|number| tokio::spawn(take_turns(Arc::clone(&turns), number)));
                futures_util::future::select_all(busy.collect::<Vec<_>>())
                    .await
                    .0
                    .unwrap();
                turns.iter().map(|turns| turns.load(Ordering::Relaxed)).min().unwrap()
            });
            begun.await.unwrap()
        })
    }

    async fn take_turns(turns: Arc<Vec<AtomicUsize>>, number: usize) {
        while turns[number].fetch_add(1, Ordering::Relaxed) < 100 {
            tokio::task::yield_now().await;
        }
    }

    #[test]
    fn a_thousand_busy_tasks_have_turns_like_each_other() {
        let mut one_thread = Builder::new_multi_thread();
        one_thread.worker_threads(1);
        assert!(turns_of_the_last(one_thread) >= 25);
        assert!(turns_of_the_last(Builder::new_current_thread()) >= 90);
    }
}
