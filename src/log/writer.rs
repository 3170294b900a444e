//! The one writer of this node: commands in, one transaction for all that have arrived, answers after the commit.

use std::time::Duration;

use entities::log_head;
use tokio::sync::{mpsc, oneshot};

use crate::clock::Clock;
use crate::database::Database;
use crate::log::Error;
use crate::log::horizon::Horizon;
use crate::log::members::Members;
use crate::log::meter::Meter;
use crate::log::others::Others;
use crate::log::tail::Tail;
use crate::log::unproven::Unproven;

mod answered;
mod batch;
mod change;
pub(crate) mod changes;
pub mod command;
pub(crate) mod files;
mod posts;
mod queue;
mod rows;
mod work;

use self::change::{Change, asked};
use self::command::{Command, Post, Posted, Reply};
use self::queue::Queue;

/// Commands that wait at most; then callers wait for room.
const CAPACITY: usize = 1_024;
/// How long a caller waits for room.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the writer keeps true for everybody.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) tail: Tail,
    pub(crate) members: Members,
    pub(crate) unproven: Unproven,
    pub(crate) horizon: Horizon,
    pub(crate) others: Others,
    pub(crate) meter: Meter,
}

/// The way to the writer. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Writer {
    commands: mpsc::Sender<Command>,
}

impl Writer {
    pub(crate) fn start(database: &Database, clock: &Clock, memory: Memory, head: &log_head::Model) -> Self {
        let (commands, arrivals) = mpsc::channel(CAPACITY);
        let state = batch::State::new(database, clock, memory, head);
        tokio::spawn(Queue::new(arrivals, state).run());
        Self { commands }
    }

    /// Stores a message, or finds the one it repeats.
    pub async fn post(&self, post: Post) -> Result<Posted, Error> {
        self.ask(|reply| Command::Post(Box::new(post), reply)).await
    }

    /// Carries out any other change.
    pub(crate) async fn change<C: Change>(&self, change: C) -> Result<C::Output, Error> {
        self.ask(|reply| Command::Change(asked(change, reply))).await
    }

    /// Carries out what was accepted, then stops.
    pub(crate) async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        if self.commands.send(Command::Close(reply)).await.is_ok() {
            // An error means that somebody else closed it before.
            let _ = closed.await;
        }
    }

    /// How many commands wait.
    pub(crate) fn waiting(&self) -> usize {
        CAPACITY - self.commands.capacity()
    }

    /// Whether nothing more is accepted.
    pub(crate) fn is_closed(&self) -> bool {
        self.commands.is_closed()
    }

    /// Waits until nothing more is accepted.
    pub(crate) async fn closed(&self) {
        self.commands.closed().await;
    }

    async fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, Error> {
        let room = match tokio::time::timeout(PATIENCE, self.commands.reserve()).await {
            Ok(Ok(room)) => room,
            Ok(Err(_)) => return Err(Error::Unavailable),
            Err(_) => {
                tracing::warn!("the writer's channel is full");
                return Err(Error::Unavailable);
            }
        };
        let (reply, answer) = oneshot::channel();
        room.send(command(reply));
        answer.await.unwrap_or(Err(Error::Unavailable))
    }
}
