//! The writer's task: takes what has arrived, has it written, and answers.

use tokio::sync::{mpsc, oneshot};

use super::batch::State;
use super::command::Command;
use crate::log::Error;

/// Commands of one transaction at most.
const MAX_COMMANDS: usize = 128;
/// Bytes of one transaction, roughly; the command that passes it is the last.
const MAX_BYTES: usize = 1024 * 1024;

pub(crate) struct Queue {
    arrivals: mpsc::Receiver<Command>,
    state: State,
    closing: Vec<oneshot::Sender<()>>,
}

impl Queue {
    pub(crate) fn new(arrivals: mpsc::Receiver<Command>, state: State) -> Self {
        Self {
            arrivals,
            state,
            closing: Vec::new(),
        }
    }

    /// Runs until it is closed, or nobody is left who could ask.
    pub(crate) async fn run(mut self) {
        while let Some(first) = self.arrivals.recv().await {
            // Those who were answered together ask again together: let the ready ones in before the lock is taken.
            tokio::task::yield_now().await;
            let batch = self.gather(first);
            if self.state.write(batch).await.is_err() {
                self.refuse_waiting();
            }
        }
        for closed in self.closing {
            // Nobody may be waiting any more.
            let _ = closed.send(());
        }
    }

    /// The first command and whatever else has arrived meanwhile.
    fn gather(&mut self, first: Command) -> Vec<Command> {
        let mut batch = Vec::with_capacity(MAX_COMMANDS);
        let mut bytes = 0;
        let mut next = Some(first);
        while let Some(command) = next {
            if let Command::Close(reply) = command {
                self.close(reply);
            } else {
                bytes += command.weight();
                batch.push(command);
            }
            if batch.len() == MAX_COMMANDS || bytes >= MAX_BYTES {
                break;
            }
            next = self.arrivals.try_recv().ok();
        }
        batch
    }

    /// The database is away: those who wait would only wait as long again.
    fn refuse_waiting(&mut self) {
        while let Ok(command) = self.arrivals.try_recv() {
            if let Command::Close(reply) = command {
                self.close(reply);
            } else {
                command.refuse(Error::Unavailable);
            }
        }
    }

    /// Accepts nothing more; what was accepted is still carried out.
    fn close(&mut self, reply: oneshot::Sender<()>) {
        self.arrivals.close();
        self.closing.push(reply);
    }
}
