//! What the business refuses. Each edge maps it in one exhaustive match; the text is public.

use std::time::Duration;

use sea_orm::DbErr;

use crate::log;
use crate::log::members::NO_CONTACT;

/// Why a request was refused. `Display` is the sentence a client may see; causes inside the server were logged where
/// they arose.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("Authentication is required")]
    Unauthorized,
    #[error("{0}")]
    Forbidden(String),
    #[error("You are not a participant in this conversation")]
    NotAParticipant,
    #[error("{0}")]
    NotFound(String),
    #[error("{field}: {reason}")]
    Invalid { field: &'static str, reason: String },
    #[error("This key was already used for a message with other content")]
    IdempotencyMismatch,
    #[error("A group has at most {limit} members, and this one would have {members}")]
    GroupFull { limit: u32, members: usize },
    #[error("A message can be edited for {minutes} minutes, and this one is {age_minutes} minutes old")]
    EditWindowOver { minutes: u32, age_minutes: i64 },
    #[error("{0}")]
    TooLarge(String),
    #[error("{0}")]
    UnsupportedMedia(String),
    #[error("Too many {limit}; try again in {} s", seconds(.retry_after))]
    TooMany { limit: String, retry_after: Duration },
    #[error("The service is unavailable at the moment; try again")]
    Unavailable,
    #[error("An internal error occurred")]
    Internal,
}

/// Whole seconds, rounded up and at least one: what `Retry-After` says.
#[must_use]
pub fn seconds(duration: &Duration) -> u64 {
    (duration.as_secs() + u64::from(duration.subsec_nanos() > 0)).max(1)
}

impl Error {
    /// The machine-readable code of CONTRACT §2.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::Forbidden(_) => "forbidden",
            Self::NotAParticipant => "not_a_participant",
            Self::NotFound(_) => "not_found",
            Self::Invalid { .. } => "validation_failed",
            Self::IdempotencyMismatch => "idempotency_mismatch",
            Self::GroupFull { .. } => "group_full",
            Self::EditWindowOver { .. } => "edit_window_over",
            Self::TooLarge(_) => "too_large",
            Self::UnsupportedMedia(_) => "unsupported_media",
            Self::TooMany { .. } => "rate_limited",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }

    /// A value that is not acceptable, by the name clients know it by.
    pub fn invalid(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Invalid {
            field,
            reason: reason.into(),
        }
    }

    pub(crate) fn no_conversation() -> Self {
        Self::NotFound("Conversation not found".to_owned())
    }

    pub(crate) fn no_message() -> Self {
        Self::NotFound("Message not found".to_owned())
    }

    pub(crate) fn no_file() -> Self {
        Self::NotFound("File not found".to_owned())
    }

    pub(crate) fn no_person() -> Self {
        Self::NotFound("User not found".to_owned())
    }

    /// One of two people blocked the other.
    pub(crate) fn no_contact() -> Self {
        NO_CONTACT.into()
    }

    pub(crate) fn deactivated_person() -> Self {
        Self::Forbidden("This person was deactivated".to_owned())
    }
}

impl From<log::Error> for Error {
    fn from(error: log::Error) -> Self {
        match error {
            log::Error::NotFound => Self::no_conversation(),
            log::Error::NotAParticipant => Self::NotAParticipant,
            log::Error::NoMessage => Self::no_message(),
            log::Error::Forbidden(reason) => Self::Forbidden(reason.to_owned()),
            log::Error::EditWindowOver { minutes, age_minutes } => Self::EditWindowOver { minutes, age_minutes },
            log::Error::Invalid { field, reason } => Self::invalid(field, reason),
            log::Error::IdempotencyMismatch => Self::IdempotencyMismatch,
            log::Error::UnknownPerson => Self::no_person(),
            log::Error::Deactivated => Self::deactivated_person(),
            log::Error::GroupFull { limit, members } => Self::GroupFull { limit, members },
            log::Error::Unavailable => Self::Unavailable,
            log::Error::Internal => Self::Internal,
        }
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        log::Error::from(error).into()
    }
}
