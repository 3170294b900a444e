//! The OpenAPI document, from the table of routes.

use std::collections::BTreeMap;

use schemars::Schema;
use serde_json::{Map, Value, json};

use super::{
    examples,
    handler::{Answer, Route},
    operation::Parameter,
    rest::TAGS,
    schemas::Schemas,
};
use crate::{
    auth,
    controllers::{Failure, Refused},
    router,
    services::Error,
    views::{Pagination, SearchNotes, json},
};

const JSON: &str = "application/json";
const ABOUT: &str = "Everything that `/hubs/chat` does and more, for clients that speak HTTP. What is granted is `{success: true, data, \
                     pagination?}` with status 200, what is not `{success: false, error, code, data: null, details?, traceId}`. \
                     Segments of paths and names of members and parameters ignore case; unknown members are ignored; ids may be \
                     UUIDs or the numbers behind them. `/asyncapi.json` describes the hubs.";

pub(super) fn document() -> Value {
    let mut schemas = Schemas::new();
    let routes = router::described(&mut schemas);
    let failure = schemas.answer::<Refused<'static>>();
    let mut place = Place {
        refusals: Vec::new(),
        pagination: schemas.answer::<Pagination>(),
        search: schemas.answer::<SearchNotes>(),
        failure,
        definitions: schemas.definitions(),
    };
    let mut paths = BTreeMap::<&str, Map<String, Value>>::new();
    for route in &routes {
        paths
            .entry(route.path)
            .or_default()
            .insert(route.method.to_owned(), place.operation(route));
    }
    let tags = TAGS
        .iter()
        .map(|(name, about)| json!({"name": name, "description": about}));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Hubwire",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": tags.collect::<Vec<_>>(),
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "`hubwire token --user ann` prints one for a server with a key of its own making."},
            },
            "headers": {
                "X-Request-Id": {
                    "required": true,
                    "description": "The request's own `X-Request-Id`, or one made for it.",
                    "schema": {"type": "string"},
                },
            },
            "responses": place.refusals.into_iter().collect::<Map<_, _>>(),
            "schemas": place.definitions,
        },
    })
}

/// What operations refer to.
struct Place {
    /// What is refused in the same way by many, under a name each.
    refusals: Vec<(String, Value)>,
    pagination: Schema,
    search: Schema,
    failure: Schema,
    definitions: Map<String, Value>,
}

impl Place {
    fn operation(&mut self, route: &Route) -> Value {
        let words = &route.words;
        let responses = self.responses(route);
        let mut operation = json!({
            "operationId": operation_id(route.method, route.path),
            "tags": [route.tag],
            "summary": words.summary,
            "responses": responses,
        });
        if !words.about.is_empty() {
            operation["description"] = words.about.into();
        }
        let parameters: Vec<_> = path_parameters(route.path)
            .iter()
            .chain(&words.parameters)
            .map(parameter)
            .collect();
        if !parameters.is_empty() {
            operation["parameters"] = parameters.into();
        }
        if let Some(body) = &route.shape.body {
            let content = body.content.iter().map(|(kind, schema)| {
                let schema = schema.as_value();
                let example = match &words.example {
                    Some(example) => example.clone(),
                    None => examples::of(schema, &self.definitions, ""),
                };
                ((*kind).to_owned(), json!({"schema": schema, "example": example}))
            });
            operation["requestBody"] = json!({"required": body.is_required, "content": content.collect::<Map<_, _>>()});
        }
        if !route.shape.needs_token {
            operation["security"] = json!([]);
        }
        operation
    }

    fn responses(&mut self, route: &Route) -> Value {
        let mut responses = Map::new();
        responses.insert("200".to_owned(), self.granted(route));
        for (status, words) in &route.words.bare {
            responses.insert(status.to_string(), json!({"description": words}));
        }
        if let Some(words) = route.words.in_part {
            let mut part = self.granted(route);
            part["description"] = words.into();
            responses.insert("206".to_owned(), part);
        }
        let mut refused = BTreeMap::<u16, Vec<Failure>>::new();
        for failure in failures(route) {
            let alike = refused.entry(failure.status().as_u16()).or_default();
            let body = |failure: &Failure| json::to_value(&failure.body(""));
            if !alike.iter().any(|other| body(other) == body(&failure)) {
                alike.push(failure);
            }
        }
        for (status, failures) in refused {
            responses.insert(status.to_string(), self.refused(status, &failures));
        }
        responses.into()
    }

