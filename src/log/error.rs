//! What the log answers when it cannot do what it was asked, and how database errors are told apart.

use entities::ids::EventId;
use sea_orm::{DbErr, RuntimeErr};

/// Why a command was not carried out. Nothing of it was stored, unless it is `Unavailable`: then a repeat with the same
/// key finds out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("there is no such conversation for this person")]
    NotFound,
    #[error("the person left the conversation")]
    NotAParticipant,
    #[error("there is no such message for this person")]
    NoMessage,
    #[error("{0}")]
    Forbidden(&'static str),
    #[error("the message is {age_minutes} minutes old, and may be edited for {minutes}")]
    EditWindowOver { minutes: u32, age_minutes: i64 },
    #[error("{field}: {reason}")]
    Invalid { field: &'static str, reason: &'static str },
    #[error("the key was used for other content")]
    IdempotencyMismatch,
    #[error("the person is unknown")]
    UnknownPerson,
    #[error("the person was deactivated")]
    Deactivated,
    #[error("a group has at most {limit} members, not {members}")]
    GroupFull { limit: u32, members: usize },
    #[error("the database is away, locked or full, or the writer is overloaded")]
    Unavailable,
    #[error("the command cannot be stored")]
    Internal,
}

/// Why events cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// What follows the position is no longer kept; from `horizon` on everything is.
    #[error("events up to {horizon} are no longer kept")]
    TooOld { horizon: EventId },
    #[error(transparent)]
    Database(#[from] DbErr),
}

impl From<DbErr> for Error {
    /// Logs the cause, here and only here.
    fn from(error: DbErr) -> Self {
        if is_outage(&error) {
            tracing::warn!(error = %error, "the database is unavailable");
            Self::Unavailable
        } else {
            tracing::error!(error = %error, "the database refused a statement");
            Self::Internal
        }
    }
}

/// Whether the database as a whole is in trouble (locked, full, away), rather than one statement wrong.
pub(crate) fn is_outage(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) => true,
        DbErr::Conn(source) | DbErr::Exec(source) | DbErr::Query(source) => match source {
            RuntimeErr::SqlxError(source) => is_sqlx_outage(source),
            RuntimeErr::Internal(_) => false,
        },
        _ => false,
    }
}

fn is_sqlx_outage(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(source) => source.code().is_some_and(|code| is_outage_code(&code)),
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        _ => false,
    }
}

/// PostgreSQL's codes have five characters, the first two are the class; SQLite's are numbers below 10,000 with the
/// primary code in the low byte.
fn is_outage_code(code: &str) -> bool {
    if code.len() == 5 {
        // connection, rollback (deadlock), resources, lock not available, shut down, system error
        if code == "25006" {
            // Read-only: a standby that is asked before it was promoted.
            return true;
        }
        return matches!(&code.as_bytes()[..2], b"08" | b"40" | b"53" | b"55" | b"57" | b"58");
    }
    // BUSY, LOCKED, NOMEM, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL
    code.parse::<u32>()
        .is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 7 | 8 | 10 | 11 | 13 | 14 | 15))
}
