//! What a failed call tells its caller, and what it does not.

use std::borrow::Cow;

use crate::error::{DecodeError, EncodeError};

/// Why a hub method failed.
///
/// Only the text of [`HubError::public`] reaches clients, like a `HubException` in .NET. Everything else is
/// "An unexpected error occurred invoking 'X' on the server." unless detailed errors are switched on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubError {
    pub(crate) kind: Kind,
    text: Cow<'static, str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Public,
    /// With the name of the error's type.
    Unexpected(Cow<'static, str>),
    /// The call never began: no such method, or arguments that do not fit.
    NotInvoked {
        public: bool,
    },
    Unauthorized,
    /// The answer cannot be written.
    Unwritable,
}

impl HubError {
    /// A text that the caller is shown.
    pub fn public(text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind: Kind::Public,
            text: text.into(),
        }
    }

    /// An error that stays inside: `kind` names its type, and both are shown only with detailed errors.
    pub fn unexpected(kind: impl Into<Cow<'static, str>>, text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind: Kind::Unexpected(kind.into()),
            text: text.into(),
        }
    }

    /// The caller may not do this.
    pub fn unauthorized() -> Self {
        Self {
            kind: Kind::Unauthorized,
            text: "".into(),
        }
    }

    pub(crate) fn no_such_method() -> Self {
        Self {
            kind: Kind::NotInvoked { public: true },
            text: "Method does not exist.".into(),
        }
    }

    pub(crate) fn wrong_count(given: usize, expected: &str) -> Self {
        let text = format!("Invocation provides {given} argument(s) but target expects {expected}.");
        Self {
            kind: Kind::NotInvoked { public: false },
            text: text.into(),
        }
    }

    /// What came in the place of arguments is no list.
    pub(crate) fn unreadable(error: DecodeError) -> Self {
        Self {
            kind: Kind::NotInvoked { public: false },
            text: error.0.into(),
        }
    }

    pub(crate) fn wrong_streams(given: usize, expected: usize) -> Self {
        Self::public(format!("Client sent {given} stream(s), Hub method expects {expected}."))
    }

    /// The text inside, for logs.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The error's type and text as .NET puts them behind a sentence.
    pub(crate) fn detail(&self) -> String {
        let kind = match &self.kind {
            Kind::Public | Kind::Unauthorized | Kind::NotInvoked { public: true } => "HubException",
            Kind::Unexpected(kind) => kind,
            Kind::NotInvoked { public: false } => "InvalidDataException",
            Kind::Unwritable => "NotSupportedException",
        };
        format!("{kind}: {}", self.text)
    }

    /// The sentence for the caller of `target` (wire texts of `DefaultHubDispatcher`).
    pub(crate) fn sentence(&self, target: &str, detailed: bool) -> String {
        let (base, public) = match &self.kind {
            Kind::Unauthorized => return format!("Failed to invoke '{target}' because user is unauthorized"),
            Kind::NotInvoked { public } => (
                format!("Failed to invoke '{target}' due to an error on the server."),
                *public,
            ),
            Kind::Public => (
                format!("An unexpected error occurred invoking '{target}' on the server."),
                true,
            ),
            Kind::Unexpected(_) | Kind::Unwritable => (
                format!("An unexpected error occurred invoking '{target}' on the server."),
                false,
            ),
        };
        if public || detailed {
            format!("{base} {}", self.detail())
        } else {
            base
        }
    }
}

impl HubError {
    /// The sentence for whoever reads a stream that failed half way.
    pub(crate) fn stream_sentence(&self, detailed: bool) -> String {
        let base = "An error occurred on the server while streaming results.";
        if detailed || self.kind == Kind::Public {
            format!("{base} {}", self.detail())
        } else {
            base.to_owned()
        }
    }
}

impl std::fmt::Display for HubError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.detail())
    }
}

impl std::error::Error for HubError {}

impl From<DecodeError> for HubError {
    fn from(_: DecodeError) -> Self {
        let text = "Error binding arguments. Make sure that the types of the provided values match the types of the \
                    hub method being invoked.";
        Self {
            kind: Kind::NotInvoked { public: false },
            text: text.into(),
        }
    }
}

impl From<EncodeError> for HubError {
    fn from(error: EncodeError) -> Self {
        Self {
            kind: Kind::Unwritable,
            text: error.to_string().into(),
        }
    }
}
