//! The rows of the security checklist: each has its test or a reason, and the number of tests that is told is right.

use std::{collections::BTreeSet, fs, path::Path};

use crate::requirements::{is_later, missing, read, table};

const TABLE: &str = "security.txt";
const ROWS: u32 = 75;
/// Where tests are.
const FOLDERS: [&str; 6] = [
    "src",
    "entities/src",
    "hub-protocol/src",
    "hub-protocol/tests",
    "tests/it",
    "tests/store",
];

fn is_excused(place: &str) -> bool {
    is_later(place) || place.strip_prefix("not here: ").is_some_and(|why| !why.is_empty())
}

/// The rows that any test below `folder` is named after.
fn named_below(folder: &Path, rows: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            named_below(&path, rows);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(path).unwrap();
            let tests = text
                .lines()
                .filter_map(|line| line.split_once("fn ")?.1.split_once('('));
            for (name, _) in tests {
                rows.extend(rows_of(name));
            }
        }
    }
}

/// `sec_01_sec_02_something` is named after two rows.
fn rows_of(name: &str) -> Vec<String> {
    let numbers = name.split("sec_").skip(1).filter_map(|rest| rest.get(..2));
    let numbers = numbers.filter(|number| number.bytes().all(|digit| digit.is_ascii_digit()));
    numbers.map(|number| format!("sec_{number}")).collect()
}

#[test]
fn every_row_has_a_test_or_a_reason() {
    let known: Vec<String> = table(TABLE).into_keys().collect();
    assert_eq!(known, (1..=ROWS).map(|row| format!("sec_{row:02}")).collect::<Vec<_>>());
    let missing = missing(&table(TABLE), is_excused);
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn rows_are_shown_by_tests_that_bear_their_number_and_counted() {
    let table = table(TABLE);
    let shown: Vec<_> = table.iter().filter(|(_, place)| !is_excused(place)).collect();
    let mut named = BTreeSet::new();
    for folder in FOLDERS {
        named_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut named);
    }
    for (row, place) in &shown {
        match place.rsplit_once("::") {
            Some((_, name)) => assert!(rows_of(name).contains(row), "{row} is not in the name of {place}"),
            None => {
                assert!(
                    read(place).unwrap().contains(&format!("{row} ")),
                    "{row} is not in {place}"
                );
                named.insert((*row).clone());
            }
        }
    }
    let shown_rows: BTreeSet<String> = shown.iter().map(|(row, _)| (*row).clone()).collect();
    assert_eq!(
        named, shown_rows,
        "a row with a test is in the table, and the other way round"
    );
    let told = format!("# {} of {ROWS} rows have a test.", shown.len());
    assert!(
        read(TABLE).unwrap().lines().any(|line| line == told),
        "the table says: {told}"
    );
}
