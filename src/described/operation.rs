//! The words of a route: what its types cannot say.

use std::time::Duration;

use serde_json::{Value, json};

use crate::services::Error;

/// What a route does, in words.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(super) summary: &'static str,
    pub(super) about: &'static str,
    pub(super) parameters: Vec<Parameter>,
    pub(super) is_paged: bool,
    pub(super) notes_search: bool,
    /// A body, where the one made from its schema would say too much.
    pub(super) example: Option<Value>,
    /// What may be refused besides what its types bring along.
    pub(super) refusals: Vec<Error>,
    /// What of it is answered with 206.
    pub(super) in_part: Option<&'static str>,
    /// Answers beside 200 that have no body.
    pub(super) bare: Vec<(u16, &'static str)>,
}

/// A value beside the body.
#[derive(Debug)]
pub(crate) struct Parameter {
    pub(super) place: &'static str,
    pub(super) name: &'static str,
    pub(super) words: &'static str,
    pub(super) is_required: bool,
    pub(super) schema: Value,
    pub(super) example: Option<Value>,
}

impl Operation {
    /// In a few words.
    pub(super) fn new(summary: &'static str) -> Self {
        Self {
            summary,
            about: "",
            parameters: Vec::new(),
            is_paged: false,
            notes_search: false,
            example: None,
            refusals: Vec::new(),
            in_part: None,
            bare: Vec::new(),
        }
    }

    /// What should be known besides.
    pub(super) fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }

    /// A parameter of the query that is text.
    pub(super) fn query(self, name: &'static str, words: &'static str, example: &str) -> Self {
        let schema = json!({"type": "string"});
        self.with(Parameter::new("query", name, words, schema).like(example))
    }

    /// The same with the text that must be there.
    pub(super) fn needs(mut self, name: &'static str, words: &'static str, example: &str) -> Self {
        self = self.query(name, words, example);
        if let Some(parameter) = self.parameters.last_mut() {
            parameter.is_required = true;
        }
        self
    }

    /// A parameter of the query that is one of these.
    pub(super) fn one_of(self, name: &'static str, words: &'static str, choices: &[&str]) -> Self {
        let schema = json!({"type": "string", "enum": choices});
        self.with(Parameter::new("query", name, words, schema))
    }

    /// A parameter of the query that is true or false.
    pub(super) fn flag(self, name: &'static str, words: &'static str) -> Self {
        self.with(Parameter::new("query", name, words, json!({"type": "boolean"})))
    }

    /// A header that is text.
    pub(super) fn header(self, name: &'static str, words: &'static str, example: &str) -> Self {
        let schema = json!({"type": "string"});
        self.with(Parameter::new("header", name, words, schema).like(example))
    }

    /// Answers a page of something, and says which.
    pub(super) fn paged(self) -> Self {
        let number = || json!({"type": "integer", "format": "int64"});
        let paged = Self { is_paged: true, ..self };
        paged
            .with(Parameter::new(
                "query",
                "skip",
                "Rows to leave out. Also `offset`.",
                number(),
            ))
            .with(
                Parameter::new(
                    "query",
                    "take",
                    "Rows at most, 1 to 100; 50 when absent. Also `limit`, `pageSize`.",
                    number(),
                )
                .like(20),
            )
            .with(Parameter::new(
                "query",
                "page",
                "Which page, from 1, instead of `skip`. Also `pageNumber`.",
                number(),
            ))
    }

    /// Answers a page of messages: counted from the newest, or from a message or a time.
    pub(super) fn paged_by_time(self) -> Self {
        self.paged()
            .query(
                "before",
                "Only what was said before this: a message id, a number or an ISO time.",
                "2026-11-28T12:00:00.000Z",
            )
            .query(
                "after",
                "Only what was said after this; alone it counts from the oldest.",
                "",
            )
            .one_of(
                "order",
                "How messages stand on the page; `asc` when absent.",
                &["asc", "desc"],
            )
    }

    /// Answers what a search found, and what it could not look at.
    pub(super) fn found(self) -> Self {
        Self {
            notes_search: true,
            ..self.paged()
        }
    }

    /// A body that is typical.
    pub(super) fn like(self, body: Value) -> Self {
        Self {
            example: Some(body),
            ..self
        }
    }

    /// What else may be refused.
    pub(super) fn refuses(mut self, refusals: impl IntoIterator<Item = Error>) -> Self {
        self.refusals.extend(refusals);
        self
    }

    /// Costs of an allowance.
    pub(super) fn limited(self, what: &'static str) -> Self {
        self.refuses([too_many(what)])
    }

    /// Answers with a part, too.
    pub(super) fn in_part(self, words: &'static str) -> Self {
        let in_part = Some(words);
        Self { in_part, ..self }
    }

    /// Answers with this status and without a body, too.
    pub(super) fn bare(mut self, status: u16, words: &'static str) -> Self {
        self.bare.push((status, words));
        self
    }

    /// Sends a message.
    pub(super) fn sends(self) -> Self {
        let key = "A key of the client's own, as `clientMessageId`: the same one a second time gets the message of the first.";
        self.header("Idempotency-Key", key, "")
            .refuses([
                Error::IdempotencyMismatch,
                Error::NotAParticipant,
                Error::no_contact(),
                Error::no_conversation(),
                Error::no_message(),
            ])
            .limited("messages")
    }

    fn with(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }
}

/// More than the allowance: the one refusal that passes by itself.
pub(super) fn too_many(what: &'static str) -> Error {
    Error::TooMany {
        limit: format!("{what}: the limit is 30 a minute"),
        retry_after: Duration::from_secs(2),
    }
}

impl Parameter {
    fn new(place: &'static str, name: &'static str, words: &'static str, schema: Value) -> Self {
        Self {
            place,
            name,
            words,
            is_required: false,
            schema,
            example: None,
        }
    }

    fn like(self, example: impl Into<Value>) -> Self {
        let example = example.into();
        Self {
            example: (example != "").then_some(example),
            ..self
        }
    }

    /// The parameter of a path, by what stands before it.
    pub(super) fn of_path(before: &str, name: &'static str) -> Self {
        let (words, example) = match (before, name) {
            ("conversations", "id") => (
                "The conversation's id or number.",
                "0190a1b2-0000-7000-8000-0000000000c1",
            ),
            ("groups", "id") => (
                "The group's id, which is its conversation's.",
                "0190a1b2-0000-7000-8000-0000000000c2",
            ),
            ("messages", "id") => ("The message's id or number.", "0190a1b2-0000-7000-8000-0000000000a1"),
            ("media", "id") => ("The id of what was uploaded.", "0190a1b2-0000-7000-8000-0000000000d1"),
            ("users", "id") | (_, "userId") => ("The person's id.", "bob"),
            (_, "emoji") => ("The reaction.", "👍"),
            _ => ("", ""),
        };
        let schema = json!({"type": "string", "minLength": 1});
        Self {
            is_required: true,
            ..Self::new("path", name, words, schema).like(example)
        }
    }
}