    fn granted(&self, route: &Route) -> Value {
        let content: Map<_, _> = match &route.shape.answer {
            Answer::Plain(content) => {
                let content = content.iter();
                content
                    .map(|(kind, schema)| ((*kind).to_owned(), json!({"schema": schema})))
                    .collect()
            }
            Answer::Enveloped(data) => {
                let mut schema = json!({
                    "type": "object",
                    "properties": {"success": {"const": true}, "data": data},
                    "required": ["success", "data"],
                });
                let besides = [
                    (route.words.is_paged, "pagination", &self.pagination),
                    (route.words.notes_search, "search", &self.search),
                ];
                for (_, name, besides) in besides.into_iter().filter(|(is_there, ..)| *is_there) {
                    schema["properties"][name] = besides.as_value().clone();
                    if let Some(required) = schema["required"].as_array_mut() {
                        required.push(name.into());
                    }
                }
                let example = examples::of(&schema, &self.definitions, "");
                Map::from_iter([(JSON.to_owned(), json!({"schema": schema, "example": example}))])
            }
        };
        json!({"description": "What was asked for.", "headers": {"X-Request-Id": request_id()}, "content": content})
    }

    fn refused(&mut self, status: u16, failures: &[Failure]) -> Value {
        let mut examples = Map::new();
        let mut codes = Vec::new();
        for failure in failures {
            let example: Value = json::to_value(&failure.body("5f0c4e7d1a2b"));
            let code = example["code"].as_str().unwrap_or_default().to_owned();
            let place = match examples.contains_key(&code) {
                false => code.clone(),
                true => format!("{code}_{}", examples.len() + 1),
            };
            examples.insert(place, json!({"summary": example["error"], "value": example}));
            if !codes.contains(&code) {
                codes.push(code);
            }
        }
        let mut headers = json!({"X-Request-Id": request_id()});
        if status == 429 {
            headers["Retry-After"] = json!({"required": true, "description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}});
        }
        if status == 401 {
            headers["WWW-Authenticate"] = json!({"required": true, "description": "The kind of token that is wanted.", "schema": {"const": "Bearer"}});
        }
        let refused = json!({
            "description": codes.iter().map(|code| format!("`{code}`")).collect::<Vec<_>>().join(", "),
            "headers": headers,
            "content": {JSON: {"schema": self.failure, "examples": examples}},
        });
        let known = self.refusals.iter().find(|(_, other)| *other == refused);
        let name = known.map(|(name, _)| name.clone()).unwrap_or_else(|| {
            let alike = self
                .refusals
                .iter()
                .filter(|(name, _)| name.starts_with(&status.to_string()));
            let name = format!("{status}-{}", alike.count() + 1);
            self.refusals.push((name.clone(), refused));
            name
        });
        json!({"$ref": format!("#/components/responses/{name}")})
    }
}

fn request_id() -> Value {
    json!({"$ref": "#/components/headers/X-Request-Id"})
}

/// What a route may refuse: by its types, then by its words.
fn failures(route: &Route) -> Vec<Failure> {
    let shape = &route.shape;
    let mut failures: Vec<Failure> = Vec::new();
    if shape.needs_token {
        failures.push(auth::Error::Missing.into());
        failures.push(Error::Forbidden("You were deactivated".to_owned()).into());
        failures.push(Error::Unavailable.into());
    }
    if shape.names_something {
        failures.push(Failure::not_found("There is nothing with this id"));
    }
    if shape.body.is_some() {
        failures.push(Failure::invalid(None, "The body does not have the expected shape"));
    }
    match shape.body.as_ref().map(|body| body.content[0].0) {
        Some(JSON) => failures.extend([Failure::body_too_large(1024 * 1024), Failure::not_json()]),
        Some(kind) => failures.push(Failure::unsupported_media(&format!("The body must be {kind}"))),
        None => {}
    }
    if shape.reads_query {
        let first = route
            .words
            .parameters
            .iter()
            .find(|parameter| parameter.place == "query");
        failures.push(match first {
            Some(parameter) if parameter.schema["type"] == "integer" => Failure::invalid(
                Some(parameter.name),
                format!("{}: must be a whole number", parameter.name),
            ),
            _ => Failure::invalid(None, "The query is not valid"),
        });
    }
    failures.extend(route.words.refusals.iter().cloned().map(Failure::from));
    failures.push(Failure::internal());
    failures
}

fn parameter(parameter: &Parameter) -> Value {
    let mut described = json!({
        "in": parameter.place,
        "name": parameter.name,
        "description": parameter.words,
        "required": parameter.is_required,
        "schema": parameter.schema,
    });
    if let Some(example) = &parameter.example {
        described["example"] = example.clone();
    }
    described
}

fn path_parameters(path: &'static str) -> Vec<Parameter> {
    let segments: Vec<_> = path.split('/').collect();
    let pairs = segments.windows(2).filter_map(|pair| {
        let name = pair[1].strip_prefix('{')?.strip_suffix('}')?;
        Some(Parameter::of_path(pair[0], name))
    });
    pairs.collect()
}

/// `get` and `/api/Chat/messages/{id}/thread` are `getMessagesByIdThread`.
fn operation_id(method: &str, path: &str) -> String {
    let mut id = method.to_owned();
    let path = path.strip_prefix("/api/Chat").unwrap_or(path);
    for word in path.split(['/', '-', '.']).filter(|word| !word.is_empty()) {
        let (before, word) = match word.strip_prefix('{') {
            Some(name) => ("By", name.trim_end_matches('}')),
            None => ("", word),
        };
        let mut letters = word.chars();
        id.push_str(before);
        id.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        id.push_str(letters.as_str());
    }
    id
}

#[cfg(test)]
mod tests {
    use schemars::json_schema;

    use super::*;
    use crate::described::{
        handler::{Body, Part, Shape, route},
        operation::Operation,
    };

    /// A form with files.
    struct Form;

    impl Part for Form {
        fn describe(shape: &mut Shape, _: &mut Schemas) {
            let file = json_schema!({"type": "string", "contentMediaType": "application/octet-stream"});
            let form = json_schema!({"type": "object", "properties": {"file": {"type": "array", "items": file}}});
            shape.body = Some(Body {
                is_required: true,
                content: vec![("multipart/form-data", form)],
            });
        }
    }

    /// What was uploaded.
    struct Picture;

    impl Part for Picture {
        fn describe(shape: &mut Shape, _: &mut Schemas) {
            let bytes = json_schema!({"type": "string", "contentMediaType": "image/png"});
            shape.answer = Answer::Plain(vec![("image/png", bytes)]);
        }
    }

    async fn upload(_: Form) -> Result<Picture, Failure> {
        Ok(Picture)
    }

    #[test]
    fn forms_and_files_are_described_as_they_are() {
        let mut schemas = Schemas::new();
        let words = Operation {
            in_part: Some("A part."),
            bare: vec![(304, "The client has it.")],
            ..Operation::new("Upload")
        };
        let route = route(("/upload", "post", "media"), &upload, words, &mut schemas);
        let mut place = Place {
            refusals: Vec::new(),
            pagination: schemas.answer::<Pagination>(),
            search: schemas.answer::<SearchNotes>(),
            failure: schemas.answer::<Refused<'static>>(),
            definitions: schemas.definitions(),
        };
        let operation = place.operation(&route);
        let form = &operation["requestBody"]["content"]["multipart/form-data"]["schema"];
        assert_eq!(form["properties"]["file"]["type"], "array");
        let answers = &operation["responses"];
        assert_eq!(
            answers["200"]["content"]["image/png"]["schema"]["contentMediaType"],
            "image/png"
        );
        assert_eq!(answers["206"]["content"], answers["200"]["content"]);
        assert_eq!(answers["304"], json!({"description": "The client has it."}));
        assert_eq!(answers["415"]["$ref"], "#/components/responses/415-1");
        assert_eq!(operation["security"], json!([]), "nobody is asked who they are");
    }
}
