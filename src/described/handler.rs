//! What the type of a handler says of its route: what it takes from a request, and what it answers.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::Response,
};
use http::HeaderMap;
use schemars::{JsonSchema, Schema, json_schema};
use serde_json::json;

use super::{operation::Operation, schemas::Schemas};
use crate::{
    app::App,
    controllers::{
        Caller, Failure, Input, OptionalInput, Params, Place, Reference, References, Reply, descriptions::Document,
        media::Viewing,
    },
    media::Format,
    services::messages::MOST_FILES,
};

/// A route with one method.
#[derive(Debug)]
pub(crate) struct Route {
    pub(super) path: &'static str,
    pub(super) method: &'static str,
    /// The controller.
    pub(super) tag: &'static str,
    pub(super) words: Operation,
    pub(super) shape: Shape,
}

/// What types say.
#[derive(Debug, Default)]
pub(crate) struct Shape {
    pub(super) needs_token: bool,
    pub(super) names_something: bool,
    pub(super) reads_query: bool,
    pub(super) body: Option<Body>,
    pub(super) answer: Answer,
}

/// A body that is read: for each content type its schema.
#[derive(Debug)]
pub(crate) struct Body {
    pub(super) is_required: bool,
    pub(super) content: Vec<(&'static str, Schema)>,
}

/// What is answered with status 200.
#[derive(Debug)]
pub(crate) enum Answer {
    /// `data` of the envelope.
    Enveloped(Schema),
    /// As it is: for each content type its schema. Bytes have none.
    Plain(Vec<(&'static str, Schema)>),
}

impl Default for Answer {
    fn default() -> Self {
        Self::Plain(Vec::new())
    }
}

/// An argument or the result of a handler.
pub(crate) trait Part {
    /// Adds what it says.
    fn describe(shape: &mut Shape, schemas: &mut Schemas);
}

/// A function that a route calls, with its `Parts`: the result and the arguments.
pub(crate) trait Handler<Parts> {
    fn shape(&self, schemas: &mut Schemas) -> Shape;
}

/// A row of the table of routes.
pub(crate) fn route<Parts>(
    (path, method, tag): (&'static str, &'static str, &'static str),
    handler: &impl Handler<Parts>,
    words: Operation,
    schemas: &mut Schemas,
) -> Route {
    Route {
        path,
        method,
        tag,
        words,
        shape: handler.shape(schemas),
    }
}

macro_rules! handlers {
    ($(($($part:ident),*);)*) => {$(
        impl<H, F, Answered, $($part),*> Handler<(Answered, $($part,)*)> for H
        where
            H: Fn($($part),*) -> F,
            F: Future<Output = Answered>,
            Answered: Part,
            $($part: Part,)*
        {
            fn shape(&self, schemas: &mut Schemas) -> Shape {
                let mut shape = Shape::default();
                $($part::describe(&mut shape, schemas);)*
                Answered::describe(&mut shape, schemas);
                shape
            }
        }
    )*};
}

handlers! {
    ();
    (A);
    (A, B);
    (A, B, C);
    (A, B, C, D);
    (A, B, C, D, E);
    (A, B, C, D, E, G);
}

impl Part for State<Arc<App>> {
    fn describe(_: &mut Shape, _: &mut Schemas) {}
}

/// Which ones are read, the words say.
impl Part for HeaderMap {
    fn describe(_: &mut Shape, _: &mut Schemas) {}
}

impl Part for Caller {
    fn describe(shape: &mut Shape, _: &mut Schemas) {
        shape.needs_token = true;
    }
}

impl Part for Reference {
    fn describe(shape: &mut Shape, _: &mut Schemas) {
        shape.names_something = true;
    }
}

impl<const N: usize> Part for References<N> {
    fn describe(shape: &mut Shape, _: &mut Schemas) {
        shape.names_something = true;
    }
}

impl Part for Place {
    fn describe(shape: &mut Shape, _: &mut Schemas) {
        shape.names_something = true;
    }
}

impl Part for Params {
    fn describe(shape: &mut Shape, _: &mut Schemas) {
        shape.reads_query = true;
    }
}

impl<T: JsonSchema> Part for Input<T> {
    fn describe(shape: &mut Shape, schemas: &mut Schemas) {
        shape.body = Some(Body {
            is_required: true,
            content: vec![("application/json", schemas.input::<T>())],
        });
    }
}

impl<T: JsonSchema> Part for OptionalInput<T> {
    fn describe(shape: &mut Shape, schemas: &mut Schemas) {
        shape.body = Some(Body {
            is_required: false,
            content: vec![("application/json", schemas.input::<T>())],
        });
    }
}

impl<T: JsonSchema> Part for Reply<T> {
    fn describe(shape: &mut Shape, schemas: &mut Schemas) {
        shape.answer = Answer::Enveloped(schemas.answer::<T>());
    }
}

/// A body that is read as it comes: a form with files and what is said with them.
impl Part for Request {
    fn describe(shape: &mut Shape, _: &mut Schemas) {
        let text = |words| json!({"type": "string", "description": words});
        let file = json!({"type": "string", "contentMediaType": "application/octet-stream"});
        let words = "One or several, in the order in which they are to be shown. Also `files`, `files[]`.";
        let form = json_schema!({
            "type": "object",
            "required": ["file"],
            "properties": {
                "file": {"type": "array", "minItems": 1, "maxItems": MOST_FILES, "items": file, "description": words},
                "conversationId": text("Where they go. Also `chatId`."),
                "recipientId": text("Or the person they go to. Also `receiverId`."),
                "content": text("What is said with them. Also `caption`."),
                "clientMessageId": text("A key of the client's own: the same one a second time gets the message of the first."),
                "tempId": text("A page's own counter, echoed to the sender."),
                "parentMessageId": text("The message this answers. Also `replyToMessageId`."),
            },
        });
        shape.body = Some(Body {
            is_required: true,
            content: vec![("multipart/form-data", form)],
        });
    }
}

/// Who has a link needs no token.
impl Part for Viewing {
    fn describe(shape: &mut Shape, _: &mut Schemas) {
        (shape.needs_token, shape.names_something, shape.reads_query) = (true, true, true);
    }
}

/// A file.
impl Part for Response {
    fn describe(shape: &mut Shape, _: &mut Schemas) {
        let bytes = |format: &Format| {
            (
                format.mime(),
                json_schema!({"type": "string", "contentMediaType": format.mime()}),
            )
        };
        shape.answer = Answer::Plain(Format::ALL.iter().map(bytes).collect());
    }
}

/// How it fails follows from what it takes, and from its words.
impl<T: Part> Part for Result<T, Failure> {
    fn describe(shape: &mut Shape, schemas: &mut Schemas) {
        T::describe(shape, schemas);
    }
}

impl Part for Document {
    fn describe(shape: &mut Shape, _: &mut Schemas) {
        let document = json_schema!({"type": "object"});
        shape.answer = Answer::Plain(vec![("application/json", document)]);
    }
}
