//! A method of a hub: its words and what it is called with, and what the table that dispatches it adds.

use std::ops::RangeInclusive;

use schemars::{JsonSchema, Schema};
use serde_json::Value;

use super::schemas::Schemas;
use crate::services::Error;

/// What a method does, in words, and what it is called with: one form of the arguments, or several.
#[derive(Debug)]
pub(crate) struct Method {
    pub(super) summary: &'static str,
    pub(super) about: &'static str,
    pub(super) forms: Vec<Vec<Argument>>,
    pub(super) refusals: Vec<Error>,
}

/// One argument of a form.
#[derive(Debug)]
pub(crate) struct Argument {
    pub(super) name: &'static str,
    pub(super) words: &'static str,
    pub(super) is_required: bool,
    pub(super) example: Value,
    pub(super) schema: fn(&mut Schemas) -> Schema,
}

/// How a method answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Once, by a Completion.
    Result,
    /// By items, until there is none.
    Stream,
}

/// A row of the table of a hub.
#[derive(Debug)]
pub(crate) struct DescribedMethod {
    /// The method's own, then those that frontends know it by.
    pub(crate) names: &'static [&'static str],
    pub(crate) kind: Kind,
    pub(crate) words: Method,
    /// Of what it answers with, or of each item.
    pub(crate) result: Schema,
}

/// A hub, its paths and its methods.
#[derive(Debug)]
pub(crate) struct DescribedHub {
    pub(crate) paths: &'static [&'static str],
    pub(crate) methods: Vec<DescribedMethod>,
}

impl Method {
    /// In a few words.
    pub(super) fn new(summary: &'static str) -> Self {
        Self {
            summary,
            about: "",
            forms: vec![Vec::new()],
            refusals: Vec::new(),
        }
    }

    /// What should be known besides.
    pub(super) fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }

    /// The next argument, which must be there.
    pub(super) fn takes<T: JsonSchema>(
        self,
        name: &'static str,
        words: &'static str,
        example: impl Into<Value>,
    ) -> Self {
        self.with::<T>(name, words, true, example.into())
    }

    /// The next argument, which may be left out or null.
    pub(super) fn may_take<T: JsonSchema>(
        self,
        name: &'static str,
        words: &'static str,
        example: impl Into<Value>,
    ) -> Self {
        self.with::<T>(name, words, false, example.into())
    }

    /// Arguments of another form follow.
    pub(super) fn or(mut self) -> Self {
        self.forms.push(Vec::new());
        self
    }

    /// What may be refused besides what every call may be.
    pub(super) fn refuses(mut self, refusals: impl IntoIterator<Item = Error>) -> Self {
        self.refusals.extend(refusals);
        self
    }

    /// How many arguments it is called with.
    pub(crate) fn arity(&self) -> RangeInclusive<usize> {
        let least = |form: &Vec<Argument>| form.iter().filter(|argument| argument.is_required).count();
        let fewest = self.forms.iter().map(least).min().unwrap_or(0);
        let most = self.forms.iter().map(Vec::len).max().unwrap_or(0);
        fewest..=most
    }

    fn with<T: JsonSchema>(
        mut self,
        name: &'static str,
        words: &'static str,
        is_required: bool,
        example: Value,
    ) -> Self {
        let argument = Argument {
            name,
            words,
            is_required,
            example,
            schema: Schemas::input::<T>,
        };
        if let Some(form) = self.forms.last_mut() {
            form.push(argument);
        }
        self
    }
}
