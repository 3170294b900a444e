//! The table of requirements is complete, and what it names exists.

use std::{collections::BTreeMap, fs, path::Path};

const MILESTONES: &[&str] = &[
    "Socket.IO gateway",
    "STOMP gateway",
    "calls",
    "delivery",
    "encryption",
    "media",
    "push",
    "search elsewhere",
    "several nodes",
    "webhooks",
];

fn read(path: &str) -> Option<String> {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(path)).ok()
}

/// Number → where it is shown; a range is each of its numbers.
fn table() -> BTreeMap<String, String> {
    let mut table = BTreeMap::new();
    let text = read("requirements.txt").unwrap();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (numbers, place) = line.split_once(' ').unwrap_or_else(|| panic!("{line}"));
        let (first, last) = numbers.split_once('-').unwrap_or((numbers, numbers));
        let digits = |number: &str| number[1..].parse::<u32>().unwrap_or_else(|_| panic!("{line}"));
        assert_eq!(first[..1], last[..1], "{line}");
        for number in digits(first)..=digits(last) {
            let width = first.len() - 1;
            let number = format!("{}{number:0width$}", &first[..1]);
            assert!(
                table.insert(number.clone(), place.to_owned()).is_none(),
                "{number} twice"
            );
        }
    }
    table
}

#[test]
fn every_requirement_has_a_test_or_a_milestone() {
    let known: Vec<String> = table().into_keys().collect();
    let contradictions = (1..=53).map(|number| format!("C{number:02}"));
    let requirements = (1..=319).map(|number| format!("R{number:03}"));
    assert_eq!(known, contradictions.chain(requirements).collect::<Vec<_>>());
}

#[test]
fn what_the_table_names_exists() {
    let mut missing = Vec::new();
    for (number, place) in table() {
        let is_there = match place.strip_prefix("later: ") {
            Some(milestone) => MILESTONES.contains(&milestone),
            None => exists(&place),
        };
        if !is_there {
            missing.push(format!("{number}: {place}"));
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// Whether there is such a test, or such a file of tests.
fn exists(place: &str) -> bool {
    let parts: Vec<&str> = place.split("::").collect();
    match parts.as_slice() {
        [file] => file.starts_with("clients/") && read(file).is_some(),
        [binary, module, name] => {
            let text = read(&format!("{binary}/{module}.rs")).unwrap_or_default();
            let signature = format!("fn {name}(");
            text.lines().any(|line| line.contains(&signature)) && text.contains("test]")
        }
        _ => false,
    }
}
