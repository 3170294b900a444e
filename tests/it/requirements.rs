//! The table of requirements is complete, and what it names exists.

use std::{collections::BTreeMap, fs, path::Path};

/// What is not there yet.
pub(crate) const MILESTONES: &[&str] = &[
    "Socket.IO gateway",
    "STOMP gateway",
    "audit",
    "calls",
    "delivery",
    "encryption",
    "export",
    "load",
    "push",
    "search elsewhere",
    "several nodes",
    "webhooks",
];

/// A file below `tests`, or anywhere else by `../`.
pub(crate) fn read(path: &str) -> Option<String> {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(path)).ok()
}

/// Number → where it is shown; a range is each of its numbers.
pub(crate) fn table(file: &str) -> BTreeMap<String, String> {
    let mut table = BTreeMap::new();
    let text = read(file).unwrap();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (numbers, place) = line.split_once(' ').unwrap_or_else(|| panic!("{line}"));
        let (first, last) = numbers.split_once('-').unwrap_or((numbers, numbers));
        let digits_of = |number: &str| number.trim_start_matches(|letter: char| !letter.is_ascii_digit()).len();
        let prefix = &first[..first.len() - digits_of(first)];
        let number = |text: &str| {
            let digits = text.strip_prefix(prefix).and_then(|digits| digits.parse::<u32>().ok());
            digits.unwrap_or_else(|| panic!("{line}"))
        };
        for number in number(first)..=number(last) {
            let width = digits_of(first);
            let number = format!("{prefix}{number:0width$}");
            assert!(
                table.insert(number.clone(), place.to_owned()).is_none(),
                "{number} twice"
            );
        }
    }
    table
}

/// The rows whose place is neither there nor excused.
pub(crate) fn missing(table: &BTreeMap<String, String>, is_excused: impl Fn(&str) -> bool) -> Vec<String> {
    let missing = table.iter().filter(|(_, place)| !is_excused(place) && !exists(place));
    missing.map(|(number, place)| format!("{number}: {place}")).collect()
}

/// Whether it says that something comes with a milestone.
pub(crate) fn is_later(place: &str) -> bool {
    place
        .strip_prefix("later: ")
        .is_some_and(|milestone| MILESTONES.contains(&milestone))
}

/// Whether there is such a test, or such a file of tests. Those of the library are below `hub-protocol`.
fn exists(place: &str) -> bool {
    if !place.contains("::") {
        return place.starts_with("clients/") && read(place).is_some();
    }
    let Some((path, name)) = place.rsplit_once("::") else {
        return false;
    };
    let path = path.replace("::", "/");
    let files = match path.strip_prefix("hub-protocol/") {
        Some(path) => [
            format!("../hub-protocol/tests/{path}.rs"),
            format!("../hub-protocol/src/{path}.rs"),
        ],
        None => [format!("{path}.rs"), format!("../src/{path}.rs")],
    };
    let signature = format!("fn {name}(");
    files
        .iter()
        .filter_map(|file| read(file))
        .any(|text| text.lines().any(|line| line.contains(&signature)) && text.contains("test]"))
}

#[test]
fn every_requirement_has_a_test_or_a_milestone() {
    let known: Vec<String> = table("requirements.txt").into_keys().collect();
    let contradictions = (1..=53).map(|number| format!("C{number:02}"));
    let requirements = (1..=319).map(|number| format!("R{number:03}"));
    assert_eq!(known, contradictions.chain(requirements).collect::<Vec<_>>());
}

#[test]
fn what_the_table_names_exists() {
    let missing = missing(&table("requirements.txt"), is_later);
    assert!(missing.is_empty(), "{missing:#?}");
}
