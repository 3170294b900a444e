//! Under construction.

use entities::log_head;

use crate::clock::Clock;
use crate::database::Database;
use crate::log::members::Members;
use crate::log::tail::Tail;
use crate::log::unproven::Unproven;

pub(crate) struct State;

impl State {
    pub(crate) fn new(
        _database: &Database,
        _clock: &Clock,
        _tail: &Tail,
        _members: &Members,
        _unproven: &Unproven,
        _head: &log_head::Model,
    ) -> Self {
        Self
    }
}
