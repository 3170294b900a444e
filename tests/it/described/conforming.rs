//! Whatever a test is answered, against what is described. Every person of the tests asks through here.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;

use super::{ASYNCAPI, OPENAPI, schema::Checker};
use crate::support::Answer;

/// The answer to a request of somebody with a token. What no route takes is not described.
#[track_caller]
pub(crate) fn answer(method: &str, path: &str, answer: &Answer) {
    let Some((template, methods)) = route(path) else { return };
    let operation = &methods[method.to_ascii_lowercase()];
    if operation.is_null() {
        return;
    }
    let place = format!("{method} {template} with {}", answer.status);
    let checker = Checker::of(&OPENAPI);
    let mut response = &operation["responses"][answer.status.to_string()];
    assert!(!response.is_null(), "{place} is not described: {}", answer.text());
    if let Some(reference) = response.get("$ref") {
        response = checker.resolve(reference);
    }
    for name in response["headers"].as_object().unwrap().keys() {
        assert!(answer.header(name).is_some(), "{place} has no {name}");
    }
    let Some(content) = response["content"].as_object() else {
        return;
    };
    let kind = answer.header("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default();
    let content = content
        .get(kind)
        .unwrap_or_else(|| panic!("{place} is not described as {kind}"));
    if kind == "application/json" {
        let faults = checker.faults(&content["schema"], &answer.json(), "");
        assert!(faults.is_empty(), "{place}: {faults:#?} in {}", answer.text());
    }
}

/// The description of the path that is meant: of those that fit the one with the most words of its own.
fn route(path: &str) -> Option<(&'static str, &'static Value)> {
    let path = path.split('?').next().unwrap_or_default().trim_end_matches('/');
    let given: Vec<_> = path.split('/').collect();
    let is_free = |segment: &str| segment.starts_with('{');
    let paths = OPENAPI["paths"].as_object().unwrap().iter();
    let fitting = paths.filter(|(template, _)| {
        let wanted: Vec<_> = template.split('/').collect();
        let mut pairs = wanted.iter().zip(&given);
        wanted.len() == given.len()
            && pairs.all(|(wanted, given)| is_free(wanted) && !given.is_empty() || wanted.eq_ignore_ascii_case(given))
    });
    let most =
        fitting.max_by_key(|(template, _)| template.split('/').map(|segment| !is_free(segment)).collect::<Vec<_>>());
    most.map(|(template, methods)| (template.as_str(), methods))
}

/// What became of a call of a hub's method.
#[track_caller]
pub(crate) fn call(method: &str, answer: &Result<Value, String>) {
    let Some(described) = operation(method) else { return };
    match answer {
        Ok(result) if described["kind"] == "invocation" => {
            let faults = Checker::of(&ASYNCAPI).faults(&described["result"], result, "");
            assert!(faults.is_empty(), "{method}: {faults:#?} in {result:#}");
        }
        Ok(_) => {}
        Err(error) => {
            // Without a code: a method or a number of arguments that there is not, or trouble on the server.
            let Some((_, text)) = error.split_once("HubException: ") else {
                return;
            };
            let Some((code, _)) = text.split_once(": ") else { return };
            let errors = described["errors"].as_array().unwrap();
            assert!(
                errors.iter().any(|error| error["code"] == code),
                "{method}: {text} is not described"
            );
        }
    }
}

/// A method by its name, any of the others, and either with `Async` behind it.
fn operation(name: &str) -> Option<&'static Value> {
    let bare = name.strip_suffix("Async").unwrap_or(name);
    let operations = ASYNCAPI["operations"]
        .as_object()
        .unwrap()
        .values()
        .map(|operation| &operation["x-signalr"]);
    let mut methods = operations.filter(|described| described["kind"] != "event");
    methods.find(|described| {
        let aliases = described["aliases"].as_array().unwrap().iter();
        let mut names = aliases.chain([&described["target"]]).filter_map(Value::as_str);
        names.any(|known| known.eq_ignore_ascii_case(bare))
    })
}

/// A call of a client's method. Of a flood that somebody reads as fast as they can, one in a hundred.
#[track_caller]
pub(crate) fn event(name: &str, argument: &Value) {
    static HEARD: AtomicU64 = AtomicU64::new(0);
    let heard = HEARD.fetch_add(1, Ordering::Relaxed);
    if heard > 1_000 && !heard.is_multiple_of(100) && name == "ReceiveMessage" {
        return;
    }
    let mut operations = ASYNCAPI["operations"]
        .as_object()
        .unwrap()
        .values()
        .map(|operation| &operation["x-signalr"]);
    let described = operations.find(|described| described["kind"] == "event" && described["target"] == name);
    let described = described.unwrap_or_else(|| panic!("{name} is not described"));
    let faults = Checker::of(&ASYNCAPI).faults(&described["argument"], argument, "");
    assert!(faults.is_empty(), "{name}: {faults:#?} in {argument:#}");
}
