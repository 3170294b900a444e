//! Under construction.

use tokio::sync::mpsc;

use super::batch::State;
use super::command::Command;
use crate::log::Error;

pub(crate) struct Queue {
    arrivals: mpsc::Receiver<Command>,
}

impl Queue {
    pub(crate) fn new(arrivals: mpsc::Receiver<Command>, _state: State) -> Self {
        Self { arrivals }
    }

    pub(crate) async fn run(mut self) {
        while let Some(command) = self.arrivals.recv().await {
            command.refuse(Error::Unavailable);
        }
    }
}
